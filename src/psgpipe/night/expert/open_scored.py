"""A night that a person scored is opened: it needs no staging, no EEG, and no recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from psgpipe.edf.reader import open_recording, read_content
from psgpipe.errors import LightsNeeded, TooShort
from psgpipe.model.header import Annotation, Header
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.montage import Candidates, LabelTable, Montage
from psgpipe.model.night import Lights, LightsSource, Night
from psgpipe.model.opened_night import OpenedNight, Part
from psgpipe.model.scoring import GivenScoring, Scoring
from psgpipe.night.definition import Definition
from psgpipe.night.expert.opening import aligned, is_same_file, night_lights, read_given
from psgpipe.night.expert.own_clock import header_of
from psgpipe.night.parts import with_further_parts
from psgpipe.night.steps.stage_sleep import StageSleepParams
from psgpipe.signals.epochs import epoch_count

ABOUT_A_RECORDING = ("scoring-shifted", "scoring-no-clock")
"""Findings that say nothing where the night has no recording."""
_Recorded = tuple[Header, Sequence[Annotation], tuple[Part, ...]]


def open_scored_night(
    path: Path,
    night: Night,
    definition: Definition,
    label_table: LabelTable | None = None,
    lights_given_by: LightsSource = "option",
) -> OpenedNight:
    """Read the scoring and, where there is one, the header of the recording; place the lights.

    Without a recording, `path` is the scoring, and the night begins and ends with it. Of a
    recording no sample is read.

    Raises
    ------
    psgpipe.errors.PsgpipeError
        As by :func:`psgpipe.night.open.open_night`, without what concerns channels.
    """
    given = night.scoring or GivenScoring(path)
    scoring = read_given(given, label_table)
    has_recording = not is_same_file(path, given.path) or _holds_signals(path, scoring)
    header, annotations, parts = (
        _recording(path, night) if has_recording else (header_of(scoring, night), (), ())
    )
    if header.span_s < EPOCH_S:
        raise TooShort(
            f"{header.file}: {header.span_s:g} s are less than one 30-s epoch",
            "Nothing can be summarized; exclude the night.",
        )
    scored = aligned(scoring, header, night)
    lights, lights_findings = night_lights(
        annotations, scored, header, night, label_table, lights_given_by
    )
    _require_lights(header, lights, definition)
    return OpenedNight(
        path=path,
        header=header,
        night=night,
        candidates=Candidates({}, {}),
        montage=Montage(()),
        lights=lights,
        window=range(epoch_count(header.span_s)),
        findings=(
            *header.findings, *lights_findings,
            *(f for f in scored.findings if has_recording or f.code not in ABOUT_A_RECORDING),
        ),
        parts=parts,
        scored=scored,
    )  # fmt: skip


def _holds_signals(path: Path, scoring: Scoring) -> bool:
    """Whether the scoring is annotations within a recording, whose clock and end then count."""
    if scoring.format != "edf":
        return False
    with open_recording(path) as recording:
        return bool(recording.channels)


def _recording(path: Path, night: Night) -> _Recorded:
    """Header and annotations of the night's recording, all parts together."""
    with open_recording(path) as recording:
        first = read_content(recording)
    content, parts = with_further_parts(
        first, recording.channels, path, night, (), {}, hashed=False
    )
    return content.header, content.annotations, parts


def _require_lights(header: Header, lights: Lights, definition: Definition) -> None:
    params: StageSleepParams = definition.params["stage_sleep"]
    hours = header.span_s / 3600
    if hours > params.longest_without_lights_h and not lights.known:
        raise LightsNeeded(
            f"{header.file}: {hours:.1f} h are scored and lights off and lights on are not known; "
            f"the most is {params.longest_without_lights_h:g} h",
            "Give lights off and lights on: the time in bed depends on them.",
        )
