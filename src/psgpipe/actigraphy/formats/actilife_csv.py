"""CSV of ActiLife without times: ten lines of header, then the counts of the axes."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np

from psgpipe.actigraphy.counts import ActivityCounts
from psgpipe.errors import ActigraphyInvalid
from psgpipe.scorings.sources.clock_times import read_date, read_moment
from psgpipe.scorings.sources.number_text import number

HEADER_LINES = 10
_FORMAT = re.compile(r"date format ([dMy./-]+)", re.IGNORECASE)
_PERIOD = re.compile(r"\s(\d{1,2}):(\d\d):(\d\d)")


def is_actilife_csv(lines: list[str]) -> bool:
    """Whether the first line says that ActiLife made the table."""
    return len(lines) > HEADER_LINES and "data table file created by" in lines[0].casefold()


def read_actilife_csv(lines: list[str], file: str) -> ActivityCounts:
    """The counts of a table of ActiLife whose rows have no times.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        The header has no start or length of an epoch, or a row is no counts.
    """
    start, epoch_s = _start(lines, file), _epoch_s(lines, file)
    named = not lines[HEADER_LINES].replace(",", "").replace(";", "").strip('" ').isdigit()
    first = HEADER_LINES + named
    body = [line for line in lines[first:] if line.strip(",; \t")]
    axes = [_axes(line, first + row + 1, file) for row, line in enumerate(body)]
    width = min(3, min(map(len, axes), default=0))
    if width == 0:
        raise ActigraphyInvalid(f"{file}: no epoch below the header", "Export the counts again.")
    values = np.array([row[:width] for row in axes])
    return ActivityCounts(
        start, epoch_s, values[:, 0], "actigraph",
        values.sum(axis=1) if width > 1 else None, format="CSV of ActiLife",
    )  # fmt: skip


def _axes(line: str, number_of_line: int, file: str) -> list[float]:
    cells = [cell.strip(' "') for cell in re.split(r"[;,\t]", line)]
    values = [number(cell) for cell in cells[:3] if cell]
    if not values or any(value is None or value < 0 for value in values):
        raise ActigraphyInvalid(
            f"{file}: line {number_of_line}: wanted counts, found {line[:20]!r}",
            "Export the counts again; the file may be cut or edited.",
        )
    return [float(value) for value in values if value is not None]


def _start(lines: list[str], file: str) -> dt.datetime:
    time = read_moment(_behind(lines, "start time"))
    text = _behind(lines, "start date")
    date = read_date(text)
    order = _FORMAT.search(lines[0])
    day = None if date is None else date.date
    if day is None and date is not None and date.unclear is not None and order is not None:
        a, b, year = date.unclear
        day = (year, a, b) if order[1].lower().startswith("m") else (year, b, a)
    if time is None or day is None:
        raise ActigraphyInvalid(
            f"{file}: the header has no start time, or a start date whose day and month may be "
            "exchanged",
            "Export the counts with a date and a time in each row.",
        )
    return dt.datetime(*day) + dt.timedelta(seconds=time.of_day_s)


def _epoch_s(lines: list[str], file: str) -> float:
    match = _PERIOD.search(" " + _behind(lines, "epoch period (hh:mm:ss)"))
    if match is None or not any(int(part) for part in match.groups()):
        raise ActigraphyInvalid(
            f"{file}: the header does not say how long an epoch is",
            "Export the counts with a date and a time in each row.",
        )
    hours, minutes, seconds = map(int, match.groups())
    return float(3600 * hours + 60 * minutes + seconds)


def _behind(lines: list[str], words: str) -> str:
    """What stands behind these words in the header."""
    for line in lines[:HEADER_LINES]:
        text = line.strip(',"; \t')
        if text.casefold().startswith(words):
            return text[len(words) :].strip()
    return ""
