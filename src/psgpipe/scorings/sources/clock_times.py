"""Dates and times of day as programs of all countries write them."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from psgpipe.edf.start_time import STAND_IN_YEARS
from psgpipe.errors import ScoringInvalid
from psgpipe.model.header import Finding

DateOrder = Literal["dmy", "mdy"]
HOUR_S, HALF_DAY_S, DAY_S = 3600.0, 43_200.0, 86_400.0
LEAST_STEPS, USUAL_SHARE = 5, 0.8
"""Epochs follow one another where so many steps are alike."""
LONGEST_RECORDING_DAYS = 7
CENTURY_FROM = 85  # a year of two digits, as in EDF: 85 is 1985, 84 is 2084
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan ene gen", "feb fev", "mar mrz mrt", "apr abr avr", "may mai mag mei maj",
            "jun juin giu", "jul juil lug", "aug aou ago", "sep set",
            "oct okt ott out", "nov", "dec dez dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_AFTERNOON = {
    **dict.fromkeys(("p", "下", "오후", "午後"), True),
    **dict.fromkeys(("a", "上", "오전", "午前"), False),
}
_DATE = re.compile(
    r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"
    r"|(?P<a>\d{1,2})(?P<sep>[-/. ])(?P<b>\d{1,2}|[^\W\d_]{3,})\.?[-/. ](?P<c>\d{4}|\d{2})(?!\d)"
)
_OFFSET = re.compile(r"(?<=\d)[+-][01]\d:?[0-5]\d$")
_TIME = re.compile(
    r"(?P<before>上|下|오전|오후|午前|午後)?午?\s*"
    r"(?P<h>\d{1,2})\s*[:.h]\s*(?P<min>[0-5]\d)"
    r"(?:\s*[:.m]\s*(?P<s>[0-5]\d|60)(?:[.,:](?P<f>\d{1,9}))?)?"
    r"\s*(?:(?P<half>[ap])\.?\s*m\.?)?",
    re.IGNORECASE,
)


class Moment(NamedTuple):
    """A time of day with or without a date; numbers of the date may stand in two orders.

    Attributes
    ----------
    of_day_s
        Seconds after midnight.
    date
        Year, month, day where the order is certain.
    unclear
        First number, second number and year where day and month may be exchanged.
    is_half_day
        The text says AM or PM.
    """

    of_day_s: float
    date: tuple[int, int, int] | None = None
    unclear: tuple[int, int, int] | None = None
    is_half_day: bool = False


def read_moment(text: str) -> Moment | None:
    """The moment that `text` is; None where it is none, or holds something else beside it.

    An offset from UTC is that of the local clock. Zeros in the place of a date are no date.
    """
    rest = _OFFSET.sub("", text.strip())
    date = None if _TIME.fullmatch(rest) else _DATE.match(rest)
    certain = unclear = None
    if date:
        certain, unclear = _date_parts(date)
        if certain is None and unclear is None and any(c in "123456789" for c in date[0]):
            return None
        rest = rest[date.end() :].lstrip(" T-_,")
    time = _TIME.fullmatch(rest)
    if time is None:
        return None
    of_day_s, is_half_day = _of_day_s(time)
    if of_day_s is None:
        return None
    return Moment(of_day_s, certain, unclear, is_half_day)


def read_date(text: str) -> Moment | None:
    """A date without time, as the moment of its midnight."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    certain, unclear = _date_parts(match)
    return Moment(0.0, certain, unclear) if certain or unclear else None


def _date_parts(
    match: re.Match[str],
) -> tuple[tuple[int, int, int] | None, tuple[int, int, int] | None]:
    if match["y"]:
        return _possible(int(match["y"]), int(match["m"]), int(match["d"])), None
    first, second, year = int(match["a"]), match["b"], int(match["c"])
    if len(match["c"]) == 2:
        year += 1900 if year >= CENTURY_FROM else 2000
    if not second.isdigit():
        name = _without_accents(second.casefold())
        month = _MONTHS.get(name[:4]) or _MONTHS.get(name[:3], 0)
        return _possible(year, month, first), None
    if match["sep"] == ".":  # with points, the day stands first everywhere
        return _possible(year, int(second), first), None
    return None, (first, int(second), year)


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c))


def _possible(year: int, month: int, day: int) -> tuple[int, int, int] | None:
    try:
        dt.date(year, month, day)
    except ValueError:
        return None
    return year, month, day


def _of_day_s(time: re.Match[str]) -> tuple[float | None, bool]:
    hour, minute, second = int(time["h"]), int(time["min"]), int(time["s"] or 0)
    half = time["half"] or time["before"]
    if half:
        if not 1 <= hour <= 12:
            return None, True
        hour = hour % 12 + (12 if _AFTERNOON[half.lower()] else 0)
    if hour > 23:
        return None, bool(half)
    fraction = float(f"0.{time['f']}") if time["f"] else 0.0
    return hour * 3600 + minute * 60 + second + fraction, bool(half)


class ClockTimes(NamedTuple):
    """Moments in seconds from the first one, and what is known of the first one.

    Attributes
    ----------
    start
        None where the date is not known, or its day and month may be exchanged.
    """

    onsets_s: list[float]
    start: dt.datetime | None
    start_clock: dt.time
    findings: tuple[Finding, ...] = ()


def clock_times(
    moments: Sequence[Moment], lines: Sequence[int], file: str, order: DateOrder | None = None
) -> ClockTimes:
    """Seconds from the first moment to each one; dates tell the day, else midnight is counted.

    Parameters
    ----------
    lines
        The line of each moment, for messages.
    order
        The order of day and month where the format has one; None where the file has to tell it.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        Some moments have a date and others none, or the hours are those of a 12-hour clock without
        AM and PM.
    """
    findings: tuple[Finding, ...] = ()
    has_date = [m.date is not None or m.unclear is not None for m in moments]
    if any(has_date) and not all(has_date):
        raise ScoringInvalid(
            f"{file}: line {lines[has_date.index(False)]} has no date, others have one",
            "Export the scoring with dates in every line, or in none.",
        )
    days = _days(moments, order) if all(has_date) else None
    if days is not None and _is_date_of_night(days, moments):
        onsets_s = _across_midnight(moments, lines, file)
        start = _start(days[0], moments[0].of_day_s)
    elif days is None:
        if all(has_date):
            findings = (
                Finding(
                    "scoring-date-unclear",
                    "the dates of the scoring are not clear (day and month may be exchanged): only "
                    "its times of day are used",
                ),
            )
        onsets_s = _across_midnight(moments, lines, file)
        start = None
    else:
        first = days[0]
        onsets_s = [
            (day - first).days * DAY_S + m.of_day_s - moments[0].of_day_s
            for day, m in zip(days, moments, strict=True)
        ]
        start = _start(first, moments[0].of_day_s)
    _refuse_clock_put_back(onsets_s, lines, file)
    midnight = dt.datetime(2000, 1, 1)  # any day
    clock = (midnight + dt.timedelta(seconds=moments[0].of_day_s)).time()
    return ClockTimes([round(s, 6) for s in onsets_s], start, clock, findings)


def _is_date_of_night(days: Sequence[dt.date], moments: Sequence[Moment]) -> bool:
    """Whether every line has the date of the evening, also those after midnight."""
    times_s = [moment.of_day_s for moment in moments]
    back = [i for i, (a, b) in enumerate(pairwise(times_s), start=1) if b < a]
    return (
        len(set(days)) == 1
        and len(back) == 1
        and times_s[back[0] - 1] - times_s[back[0]] > HALF_DAY_S
        and times_s[-1] < times_s[0]
    )


def _refuse_clock_put_back(onsets_s: Sequence[float], lines: Sequence[int], file: str) -> None:
    """Refuse epochs that go on one after the other except for one hour back."""
    steps_s = [round(b - a, 3) for a, b in pairwise(onsets_s)]
    if len(steps_s) < LEAST_STEPS:
        return
    (usual_s, n_usual), *_ = Counter(steps_s).most_common(1)
    back = [i for i, step_s in enumerate(steps_s, start=1) if step_s == usual_s - HOUR_S]
    if usual_s > 0 and len(back) == 1 and n_usual >= USUAL_SHARE * len(steps_s):
        raise ScoringInvalid(
            f"{file}: line {lines[back[0]]}: the clock goes back by one hour, as in the night when "
            "summer time ends",
            "Export the seconds from the start of the recording, or numbers of epochs.",
        )


def _start(day: dt.date, of_day_s: float) -> dt.datetime | None:
    """Date and time; None where New Year's Day stands for a removed date."""
    if (day.month, day.day) == (1, 1) and day.year in STAND_IN_YEARS:
        return None
    return dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=of_day_s)


def _days(moments: Iterable[Moment], order: DateOrder | None) -> list[dt.date] | None:
    """The day of each moment; None where day and month may be exchanged."""
    orders: tuple[DateOrder, ...] = (order,) if order else ("dmy", "mdy")
    readings = []
    for candidate in orders:
        days = [_day(m, candidate) for m in moments]
        known = [day for day in days if day is not None]
        if len(known) == len(days) and (max(known) - min(known)).days <= LONGEST_RECORDING_DAYS:
            readings.append(known)
    if len(readings) == 2 and readings[0] != readings[1]:
        return None
    return readings[0] if readings else None


def _day(moment: Moment, order: DateOrder) -> dt.date | None:
    if moment.date is not None:
        return dt.date(*moment.date)
    first, second, year = moment.unclear or (0, 0, 1)
    parts = _possible(year, *((second, first) if order == "dmy" else (first, second)))
    return dt.date(*parts) if parts else None


def _across_midnight(moments: Sequence[Moment], lines: Sequence[int], file: str) -> list[float]:
    """Seconds from the first moment; a time of day lies within 12 h of the one before it."""
    onsets_s, now_s = [], 0.0
    has_half_days = any(m.is_half_day for m in moments)
    for before, moment, line in zip([moments[0], *moments], moments, lines, strict=False):
        step_s = (moment.of_day_s - before.of_day_s + HALF_DAY_S) % DAY_S - HALF_DAY_S
        if step_s < -HALF_DAY_S + 3600 and not has_half_days:
            raise ScoringInvalid(
                f"{file}: line {line}: the clock goes back by more than 11 h, as a 12-hour clock "
                "without AM and PM does",
                "Export the times with AM and PM, or with 24 hours.",
            )
        now_s += step_s
        onsets_s.append(now_s)
    return onsets_s
