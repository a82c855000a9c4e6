"""Nights with automatic stages and those of an expert, on the same epochs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from psgpipe.agreement.night_origin import NightOrigin, night_origin
from psgpipe.agreement.scoring_files import ScoringFiles
from psgpipe.errors import PsgpipeError, ScoringInvalid
from psgpipe.messages import count_of, have
from psgpipe.model.hypnogram import Hypnogram, SleepStage
from psgpipe.results.finished_night import FinishedNight, read_finished_night
from psgpipe.results.manifest import Manifest
from psgpipe.results.status import StudyNight, stored_night, word_in_tables
from psgpipe.scorings.align import align
from psgpipe.sleep.cycles import CYCLE_RULE, CycleRule
from psgpipe.sleep.local_clock import local_clock

COLUMN = "scoring of the study table"
PERSON_ALONE = "its stages are a person's: there are no automatic ones"


@dataclass(frozen=True, eq=False)
class ScoredNight:
    """A night with two scorings of the same epochs.

    Attributes
    ----------
    scoring
        Where the expert's stages are from: a file name, or the study table.
    automatic, expert
        Their epochs in bed are those that the expert's scoring reaches, too.
    probabilities
        Shape (n_epochs, 5); rows of NaN where the epoch was not staged.
    n_not_scored
        Epochs in bed before the expert's first stage and after the last one.
    de_weighted
        Whether the probabilities are free of the class weights of training already.
    origin
        How the automatic stages were made.
    """

    subject: str
    night: str
    condition: str | None
    scoring: str
    automatic: Hypnogram
    expert: Hypnogram
    probabilities: npt.NDArray[np.float64]
    lights_known: bool
    cycle_rule: CycleRule
    n_not_scored: int
    de_weighted: bool
    findings: tuple[str, ...] = ()
    origin: NightOrigin = field(default_factory=NightOrigin)


@dataclass(frozen=True)
class LeftOutNight:
    """A night that is not compared, and why; `is_failure` where it has a scoring that is no use."""

    subject: str
    night: str
    reason: str
    is_failure: bool = False


@dataclass
class ScoredNights:
    """The nights of a study that have two scorings, and those that have not."""

    nights: list[ScoredNight] = field(default_factory=list)
    left_out: list[LeftOutNight] = field(default_factory=list)


@dataclass(frozen=True)
class _Expert:
    """A person's stages on the epochs of a night, where they are from, and what is odd."""

    stages: tuple[SleepStage, ...]
    name: str
    findings: tuple[str, ...] = ()


def nights_of_a_person(left_out: Iterable[LeftOutNight]) -> str:
    """How many nights have nothing to compare with; blank where there is none."""
    n = sum(night.reason == PERSON_ALONE for night in left_out)
    if n == 0:
        return ""
    return f"{count_of(n, 'night')} {have(n)} a person's stages alone, and no automatic ones"


def scored_nights(nights: Iterable[StudyNight], files: ScoringFiles | None) -> ScoredNights:
    """The finished nights with an expert's stages: those in `files`, else those of the night."""
    result = ScoredNights()
    for listed in nights:
        found = _scored_night(listed, files)
        if isinstance(found, ScoredNight):
            result.nights.append(found)
        else:
            result.left_out.append(found)
    return result


def _scored_night(listed: StudyNight, files: ScoringFiles | None) -> ScoredNight | LeftOutNight:
    def left_out(reason: str, *, is_failure: bool = False) -> LeftOutNight:
        return LeftOutNight(listed.subject, listed.night, reason, is_failure)

    stored = stored_night(listed)
    if stored.manifest is None:
        return left_out(f"{word_in_tables(stored.status)}: {stored.reason}")
    try:
        night = read_finished_night(listed.folder)
        automatic = _automatic(night)
        if automatic is None:
            return left_out(PERSON_ALONE)
        expert = _expert_beside(night) if files is None else _expert_in(files, night)
    except PsgpipeError as error:
        return left_out(error.problem, is_failure=True)
    if expert is None:
        return left_out("no scoring")
    if all(stage == SleepStage.UNS for stage in expert.stages):
        return left_out("its scoring has no stage", is_failure=True)
    return _pair(listed, night, automatic, expert)


def _automatic(night: FinishedNight) -> tuple[SleepStage, ...] | None:
    """The automatic stages; of a corrected night those before the correction."""
    if night.stages_by == "auto":
        return night.hypnogram.stages
    return night.further_stages.get("auto")


def _expert_beside(night: FinishedNight) -> _Expert | None:
    """The stages of a person that the night has beside its own."""
    stages = night.further_stages.get("expert")
    return None if stages is None else _Expert(stages, COLUMN)


def _expert_in(files: ScoringFiles, night: FinishedNight) -> _Expert | None:
    """The stages of a file, on the epochs of the night."""
    path = files.of(night)
    if path is None:
        return None
    start = night.hypnogram
    zone = _lights(night.manifest).get("timezone")
    clock = local_clock(start.start, start.start_clock, zone if isinstance(zone, str) else None)
    try:
        aligned = align(files.read(path), clock, night.span_s)
    except ScoringInvalid:
        if files.is_recording(path, night):  # without stages among its annotations
            return None
        raise
    findings = tuple(f"{f.code}: {f.message}" for f in aligned.findings)
    return _Expert(aligned.hypnogram.stages, path.name, findings)


def _lights(manifest: Manifest) -> Mapping[str, Any]:
    lights = manifest.document.get("lights")
    return lights if isinstance(lights, Mapping) else {}


def _pair(
    listed: StudyNight,
    night: FinishedNight,
    automatic: tuple[SleepStage, ...],
    expert: _Expert,
) -> ScoredNight:
    has_stage = np.flatnonzero([stage != SleepStage.UNS for stage in expert.stages])
    number = np.arange(len(expert.stages))
    reached = (number >= has_stage[0]) & (number <= has_stage[-1])
    in_bed, sedation = night.hypnogram.in_bed & reached, night.hypnogram.sedation
    staging = next((s.parameters for s in night.manifest.steps if s.name == "stage_sleep"), {})
    return ScoredNight(
        subject=listed.subject,
        night=listed.night,
        condition=listed.condition,
        scoring=expert.name,
        automatic=Hypnogram(automatic, in_bed, sedation=sedation),
        expert=Hypnogram(expert.stages, in_bed, sedation=sedation),
        probabilities=night.probabilities,
        lights_known=None not in (night.lights_off_s, night.lights_on_s),
        cycle_rule=_cycle_rule(night.manifest),
        n_not_scored=int((night.hypnogram.in_bed & ~reached).sum()),
        de_weighted=staging.get("de_weight") is True,
        findings=expert.findings,
        origin=night_origin(night.manifest, staging),
    )


def _cycle_rule(manifest: Manifest) -> CycleRule:
    """The rule by which the night's own cycles were counted."""
    parameters = next((s.parameters for s in manifest.steps if s.name == "summarize"), {})
    known = {f.name: parameters.get(f.name) for f in fields(CycleRule)}
    values = {n: float(v) for n, v in known.items() if isinstance(v, int | float)}
    return CycleRule(**{**vars(CYCLE_RULE), **values})
