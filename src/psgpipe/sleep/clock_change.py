"""Nights in which clocks are changed in many countries; the country of a recording is not known."""

from __future__ import annotations

import datetime as dt

_LATEST = dt.time(4)
"""Clocks are changed between midnight (Azores) and 04:00 (Finland)."""


def changed_between(first: dt.datetime, last: dt.datetime) -> str | None:
    """Where clocks may have been changed between two local times, in words, or None."""
    day = first.date()
    while day <= last.date():
        where = _changed_on(day)
        begin, end = dt.datetime.combine(day, dt.time(0)), dt.datetime.combine(day, _LATEST)
        if where and first < end and last > begin:
            return where
        day += dt.timedelta(days=1)
    return None


def _changed_on(day: dt.date) -> str | None:
    """The countries that change their clocks on a Sunday by the rules of today and of before."""
    if day.weekday() != 6:
        return None
    nth = (day.day + 6) // 7
    is_last = (day + dt.timedelta(days=7)).month != day.month
    if is_last and day.month in (3, 10):
        return "Europe"
    if (day.month, nth) in ((3, 2), (11, 1)):
        return "North America"
    if (day.month, nth) in ((4, 1), (10, 1)) or (is_last and day.month == 9):
        return "Australia and New Zealand"
    return None
