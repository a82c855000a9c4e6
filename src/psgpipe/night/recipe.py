"""The recipe of a run or a batch: pipeline, label table, engine, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from psgpipe.errors import StagerUnavailable, UsageError
from psgpipe.model.montage import LabelTable, Role
from psgpipe.model.night import LightsSource, Night
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.staging import Engine, Requirements
from psgpipe.montage.label_table import read_label_table
from psgpipe.night.definition import Definition, load_definition, with_events
from psgpipe.night.expert.open_scored import open_scored_night
from psgpipe.night.fingerprint import labels_sha256, pipeline_sha256, request_sha256
from psgpipe.night.open import open_given, open_night
from psgpipe.night.steps.stage_sleep import demographics, stager_for
from psgpipe.recordings.given_recording import GivenRecording


@dataclass(frozen=True)
class Recipe:
    """What is done to every night; `lights_given_by` says where its lights times came from."""

    definition: Definition
    label_table: LabelTable | None = None
    pictures: bool = True
    lights_given_by: LightsSource = "option"

    @property
    def engine_name(self) -> Engine:
        """The engine that will stage the usual night; where none can, the one in the pipeline."""
        if self.definition.by_expert:
            return "fast"
        wanted: Engine = self.definition.params["stage_sleep"].engine
        try:
            return wanted if wanted == "reference" else self._usual().engine
        except StagerUnavailable:
            return wanted

    @property
    def engine_note(self) -> str | None:
        """Why another engine than the pipeline's will stage, or None."""
        return None if self.definition.by_expert else self._usual().why

    @cached_property
    def pipeline_sha256(self) -> str:
        """The hash of the pipeline."""
        return pipeline_sha256(self.definition)

    @cached_property
    def labels_sha256(self) -> str | None:
        """The hash of the site's own label table; None where there is none."""
        return None if self.label_table is None else labels_sha256(self.label_table)

    def request_sha256(self, night: Night, recording_sha256: str) -> str:
        """The hash of everything that goes into `night`, the engine excepted."""
        return request_sha256(
            recording_sha256, night, self.pipeline_sha256, self.labels_sha256, self.lights_given_by
        )

    def open_night(self, path: Path, night: Night, *, hashed: bool = False) -> OpenedNight:
        """Open a night for staging, or a night that a person scored."""
        if self.definition.by_expert:
            return open_scored_night(
                path, night, self.definition, self.label_table, self.lights_given_by
            )
        return open_night(
            path, night, self.definition, self.label_table, self.lights_given_by, hashed=hashed
        )

    def open_given(self, recording: GivenRecording, night: Night) -> OpenedNight:
        """Open a night whose recording a program gives in memory."""
        if self.definition.by_expert:
            raise UsageError(
                "stages by an expert: the path of a recording or of the scoring was wanted, found "
                "a recording in memory",
                "Give the path; or leave out stages to have the expert's beside automatic ones.",
            )
        return open_given(recording, night, self.definition, self.label_table, self.lights_given_by)

    def engine(self, roles: tuple[Role, ...], night: Night) -> dict[str, Any]:
        """The engine that would stage `night` from these roles; none where a person scored it."""
        if self.definition.by_expert:
            return {"engine": None, "classifier_sha256": None, "versions": {}}
        needs = self._needs(roles, night)
        return {
            "engine": needs.engine,
            "classifier_sha256": needs.classifier_sha256,
            "versions": dict(needs.versions),
        }

    def _usual(self) -> Requirements:
        """The requirements for a night that has every role and no known age and sex."""
        return self._needs(tuple(self.definition.params["reference"].wanted), Night("", ""))

    def _needs(self, roles: tuple[Role, ...], night: Night) -> Requirements:
        params = self.definition.params["stage_sleep"]
        inputs = (frozenset(roles), demographics(night, params) is not None)
        if inputs not in self._requirements:
            self._requirements[inputs] = stager_for(roles, night, params).requirements()
        return self._requirements[inputs]

    @cached_property
    def _requirements(self) -> dict[Any, Requirements]:
        """Engines looked up so far: versions and classifiers do not change while psgpipe runs."""
        return {}


def recipe_from(
    pipeline: str | Path,
    labels: str | Path | None,
    *,
    pictures: bool,
    stages: str | None = None,
    events: bool = False,
) -> Recipe:
    """The recipe from the command's options: TOML files, or names of what comes with psgpipe.

    `stages` is ``auto`` or ``expert``; None leaves that to the pipeline. `events` adds the
    steps of spindles, slow waves and rapid eye movements.
    """
    table = read_label_table(labels) if labels else None
    definition = load_definition(pipeline).staged_by(stages)
    if events and definition.by_expert:
        raise UsageError(
            "an expert's night has no signal that is measured, so it has no events either",
            "Leave --microstructure and --thresholds-from out, or --stages expert.",
        )
    return Recipe(with_events(definition) if events else definition, table, pictures)
