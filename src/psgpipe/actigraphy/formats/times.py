"""Dates and times of rows, on a grid of equal epochs."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from psgpipe.actigraphy.formats.clock_changes import refuse_two_offsets
from psgpipe.actigraphy.formats.day_order import day_order, in_order
from psgpipe.errors import ActigraphyInvalid
from psgpipe.scorings.sources.clock_times import DateOrder, Moment, read_date, read_moment
from psgpipe.scorings.sources.number_text import number

DAY_S = 86_400
LONGEST_DAYS = 400
FIRST_UNIX_TIME, SPREADSHEET_DAYS = 1e8, (20_000, 80_000)
_SHORT_YEAR = re.compile(r"\d{2}[-/ ]\d{1,2}[-/ ]\d{2}(?!\d)")
_ZULU = re.compile(r"(?<=\d)Z$")


@dataclass(frozen=True)
class Grid:
    """Rows as epochs: the start, the length of an epoch, and the epoch of each row."""

    start: dt.datetime
    epoch_s: float
    epochs: npt.NDArray[np.int_]

    @property
    def n_epochs(self) -> int:
        """Epochs from the first row to the last."""
        return int(self.epochs[-1]) + 1


def row_times(
    file: str,
    lines: Sequence[int],
    dates: Sequence[str] | None,
    times: Sequence[str],
    order: DateOrder | None = None,
) -> list[dt.datetime]:
    """The local time of each row.

    Day and month may stand in either order. The order is that in which the days follow each other.

    Parameters
    ----------
    dates
        None where `times` have date and time.
    order
        The order of day and month that the head of the file tells.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        A row has no date or no time, day and month may be exchanged, or the offset from UTC
        changes.
    """
    refuse_two_offsets(file, lines, times)
    no_dates: list[str | None] = [None] * len(times)
    moments = [
        _moment(file, line, date, time)
        for line, date, time in zip(lines, dates or no_dates, times, strict=True)
    ]
    has_short_years = any(map(_SHORT_YEAR.match, dict.fromkeys(dates or times)))
    return _dated(file, moments, order, has_short_years=has_short_years)


def _moment(file: str, line: int, date: str | None, time: str) -> tuple[Moment, float]:
    day = _date(date) if date is not None else _whole(time)
    if day is None or (day.date is None and day.unclear is None):
        raise ActigraphyInvalid(
            f"{file}: line {line}: wanted a date and a time, found {(date or time)[:20]!r}",
            _remedy(date or time),
        )
    clock = _whole(time) if date is not None else day
    if clock is None:
        raise ActigraphyInvalid(
            f"{file}: line {line}: wanted a time of day, found {time[:20]!r}",
            "Export the counts with times such as 22:41:30.",
        )
    return day, clock.of_day_s


def _remedy(text: str) -> str:
    value = number(text)
    if value is not None and value >= FIRST_UNIX_TIME:
        return (
            "Export local dates and times, e.g. 2024-03-31T22:41:30; seconds since 1970 are those "
            "of UTC."
        )
    low, high = SPREADSHEET_DAYS
    if value is not None and low <= value <= high:
        return "Format the column as date and time in the spreadsheet, then save the table again."
    if value is not None:
        return "A number is no time: add a column with the date and time of each row."
    return "Export the counts with a date in each row; a time alone may be of any night."


@lru_cache(maxsize=4096)
def _date(text: str) -> Moment | None:
    return read_date(text) or read_moment(text)


@lru_cache(maxsize=4096)
def _whole(text: str) -> Moment | None:
    plain = _ZULU.sub("", text.strip())
    return read_moment(plain)


def _dated(
    file: str,
    moments: Sequence[tuple[Moment, float]],
    stated: DateOrder | None,
    *,
    has_short_years: bool,
) -> list[dt.datetime]:
    unclear = list(dict.fromkeys(m.unclear for m, _ in moments if m.unclear is not None))
    order = day_order(file, unclear, stated, has_short_years=has_short_years) if unclear else "dmy"
    midnights: dict[tuple[int, int, int], dt.datetime] = {}
    result = []
    for moment, of_day_s in moments:
        parts = moment.date or in_order(moment.unclear or (0, 0, 0), order)
        if parts not in midnights:
            midnights[parts] = dt.datetime(*parts)
        result.append(midnights[parts] + dt.timedelta(seconds=of_day_s))
    return result


def grid(file: str, lines: Sequence[int], times: Sequence[dt.datetime]) -> Grid:
    """The rows as epochs of equal length; missing rows leave epochs free.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        The clock goes back or repeats, rows do not lie on epochs, or the table has fewer than two.
    """
    if len(times) < 2:
        raise ActigraphyInvalid(
            f"{file}: wanted epochs, found {len(times)}", "Export all epochs of the recording."
        )
    seconds = np.array([(t - times[0]).total_seconds() for t in times])
    steps = np.diff(seconds)
    wrong = np.flatnonzero(steps <= 0)
    if wrong.size:
        row = int(wrong[0]) + 1
        back = "repeats" if steps[row - 1] == 0 else "goes back"
        raise ActigraphyInvalid(
            f"{file}: line {lines[row]}: the clock {back}, from {times[row - 1]} to {times[row]}",
            "Export the counts in the order of their times; if the clock was changed for summer or "
            "winter, export both parts in one time.",
        )
    (epoch_s, _), *_ = Counter(np.round(steps, 3).tolist()).most_common(1)
    epochs = np.round(seconds / epoch_s).astype(int)
    off = np.flatnonzero(np.abs(epochs * epoch_s - seconds) > min(1.0, epoch_s / 10))
    if off.size:
        row = int(off[0])
        raise ActigraphyInvalid(
            f"{file}: line {lines[row]}: {times[row]} is no start of an epoch of {epoch_s:g} s",
            "Export the counts in equal epochs.",
        )
    if seconds[-1] > LONGEST_DAYS * DAY_S:
        raise ActigraphyInvalid(
            f"{file}: the times reach over {seconds[-1] / DAY_S:.0f} days, wanted at most "
            f"{LONGEST_DAYS}",
            "Correct the dates, or split the file.",
        )
    return Grid(times[0], float(epoch_s), epochs)
