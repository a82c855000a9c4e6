"""The order of day, month and year in dates, told by days that follow each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

from psgpipe.errors import ActigraphyInvalid
from psgpipe.scorings.sources.clock_times import CENTURY_FROM, DateOrder

Order = Literal["dmy", "mdy", "ymd"]
MOST_GAP_DAYS = 14
"""Days of a recording follow each other with a smaller gap; in another order months lie between."""
_NAMES: Mapping[Order, str] = {"dmy": "day", "mdy": "month", "ymd": "year"}
_REMEDY = "Export the counts with dates such as 2024-03-31."


def day_order(
    file: str,
    dates: Sequence[tuple[int, int, int]],
    stated: DateOrder | None,
    *,
    has_short_years: bool,
) -> Order:
    """The order of the numbers of dates.

    Parameters
    ----------
    dates
        Each date once: first number, second number, and the third as a year.
    stated
        The order that the head of the file tells.
    has_short_years
        Years have two digits, so that the year may stand first.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        Two orders are possible, none is, or the days contradict the head of the file.
    """
    orders: tuple[Order, ...] = ("dmy", "mdy", "ymd") if has_short_years else ("dmy", "mdy")
    days = {order: found for order in orders if (found := _days(dates, order)) is not None}
    text = "{:02d}/{:02d}/{}".format(*dates[0])
    if not days:
        raise ActigraphyInvalid(f"{file}: dates such as {text} do not follow each other", _REMEDY)
    near = [order for order, found in days.items() if _largest_gap(found) <= MOST_GAP_DAYS]
    likely = near or list(days)
    if stated in likely:
        return stated
    if stated is not None:
        raise ActigraphyInvalid(
            f"{file}: dates such as {text} follow each other with the {_NAMES[likely[0]]} first, "
            "and the head of the file has another order",
            _REMEDY,
        )
    if any(days[order] != days[likely[0]] for order in likely):
        raise ActigraphyInvalid(f"{file}: day and month of {text} may be exchanged", _REMEDY)
    return likely[0]


def in_order(date: tuple[int, int, int], order: Order) -> tuple[int, int, int]:
    """Year, month and day of a date."""
    first, second, third = date
    if order == "ymd":
        return first + (1900 if first >= CENTURY_FROM else 2000), second, third % 100
    return (third, first, second) if order == "mdy" else (third, second, first)


def _days(dates: Sequence[tuple[int, int, int]], order: Order) -> list[dt.date] | None:
    """The days; None where one does not exist or they go back."""
    try:
        days = [dt.date(*in_order(date, order)) for date in dates]
    except ValueError:
        return None
    return days if all(later > earlier for earlier, later in pairwise(days)) else None


def _largest_gap(days: Sequence[dt.date]) -> int:
    return max(((later - earlier).days for earlier, later in pairwise(days)), default=0)
