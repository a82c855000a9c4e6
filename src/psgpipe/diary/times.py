"""Times of a diary: cells to moments, in the order in which they happen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from psgpipe.diary.columns import TIMES
from psgpipe.sleep.local_clock import LocalClock, local_clock
from psgpipe.tables.delimited import Mistakes, Row
from psgpipe.tables.numbers import is_missing

DAY, NOON, MORNING = dt.timedelta(days=1), dt.time(12), dt.time(6)
LONGEST_H = 16.0
"""Longer between getting into bed and out of it is a wrong time, or a 12-hour clock."""
WANTED = "HH:MM of a 24-hour clock, or YYYY-MM-DDTHH:MM"
FIRST_YEAR, LAST_YEAR, SPREADSHEET_YEARS = 1800, 2100, range(1890, 1910)
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE)
_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_DOTS = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})", re.ASCII)


@dataclass(frozen=True)
class NightTimes:
    """The four times of a night.

    Attributes
    ----------
    moments
        By column; local times. Their days count from the first one where the date is not certain.
    is_placed
        Whether the date of the moments is certain.
    why_not_placed
        Why it is not.
    """

    moments: Mapping[str, dt.datetime]
    is_placed: bool
    why_not_placed: str | None = None


def read_day(row: Row, column: str, mistakes: Mistakes) -> dt.date | None:
    """The date in a cell; None where it is missing or wrong, which is noted."""
    cell = row.cells[column]
    iso, dots = _ISO_DATE.fullmatch(cell), _DOTS.fullmatch(cell)
    parts = iso.groups() if iso else dots.groups()[::-1] if dots else None
    try:
        day = dt.date(*map(int, parts)) if parts else None
    except ValueError:
        day = None
    if day is None or not is_possible_year(day.year):
        mistakes.cell(row.number, column, "a date, YYYY-MM-DD", cell)
        return None
    return day


def is_possible_year(year: int) -> bool:
    """Whether a night may lie in a year: none of a spreadsheet's zero, and none that is far off."""
    return FIRST_YEAR <= year <= LAST_YEAR and year not in SPREADSHEET_YEARS


def read_times(
    row: Row,
    evening: dt.date | None,
    morning: dt.date | None,
    timezone: str | None,
    mistakes: Mistakes,
) -> NightTimes:
    """The times of a row; each is the first one of its clock time after the one before it.

    A time of day stands on the date of the evening from 12:00 on, and on the next day until 6:00.
    Between, it may be either: only a date tells. Where the date is that of the morning, the final
    awakening lies on it.
    """
    cells = {c: _cell(row, c, mistakes) for c in TIMES if not is_missing(row.cells[c])}
    given = {column: value for column, value in cells.items() if value is not None}
    if not given or len(given) < len(cells):
        return NightTimes({}, is_placed=False, why_not_placed="no time of the night is given")
    clock_only = [column for column, value in given.items() if isinstance(value, dt.time)]
    moments = _unfolded(row, given, mistakes)
    if moments is None:
        return NightTimes({}, is_placed=False, why_not_placed="its times are wrong")
    if len(clock_only) < len(given):
        _check_date(row, moments, evening, morning, mistakes)
        times = NightTimes(moments, is_placed=True)
    else:
        times = _placed(moments, evening, morning)
        if morning is not None and evening in {morning, morning - DAY}:
            _check_date(row, times.moments, evening, morning, mistakes)
    if times.is_placed and timezone is not None:
        _check_clock_change(row, times.moments, timezone, mistakes)
    return times


def minutes_between(
    times: NightTimes, first: str, second: str, timezone: str | None
) -> float | None:
    """Minutes from one time to another, by the real clock where the time zone is known."""
    begin, end = times.moments.get(first), times.moments.get(second)
    if begin is None or end is None:
        return None
    if timezone is not None and times.is_placed:
        seconds = local_clock(begin, None, timezone).seconds_at(end)
        return seconds[0] / 60 if seconds else None
    return (end - begin).total_seconds() / 60


def _cell(row: Row, column: str, mistakes: Mistakes) -> dt.time | dt.datetime | None:
    cell = row.cells[column]
    dated, clock = _DATE_TIME.fullmatch(cell), _CLOCK.fullmatch(cell)
    try:
        if dated:
            moment = dt.datetime.fromisoformat(f"{dated[1]}T{dated[2]}")
            if is_possible_year(moment.year):
                return moment
        elif clock:
            return _time_of_day(clock)
    except ValueError:
        pass
    mistakes.cell(row.number, column, WANTED, cell)
    return None


def _time_of_day(clock: re.Match[str]) -> dt.time:
    hour, half = int(clock[1]), (clock[4] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if half == "p" else 0)
    return dt.time(hour, int(clock[2]), int(clock[3] or 0))


def _unfolded(
    row: Row, given: Mapping[str, dt.time | dt.datetime], mistakes: Mistakes
) -> dict[str, dt.datetime] | None:
    """The moments, from the one with a date forwards and backwards; None after a mistake."""
    columns = list(given)
    anchor = next((c for c in columns if isinstance(given[c], dt.datetime)), columns[0])
    start = given[anchor]
    day = (
        start if isinstance(start, dt.datetime) else dt.datetime.combine(dt.date(2001, 1, 1), start)
    )
    place = columns.index(anchor)
    moments = {anchor: day}
    for column in columns[place + 1 :]:
        moments[column] = _after(given[column], max(moments.values()))
    for column in reversed(columns[:place]):
        moments[column] = _before(given[column], min(moments.values()))
    ordered = {column: moments[column] for column in columns}
    return ordered if _is_in_order(row, ordered, mistakes) else None


def _after(value: dt.time | dt.datetime, earlier: dt.datetime) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    moment = dt.datetime.combine(earlier.date(), value)
    return moment if moment >= earlier else moment + DAY


def _before(value: dt.time | dt.datetime, later: dt.datetime) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    moment = dt.datetime.combine(later.date(), value)
    return moment if moment <= later else moment - DAY


def _is_in_order(row: Row, moments: Mapping[str, dt.datetime], mistakes: Mistakes) -> bool:
    first, *others = moments
    before = first
    for column in others:
        hours = (moments[column] - moments[first]).total_seconds() / 3600
        if moments[column] < moments[before] or hours > LONGEST_H:
            wanted = (
                f"a time after {before} ({row.cells[before]}), at most {LONGEST_H:.0f} h in bed"
            )
            mistakes.cell(row.number, column, wanted, row.cells[column])
            return False
        before = column
    return True


def _check_date(
    row: Row,
    moments: Mapping[str, dt.datetime],
    evening: dt.date | None,
    morning: dt.date | None,
    mistakes: Mistakes,
) -> None:
    """Note a date that is not the night's: the day it begins, or noon to noon."""
    begin, end = next(iter(moments.values())), list(moments.values())[-1]
    if evening is not None and evening not in {begin.date(), night_date(begin)}:
        wanted = f"{night_date(begin)}, the date on which this night begins by its times"
        mistakes.cell(row.number, "date", wanted, str(evening))
    last = moments.get("final_awakening", end)
    if morning is not None and morning != last.date():
        wanted = f"{last.date()}, the date of the final awakening"
        mistakes.cell(row.number, "morning_date", wanted, str(morning))


def _placed(
    moments: Mapping[str, dt.datetime], evening: dt.date | None, morning: dt.date | None
) -> NightTimes:
    if morning is not None:
        return _placed_by_morning(moments, morning)
    first = next(iter(moments.values()))
    if evening is None:
        return NightTimes(moments, is_placed=False, why_not_placed="the night has no date")
    if next(iter(moments)) not in TIMES[:2]:
        return NightTimes(
            moments, is_placed=False, why_not_placed="the time of going to bed is not given"
        )
    if MORNING <= first.time() < NOON:
        return NightTimes(
            moments,
            is_placed=False,
            why_not_placed=f"the night begins at {first:%H:%M}, which may be of {evening} or of "
            "the day after: give this time with its date",
        )
    day = evening if first.time() >= NOON else evening + DAY
    return NightTimes(_shifted(moments, day - first.date()), is_placed=True)


def _placed_by_morning(moments: Mapping[str, dt.datetime], morning: dt.date) -> NightTimes:
    last = next((moments[c] for c in ("final_awakening", "out_of_bed") if c in moments), None)
    if last is None:
        why = "the times of the morning are not given"
        return NightTimes(moments, is_placed=False, why_not_placed=why)
    return NightTimes(_shifted(moments, morning - last.date()), is_placed=True)


def _shifted(moments: Mapping[str, dt.datetime], by: dt.timedelta) -> dict[str, dt.datetime]:
    return {column: moment + by for column, moment in moments.items()}


def night_date(begin: dt.datetime) -> dt.date:
    """The date of a night, from noon to noon: before noon it is that of the day before."""
    return (begin - dt.timedelta(hours=12)).date()


def _check_clock_change(
    row: Row, moments: Mapping[str, dt.datetime], timezone: str, mistakes: Mistakes
) -> None:
    for column, moment in moments.items():
        clock = LocalClock(moment, None, local_clock(moment, None, timezone).zone)
        if clock.starts != 1:
            how = "comes twice" if clock.starts else "does not exist"
            wanted = f"another time: on {moment.date()} this one {how}, as the clock is changed"
            mistakes.cell(row.number, column, wanted, row.cells[column])
