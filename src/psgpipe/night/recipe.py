"""What is done to a night, whichever it is: pipeline, label table, engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from psgpipe.errors import StagerUnavailable
from psgpipe.model.montage import LabelTable, Role
from psgpipe.model.night import LightsSource, Night
from psgpipe.model.staging import Engine, Requirements
from psgpipe.montage.label_table import read_label_table
from psgpipe.night.definition import Definition, load_definition
from psgpipe.night.fingerprint import labels_sha256, pipeline_sha256, request_sha256
from psgpipe.night.open import Chosen
from psgpipe.night.output_files import night_outputs
from psgpipe.night.provenance import staged_night
from psgpipe.night.runner import RESULTS, Made, make_night
from psgpipe.night.steps.stage_sleep import demographics, stager_for

Computed = tuple[Mapping[str, bytes], Mapping[str, Any]]
"""The bytes of a night's files by name, and its provenance."""


def compute_night(chosen: Chosen, recipe: Recipe, recording_sha256: str) -> Computed:
    """Stage a night that was opened: the bytes of its files, and what the manifest says."""
    made = make_night(
        chosen, recipe.definition, (*RESULTS, "filtered") if recipe.pictures else RESULTS
    )
    return night_files(chosen, recipe, made, recording_sha256)


def night_files(chosen: Chosen, recipe: Recipe, made: Made, recording_sha256: str) -> Computed:
    """The files of a night whose steps have run."""
    staged = staged_night(chosen, recipe.definition, made, recording_sha256)
    outputs = night_outputs(staged, made.slots.get("filtered", ()), pictures=recipe.pictures)
    return outputs, staged.provenance


@dataclass(frozen=True)
class Recipe:
    """What is done to a night, whichever it is.

    Attributes
    ----------
    definition
        The pipeline.
    label_table
        The site's own label table.
    pictures
        Whether there are any.
    lights_given_by
        Where lights that stand with the night came from.
    own_faults
        Exit codes of failures that are the night's own and go into ``failure.json``.
    compute
        Gives the files; another one is of use in tests of everything around it.
    """

    definition: Definition
    label_table: LabelTable | None = None
    pictures: bool = True
    lights_given_by: LightsSource = "option"
    own_faults: tuple[int, ...] = (4, 5)
    compute: Callable[[Chosen, Recipe, str], Computed] = field(default=compute_night)

    @property
    def engine_name(self) -> Engine:
        """Which engine will stage the usual night; where none can, the one that is asked for."""
        asked: Engine = self.definition.params["stage_sleep"].engine
        try:
            return asked if asked == "reference" else self._usual().engine
        except StagerUnavailable:
            return asked

    @property
    def engine_note(self) -> str | None:
        """Why another engine than the one that is asked for will stage, or None.

        Raises
        ------
        psgpipe.errors.StagerUnavailable
        """
        return self._usual().why

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
            recording_sha256,
            night,
            self.pipeline_sha256,
            self.labels_sha256,
            self.lights_given_by,
        )

    def engine(self, roles: tuple[Role, ...], night: Night) -> dict[str, Any]:
        """What would stage `night` from these roles.

        Raises
        ------
        psgpipe.errors.StagerUnavailable
        """
        needs = self._needs(roles, night)
        return {
            "engine": needs.engine,
            "classifier_sha256": needs.classifier_sha256,
            "versions": dict(needs.versions),
        }

    def _usual(self) -> Requirements:
        """What stages a night that has every role, age and sex not known."""
        return self._needs(tuple(self.definition.params["reference"].wanted), Night("", ""))

    def _needs(self, roles: tuple[Role, ...], night: Night) -> Requirements:
        params = self.definition.params["stage_sleep"]
        asked = (frozenset(roles), demographics(night, params) is not None)
        if asked not in self._found:
            self._found[asked] = stager_for(roles, night, params).requirements()
        return self._found[asked]

    @cached_property
    def _found(self) -> dict[Any, Requirements]:
        """Engines looked up so far: neither versions nor classifiers change while psgpipe runs."""
        return {}


def recipe_from(pipeline: str | Path, labels: str | Path | None, *, pictures: bool) -> Recipe:
    """What is done to a night, or to every night of a study.

    Parameters
    ----------
    pipeline, labels
        TOML files, or names of those that come with psgpipe.
    pictures
        Whether there are any.

    Raises
    ------
    psgpipe.errors.PipelineInvalid, psgpipe.errors.LabelTableInvalid
    """
    table = read_label_table(labels) if labels else None
    return Recipe(load_definition(pipeline), table, pictures)
