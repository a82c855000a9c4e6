"""Times of lights that a person gives: clock time, date-time, or seconds from the start."""

from __future__ import annotations

import datetime as dt
import re

from psgpipe.errors import LightsImpossible
from psgpipe.model.header import Header
from psgpipe.sleep.local_clock import DAY_S, LocalClock, of_day_s

GivenTime = dt.time | dt.datetime | dt.timedelta

_TIME = r":[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_CLOCK = re.compile(rf"([01]?[0-9]|2[0-3]){_TIME}")
_DATE_TIME = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]([01][0-9]|2[0-3]){_TIME}")
_NUMBER = r"([0-9]{1,7}(?:\.[0-9]{1,6})?)"
_SECONDS = re.compile(rf"\+ ?{_NUMBER}(?: ?s)?|{_NUMBER} ?s")
WANTED = (
    "HH:MM, HH:MM:SS, an ISO date-time such as 2024-03-01T22:41, or seconds from the start such "
    "as +300"
)


def read_time(text: str) -> GivenTime | None:
    """A clock time, an ISO date-time, or the time from the start; None where `text` is none.

    A time zone is not accepted: recordings hold local time. Neither is a date alone, which would
    mean midnight, nor ``1:5``, which may be 1:50, nor a bare ``300``, which may be 3:00.
    """
    text = text.strip()
    try:
        if _DATE_TIME.fullmatch(text):
            return dt.datetime.fromisoformat(text)
        if _CLOCK.fullmatch(text):
            return dt.time.fromisoformat(text if text[2] == ":" else f"0{text}")
        if seconds := _SECONDS.fullmatch(text):
            return dt.timedelta(seconds=float(seconds[1] or seconds[2]))
    except ValueError:  # the calendar has no such day
        return None
    return None


def given_seconds(
    text: str | None, which: str, header: Header, clock: LocalClock
) -> tuple[float, ...]:
    """Every moment of the recording that a given time means, in seconds from its start.

    In more than a day a clock time comes twice. Nothing is given where `text` is None.

    Raises
    ------
    psgpipe.errors.LightsImpossible
        The text is no time, its moment cannot be placed or lies outside the recording, or the
        clock was changed over it.
    """
    if text is None:
        return ()
    when = read_time(text)
    if when is None:
        bare = re.fullmatch(_NUMBER, text.strip())
        remedy = f"For seconds from the start, write +{bare[1]}." if bare else "Correct the time."
        raise LightsImpossible(f"lights {which} is {text!r}, wanted {WANTED}", remedy)
    if isinstance(when, dt.timedelta):
        found = [when.total_seconds()]
    elif header.start is not None:
        found = _dated_seconds(when, text, which, header, clock)
    elif isinstance(when, dt.datetime) or header.start_clock is None:
        raise _cannot_place(text, which, header)
    else:
        first_s = (of_day_s(when) - of_day_s(header.start_clock)) % DAY_S
        found = [first_s + DAY_S * day for day in range(int(header.span_s // DAY_S) + 1)]
    inside = tuple(s for s in found if 0 <= s <= header.span_s)
    if not inside:
        first, end = (_shown(s, when, clock) for s in (0.0, header.span_s))
        raise LightsImpossible(
            f"{header.file}: lights {which} {text} is outside the recording ({first} to {end})",
            f"Give a time inside it, or leave lights {which} out.",
        )
    return inside


def _dated_seconds(
    when: dt.time | dt.datetime, text: str, which: str, header: Header, clock: LocalClock
) -> list[float]:
    """Seconds of each moment at which the wall shows a time, on every day of the recording."""
    moments = [when] if isinstance(when, dt.datetime) else _on_every_day(when, header)
    found: list[float] = []
    for moment in moments:
        seconds = clock.seconds_at(moment)
        if len(seconds) != 1 and _is_near(moment, header):
            raise _changed_over(text, which, moment, seconds, header, clock)
        found += seconds
    return found


def _on_every_day(when: dt.time, header: Header) -> list[dt.datetime]:
    start = header.start or dt.datetime.min
    days = range(int(header.span_s // DAY_S) + 2)
    return [dt.datetime.combine(start.date() + dt.timedelta(days=day), when) for day in days]


def _is_near(moment: dt.datetime, header: Header) -> bool:
    """Whether a time lies in the recording, as far as a clock that is changed lets one tell."""
    start, hour = header.start or dt.datetime.min, dt.timedelta(hours=1)
    return start <= moment <= start + dt.timedelta(seconds=header.span_s) + hour


def _changed_over(
    text: str,
    which: str,
    moment: dt.datetime,
    seconds: tuple[float, ...],
    header: Header,
    clock: LocalClock,
) -> LightsImpossible:
    where, night = clock.zone, moment.date().isoformat()
    what = (
        f"comes twice on {night} in {where}: {' and '.join(f'+{s:g} s' for s in seconds)}"
        if seconds
        else f"does not exist on {night} in {where}: the clock is put forward over it"
    )
    return LightsImpossible(
        f"{header.file}: lights {which} {text} {what}",
        f"Give lights {which} as seconds from the start, such as +{(seconds or (300.0,))[0]:g}.",
    )


def _cannot_place(text: str, which: str, header: Header) -> LightsImpossible:
    if header.start_clock is not None:
        return LightsImpossible(
            f"{header.file}: lights {which} {text} cannot be placed: the file does not say on "
            "which day it started",
            "Give the clock time alone.",
        )
    in_memory = header.container in ("arrays", "Raw", "Recording")
    start = "Give start, such as start='2024-03-01T22:19:41', or" if in_memory else "Give"
    return LightsImpossible(
        f"{header.file}: lights {which} {text} cannot be placed: the recording does not say when "
        "it started",
        f"{start} seconds from the start, such as +300, or leave the lights out.",
    )


def _shown(seconds: float, when: GivenTime, clock: LocalClock) -> str:
    """A moment of the recording, as the lights were given."""
    if isinstance(when, dt.timedelta):
        return f"+{seconds:g} s"
    moment = clock.moment_at(seconds)
    if isinstance(when, dt.datetime) and moment is not None:
        return moment.isoformat(timespec="seconds")
    return clock.clock_at(seconds) or f"+{seconds:g} s"
