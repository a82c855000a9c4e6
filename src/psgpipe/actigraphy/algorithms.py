"""Sleep and wake from counts: Cole-Kripke, Sadeh and Oakley.

Each function takes the counts of one unbroken stretch. Epochs before its start and after its end
count as zeros, as in ActiLife and Actiware.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from psgpipe.actigraphy.counts import Counts, Flags

COLE_KRIPKE_WEIGHTS = (106, 54, 58, 76, 230, 74, 67)
"""Thousandths, of the epochs t-4 to t+2."""
SADEH_CAP = 300.0
SADEH_WINDOW, SADEH_SD_WINDOW = 11, 6
SADEH_NAT = (50.0, 100.0)
OAKLEY_WEIGHTS: Mapping[int, tuple[int, ...]] = {
    15: (1,) * 4 + (5,) * 4 + (100,) + (5,) * 4 + (1,) * 4,
    30: (1, 1, 5, 5, 50, 5, 5, 1, 1),
    60: (1, 5, 25, 5, 1),
}
"""By the length of an epoch in seconds, in units of `OAKLEY_UNIT`."""
OAKLEY_UNIT = 0.04


def cole_kripke(counts: Counts) -> tuple[Counts, Flags]:
    """Index of each epoch of 60 s, and whether it is sleep: an index below 1.

    Counts are divided by 100 and capped at 300. Whole counts are added up as whole numbers, so that
    an index of exactly 1 is wake.

    References
    ----------
    Cole RJ et al. (1992), Sleep 15:461, as the manual of ActiLife 6 has it.
    """
    total = _weighted(np.minimum(counts, 30_000.0), COLE_KRIPKE_WEIGHTS, before=4)
    return total / 1e5, total < 1e5


def sadeh(counts: Counts, cut: float) -> tuple[Counts, Flags]:
    """Index of each epoch of 60 s, and whether it is sleep: an index above `cut`.

    Mean and number of epochs with 50 to below 100 counts are those of the 11 epochs around an
    epoch, the standard deviation (with n - 1) that of the epoch and the five before it.

    References
    ----------
    Sadeh A, Sharkey KM, Carskadon MA (1994), Sleep 17:201.
    """
    capped = np.minimum(counts, SADEH_CAP)
    half = SADEH_WINDOW // 2
    around = _windows(np.pad(capped, half), SADEH_WINDOW)
    low, high = SADEH_NAT
    nat = ((around >= low) & (around < high)).sum(axis=1)
    last = _windows(np.pad(capped, (SADEH_SD_WINDOW - 1, 0)), SADEH_SD_WINDOW)
    index = (
        7.601
        - 0.065 * around.mean(axis=1)
        - 1.08 * nat
        - 0.056 * last.std(axis=1, ddof=1)
        - 0.703 * np.log(capped + 1)
    )
    return index, index > cut


def oakley(counts: Counts, epoch_s: int, threshold: float) -> tuple[Counts, Flags]:
    """Weighted counts of each epoch, and whether it is sleep: not above `threshold`.

    References
    ----------
    Oakley NR (1997), Validation with polysomnography of the Sleepwatch sleep/wake scoring
    algorithm, Mini Mitter; weights as in the manual of the Actiwatch software.
    """
    weights = OAKLEY_WEIGHTS[epoch_s]
    total = _weighted(counts, weights, before=len(weights) // 2)
    return total * OAKLEY_UNIT, total <= threshold / OAKLEY_UNIT


def _weighted(counts: Counts, weights: tuple[int, ...], before: int) -> Counts:
    padded = np.pad(counts, (before, len(weights) - 1 - before))
    total: Counts = _windows(padded, len(weights)) @ np.array(weights, dtype=float)
    return total


def _windows(padded: Counts, width: int) -> npt.NDArray[np.float64]:
    """Shape (n_epochs, width)."""
    return np.lib.stride_tricks.sliding_window_view(padded, width)
