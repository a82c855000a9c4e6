"""Samples that are no signal: standing still, at the rails, fallen to the lowest value."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Shares = npt.NDArray[np.float64]

JUMP_OF_RANGE = 0.25
ONE_SIDED = 10


class RailedShares(NamedTuple):
    """Share of each epoch's samples at the rails, shape (n_epochs,)."""

    clipped: Shares
    dropped: Shares


def flat_share(epochs_uv: Matrix, min_samples: int) -> Shares:
    """Share of each epoch in runs of at least `min_samples` equal samples, shape (n_epochs,)."""
    still = epochs_uv[:, 1:] == epochs_uv[:, :-1]
    share = np.zeros(len(epochs_uv))
    # Most epochs do not have that many equal neighbours in all: only the others need their runs.
    for epoch in np.flatnonzero(np.count_nonzero(still, axis=1) >= min_samples - 1):
        lengths = _run_lengths(still[epoch]) + 1
        share[epoch] = lengths[lengths >= min_samples].sum() / epochs_uv.shape[1]
    return share


def railed_shares(epochs_uv: Matrix) -> RailedShares:
    """Share of each epoch at the highest or lowest value of the whole night.

    A signal that was never clipped meets its extremes once or twice. Where the lowest value alone
    is met again and again, and entered by a jump, it stands for samples that were lost (a drop-out)
    and not for a signal that grew too large.
    """
    none = np.zeros(len(epochs_uv))
    if not epochs_uv.size:
        return RailedShares(none, none)
    highest, lowest = epochs_uv.max(axis=1), epochs_uv.min(axis=1)
    top, bottom = highest.max(), lowest.min()
    tolerance = 1e-6 * (top - bottom)
    if not tolerance:
        return RailedShares(none, none)
    high, low = none.copy(), none.copy()
    entries = jumps = 0
    for epoch in np.flatnonzero((highest >= top - tolerance) | (lowest <= bottom + tolerance)):
        signal = epochs_uv[epoch]
        at_bottom = signal <= bottom + tolerance
        high[epoch] = np.mean(signal >= top - tolerance)
        low[epoch] = np.mean(at_bottom)
        before = signal[:-1][at_bottom[1:] & ~at_bottom[:-1]]
        entries += len(before)
        jumps += int(np.count_nonzero(before - bottom > JUMP_OF_RANGE * (top - bottom)))
    dropped = low.sum() > ONE_SIDED * high.sum() and jumps > entries / 2
    return RailedShares(high, low) if dropped else RailedShares(high + low, none)


def _run_lengths(marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int_]:
    """Lengths of the runs of true marks."""
    edges = np.flatnonzero(np.diff(marks, prepend=False, append=False))
    return edges[1::2] - edges[::2]
