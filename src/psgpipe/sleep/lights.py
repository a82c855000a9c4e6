"""Lights off and lights on, in seconds from the start of the recording."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from psgpipe.errors import LightsImpossible
from psgpipe.model.header import Finding, Header
from psgpipe.model.night import Lights, LightsSource, Night

DAY_S = 24 * 3600.0
MIN_IN_BED_S = 30.0
_TIME = r":[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_CLOCK = re.compile(rf"([01]?[0-9]|2[0-3]){_TIME}")
_DATE_TIME = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]([01][0-9]|2[0-3]){_TIME}")
WANTED = "HH:MM, HH:MM:SS or an ISO date-time such as 2024-03-01T22:41"


def place_lights(
    night: Night,
    header: Header,
    off_events_s: Sequence[float] = (),
    on_events_s: Sequence[float] = (),
    given_by: LightsSource = "option",
) -> tuple[Lights, tuple[Finding, ...]]:
    """Lights off and on in seconds from the start of the recording, and the findings about them.

    A time given with the night counts before an annotation in the file; without both, the
    recording's start or end is used. Of several annotations the first lights off and the last
    lights on count: in between, lights are switched on for a while and off again. Where lights are
    switched off last, lights on is not known.

    Parameters
    ----------
    off_events_s, on_events_s
        Onsets of the annotations of lights off, lights on.
    given_by
        The source of the night's own times.

    Raises
    ------
    psgpipe.errors.LightsImpossible
        A time that was given is unreadable, cannot be placed because the recording does not say
        when it started, lies outside the recording, or leaves less than one epoch in bed.
    """
    off_given = _given_s(night.lights_off, "off", header)
    on_given = _given_s(night.lights_on, "on", header)
    off_annotated, on_annotated = _annotated(
        _inside(off_events_s, header), _inside(on_events_s, header)
    )
    off_s, off_source = _first_known(off_given, given_by, off_annotated, 0.0)
    on_s, on_source = _first_known(on_given, given_by, on_annotated, header.span_s)
    if on_given is not None and on_s <= off_s and on_s + DAY_S <= header.span_s:
        on_s += DAY_S  # in more than a day every clock time comes twice
    if on_s - off_s >= MIN_IN_BED_S:
        return Lights(off_s, on_s, off_source, on_source), ()
    if "annotation" in (off_source, on_source) and off_given is None and on_given is None:
        whole = Lights(0.0, header.span_s, "recording", "recording")
        return whole, (
            Finding(
                "lights-annotations-contradict",
                "lights on is annotated before lights off; both were disregarded",
            ),
        )
    raise LightsImpossible(
        f"{header.file}: lights on ({_clock(on_s, header)}) is not at least one epoch after lights "
        f"off ({_clock(off_s, header)})",
        "Correct the times; a night over midnight needs no date.",
    )


def _annotated(off_s: list[float], on_s: list[float]) -> tuple[list[float], list[float]]:
    """The first lights off and the last lights on, each in a list that is empty without one."""
    if off_s and on_s and off_s[0] < on_s[-1] < off_s[-1]:
        on_s = []  # switched off again: this was not yet the morning
    return off_s[:1], on_s[-1:]


def _first_known(
    given_s: float | None, given_by: LightsSource, annotated_s: Sequence[float], end_s: float
) -> tuple[float, LightsSource]:
    if given_s is not None:
        return given_s, given_by
    if annotated_s:
        return annotated_s[0], "annotation"
    return end_s, "recording"


def _inside(events_s: Sequence[float], header: Header) -> list[float]:
    return sorted(s for s in events_s if 0 <= s <= header.span_s)


def _given_s(text: str | None, which: str, header: Header) -> float | None:
    if text is None:
        return None
    when = read_time(text)
    if when is None:
        raise LightsImpossible(f"lights {which} is {text!r}, wanted {WANTED}", "Correct the time.")
    seconds = _seconds_after_start(when, header)
    if seconds is None:
        raise _cannot_place(text, which, header)
    if not 0 <= seconds <= header.span_s:
        first, end = (_shown(s, when, header) for s in (0.0, header.span_s))
        raise LightsImpossible(
            f"{header.file}: lights {which} {text} is outside the recording ({first} to {end})",
            f"Give a time inside it, or leave lights {which} out.",
        )
    return seconds


def _cannot_place(text: str, which: str, header: Header) -> LightsImpossible:
    if header.start_clock is not None:
        return LightsImpossible(
            f"{header.file}: lights {which} {text} cannot be placed: the file does not say on "
            "which day it started",
            "Give the clock time alone.",
        )
    return LightsImpossible(
        f"{header.file}: lights {which} {text} cannot be placed: the file does not say when it "
        "started",
        "Leave the lights out; the whole recording is then analysed.",
    )


def _shown(seconds: float, when: dt.time | dt.datetime, header: Header) -> str:
    """A moment of the recording, with its date where the lights were given with theirs."""
    if isinstance(when, dt.datetime) and header.start is not None:
        moment = header.start + dt.timedelta(seconds=seconds)
        return moment.isoformat(timespec="seconds")
    return _clock(seconds, header)


def read_time(text: str) -> dt.time | dt.datetime | None:
    """A clock time or an ISO date-time; None where `text` is neither.

    A time zone is not accepted: recordings hold local time. Neither is a date alone, which would
    mean midnight, nor ``1:5``, which may be 1:50.
    """
    text = text.strip()
    try:
        if _DATE_TIME.fullmatch(text):
            return dt.datetime.fromisoformat(text)
        if _CLOCK.fullmatch(text):
            return dt.time.fromisoformat(text if text[2] == ":" else f"0{text}")
    except ValueError:  # the calendar has no such day
        return None
    return None


def _seconds_after_start(when: dt.time | dt.datetime, header: Header) -> float | None:
    if isinstance(when, dt.datetime):
        return None if header.start is None else (when - header.start).total_seconds()
    if header.start_clock is None:
        return None
    # A clock time before the start belongs to the next day: nights cross midnight.
    return (_of_day_s(when) - _of_day_s(header.start_clock)) % DAY_S


def _of_day_s(time: dt.time) -> float:
    return time.hour * 3600 + time.minute * 60 + time.second + time.microsecond / 1e6


def _clock(seconds: float, header: Header) -> str:
    return clock_at(header.start_clock, seconds) or f"{seconds / 60:.1f} min after the start"


def clock_at(start_clock: dt.time | None, seconds: float) -> str | None:
    """Local time of day `seconds` after a recording's start, ``HH:MM:SS[.mmm]``, or None."""
    if start_clock is None:
        return None
    ms = round((_of_day_s(start_clock) + seconds) * 1000) % int(DAY_S * 1000)
    whole = f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}"
    return f"{whole}.{ms % 1000:03d}" if ms % 1000 else whole
