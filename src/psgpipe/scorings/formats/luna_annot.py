"""Scorings as Luna's .annot: class, instance, channel, start, stop, meta data."""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.header import Annotation
from psgpipe.model.hypnogram import EPOCH_S, SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.luna_lights import with_lights
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.second_zero import counted_from_first_stage
from psgpipe.scorings.sources.clock_times import ClockTimes, Moment, clock_times, read_moment
from psgpipe.scorings.sources.number_text import number, seconds
from psgpipe.scorings.sources.text_source import head_text, lines_of, read_text
from psgpipe.scorings.stage_texts import stages_among_events

HEADER = ("class", "instance", "channel", "start", "stop", "meta")
ANNOT = ".annot"
UNTIL_NEXT = "..."
LEAST_CELLS = 4
MOVEMENT = "M"
"""Luna's class for an epoch of movement; a shorter or longer one is an event."""
DAY_S = 86_400.0
_EPOCH = re.compile(r"e:(?:(\d+(?:\.\d+)?):)?(\d+)")


class _Line(NamedTuple):
    """One line; start and stop are seconds, or moments where they are times of day."""

    line: int
    label: str
    start_s: float | None
    start: Moment | None
    stop: str


def recognise(head: bytes, name: str) -> str | None:
    """Whether a line names the columns of Luna, or the file its ending."""
    text = head_text(head)
    if text is None:
        return None
    lines = [line for line in lines_of(text) if line.strip() and not line.startswith("#")]
    first = tuple(cell.strip().casefold() for cell in lines[0].split("\t")) if lines else ()
    if first[:5] == HEADER[:5]:
        return "its columns are class, instance, channel, start and stop"
    return f"its name ends in {ANNOT}" if name.lower().endswith(ANNOT) and lines else None


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages among the classes of annotations.

    Times are seconds from the start, times of day, dates with times (day before month), ``0+`` and
    hours, or numbers of epochs. An annotation that ends with ``...`` lasts to the next one.
    """
    file = file_name(path)
    lines = _lines(lines_of(read_text(path)), file)
    named = stages_among_events((line.label for line in lines), options)
    timed = [line for line in lines if line.start is not None]
    if timed and any(x.start_s is not None for x in lines if x.label in named):
        raise ScoringInvalid(
            f"{file}: some stages start at times of day, others at seconds from the start",
            "Write all of them in one way: WRITE-ANNOTS in Luna does it.",
        )
    clock = _clock(timed, file)
    used = timed or lines
    onsets_s = clock.onsets_s if clock else [line.start_s or 0.0 for line in lines]
    durations_s = [
        _duration_s(line, onset_s, next_s, file)
        for line, onset_s, next_s in zip_longest(used, onsets_s, onsets_s[1:])
    ]
    of_stages_s = {d for line, d in zip(used, durations_s, strict=True) if line.label in named}
    stages, others = [], []
    for line, onset_s, duration_s in zip(used, onsets_s, durations_s, strict=True):
        is_movement = line.label == MOVEMENT and duration_s in of_stages_s
        if line.label in named or is_movement:
            stage = named.get(line.label, SleepStage.ART)
            stages.append(ScoredStage(onset_s, duration_s, stage, line.label))
        else:
            others.append(Annotation(onset_s, duration_s, line.label))
    scoring = Scoring(
        file=file,
        format=FORMAT.name,
        recognised_by=options.recognised_by,
        stages=tuple(stages),
        start=clock.start if clock else None,
        start_clock=clock.start_clock if clock else None,
        annotations=with_lights(stages, others),
        findings=clock.findings if clock else (),
    )
    return counted_from_first_stage(scoring)


def _lines(lines: list[str], file: str) -> list[_Line]:
    found = []
    for count, line in enumerate(lines, start=1):
        cells = _cells(line)
        if cells is None:
            continue
        start, stop = _start_and_stop(cells)
        start_s = _seconds(start)
        moment = None if start_s is not None else read_moment(start)
        if start_s is None and moment is None:
            raise ScoringInvalid(
                f"{file}: line {count}: wanted class, instance, channel, start and stop, with tabs "
                "between them",
                "Write the annotations with WRITE-ANNOTS in Luna.",
            )
        is_one_epoch = stop in {".", ""} and _EPOCH.fullmatch(start) is not None
        found.append(_Line(count, cells[0], start_s, moment, start if is_one_epoch else stop))
    return found


def _cells(line: str) -> list[str] | None:
    """The cells of a line; None for a blank line, a comment and the header."""
    if not line.strip() or line.startswith("#"):
        return None
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) < LEAST_CELLS:
        cells = line.split()
    return None if tuple(c.casefold() for c in cells[:3]) == HEADER[:3] else cells


def _start_and_stop(cells: list[str]) -> tuple[str, str]:
    """Six columns have them in the fourth and fifth, four columns in the third and fourth."""
    if len(cells) > LEAST_CELLS:
        return cells[3], cells[4]
    return (cells[2], cells[3]) if len(cells) == LEAST_CELLS else ("", "")


def _seconds(text: str) -> float | None:
    """Seconds from the start: a number, ``0+hh:mm:ss``, or the begin of an epoch."""
    if text.startswith("0+"):
        hours = text[2:].split(":")
        values = [number(part) for part in hours]
        if len(values) == 3 and None not in values:
            h, m, s = (value or 0.0 for value in values)
            return h * 3600 + m * 60 + s
        return None
    epoch = _EPOCH.fullmatch(text)
    if epoch:
        return (int(epoch[2]) - 1) * float(epoch[1] or EPOCH_S)
    return number(text) if "," not in text else None


def _clock(timed: list[_Line], file: str) -> ClockTimes | None:
    moments = [line.start for line in timed if line.start is not None]
    return clock_times(moments, [x.line for x in timed], file, "dmy") if moments else None


def _duration_s(line: _Line, onset_s: float, next_s: float | None, file: str) -> float | None:
    if line.stop == UNTIL_NEXT and next_s is not None and next_s >= onset_s:
        return next_s - onset_s  # the next line, whatever its class
    if line.stop in {UNTIL_NEXT, ".", ""}:
        return None
    if line.stop.startswith("+"):
        duration_s = seconds(line.stop[1:])
    else:
        epoch = _EPOCH.fullmatch(line.stop)
        stop_s, moment = _seconds(line.stop), read_moment(line.stop)
        if epoch and stop_s is not None:
            stop_s += float(epoch[1] or EPOCH_S)
        if stop_s is not None and line.start is None:
            duration_s = stop_s - onset_s
        elif moment is not None and line.start is not None:
            duration_s = round((moment.of_day_s - line.start.of_day_s) % DAY_S, 6)
        else:
            duration_s = None
    if duration_s is None or duration_s < 0:
        raise ScoringInvalid(
            f"{file}: line {line.line}: a stop that is none, or lies before its start",
            "Write the annotations with WRITE-ANNOTS in Luna.",
        )
    return duration_s


FORMAT = ScoringFormat("luna-annot", "Luna .annot", recognise, read)
