"""The files of a night: its steps are run, and their results become bytes and a manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from psgpipe.model.opened_night import OpenedNight
from psgpipe.night.expert.results import expert_results
from psgpipe.night.output_files import night_outputs
from psgpipe.night.provenance import staged_night
from psgpipe.night.recipe import Recipe
from psgpipe.night.runner import StepResults, run_steps


class NightFiles(NamedTuple):
    """The bytes of a night's files by name, and what its manifest says besides them."""

    outputs: Mapping[str, bytes]
    provenance: Mapping[str, Any]


Compute = Callable[[OpenedNight, Recipe, str], NightFiles]
"""From an opened night, the recipe and the recording's hash to the night's files."""


def compute_night(opened: OpenedNight, recipe: Recipe, recording_sha256: str) -> NightFiles:
    """Run the steps of an opened night and write its results as bytes."""
    if recipe.definition.by_expert:
        return night_files(expert_results(opened, recipe.definition), recipe, recording_sha256)
    return night_files(run_steps(opened, recipe.definition), recipe, recording_sha256)


def night_files(results: StepResults, recipe: Recipe, recording_sha256: str) -> NightFiles:
    """The files of a night whose steps have run."""
    staged = staged_night(recipe.definition, results, recording_sha256)
    outputs = night_outputs(staged, results.slots.get("referenced", ()), pictures=recipe.pictures)
    return NightFiles(outputs, staged.provenance)
