"""Digital resolution of a derivation: the step from one value of its channels to the next.

The header's step is the least that it can be. An exporter that rounds, or that once had a smaller
range, leaves a larger one: samples then differ by whole steps, whatever the header says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from psgpipe.model.sampled_signal import LevelSource
from psgpipe.quality.heartbeat import spread_evenly
from psgpipe.signals.epoch_grid import EpochGrid
from psgpipe.signals.quantiles import quantile

# Of the differences between neighbouring samples that are not equal, this share may be smaller than
# a step: a few samples that another program changed. In a fine signal it is far below the SD.
SMALL_SHARE = 0.02
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
    return math.hypot(
        *(w * step for w, step in zip(weights or (1.0,) * len(rows), steps, strict=True))
    )


def _row_step_uv(source: LevelSource, row: int, grid: EpochGrid) -> float:
    levels = grid.take(lambda columns: source.levels(columns, row))
    steps = np.abs(np.diff(levels.astype(np.float64), axis=1)).ravel()
    steps = steps[steps > 0]
    # Of a signal that stands still, only the integers have a step.
    least = float(np.issubdtype(levels.dtype, np.integer))
    return (quantile(steps, SMALL_SHARE) if len(steps) else least) * source.level_uv(row)
