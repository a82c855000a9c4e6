"""Scorings of the National Sleep Research Resource: XML with one event for each stage."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.messages import count_of
from psgpipe.model.header import Annotation, Finding
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.sources.clock_times import Moment, clock_times, read_moment
from psgpipe.scorings.sources.number_text import number
from psgpipe.scorings.sources.xml_source import descendants, read_xml, root_name, text_of
from psgpipe.scorings.stage_texts import stages_among_events

RECORDING_START = "recordingstarttime"
EYE_MOVEMENT = "RapidEyeMovement"
WITHOUT_TIMES = Finding(
    "scoring-without-times",
    "no stage has a start time: the stages follow one another from the start of the recording, "
    "which may be wrong by any time",
    affects="numbers",
)


class _Event(NamedTuple):
    concept: str
    onset_s: float | None
    duration_s: float | None


def recognise(head: bytes, _name: str) -> str | None:
    """Whether the root of the XML is that of the NSRR."""
    return "its first element is PSGAnnotation" if root_name(head) == "PSGAnnotation" else None


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages among the events; the concept of a stage is ``Wake|0`` or ``SRO:Wake``.

    Files that were made from Embla have stages without start times. They follow one another.
    """
    file, root = file_name(path), read_xml(path)
    epoch_s = number(text_of(root, "EpochLength"))
    events = [_event(e, i, file) for i, e in enumerate(descendants(root, "ScoredEvent"), start=1)]
    named = stages_among_events((e.concept for e in events), options)
    epoch_s = epoch_s or _usual_duration_s(events, named)
    scored = [e for e in events if e.concept in named and _is_stage(e, epoch_s)]
    stages, findings = _placed(scored, named, file)
    start, start_clock = (None, None) if WITHOUT_TIMES in findings else _clock(root, file)
    return Scoring(
        file=file,
        format=FORMAT.name,
        recognised_by=options.recognised_by,
        stages=tuple(stages),
        start=start,
        start_clock=start_clock,
        epoch_s=epoch_s,
        annotations=tuple(
            Annotation(e.onset_s, e.duration_s, _event_name(e.concept))
            for e in events
            if e.onset_s is not None and e.concept not in named and e.concept
        ),
        findings=findings,
    )


def _event(element: Element, count: int, file: str) -> _Event:
    concept = text_of(element, "EventConcept", "Name")
    start, duration = text_of(element, "Start"), text_of(element, "Duration")
    onset_s, duration_s = number(start), number(duration)
    if (start and onset_s is None) or (duration and duration_s is None):
        raise ScoringInvalid(
            f"{file}: event {count}: a start or a duration that is no number",
            "Export the scoring again.",
        )
    return _Event(concept, onset_s, duration_s)


def _event_name(concept: str) -> str:
    """The name of an event: ``Lights Off`` for ``Lights Off|Lights Off``, ``SRO:LightsOff``."""
    return concept.removeprefix("SRO:").partition("|")[0]


def _usual_duration_s(events: list[_Event], named: dict[str, SleepStage]) -> float | None:
    """The shortest frequent duration of a stage other than REM, whose name is also an event's."""
    lengths = Counter(
        e.duration_s
        for e in events
        if e.duration_s and named.get(e.concept) not in {None, SleepStage.R}
    )
    frequent = [length for length, n in lengths.items() if n >= max(lengths.values()) / 2]
    return min(frequent, default=None)


def _is_stage(event: _Event, epoch_s: float | None) -> bool:
    """Whether an event is a stage; an eye movement does not last whole epochs."""
    if EYE_MOVEMENT not in event.concept or not event.duration_s or not epoch_s:
        return True
    n_epochs = event.duration_s / epoch_s
    return round(n_epochs) > 0 and abs(n_epochs - round(n_epochs)) < 1e-3


def _placed(
    scored: list[_Event], named: dict[str, SleepStage], file: str
) -> tuple[list[ScoredStage], tuple[Finding, ...]]:
    without = [event for event in scored if event.onset_s is None]
    if not without:
        return [
            ScoredStage(e.onset_s, e.duration_s, named[e.concept], e.concept)
            for e in scored
            if e.onset_s is not None
        ], ()
    if len(without) < len(scored) or not all(event.duration_s for event in scored):
        raise ScoringInvalid(
            f"{file}: {len(without)} of {count_of(len(scored), 'stage')} have no start time",
            "Export the scoring with the start of every stage.",
        )
    stages, onset_s = [], 0.0
    for event in scored:
        stages.append(ScoredStage(onset_s, event.duration_s, named[event.concept], event.concept))
        onset_s += event.duration_s or 0.0
    return stages, (WITHOUT_TIMES,)


def _clock(root: Element, file: str) -> tuple[dt.datetime | None, dt.time | None]:
    """The clock of second 0, from the event that names it."""
    for event in descendants(root, "ScoredEvent"):
        concept = "".join(text_of(event, "EventConcept", "Name").casefold().split())
        moment = _start_moment(text_of(event, "ClockTime"))
        if concept.endswith(RECORDING_START) and moment is not None:
            times = clock_times([moment], [1], file)
            return times.start, times.start_clock
    return None, None


def _start_moment(text: str) -> Moment | None:
    """The moment of a clock time; ``00.00.00 22.30.00`` stands for an unknown date."""
    moment = read_moment(text)
    return moment or read_moment(text.partition(" ")[2])


FORMAT = ScoringFormat("nsrr-xml", "NSRR XML", recognise, read)
