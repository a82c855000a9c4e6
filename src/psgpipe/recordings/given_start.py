"""The start of a recording as Python users give it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from psgpipe.errors import UsageError
from psgpipe.messages import safe_text
from psgpipe.recordings.given_recording import GivenStart, checked_start


def given_start(start: Any) -> GivenStart:
    """A start that a program gives; UsageError where it is none."""
    if isinstance(start, str):
        start = _start_from(start)
    if start is None:
        return GivenStart()
    if isinstance(start, dt.datetime) and start.tzinfo is None:
        # numpy and pandas have subclasses; a plain date-time behaves the same everywhere.
        return checked_start(dt.datetime.combine(start.date(), start.time()))
    if isinstance(start, dt.time) and start.tzinfo is None:
        return GivenStart(start_clock=start)
    if isinstance(start, dt.datetime | dt.time):
        raise UsageError(
            "start: local time without a time zone was wanted, found one with a zone",
            "Give the clock of the laboratory, and its zone as timezone='Europe/Paris'.",
        )
    raise _not_a_start(start)


def _start_from(text: str) -> dt.datetime | dt.time:
    for read in (dt.time.fromisoformat, dt.datetime.fromisoformat):
        try:
            moment: dt.datetime | dt.time = read(text.strip())
        except ValueError:
            continue
        # A date alone would mean midnight.
        if isinstance(moment, dt.time) or ":" in text:
            return moment
    raise _not_a_start(text)


def _not_a_start(start: Any) -> UsageError:
    return UsageError(
        f"start: a local date and time was wanted, found {safe_text(repr(start))}",
        "Give a datetime, or text such as 2024-03-01T22:41:30 or 22:41:30.",
    )
