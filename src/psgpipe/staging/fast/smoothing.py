"""YASA's two smoothed and scaled copies of every feature, and the time of night.

Around each epoch a triangular mean over 7.5 min, before it a plain mean over 2 min, each scaled by
its median and its 5-95 % range over the whole night (yasa 0.8.1, with pandas' rules for missing
values in a rolling mean and scikit-learn's for a scale of zero).
"""

import numpy as np
import numpy.typing as npt

from psgpipe.signals.quantiles import lerp

Rows = npt.NDArray[np.float64]
"""Shape (n_features, n_epochs)."""

CENTRED_EPOCHS = 15
PAST_EPOCHS = 4
SCALE_RANGE = (0.05, 0.95)

_NEAR_CONSTANT = 10 * np.finfo(np.float64).eps
"""A range below this is a constant, says scikit-learn, and is not divided by."""


def around_7_min(rows: Rows) -> Rows:
    """The scaled triangular mean of 15 epochs, the epoch itself in the middle."""
    half = CENTRED_EPOCHS // 2
    weights = 1 - np.abs(np.arange(-half, half + 1)) / (half + 1)
    return robust_scaled(_weighted_mean(rows, weights, n_later=half))


def past_2_min(rows: Rows) -> Rows:
    """The scaled mean of an epoch and the three before it."""
    return robust_scaled(_weighted_mean(rows, np.ones(PAST_EPOCHS), n_later=0))


def _weighted_mean(rows: Rows, weights: npt.NDArray[np.float64], *, n_later: int) -> Rows:
    """Mean over a window that ends `n_later` epochs on; what is missing or infinite is left out."""
    n = rows.shape[1]
    known = np.isfinite(rows)
    padding = [(0, 0), (len(weights) - 1 - n_later, n_later)]
    values = np.pad(np.where(known, rows, 0.0), padding)
    present = np.pad(known.astype(np.float64), padding)
    total, weight = np.zeros(rows.shape), np.zeros(rows.shape)
    for first, w in enumerate(weights):
        total += values[:, first : first + n] * w
        weight += present[:, first : first + n] * w
    with np.errstate(invalid="ignore"):
        return total / weight


def robust_scaled(rows: Rows) -> Rows:
    """Each row less its median, over its 5-95 % range; missing values stay missing."""
    ordered = np.sort(rows, axis=1)
    n_known = (~np.isnan(rows)).sum(axis=1)
    low, median, high = (
        _quantile(ordered, n_known, q) for q in (SCALE_RANGE[0], 0.5, SCALE_RANGE[1])
    )
    spread = high - low
    spread[spread < _NEAR_CONSTANT] = 1.0
    scaled: Rows = (rows - median[:, None]) / spread[:, None]
    return scaled


def _quantile(ordered: Rows, n_known: npt.NDArray[np.int64], q: float) -> npt.NDArray[np.float64]:
    """The linearly interpolated quantile of the known values of rows sorted with NaN last."""
    last = np.maximum(n_known - 1, 0)
    position = q * last
    below = position.astype(np.int64)
    row = np.arange(len(ordered))
    return lerp(ordered[row, below], ordered[row, np.minimum(below + 1, last)], position - below)


def hours(n_epochs: int, epoch_s: float) -> npt.NDArray[np.float64]:
    """The start of each epoch, in hours from the start of what is staged."""
    return np.arange(n_epochs) * epoch_s / 3600


def part_of_night(n_epochs: int) -> npt.NDArray[np.float64]:
    """The start of each epoch, from 0 for the first epoch to 1 for the last."""
    if n_epochs == 1:
        return np.zeros(1)
    return np.arange(n_epochs) / (n_epochs - 1)
