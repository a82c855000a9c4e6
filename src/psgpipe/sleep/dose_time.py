"""Times of a night around a dose: hours since the dose, hours in bed, sedation.

A dose after the night, or very long before it, is impossible.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psgpipe.model.comparison.measured_night import MeasuredNight

LONGEST_SINCE_DOSE_D = 60.0
"""A dose longer ago than this belongs to another night, or one of the dates is wrong."""
_DAY_S = 24 * 3600.0
LONGEST_NIGHT_H = 14.0


def dose_doubt(dose_end_s: float, night_end_s: float) -> str | None:
    """Why a dose can not have been before or in the night, in words; None where it can.

    Parameters
    ----------
    dose_end_s
        Seconds from the start of the night to the end of the dose; negative before it.
    night_end_s
        Seconds from the start of the night to lights on.
    """
    if dose_end_s >= night_end_s:
        return f"the dose ended {_span(dose_end_s - night_end_s)} after the night"
    if -dose_end_s > LONGEST_SINCE_DOSE_D * _DAY_S:
        return f"the dose ended {_span(-dose_end_s)} before the night"
    return None


def _span(seconds: float) -> str:
    days = seconds / _DAY_S
    return f"{days:.0f} days" if days >= 2 else f"{seconds / 3600:.1f} h"


def hours_since_dose(night: MeasuredNight) -> float | None:
    """Hours from the end of the dose to lights off, as the table states them or by its clocks.

    None where they are not known. A dose after the night or very long before it is impossible.
    """
    if night.hours_since_dose is not None or is_dose_impossible(night):
        return night.hours_since_dose
    return _hours_by_clock(night)


def is_dose_impossible(night: MeasuredNight) -> bool:
    """Whether the dates put the dose behind the night, or too long before it."""
    hours = _hours_by_clock(night)
    if night.hours_since_dose is not None or hours is None:
        return False
    bed_h = in_bed_h(night)
    night_h = LONGEST_NIGHT_H if bed_h is None else bed_h
    return dose_doubt(-3600 * hours, 3600 * night_h) is not None


def _hours_by_clock(night: MeasuredNight) -> float | None:
    off = None if night.dose_end is None else _lights_off(night)
    if night.dose_end is None or off is None:
        return None
    return hours_since(dt.datetime.fromisoformat(night.dose_end), off)


def hours_since(dose_end: dt.datetime, lights_off: dt.datetime) -> float:
    """Hours from the end of a dose to lights off; negative where the dose came later."""
    return (lights_off - dose_end).total_seconds() / 3600


def in_sedation(hours_since_dose: float, window_h: float, in_bed_h: float | None = None) -> bool:
    """Whether any part of the night lies within `window_h` after the end of the dose.

    Parameters
    ----------
    hours_since_dose
        From the end of the dose to lights off; negative for a dose in the night.
    in_bed_h
        Lights off to lights on; where unknown, LONGEST_NIGHT_H.
    """
    night_h = LONGEST_NIGHT_H if in_bed_h is None else in_bed_h
    return -night_h < hours_since_dose < window_h


def _lights_off(night: MeasuredNight) -> dt.datetime | None:
    start = dt.datetime.fromisoformat(night.start) if night.start else None
    if night.lights_off is None:
        return start
    if "-" in night.lights_off:
        return dt.datetime.fromisoformat(night.lights_off)
    return None if start is None else _nearest(night.lights_off, start)


def _nearest(clock: str, moment: dt.datetime) -> dt.datetime:
    """The time nearest to `moment` at which a clock shows `clock`."""
    hour, rest = clock.split(":", 1)
    shown = dt.datetime.combine(moment.date(), dt.time.fromisoformat(f"{hour:0>2}:{rest}"))
    days = (dt.timedelta(days) for days in (-1, 0, 1))
    return min((shown + day for day in days), key=lambda candidate: abs(candidate - moment))


def in_bed_h(night: MeasuredNight) -> float | None:
    """Lights off to lights on, from TIB or from the clock."""
    tib_min = night.values.get("tib_min")
    if tib_min is not None:
        return tib_min / 60
    off, text = _lights_off(night), night.lights_on
    if off is None or text is None:
        return None
    middle = off + dt.timedelta(hours=8)
    on = dt.datetime.fromisoformat(text) if "-" in text else _nearest(text, middle)
    return (on - off).total_seconds() / 3600 if on > off else None
