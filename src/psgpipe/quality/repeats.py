"""Repeated epochs: signal that a stuck recorder wrote twice.

A real signal never repeats sample for sample. An epoch that repeats earlier signal was not recorded
at that time, whatever the length of the buffer and wherever it began.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.signals.epoch_grid import EpochGrid

Levels = npt.NDArray[np.number[Any]]
Marks = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.int_]

LANDMARKS_PER_EPOCH = 15
LANDMARK_SAMPLES = 16
# Powers of an odd number without pattern (the golden ratio's bits); they are meant to overflow.
_ODD = np.cumprod(np.full(LANDMARK_SAMPLES, 0x9E3779B97F4A7C15, np.uint64))


class _Landmarks(NamedTuple):
    """Samples that the signal itself determines, so that a repeat has them again.

    Attributes
    ----------
    columns
        Their columns in the row, shape (n_epochs, n_landmarks), in time order.
    keys
        A number computed from the samples that follow, equal where these are equal.
    """

    columns: Columns
    keys: npt.NDArray[np.uint64]


def repeated_epochs(grid: EpochGrid, levels_of: Callable[[slice], Levels]) -> Marks:
    """Epochs whose every sample equals the sample a constant time before, shape (n_epochs,).

    Parameters
    ----------
    grid
        Epochs in time order, none of them flat: a flat one repeats itself.
    levels_of
        The row's samples.
    """
    if not len(grid.columns) or grid.per_epoch < LANDMARKS_PER_EPOCH * LANDMARK_SAMPLES:
        return np.zeros(len(grid.columns), bool)
    marks = [_landmarks(piece, piece.take(levels_of)) for piece in grid.pieces()]
    lags = _lags(_Landmarks(*(np.concatenate(values) for values in zip(*marks, strict=True))))
    repeated = np.zeros(len(grid.columns), bool)
    for epoch in np.flatnonzero((lags > 0).any(axis=1)):
        columns = grid.columns_of(int(epoch))
        wanted = dict.fromkeys(lags[epoch][lags[epoch] > 0].tolist())
        repeated[epoch] = any(_is_repeat(columns, lag, levels_of) for lag in wanted)
    return repeated


def _landmarks(grid: EpochGrid, epochs: Levels) -> _Landmarks:
    """The highest sample of every two seconds."""
    per_tile = grid.per_epoch // LANDMARKS_PER_EPOCH
    tiles = epochs[:, : per_tile * LANDMARKS_PER_EPOCH].reshape(len(epochs), -1, per_tile)
    peaks = tiles.argmax(axis=2) + per_tile * np.arange(LANDMARKS_PER_EPOCH)
    peaks = np.minimum(peaks, grid.per_epoch - LANDMARK_SAMPLES)
    following = peaks[:, :, None] + np.arange(LANDMARK_SAMPLES)
    samples = np.take_along_axis(epochs, following.reshape(len(epochs), -1), axis=1)
    return _Landmarks(grid.columns[:, None] + peaks, _keys(samples).reshape(peaks.shape))


def _keys(samples: Levels) -> npt.NDArray[np.uint64]:
    """One number for each `LANDMARK_SAMPLES` samples; equal samples give equal numbers."""
    is_whole = np.issubdtype(samples.dtype, np.integer)
    wide = samples.astype(np.int64 if is_whole else np.float64)
    bits = wide.view(np.uint64).reshape(-1, LANDMARK_SAMPLES)
    keys: npt.NDArray[np.uint64] = (bits * _ODD).sum(axis=1)
    return keys


def _lags(landmarks: _Landmarks) -> Columns:
    """Samples since each landmark came first, and came last; 0 where it is new.

    Shape (n_epochs, 2 n_landmarks). Both are needed where signal repeats within an epoch, too.
    """
    columns, keys = landmarks.columns.ravel(), landmarks.keys.ravel()
    order = np.argsort(keys, kind="stable")
    is_new = np.r_[True, keys[order][1:] != keys[order][:-1]]
    here = np.arange(len(order))
    first = np.maximum.accumulate(np.where(is_new, here, 0))
    last = np.where(is_new, here, here - 1)
    lags = np.empty((2, len(columns)), int)
    lags[:, order] = columns[order] - columns[order[np.stack([first, last])]]
    to_first, to_last = lags.reshape(2, *landmarks.columns.shape)
    return np.concatenate([to_first, to_last], axis=1)


def _is_repeat(columns: slice, lag: int, levels_of: Callable[[slice], Levels]) -> bool:
    earlier = slice(columns.start - lag, columns.stop - lag)
    return earlier.start >= 0 and np.array_equal(levels_of(columns), levels_of(earlier))
