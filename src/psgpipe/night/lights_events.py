"""Lights off and lights on as the annotations of a recording say them, and what is doubtful."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from psgpipe.messages import listed
from psgpipe.model.header import Annotation, Finding, Header
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.montage import LabelTable
from psgpipe.model.night import Night
from psgpipe.montage.event_labels import lights_in
from psgpipe.montage.lights_text import LightsMention
from psgpipe.montage.lights_words import Side
from psgpipe.sleep.local_clock import DAY_S, LocalClock, local_clock, of_day_s

LONG_S = 300.0
"""A shorter annotation marks a moment: its end says nothing about the lights."""
SAME_S = 60.0
CLOCK_S = 120.0
TIMES_SHOWN = 3
WHAT: tuple[tuple[Side | None, str], ...] = (
    ("off", "lights off"),
    ("on", "lights on"),
    (None, "lights off or lights on"),
)


class LightsEvents(NamedTuple):
    """Times of lights off and lights on, in seconds from the start of the recording."""

    off_s: list[float]
    on_s: list[float]
    findings: tuple[Finding, ...]


class _Mention(NamedTuple):
    annotation: Annotation
    lights: LightsMention


def lights_events(
    annotations: Sequence[Annotation],
    header: Header,
    night: Night,
    label_table: LabelTable | None = None,
) -> LightsEvents:
    """What the annotations say about the lights.

    A text that says lights off or lights on, and nothing else, is read. A long annotation means
    the other event by its end, where no annotation says that event. A text that may mean the
    lights, or that gives another time of day than that of its annotation, is not read; it becomes
    a finding, unless `night` has that time.
    """
    clock = local_clock(header.start, header.start_clock, night.timezone)
    inside = [a for a in annotations if 0 <= a.onset_s <= header.span_s]
    mentions = [_Mention(a, m) for a in inside if (m := lights_in(a.text, label_table))]
    sure = [m for m in mentions if m.lights.certainty == "sure"]
    late = [(m, time) for m in sure if (time := _other_time(m, clock))]
    read: dict[Side | None, list[Annotation]] = {"off": [], "on": []}
    for mention in (m for m in sure if not _other_time(m, clock)):
        read[mention.lights.side].append(mention.annotation)
    off_s, on_s, of_durations = _with_ends(read["off"], read["on"], inside, header.span_s, clock)
    times: dict[Side | None, str | None] = {"off": night.lights_off, "on": night.lights_on}
    given = frozenset(side for side, time in times.items() if time is not None)
    doubtful = [m for m in mentions if m.lights.certainty != "sure"]
    findings = (
        *of_durations,
        *(_clock_finding(m, t, clock) for m, t in late if m.lights.side not in given),
        *_unread(doubtful, {"off": off_s, "on": on_s}, given, clock),
    )
    return LightsEvents(off_s, on_s, findings)


def _other_time(mention: _Mention, clock: LocalClock) -> dt.time | None:
    """The time of day in the text, where it is not that of the annotation."""
    stated, shown = mention.lights.clock, clock.clock_at(mention.annotation.onset_s)
    if stated is None or shown is None:
        return None
    period_s = DAY_S / 2 if stated.is_12_h else DAY_S
    apart_s = (of_day_s(dt.time.fromisoformat(shown)) - of_day_s(stated.time)) % period_s
    return stated.time if CLOCK_S < apart_s < period_s - CLOCK_S else None


def _with_ends(
    off: Sequence[Annotation],
    on: Sequence[Annotation],
    annotations: Sequence[Annotation],
    span_s: float,
    clock: LocalClock,
) -> tuple[list[float], list[float], list[Finding]]:
    """Onsets of lights off and on, and the ends of long annotations that mean the other one."""
    off_s, on_s = [a.onset_s for a in off], [a.onset_s for a in on]
    others = [a for a in annotations if a not in (*off, *on)]
    findings: list[Finding] = []
    for annotation in off:
        end_s = _end_s(annotation, others, span_s)
        if end_s is None:
            continue
        next_off_s = min((s for s in off_s if s >= end_s), default=span_s)
        said_s = [a.onset_s for a in on if annotation.onset_s < a.onset_s <= next_off_s]
        if not said_s:
            on_s.append(end_s)
        if not said_s or abs(said_s[-1] - end_s) > SAME_S:
            findings.append(_duration_finding("off", annotation, end_s, said_s, clock))
    for annotation in on if not off else ():
        end_s = _end_s(annotation, others, span_s)
        # In the morning, a long lights-on annotation says nothing about the evening.
        if end_s is not None and annotation.onset_s < SAME_S:
            off_s.append(end_s)
            on_s.remove(annotation.onset_s)
            findings.append(_duration_finding("on", annotation, end_s, [], clock))
    return off_s, on_s, findings


def _end_s(annotation: Annotation, others: Sequence[Annotation], span_s: float) -> float | None:
    """When a long annotation ends, or None.

    An end that is the end of the recording, or the next annotation, is not one of the lights: some
    programs let every annotation last until the next one.
    """
    if annotation.duration_s is None or annotation.duration_s < LONG_S:
        return None
    end_s = annotation.onset_s + annotation.duration_s
    next_s = min((a.onset_s for a in others if a.onset_s > annotation.onset_s), default=None)
    is_until_next = next_s is not None and abs(next_s - end_s) < 1
    return None if is_until_next or end_s > span_s - EPOCH_S else end_s


def _unread(
    mentions: Sequence[_Mention],
    known: Mapping[Side, Sequence[float]],
    given: frozenset[Side | None],
    clock: LocalClock,
) -> Iterator[Finding]:
    """One finding for each side that doubtful annotations may say, unless that time is given.

    A faint mention counts only where a time is known from nowhere.
    """
    is_complete = all(known[side] or side in given for side in known)
    for side, what in WHAT:
        needed = not given.issuperset([side] if side else known)
        doubtful = [
            m.annotation.onset_s
            for m in mentions
            if m.lights.side == side
            and needed
            and not (m.lights.certainty == "faint" and is_complete)
        ]
        near = known[side] if side else ()
        unread = [s for s in doubtful if not any(abs(s - k) <= SAME_S for k in near)]
        if unread:
            yield _unread_finding(unread, what, clock)


def _unread_finding(onsets_s: Sequence[float], what: str, clock: LocalClock) -> Finding:
    times = listed((_when(s, clock) for s in onsets_s), TIMES_SHOWN)
    subject = "the annotation" if len(onsets_s) == 1 else f"{len(onsets_s)} annotations"
    text = "its text" if len(onsets_s) == 1 else "each text"
    return Finding(
        "lights-unread",
        f"{subject} at {times} may say {what} and psgpipe did not read it: list {text} under "
        "[lights] of a label table (off, on or ignore), or give the time with the night",
        affects="numbers",
    )


def _clock_finding(mention: _Mention, time: dt.time, clock: LocalClock) -> Finding:
    onset = _when(mention.annotation.onset_s, clock)
    return Finding(
        "lights-clock-differs",
        f"the annotation at {onset} says lights {mention.lights.side} at {time:%H:%M}: psgpipe did "
        "not use it; give the time with the night",
        affects="numbers",
    )


def _duration_finding(
    side: Side, annotation: Annotation, end_s: float, said_s: Sequence[float], clock: LocalClock
) -> Finding:
    other = "on" if side == "off" else "off"
    ending = f"its end is used as lights {other}"
    if said_s:
        onset = _when(said_s[-1], clock)
        ending = f"another annotation says lights {other} at {onset}, which is used"
    return Finding(
        "lights-duration",
        f"the lights-{side} annotation lasts from {_when(annotation.onset_s, clock)} to "
        f"{_when(end_s, clock)}; {ending}",
    )


def _when(seconds: float, clock: LocalClock) -> str:
    return clock.clock_at(seconds) or f"{seconds / 60:.1f} min after the start"
