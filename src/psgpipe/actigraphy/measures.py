"""Sleep measures of a night by actigraphy, defined as those of polysomnography."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from psgpipe.actigraphy.epochs import epoch_range
from psgpipe.actigraphy.score import ActigraphyScore
from psgpipe.actigraphy.wear import runs
from psgpipe.actigraphy.windows import SleepWindow

ENDPOINTS = (
    "tib_min", "sol_min", "spt_min", "tst_min", "waso_min", "waso_spt_min", "se_pct", "awakenings",
    "not_worn_min",
)  # fmt: skip
MOST_NOT_WORN_PCT = 10.0
"""With more of the window not worn, sleep is not known."""


@dataclass(frozen=True)
class ActigraphyNight:
    """The measures in one window.

    Attributes
    ----------
    absent
        Why an endpoint is None.
    """

    window: SleepWindow
    values: Mapping[str, float | None]
    absent: Mapping[str, str] = field(default_factory=dict)


def measure_night(score: ActigraphyScore, window: SleepWindow) -> ActigraphyNight:
    """TIB, SOL, SPT, TST, WASO, efficiency and awakenings in the window.

    Sleep onset is the first epoch of sleep, as in the hypnogram. Epochs not worn are neither sleep
    nor wake.
    """
    place = epoch_range(score.counts, window.begin, window.end)
    if place is None:
        return _absent(window, "the watch did not record the whole time in bed", {})
    sleep, wear = score.sleep[slice(*place)], score.wear[slice(*place)]
    epoch_min = score.counts.epoch_s / 60
    known = {"tib_min": sleep.size * epoch_min, "not_worn_min": float((~wear).sum()) * epoch_min}
    not_worn_pct = 100 * known["not_worn_min"] / known["tib_min"]
    if not_worn_pct > MOST_NOT_WORN_PCT:
        reason = f"the watch was not worn for {not_worn_pct:.0f} % of the time in bed"
        return _absent(window, reason, known)
    if not sleep.any():
        values: dict[str, float | None] = {**known, "tst_min": 0.0, "se_pct": 0.0}
        return _absent(window, "no epoch in bed is scored as sleep", values)
    wake = wear & ~sleep
    onset, last = int(np.argmax(sleep)), int(np.flatnonzero(sleep)[-1])
    values = {
        **known,
        "sol_min": onset * epoch_min,
        "spt_min": (last + 1 - onset) * epoch_min,
        "tst_min": float(sleep.sum()) * epoch_min,
        "waso_min": float(wake[onset:].sum()) * epoch_min,
        "waso_spt_min": float(wake[onset : last + 1].sum()) * epoch_min,
        "se_pct": 100 * float(sleep.sum()) / sleep.size,
        "awakenings": float(len(runs(wake[onset : last + 1]))),
    }
    return ActigraphyNight(window, {name: values[name] for name in ENDPOINTS})


def _absent(window: SleepWindow, reason: str, known: Mapping[str, float | None]) -> ActigraphyNight:
    values = {name: known.get(name) for name in ENDPOINTS}
    absent = {name: reason for name, value in values.items() if value is None}
    return ActigraphyNight(window, values, absent)
