"""Digital resolution of a derivation: the step from one value of its channels to the next.

The header's step is the least that it can be. An exporter that rounds, or that once had a smaller
range, leaves a larger one: samples then differ by whole steps, whatever the header says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from psgpipe.model.sampled_signal import LevelSource
from psgpipe.quality.heartbeat import spread_evenly
from psgpipe.signals.epoch_grid import EpochGrid

# Of the differences between unequal samples, this share may be smaller than a step: a few samples
# that another program changed. In a fine signal it is far below the SD.
SMALL_SHARE = 0.02
# Samples so far apart are compared: where a period of hum is a few samples, neighbours are never
# close.
LAGS = (1, 2, 3, 4, 5, 10, 20)
ONE_IN = 3


def step_uv(
    rows: Sequence[tuple[LevelSource, int]], grid: EpochGrid, weights: Sequence[float] = ()
) -> float | None:
    """The step of a derivation in microvolt; None without epochs.

    Rounding errors of channels that are subtracted from each other add like noise, as the root of
    the sum of squares.

    Parameters
    ----------
    rows
        The channels of the derivation.
    grid
        Epochs in time order; up to 20 evenly spaced ones are read.
    weights
        How much of each channel the derivation has; all of it where not given.
    """
    if not len(grid.columns):
        return None
    some = grid.of(spread_evenly(len(grid.columns))[::ONE_IN])
    steps = [_row_step_uv(source, row, some) for source, row in rows]
    shares = weights or (1.0,) * len(rows)
    together = math.hypot(*(w * step for w, step in zip(shares, steps, strict=True)))
    # In microvolts, a difference of samples is a step but for the last digits.
    return float(f"{together:.6g}")


def _row_step_uv(source: LevelSource, row: int, grid: EpochGrid) -> float:
    levels = grid.take(lambda columns: source.levels(columns, row))
    # Of a signal that stands still, only the integers have a step.
    still = float(np.issubdtype(levels.dtype, np.integer))
    values = levels.astype(np.float64)
    steps = [_small_difference(np.abs(values[:, lag:] - values[:, :-lag])) for lag in LAGS]
    return min((step for step in steps if step), default=still) * source.level_uv(row)


def _small_difference(differences: npt.NDArray[np.float64]) -> float:
    """The difference that `SMALL_SHARE` of those that are not 0 do not reach, or 0."""
    some = differences[differences > 0]
    if not len(some):
        return 0.0
    rank = int(SMALL_SHARE * len(some))
    return float(np.partition(some, rank)[rank])
