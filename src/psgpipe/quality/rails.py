"""Flat, clipped and lost samples: standing still, at the rails, fallen to the lowest value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.model.arrays import true_runs
from psgpipe.signals.epoch_grid import EpochGrid

Levels = npt.NDArray[np.number[Any]]
Shares = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

JUMP_OF_RANGE = 0.25
ONE_SIDED = 10


class RailedShares(NamedTuple):
    """Share of each epoch's samples at the rails, shape (n_epochs,)."""

    clipped: Shares
    dropped: Shares


class LevelSummary(NamedTuple):
    """Flat share, highest and lowest value of each epoch, shape (n_epochs,) each.

    `held` is the share in shorter flat runs, too. Highest and lowest are not finite where a sample
    is not.
    """

    flat: Shares
    held: Shares
    highest: Shares
    lowest: Shares

    def of(self, epochs: Marks) -> LevelSummary:
        """The marked epochs."""
        return LevelSummary(*(values[epochs] for values in self))


NO_EPOCHS = LevelSummary(*(np.empty(0),) * 4)


def concatenated(summaries: Sequence[LevelSummary]) -> LevelSummary:
    """The epochs of one summary after those of the other."""
    return LevelSummary(*(np.concatenate(values) for values in zip(*summaries, strict=True)))


class FlatRuns(NamedTuple):
    """The least number of equal samples in a flat run, and in one that is held for a moment."""

    flat_samples: int
    held_samples: int


def summarize_levels(epochs: Levels, runs: FlatRuns) -> LevelSummary:
    """The summary of `epochs`, shape (n_epochs, n_samples), in microvolts or integers."""
    return LevelSummary(
        *flat_shares(epochs, runs),
        epochs.max(axis=1).astype(np.float64),
        epochs.min(axis=1).astype(np.float64),
    )


def flat_shares(epochs: Levels, runs: FlatRuns) -> tuple[Shares, Shares]:
    """Share of each epoch in runs of so many equal samples, flat and held, shape (n_epochs,)."""
    least = min(runs)
    flat, held = np.zeros((2, len(epochs)))
    for epoch in np.flatnonzero(_maybe_flat(epochs, least)):
        still = epochs[epoch, 1:] == epochs[epoch, :-1]
        # Few epochs have that many equal neighbours in all: only those need their runs.
        if np.count_nonzero(still) >= least - 1:
            lengths = np.diff(true_runs(still)) + 1
            flat[epoch], held[epoch] = (
                lengths[lengths >= samples].sum() / epochs.shape[1] for samples in runs
            )
    return flat, held


def _maybe_flat(epochs: Levels, min_samples: int) -> Marks:
    """Epochs that may hold a run of `min_samples`: a third as many samples apart, three are equal.

    This is fast, and few epochs of a real signal are left.
    """
    grid = epochs[:, :: max(1, min_samples // 3)]
    if min_samples < 3 or grid.shape[1] < 3:
        return np.ones(len(epochs), bool)
    still = grid[:, 1:] == grid[:, :-1]
    marks: Marks = (still[:, 1:] & still[:, :-1]).any(axis=1)
    return marks


def railed_shares(
    summary: LevelSummary, grid: EpochGrid, levels_of: Callable[[slice], Levels]
) -> RailedShares:
    """Share of each epoch at the highest or lowest value of the whole night.

    A signal that was never clipped has its extremes once or twice. Where the lowest value alone
    comes again and again, and by a jump, it means lost samples (a drop-out), not a signal that grew
    too large.

    Parameters
    ----------
    grid
        The epochs of `summary`.
    levels_of
        The row's samples; few epochs are read.
    """
    highest, lowest = summary.highest, summary.lowest
    none = np.zeros(len(highest))
    if not len(none):
        return RailedShares(none, none)
    top, bottom = highest.max(), lowest.min()
    tolerance = 1e-6 * (top - bottom)
    if not tolerance:
        return RailedShares(none, none)
    high, low = none.copy(), none.copy()
    entries = jumps = 0
    for epoch in np.flatnonzero((highest >= top - tolerance) | (lowest <= bottom + tolerance)):
        signal = levels_of(grid.columns_of(int(epoch))).astype(np.float64, copy=False)
        at_bottom = signal <= bottom + tolerance
        high[epoch] = np.mean(signal >= top - tolerance)
        low[epoch] = np.mean(at_bottom)
        before = signal[:-1][at_bottom[1:] & ~at_bottom[:-1]]
        entries += len(before)
        jumps += int(np.count_nonzero(before - bottom > JUMP_OF_RANGE * (top - bottom)))
    dropped = low.sum() > ONE_SIDED * high.sum() and jumps > entries / 2
    return RailedShares(high, low) if dropped else RailedShares(high + low, none)
