"""Changes of the clock in the times of rows: offsets from UTC, and an hour that is left out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from itertools import pairwise

from psgpipe.errors import ActigraphyInvalid

HOUR_S = 3600
SUNDAY, NIGHT_HOURS = 6, range(5)
"""The clock is changed in the night to a Sunday, to 1 to 4 o'clock."""
_OFFSET = re.compile(r":\d\d(?:[.,]\d+)?(Z|[+-][01]\d:?[0-5]\d)$")


def refuse_two_offsets(file: str, lines: Sequence[int], times: Sequence[str]) -> None:
    """Refuse rows before and after a change of the clock: their epochs do not follow each other.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        The offset from UTC behind the times changes.
    """
    first = _offset(times[0]) if times else None
    for line, time in zip(lines, times, strict=True):
        if _offset(time) != first:
            raise ActigraphyInvalid(
                f"{file}: line {line}: the offset from UTC changes from {first or 'none'} to "
                f"{_offset(time) or 'none'}",
                "Export the counts in one time, that of the beginning, or in two files.",
            )


def _offset(time: str) -> str | None:
    match = _OFFSET.search(time)
    return match[1] if match else None


def notes_on_times(
    texts: Sequence[str], times: Sequence[dt.datetime], epoch_s: float
) -> tuple[str, ...]:
    """What may be wrong with the times: those of UTC, and an hour that the clock left out."""
    notes = []
    if texts and _offset(texts[0]) in {"Z", "+00:00", "+0000"}:
        notes.append(
            "the times say that they are UTC; they are taken for those of the watch's clock, as "
            "diary and recording have them"
        )
    for before, after in pairwise(times):
        is_hour = (after - before).total_seconds() == HOUR_S + epoch_s
        if is_hour and after.weekday() == SUNDAY and after.hour in NIGHT_HOURS:
            notes.append(
                f"no epochs from {before + dt.timedelta(seconds=epoch_s)} to {after}: if the clock "
                "was changed for summer, this hour did not exist; export the counts in one time"
            )
    return tuple(notes)
