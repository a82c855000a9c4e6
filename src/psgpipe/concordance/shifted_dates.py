"""Diaries whose dates are probably those of the day after or before."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence

from psgpipe.concordance.psg_nights import PsgNight
from psgpipe.diary.night import DiaryNight
from psgpipe.diary.times import DAY

FEWEST_NIGHTS = 2
NEAR_MIN, CLEARLY_MIN = 20.0, 20.0
"""Mean difference of begin and end of the time in bed."""
_DAYS = {1: "later: are its dates those of the morning?", -1: "earlier: is its date a day early?"}


def shifted_dates(psg: Sequence[PsgNight], rows: Sequence[DiaryNight]) -> Iterator[str]:
    """Subjects on whose recorded nights the diary of a neighbouring date fits clearly better.

    Every recorded night of the subject has to fit it: to 20 min, and by 20 min better than the row
    of its own date, or where that is missing.
    """
    diary = {(row.subject, row.date): row for row in rows}
    by_subject: dict[str, list[PsgNight]] = {}
    for night in psg:
        if night.date and night.begin and night.end:
            by_subject.setdefault(night.subject, []).append(night)
    for subject, nights in by_subject.items():
        for days, why in _DAYS.items():
            if len(nights) >= FEWEST_NIGHTS and all(_fits(night, diary, days) for night in nights):
                yield (
                    f"{subject}: on all {len(nights)} recorded nights the times in bed are those "
                    f"of the diary's row a day {why}"
                )


def _fits(night: PsgNight, diary: Mapping[tuple[str, dt.date], DiaryNight], days: int) -> bool:
    own = _difference_min(night, diary, 0)
    other = _difference_min(night, diary, days)
    return other <= NEAR_MIN and other + CLEARLY_MIN < own


def _difference_min(
    night: PsgNight, diary: Mapping[tuple[str, dt.date], DiaryNight], days: int
) -> float:
    """Of the clock times of a row so many days later; infinite where there is none."""
    row = None if night.date is None else diary.get((night.subject, night.date + days * DAY))
    if row is None or not (row.begin and row.end and night.begin and night.end):
        return math.inf
    apart = (row.begin - night.begin - days * DAY, row.end - night.end - days * DAY)
    return sum(abs(part.total_seconds()) for part in apart) / 120
