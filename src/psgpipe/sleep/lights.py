"""Lights off and lights on, in seconds from the start of the recording."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psgpipe.errors import LightsImpossible
from psgpipe.model.header import Finding, Header
from psgpipe.model.night import Lights, LightsSource, Night
from psgpipe.sleep.annotated_lights import MIN_IN_BED_S, annotated_lights
from psgpipe.sleep.clock_change import changed_between
from psgpipe.sleep.given_lights import given_seconds, read_time
from psgpipe.sleep.local_clock import DAY_S, LocalClock, local_clock


@dataclass(frozen=True)
class _End:
    """One end of the time in bed: every moment that it may be, and where these came from."""

    which: str
    moments_s: tuple[float, ...]
    source: LightsSource


def place_lights(
    night: Night,
    header: Header,
    off_events_s: Sequence[float] = (),
    on_events_s: Sequence[float] = (),
    given_by: LightsSource = "option",
) -> tuple[Lights, tuple[Finding, ...]]:
    """Lights off and on in seconds from the start of the recording, and the findings about them.

    A time given with the night counts before an annotation in the file; without both, the
    recording's start or end is used. Annotations may show several periods in bed
    (:func:`psgpipe.sleep.sleep_periods.sleep_periods`); ``night.sleep_period`` chooses one.

    Parameters
    ----------
    off_events_s, on_events_s
        Onsets of the annotations of lights off, lights on.
    given_by
        The source of the night's own times, unless the study table declares the diary.

    Raises
    ------
    psgpipe.errors.LightsImpossible
        A time that was given is unreadable, cannot be placed because the recording does not say
        when it started, lies outside the recording, comes twice, or leaves less than one epoch or
        more than a day in bed; or the period that was chosen is not there.
    psgpipe.errors.SeveralSleepPeriods
        Annotations show several periods, and neither a period nor a time was given.
    psgpipe.errors.TimeZoneUnknown
    """
    clock = local_clock(header.start, header.start_clock, night.timezone)
    _require_one_start(night, header, clock)
    off_given = given_seconds(night.lights_off, "off", header, clock)
    on_given = given_seconds(night.lights_on, "on", header, clock)
    annotated = annotated_lights(
        off_events_s,
        on_events_s,
        header,
        clock,
        sleep_period=night.sleep_period,
        off_given_s=max(off_given, default=None),
        on_given_s=min(on_given, default=None),
    )
    given_by = night.lights_source or given_by
    off = _end("off", off_given, given_by, annotated.off_s, 0.0)
    on = _end("on", on_given, given_by, annotated.on_s, header.span_s)
    off_s, on_s = _pair(off, on, header, clock)
    clock_findings = _clock_findings(night, header, {"off": off_s, "on": on_s})
    lights = Lights(off_s, on_s, off.source, on.source)
    return lights, (*annotated.findings, *clock_findings)


def _end(
    which: str,
    given_s: tuple[float, ...],
    given_by: LightsSource,
    annotated_s: float | None,
    recorded_s: float,
) -> _End:
    if given_s:
        return _End(which, given_s, given_by)
    if annotated_s is not None:
        return _End(which, (annotated_s,), "annotation")
    return _End(which, (recorded_s,), "recording")


def _pair(off: _End, on: _End, header: Header, clock: LocalClock) -> tuple[float, float]:
    """The one pair of lights off and on that the times allow.

    In more than a day a clock time comes twice. Lights on is the first after lights off.
    """
    ordered = [(a, b) for a in off.moments_s for b in on.moments_s if b - a >= MIN_IN_BED_S]
    if not ordered:
        off_s, on_s = off.moments_s[0], on.moments_s[0]
        raise LightsImpossible(
            f"{header.file}: lights on ({_shown(on_s, clock)}) is not at least one epoch after "
            f"lights off ({_shown(off_s, clock)})",
            "Correct the times; a night over midnight needs no date.",
        )
    known = "recording" not in (off.source, on.source)
    pairs = [(a, b) for a, b in ordered if b - a <= DAY_S or not known]
    if not pairs:
        hours = (ordered[0][1] - ordered[0][0]) / 3600
        raise LightsImpossible(
            f"{header.file}: {hours:.1f} h from lights off ({_shown(ordered[0][0], clock)}) to "
            f"lights on ({_shown(ordered[0][1], clock)}), more than one night",
            "Correct the times; of several nights in one file, give the times of one.",
        )
    if known:
        pairs = [min(pair for pair in pairs if pair[0] == a) for a in {a for a, _ in pairs}]
    if len(pairs) > 1:
        raise _twice(off if len(off.moments_s) > 1 else on, header, clock)
    return pairs[0]


def _twice(end: _End, header: Header, clock: LocalClock) -> LightsImpossible:
    moments = [clock.moment_at(s) for s in end.moments_s]
    texts = [
        f"+{s:.6g} s" if m is None else f"{m.isoformat(timespec='seconds')} (+{s:.6g} s)"
        for s, m in zip(end.moments_s, moments, strict=True)
    ]
    first = moments[0].isoformat(timespec="minutes") if moments[0] else f"+{end.moments_s[0]:.6g}"
    return LightsImpossible(
        f"{header.file}: lights {end.which} comes {len(texts)} times in {header.span_s / 3600:.1f} "
        f"h: {' and '.join(texts)}",
        f"Give lights {end.which} with its date, or as seconds from the start, such as {first}.",
    )


def _require_one_start(night: Night, header: Header, clock: LocalClock) -> None:
    """Refuse a start that the wall clock shows twice or never in the night's time zone."""
    if clock.starts == 1 or header.start is None:
        return
    what = "comes twice" if clock.starts else "does not exist"
    raise LightsImpossible(
        f"{header.file}: the recording starts at {header.start.isoformat()}, which {what} in "
        f"{night.timezone}: the clock is changed then",
        "Leave the time zone out, and give the lights as seconds from the start, such as +300.",
    )


def _clock_findings(night: Night, header: Header, placed_s: dict[str, float]) -> Iterator[Finding]:
    """What is doubtful about clock times: the clock may be changed, the time zone of no use."""
    given = {"off": night.lights_off, "on": night.lights_on}
    by_clock = [which for which, text in given.items() if text and _is_clock(text)]
    if not by_clock:
        return
    if header.start is None:
        if night.timezone:
            yield Finding(
                "timezone-unused",
                "the file does not say on which day it started, so that the time zone cannot tell "
                "whether the clock was changed in this night",
            )
        return
    if night.timezone:
        return
    for which in by_clock:
        moment = header.start + dt.timedelta(seconds=placed_s[which])
        where = changed_between(header.start, moment)
        if where:
            yield Finding(
                "clock-change",
                f"if this recording is from {where}, lights {which} may be an hour off: it is a "
                "clock time, and clocks there were changed between the start and it; give the "
                "time zone (--timezone, column timezone), or seconds from the start",
                affects="numbers",
            )


def _is_clock(text: str) -> bool:
    return not isinstance(read_time(text), dt.timedelta)


def _shown(seconds: float, clock: LocalClock) -> str:
    return clock.clock_at(seconds) or f"{seconds / 60:.1f} min after the start"
