"""The start of a recording: naive local date and time, each None where it is not known.

The year is two digits: 85 to 99 mean 1985 to 1999, 00 to 84 mean 2000 to 2084 (EDF+ specification,
2.1.3.3). In EDF+ the recording field starts with ``Startdate dd-MMM-yyyy``, which has all four.

A tool that removes the date often writes another one in its place. Such a stand-in is no date, and
midnight beside it is no time. The other date field is used only if it can be the true date.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from psgpipe.edf.findings import Findings

_DATE = re.compile(rb"([0-9]{2})\.([0-9]{2})\.([0-9]{2}|yy)", re.IGNORECASE)
_LOOSE_DATE = re.compile(rb"([0-9]{1,2})\. ?([0-9]{1,2})\.([0-9]{2})")
_TIME = re.compile(rb"([0-9]{2})\.([0-9]{2})\.([0-9]{2})")
_LOOSE_TIME = re.compile(rb"([0-9]{1,2})[.:] ?([0-9]{1,2})[.:] ?([0-9]{1,2})")
_STARTDATE = re.compile(rb"\s*startdate[ _]+(\S+)", re.IGNORECASE)
_STARTDATE_DATE = re.compile(rb"([0-9]{1,2})-([a-z]{3})-([0-9]{4})", re.IGNORECASE)
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

# 1 January of these years stands for a removed date: 1985 in EDF+ and in exports of MNE-BIDS, 2000
# in MNE, 1900 in archives; 1904, 1970 and 1980 are day 0 of a computer's clock, which a header of
# two digits shows as 2070 and 2080.
STAND_IN_YEARS = (1900, 1904, 1970, 1980, 1985, 2000, 2070, 2080)
# The header has no earlier year, so a Startdate before it was shifted. Real nights of 1987 to 1991
# are in EDF, which exists since 1992.
_FIRST_YEAR = 1985
# Beside a stand-in, an earlier year is rather another stand-in than a night.
_FIRST_YEAR_BESIDE_STAND_IN = 1990


@dataclass(frozen=True)
class StartFields:
    """The header fields of the start, as bytes."""

    date: bytes
    time: bytes
    recording: bytes
    is_plus: bool


def read_start(fields: StartFields, findings: Findings) -> tuple[dt.date | None, dt.time | None]:
    """Date and time of day, each None where the file does not say."""
    clock = _clock(fields.time, findings)
    startdate = _startdate(fields, findings)
    header_date = _header_date(fields.date, findings, has_startdate=startdate is not None)
    stand_in = next((d for d in (header_date, startdate) if d and is_stand_in(d, clock)), None)
    if stand_in is None:
        date = _agreed(startdate, header_date, findings, plus=fields.is_plus)
    else:
        date = _beside(stand_in, header_date, startdate, clock)
        rest = "the date is unknown" if date is None else f"{date.isoformat()} is used"
        findings.add(
            "date-unknown",
            f"start date {stand_in.isoformat()} is what tools write for a removed date: {rest}",
        )
    if date is None and clock == dt.time(0):
        # Who removes the date often writes midnight over the time.
        findings.add("time-unknown", "start time 00.00.00 without a date: clock time unknown")
        clock = None
    if date is not None and _is_future(date):
        findings.add("date-future", f"start date {date.isoformat()} lies in the future")
    return date, clock


def is_stand_in(date: dt.date, clock: dt.time | None) -> bool:
    """Whether a tool wrote the date for one that was removed.

    The first second of any year is one, too: who removes a date often writes zero over the time.
    """
    new_year = (date.month, date.day) == (1, 1)
    is_usual = new_year and (date.year in STAND_IN_YEARS or clock == dt.time(0))
    return is_usual or date.year < _FIRST_YEAR


def _is_future(date: dt.date) -> bool:
    return date > dt.date.today() + dt.timedelta(days=1)


def _beside(
    stand_in: dt.date, header_date: dt.date | None, startdate: dt.date | None, clock: dt.time | None
) -> dt.date | None:
    """The date in the other field; None where that one may come from the removal, too.

    Of a Startdate 01-JAN-1904 the header of two digits makes 1 January 2004.
    """
    for date in (header_date, startdate):
        if (
            date is not None
            and not is_stand_in(date, clock)
            and (date.month, date.day) != (stand_in.month, stand_in.day)
            and date.year >= _FIRST_YEAR_BESIDE_STAND_IN
            and not _is_future(date)
        ):
            return date
    return None


def _agreed(
    startdate: dt.date | None, header_date: dt.date | None, findings: Findings, *, plus: bool
) -> dt.date | None:
    if startdate is None or header_date is None or startdate == header_date:
        return startdate or header_date
    winner = startdate if plus else header_date
    findings.add(
        "date-conflict",
        f"start date is {header_date.isoformat()} in the header and {startdate.isoformat()} "
        f"in its Startdate; {winner.isoformat()} is used",
    )
    return winner


def _clock(raw: bytes, findings: Findings) -> dt.time | None:
    text = raw.strip(b" \0")
    match = _TIME.fullmatch(text) or _LOOSE_TIME.fullmatch(text)
    if match is None:
        what = "is blank" if not text else "cannot be read"
        findings.add("time-unknown", f"start time {what}: clock time unknown")
        return None
    hour, minute, second = (int(part) for part in match.groups())
    if hour > 23 or minute > 59 or second > 59:
        message = f"start time {hour:02}.{minute:02}.{second:02} is impossible: unknown"
        findings.add("time-unknown", message)
        return None
    if not _TIME.fullmatch(text):
        findings.add("time-format", "start time is not written as hh.mm.ss; read nevertheless")
    return dt.time(hour, minute, second)


def _header_date(raw: bytes, findings: Findings, *, has_startdate: bool) -> dt.date | None:
    """The header's own date field; `has_startdate` changes only the message."""
    text = raw.strip(b" \0")
    match = _DATE.fullmatch(text) or _LOOSE_DATE.fullmatch(text)
    date = None
    if match is None:
        problem = "is blank" if not text else "cannot be read"
    elif match.group(3).lower() == b"yy":
        problem = "has no year"
    else:
        day, month, year = (int(part) for part in match.groups())
        date = _date(1900 + year if year >= 85 else 2000 + year, month, day)
        problem = f"{day:02}.{month:02}.{year:02} does not exist"
    if date is None:
        rest = "its Startdate is used" if has_startdate else "date unknown"
        findings.add("date-unknown", f"start date in the header {problem}: {rest}")
    elif not _DATE.fullmatch(text):
        findings.add("date-format", "start date is not written as dd.mm.yy; read nevertheless")
    return date


def _startdate(fields: StartFields, findings: Findings) -> dt.date | None:
    """The date in ``Startdate dd-MMM-yyyy``; None where there is none or it is X."""
    startdate = _STARTDATE.match(fields.recording)
    if startdate is None or startdate.group(1).upper() == b"X":
        return None
    match = _STARTDATE_DATE.fullmatch(startdate.group(1))
    month = match.group(2).decode("ascii").upper() if match else ""
    date = None
    if match and month in MONTHS:
        date = _date(int(match.group(3)), MONTHS.index(month) + 1, int(match.group(1)))
    if date is None and fields.is_plus:
        findings.add(
            "startdate-unreadable",
            "Startdate is not written as dd-MMM-yyyy with an English month; "
            "the header's own start date is used",
        )
    return date


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
