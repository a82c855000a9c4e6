"""AWD: the file of Actiwatch programs. Seven lines of header, then a count a line.

Lines: name, start date (23-Jan-2018), start time, length of an epoch (see `EPOCHS_S`), age, serial
number, sex. An M behind a count is the marker; a number behind a comma is light.
"""

from __future__ import annotations

import datetime as dt
import re

import numpy as np

from psgpipe.actigraphy.counts import ActivityCounts
from psgpipe.errors import ActigraphyInvalid
from psgpipe.scorings.sources.clock_times import read_date, read_moment

HEADER_LINES = 7
EPOCHS_S = {"1": 15, "2": 30, "4": 60, "8": 120, "20": 300, "81": 2, "C1": 5, "C2": 10}
_COUNT = re.compile(r"(\d{1,7})(?:\.0*)?\s*(M?)\s*(?:,\s*\d+(?:\.\d+)?)?\s*(M?)\.?", re.IGNORECASE)


def is_awd(lines: list[str]) -> bool:
    """Whether the second and third line are date and time alone."""
    if len(lines) <= HEADER_LINES:
        return False
    date, time = read_date(lines[1]), read_moment(lines[2])
    is_time = time is not None and time.date is None and time.unclear is None
    return date is not None and is_time and "," not in lines[3]


def read_awd(lines: list[str], file: str) -> ActivityCounts:
    """The counts of an AWD file.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        The header has another length of an epoch or an unclear date, or a line is no count.
    """
    start, epoch_s = _start(lines, file), EPOCHS_S.get(lines[3].strip().upper())
    if epoch_s is None:
        codes = ", ".join(f"{code} ({length:g} s)" for code, length in EPOCHS_S.items())
        raise ActigraphyInvalid(
            f"{file}: line 4: wanted the length of an epoch, {codes}; found "
            f"{lines[3].strip()[:20]!r}",
            "Export the counts as a table with times.",
        )
    counts, markers = [], []
    body = lines[HEADER_LINES:]
    while body and not body[-1].strip("\x1a \t"):
        body = body[:-1]
    for row, line in enumerate(body):
        match = _COUNT.fullmatch(line.strip())
        if match is None:
            raise ActigraphyInvalid(
                f"{file}: line {row + HEADER_LINES + 1}: wanted a count, found {line[:20]!r}",
                "Export the file again; it may be cut or edited.",
            )
        counts.append(float(match[1]))
        if match[2] or match[3]:
            markers.append(start + dt.timedelta(seconds=row * epoch_s))
    return ActivityCounts(
        start, float(epoch_s), np.array(counts), "actiwatch", markers=tuple(markers), format="AWD"
    )


def _start(lines: list[str], file: str) -> dt.datetime:
    date, time = read_date(lines[1]), read_moment(lines[2])
    if date is None or date.date is None or time is None:
        raise ActigraphyInvalid(
            f"{file}: line 2: wanted a date such as 23-Jan-2018, found one whose day and month may "
            "be exchanged",
            "Correct the second line.",
        )
    return dt.datetime(*date.date) + dt.timedelta(seconds=time.of_day_s)
