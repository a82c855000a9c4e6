"""A night is opened: the recording is read, the montage chosen, the lights placed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from psgpipe.edf.reader import RecordingContent, open_recording, read_content
from psgpipe.errors import ChannelMissing, LightsNeeded, TooShort
from psgpipe.files.regular import file_name
from psgpipe.messages import count_of
from psgpipe.model.header import Header
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.montage import ROLES, Candidates, ChannelSource, LabelTable, Montage
from psgpipe.model.night import Lights, LightsSource, Night
from psgpipe.model.opened_night import OpenedNight
from psgpipe.night.choose_montage import (
    candidates_from,
    choose_montage,
    empty_role,
    label_findings,
    require_buildable,
    sources_of,
)
from psgpipe.night.definition import Definition
from psgpipe.night.expert.opening import (
    about_scoring,
    aligned,
    is_same_file,
    night_lights,
    read_given,
)
from psgpipe.night.parts import with_further_parts
from psgpipe.night.steps.stage_sleep import StageSleepParams
from psgpipe.recordings.given_recording import GivenRecording, with_broken_channels
from psgpipe.signals.epochs import epoch_count, staging_window

LIGHTS_WARNINGS = {
    (False, False): "lights off and lights on are not known; the recording's start and end stand "
    "in for them: TIB, SE, SOL, LPS, WASO and REM latency from lights off depend on that",
    (False, True): "lights off is not known; the recording's start stands in for it: TIB, SE, SOL, "
    "LPS and REM latency from lights off depend on that",
    (True, False): "lights on is not known; the recording's end stands in for it: TIB, SE and WASO "
    "depend on that",
}
"""What to say where lights off, lights on, or both are not known."""


def open_night(
    path: Path,
    night: Night,
    definition: Definition,
    label_table: LabelTable | None = None,
    lights_given_by: LightsSource = "option",
    *,
    hashed: bool = False,
) -> OpenedNight:
    """Read the recording, list what can be built, choose the montage, place the lights.

    One pass through the file gives header, annotations, the samples of the montage that will be
    staged unless quality refuses it and, if `hashed`, the recording's hash.
    """
    _refuse_scoring_alone(path, night, label_table)
    declared = dict(definition.params["reference"].declared_units or {})
    with open_recording(path) as recording:
        sources = sources_of(recording.channels, definition, label_table)
        candidates = candidates_from(sources, definition)
        montage = choose_montage(candidates, definition)
        # A montage that lacks a role is refused below, after what is wrong with the file itself.
        labels = montage.labels if empty_role(montage, candidates, definition) is None else ()
        first = read_content(recording, labels, units=declared, hashed=hashed)
    content, parts = with_further_parts(
        first, recording.channels, path, night, labels, declared, hashed=hashed
    )
    opened = _opened(
        content, _Choice(sources, candidates, montage), night, definition, label_table,
        lights_given_by,
    )  # fmt: skip
    return replace(opened, path=path, declared_units=declared, parts=parts)


def open_given(
    recording: GivenRecording,
    night: Night,
    definition: Definition,
    label_table: LabelTable | None = None,
    lights_given_by: LightsSource = "option",
) -> OpenedNight:
    """The same for a recording that a program gives in memory.

    Every channel that a wanted derivation can be built from is read: quality may refuse the first.
    """
    header = recording.header
    candidates = candidates_from(sources_of(header.channels, definition, label_table), definition)
    every = [label for role in ROLES for d in candidates.of(role) for label in d.labels]
    recorded = recording.read(tuple(dict.fromkeys(every)))
    header = with_broken_channels(header, recorded)
    sources = sources_of(header.channels, definition, label_table)
    candidates = candidates_from(sources, definition)
    choice = _Choice(sources, candidates, choose_montage(candidates, definition))
    content = RecordingContent(header, recording.annotations, recorded, None)
    return _opened(content, choice, night, definition, label_table, lights_given_by)


class _Choice(NamedTuple):
    """What the channels measure, what can be built from them, and what is staged first."""

    sources: tuple[ChannelSource, ...]
    candidates: Candidates
    montage: Montage


def _opened(
    content: RecordingContent,
    choice: _Choice,
    night: Night,
    definition: Definition,
    label_table: LabelTable | None,
    lights_given_by: LightsSource,
) -> OpenedNight:
    """The opened night of a recording that was read; errors are those of `open_night`."""
    header, (sources, candidates, montage) = content.header, choice
    require_an_epoch(header)
    require_buildable(montage, candidates, sources, definition, header)
    of_labels = label_findings(sources, label_table)
    scored = (
        aligned(read_given(night.scoring, label_table), header, night) if night.scoring else None
    )
    lights, lights_findings = night_lights(
        content.annotations, scored, header, night, label_table, lights_given_by
    )
    return OpenedNight(
        path=None,
        header=header,
        night=night,
        candidates=candidates,
        montage=montage,
        lights=lights,
        window=_window(header, lights, definition),
        findings=(
            *header.findings, *of_labels, *lights_findings, *about_scoring(scored, night),
        ),
        recorded=content.recorded,
        recording_sha256=content.sha256,
        scored=scored,
    )  # fmt: skip


def _window(header: Header, lights: Lights, definition: Definition) -> range:
    params: StageSleepParams = definition.params["stage_sleep"]
    try:
        return staging_window(
            epoch_count(header.span_s),
            lights,
            margin_min=params.margin_min,
            longest_without_lights_h=params.longest_without_lights_h,
        )
    except LightsNeeded as error:
        raise LightsNeeded(f"{header.file}: {error.problem}", error.remedy) from error


def require_an_epoch(header: Header) -> None:
    """Refuse what is too short to hold a single epoch."""
    if not header.channels:
        raise _no_recording(header.file, "the file holds annotations only")
    if header.span_s < EPOCH_S:
        raise TooShort(
            f"{header.file}: {header.span_s:g} s are less than one 30-s epoch",
            "Nothing can be staged; exclude the night.",
        )


def _refuse_scoring_alone(path: Path, night: Night, label_table: LabelTable | None) -> None:
    """Refuse a scoring in the place of a recording; EDF+ may hold both, which its header shows."""
    given = night.scoring
    if given is None or not is_same_file(path, given.path):
        return
    if read_given(given, label_table).format != "edf":
        raise _no_recording(file_name(path), "the night has a scoring alone")


def _no_recording(file: str, found: str) -> ChannelMissing:
    return ChannelMissing(
        f"{file}: a recording was wanted, {found}",
        "Give the recording itself with --scoring FILE, or use the scoring alone: --stages expert.",
    )


def lights_warning(opened: OpenedNight) -> str | None:
    """Which end of the time in bed is not known, and which endpoints depend on it; or None."""
    lights = opened.lights
    known = (lights.off_source != "recording", lights.on_source != "recording")
    warning = LIGHTS_WARNINGS.get(known)
    # A night that a person scored may have no recording.
    if warning is None or opened.header.channels:
        return warning
    return warning.replace("the recording's", "the scoring's")


def choice_lines(opened: OpenedNight) -> list[str]:
    """Which derivations were chosen and why."""
    return [f"{d.role.upper()} {d.name}: {d.why}" for d in opened.montage.derivations]


def doubt_lines(opened: OpenedNight) -> list[str]:
    """What is odd about the file; the finished night has the same among its warnings."""
    used = (None, *opened.montage.labels)
    lines = [f"{f.code}: {f.message}" for f in opened.findings if f.channel in used]
    n_others = sum(finding.channel not in used for finding in opened.findings)
    if n_others:
        findings = count_of(n_others, "finding")
        lines.append(f"{findings} on channels that are not used; psgpipe check lists them")
    warning = lights_warning(opened)
    return [*lines, warning] if warning else lines
