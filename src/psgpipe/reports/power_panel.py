"""The panel of power over the night: slow-wave activity and sigma of each epoch, logarithmic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.model.microstructure.records import EpochPower
from psgpipe.reports.colours import AFTER, INK
from psgpipe.reports.svg_path import px, step_path
from psgpipe.reports.time_axis import TimeAxis

SHOWN_BANDS = (("swa", "SWA", "0.5-4 Hz", INK), ("sigma", "sigma", "12-15 Hz", AFTER))


class PowerLine(NamedTuple):
    """The power of one band: its name, its edges, its colour, the line of the epochs that count."""

    band: str
    name: str
    edges: str
    colour: str
    path: str


def power_panel(
    epochs: EpochPower | None, axis: TimeAxis, top: float, height: float
) -> dict[str, Any] | None:
    """Lines and ticks of the panel; None where no epoch was measured.

    An epoch that does not count interrupts the lines. The axis is in powers of ten of uV².
    """
    if epochs is None or not epochs.is_used.any():
        return None
    shown = [band for band in SHOWN_BANDS if band[0] in epochs.power_uv2]
    logs = {name: _logs(epochs, name) for name, *_ in shown}
    known = np.concatenate([values[np.isfinite(values)] for values in logs.values()])
    if not len(known):
        return None
    # Half powers of ten, at least one whole one apart.
    low = math.floor(2 * float(known.min())) / 2
    high = max(math.ceil(2 * float(known.max())) / 2, low + 1)

    def y(value: float) -> float:
        return top + height * (high - value) / (high - low)

    return {
        "lines": [
            PowerLine(band, name, edges, colour, _path(logs[band], y, axis))
            for band, name, edges, colour in shown
        ],
        "ticks": [
            {"y": px(y(tick)), "label": f"{10.0**tick:g}"}
            for tick in range(math.ceil(low), math.floor(high) + 1)
        ],
    }


def _logs(epochs: EpochPower, band: str) -> npt.NDArray[np.float64]:
    """log10 of the power of each epoch that counts; NaN elsewhere."""
    power = np.where(epochs.is_used, epochs.power_uv2[band], np.nan)
    positive = np.where(power > 0, power, np.nan)
    logs: npt.NDArray[np.float64] = np.log10(positive)
    return logs


def _path(logs: npt.NDArray[np.float64], y: Callable[[float], float], axis: TimeAxis) -> str:
    heights = [round(y(float(value)), 1) if math.isfinite(value) else None for value in logs]
    return step_path(heights, axis.left, axis.step)
