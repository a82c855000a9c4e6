"""A night of a diary and its endpoints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from psgpipe.diary.times import NightTimes, minutes_between

ENDPOINTS = (
    "tib_min", "opportunity_min", "sol_min", "waso_min", "tst_min", "se_pct", "se_opportunity_pct",
    "awakenings", "after_waking_min", "quality", "rested", "dream_recall", "nightmare",
    "dream_unpleasantness",
)  # fmt: skip


@dataclass(frozen=True)
class DiaryNight:
    """One row of a diary.

    Attributes
    ----------
    date
        Of the night, from noon to noon; of day sleepers the day before, where they begin before
        noon.
    values
        Each of `ENDPOINTS`; yes is 1 and no is 0.
    absent
        Why an endpoint is None.
    notes
        What may be wrong with the row.
    """

    subject: str
    date: dt.date
    row: int
    times: NightTimes
    values: Mapping[str, float | None]
    absent: Mapping[str, str] = field(default_factory=dict)
    condition: str | None = None
    excluded: bool = False
    notes: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def begin(self) -> dt.datetime | None:
        """The try to sleep, or else getting into bed; None where it has no certain date."""
        moments = self.times.moments if self.times.is_placed else {}
        return moments.get("tried_to_sleep", moments.get("into_bed"))

    @property
    def end(self) -> dt.datetime | None:
        """Getting out of bed, or else the final awakening; None where it has no certain date."""
        moments = self.times.moments if self.times.is_placed else {}
        return moments.get("out_of_bed", moments.get("final_awakening"))


def endpoints(
    times: NightTimes, answers: Mapping[str, float | None], timezone: str | None
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Every endpoint of a night, and why those that are None are absent.

    Parameters
    ----------
    answers
        Minutes to fall asleep, number and minutes of awakenings, and the answered items.
    """

    def between(first: str, second: str) -> float | None:
        return minutes_between(times, first, second, timezone)

    sol, count = answers["minutes_to_fall_asleep"], answers["awakenings"]
    waso = answers["awakenings_total_min"]
    if waso is None and count == 0:
        waso = 0.0
    tib, opportunity = between("into_bed", "out_of_bed"), between("tried_to_sleep", "out_of_bed")
    period = between("tried_to_sleep", "final_awakening")
    tst = None if period is None or sol is None or waso is None else period - sol - waso
    values = {
        "tib_min": tib,
        "opportunity_min": opportunity,
        "sol_min": sol,
        "waso_min": waso,
        "tst_min": tst,
        "se_pct": _percent(tst, tib),
        "se_opportunity_pct": _percent(tst, opportunity),
        "awakenings": count,
        "after_waking_min": between("final_awakening", "out_of_bed"),
        **{name: answers[name] for name in ENDPOINTS if name in answers and name != "awakenings"},
    }
    needs = _missing_answers(times, {**answers, "awakenings_total_min": waso})
    return values, {name: needs[name] for name, value in values.items() if value is None}


def _percent(part: float | None, whole: float | None) -> float | None:
    return 100 * part / whole if part is not None and whole else None


_NEEDS = {
    "tib_min": ("into_bed", "out_of_bed"),
    "opportunity_min": ("tried_to_sleep", "out_of_bed"),
    "after_waking_min": ("final_awakening", "out_of_bed"),
    "sol_min": ("minutes_to_fall_asleep",),
    "waso_min": ("awakenings_total_min",),
}
_TST_NEEDS = (
    "tried_to_sleep", "final_awakening", "minutes_to_fall_asleep", "awakenings_total_min",
)  # fmt: skip


def _missing_answers(times: NightTimes, answers: Mapping[str, float | None]) -> dict[str, str]:
    """For each endpoint the answers that it lacks."""
    needs = {name: _NEEDS.get(name, (name,)) for name in ENDPOINTS}
    needs["tst_min"] = _TST_NEEDS
    needs["se_pct"] = (*_TST_NEEDS, "into_bed", "out_of_bed")
    needs["se_opportunity_pct"] = (*_TST_NEEDS, "out_of_bed")
    known = {*times.moments, *(name for name, value in answers.items() if value is not None)}
    lacking = {name: [n for n in needed if n not in known] for name, needed in needs.items()}
    return {
        name: f"not answered: {', '.join(answers_)}" if answers_ else "no time in bed"
        for name, answers_ in lacking.items()
    }
