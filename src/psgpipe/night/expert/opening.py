"""The scoring of a night is read and aligned, and the night's lights are placed with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from psgpipe.model.header import Annotation, Finding, Header
from psgpipe.model.montage import LabelTable
from psgpipe.model.night import Lights, LightsSource, Night
from psgpipe.model.scoring import AlignedScoring, GivenScoring, Scoring
from psgpipe.night.lights_events import lights_events
from psgpipe.sleep.lights import place_lights
from psgpipe.sleep.local_clock import local_clock


def read_given(given: GivenScoring, label_table: LabelTable | None) -> Scoring:
    """The scoring file, read as it was asked for; errors are those of `read_scoring`."""
    # Forty modules, which a night without a scoring does not need.
    from psgpipe.scorings.read import read_scoring

    return read_scoring(
        given.path, mapping=given.mapping, scorer=given.scorer, label_table=label_table
    )


def is_same_file(path: Path, other: Path) -> bool:
    """Whether two paths are one file; two that are not there are none."""
    try:
        return path == other or path.samefile(other)
    except OSError:
        return False


def aligned(scoring: Scoring, header: Header, night: Night) -> AlignedScoring:
    """A scoring on the epochs of the night's recording; errors are those of `align`."""
    from psgpipe.scorings.align import align

    clock = local_clock(header.start, header.start_clock, night.timezone)
    return align(scoring, clock, header.span_s)


def about_scoring(scored: AlignedScoring | None, night: Night) -> tuple[Finding, ...]:
    """The findings about a scoring; beside automatic stages it makes none of these doubtful."""
    if scored is None:
        return ()
    if night.scoring is not None and night.scoring.use == "correction":
        return scored.findings
    return tuple(replace(finding, affects="nothing") for finding in scored.findings)


def night_lights(
    annotations: Sequence[Annotation],
    scored: AlignedScoring | None,
    header: Header,
    night: Night,
    label_table: LabelTable | None,
    given_by: LightsSource,
) -> tuple[Lights, tuple[Finding, ...]]:
    """Lights off and on, and the findings about them.

    Where the recording's annotations do not show one of them, those of the scoring do.
    Errors are those of `place_lights`.
    """
    events = lights_events(annotations, header, night, label_table)
    off_s, on_s, findings = events.off_s, events.on_s, events.findings
    from_scoring: set[str] = set()
    if scored is not None and not (off_s and on_s):
        more = lights_events(scored.annotations, header, night, label_table)
        if not off_s and more.off_s:
            off_s, from_scoring = more.off_s, from_scoring | {"off"}
        if not on_s and more.on_s:
            on_s, from_scoring = more.on_s, from_scoring | {"on"}
        findings = tuple(dict.fromkeys((*findings, *more.findings)))
    lights, about_lights = place_lights(night, header, off_s, on_s, given_by)
    lights = replace(
        lights,
        off_source=_source(lights.off_source, is_scored="off" in from_scoring),
        on_source=_source(lights.on_source, is_scored="on" in from_scoring),
    )
    return lights, (*findings, *about_lights)


def _source(source: LightsSource, *, is_scored: bool) -> LightsSource:
    return "scoring" if is_scored and source == "annotation" else source
