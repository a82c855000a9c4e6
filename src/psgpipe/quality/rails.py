"""Samples that are no signal: standing still, at the rails, fallen to the lowest value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Levels = npt.NDArray[np.number[Any]]
Shares = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

JUMP_OF_RANGE = 0.25
ONE_SIDED = 10


class RailedShares(NamedTuple):
    """Share of each epoch's samples at the rails, shape (n_epochs,)."""

    clipped: Shares
    dropped: Shares


class Looks(NamedTuple):
    """What one pass over a channel's epochs shows of each, shape (n_epochs,) each.

    Attributes
    ----------
    flat
        Share of the samples that stand still for long.
    highest, lowest
        Value; not finite where a sample is not.
    """

    flat: Shares
    highest: Shares
    lowest: Shares

    def of(self, epochs: Marks) -> Looks:
        """The epochs marked."""
        return Looks(*(values[epochs] for values in self))


NOTHING_SEEN = Looks(np.empty(0), np.empty(0), np.empty(0))


def joined(looks: Sequence[Looks]) -> Looks:
    """One after the other."""
    return Looks(*(np.concatenate(values) for values in zip(*looks, strict=True)))


def look(epochs: Levels, min_samples: int) -> Looks:
    """What there is to see in `epochs`, shape (n_epochs, n_samples): microvolts or integers."""
    return Looks(
        flat_share(epochs, min_samples),
        epochs.max(axis=1).astype(np.float64),
        epochs.min(axis=1).astype(np.float64),
    )


def flat_share(epochs: Levels, min_samples: int) -> Shares:
    """Share of each epoch in runs of at least `min_samples` equal samples, shape (n_epochs,)."""
    share = np.zeros(len(epochs))
    for epoch in np.flatnonzero(_maybe_flat(epochs, min_samples)):
        still = epochs[epoch, 1:] == epochs[epoch, :-1]
        # Few epochs have that many equal neighbours in all: only those need their runs.
        if np.count_nonzero(still) >= min_samples - 1:
            lengths = _run_lengths(still) + 1
            share[epoch] = lengths[lengths >= min_samples].sum() / epochs.shape[1]
    return share


def _maybe_flat(epochs: Levels, min_samples: int) -> Marks:
    """Epochs that may hold a run of `min_samples`: it meets three neighbours of a grid this fine.

    One sample in many is looked at, and next to no epoch of a living signal is left.
    """
    grid = epochs[:, :: max(1, min_samples // 3)]
    if min_samples < 3 or grid.shape[1] < 3:
        return np.ones(len(epochs), bool)
    still = grid[:, 1:] == grid[:, :-1]
    marks: Marks = (still[:, 1:] & still[:, :-1]).any(axis=1)
    return marks


def railed_shares(looks: Looks, levels_of: Callable[[int], Levels]) -> RailedShares:
    """Share of each epoch at the highest or lowest value of the whole night.

    A signal that was never clipped meets its extremes once or twice. Where the lowest value alone
    is met again and again, and entered by a jump, it stands for samples that were lost (a drop-out)
    and not for a signal that grew too large.

    Parameters
    ----------
    levels_of
        The samples of an epoch by its place in `looks`; asked for few.
    """
    highest, lowest = looks.highest, looks.lowest
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
        signal = levels_of(int(epoch)).astype(np.float64, copy=False)
        at_bottom = signal <= bottom + tolerance
        high[epoch] = np.mean(signal >= top - tolerance)
        low[epoch] = np.mean(at_bottom)
        before = signal[:-1][at_bottom[1:] & ~at_bottom[:-1]]
        entries += len(before)
        jumps += int(np.count_nonzero(before - bottom > JUMP_OF_RANGE * (top - bottom)))
    dropped = low.sum() > ONE_SIDED * high.sum() and jumps > entries / 2
    return RailedShares(high, low) if dropped else RailedShares(high + low, none)


def _run_lengths(marks: Marks) -> npt.NDArray[np.int_]:
    """Lengths of the runs of true marks."""
    edges = np.flatnonzero(np.diff(marks, prepend=False, append=False))
    return edges[1::2] - edges[::2]
