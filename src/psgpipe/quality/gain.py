"""A change of gain in the night: from one moment on the signal is larger or smaller all the time.

Stages change the shape of the spectrum together with its size; a gain changes the size alone. So
the level of each epoch is predicted from the shape of its spectrum, and what is left is compared
between the hour before and the hour after each moment.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.quality.spectrum import TINY_UV2, WINDOW_S, Power
from psgpipe.signals.quantiles import quantile

BAND_EDGES_HZ = (0.5, 2.0, 4.0, 8.0, 12.0, 16.0, 20.0, 30.0)
HOUR = 120
"""Epochs on either side of the moment."""
FIT_ROUNDS = 8
OUTLIER_SD = 4.0

Floats = npt.NDArray[np.float64]


class GainChange(NamedTuple):
    """The largest change of level that the spectrum does not explain.

    Attributes
    ----------
    factor
        At least 1, whether the signal grew or shrank.
    epoch
        The first epoch after the change, counted in the epochs that were given.
    """

    factor: float
    epoch: int


def gain_change(power: Power, fs_hz: float) -> GainChange | None:
    """The largest change of gain between one hour and the next; None in less than two hours.

    Parameters
    ----------
    power
        Of the epochs that are no artefact, in time order (:func:`epoch_power`).
    """
    if len(power) <= 2 * HOUR:
        return None
    unexplained = _unexplained_levels(_band_levels(power, fs_hz))
    limit = OUTLIER_SD * 1.4826 * quantile(np.abs(unexplained), 0.5)
    sums = np.cumsum(np.concatenate([[0.0], np.clip(unexplained, -limit, limit)]))
    hours = (sums[HOUR:] - sums[:-HOUR]) / HOUR
    steps = np.abs(hours[HOUR:] - hours[:-HOUR])
    largest = int(steps.argmax())
    return GainChange(float(np.exp(steps[largest])), largest + HOUR)


def _band_levels(power: Power, fs_hz: float) -> Floats:
    """Logarithm of the amplitude of each band, shape (n_epochs, n_bands)."""
    freqs_hz = np.fft.rfftfreq(int(WINDOW_S * fs_hz), 1 / fs_hz)
    bands = [
        power[:, (freqs_hz >= low) & (freqs_hz < high)].sum(axis=1, dtype=np.float64)
        for low, high in pairwise(BAND_EDGES_HZ)
    ]
    levels: Floats = np.log(np.stack(bands, axis=1) + TINY_UV2) / 2
    return levels


def _unexplained_levels(levels: Floats) -> Floats:
    """The mean level of each epoch, without what the shape of its spectrum explains.

    Least squares on the bands and their products, with less weight for epochs far off (Huber).
    """
    level = levels.mean(axis=1)
    shape = (levels - level[:, None])[:, :-1]
    shape -= shape.mean(axis=0)
    first, second = np.triu_indices(shape.shape[1])
    known = np.column_stack([np.ones(len(level)), shape, shape[:, first] * shape[:, second]])
    weights = np.ones(len(level))
    for _ in range(FIT_ROUNDS):
        weighted = known * weights[:, None]
        fitted, *_rest = np.linalg.lstsq(weighted, level * weights, rcond=None)
        left: Floats = level - known @ fitted
        spread = 1.4826 * quantile(np.abs(left), 0.5)
        weights = np.sqrt(np.minimum(1.0, 1.5 * spread / np.maximum(np.abs(left), 1e-9)))
    return left
