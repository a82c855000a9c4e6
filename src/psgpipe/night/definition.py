"""The definition of a pipeline, read from TOML; mistakes are found before a recording is opened."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from psgpipe.errors import PipelineInvalid
from psgpipe.files.hashing import sha256_of
from psgpipe.files.toml_file import (
    is_comparison_spec,
    read_toml,
    refuse_unknown_keys,
    shipped_pipelines,
    strict_record,
)
from psgpipe.messages import did_you_mean
from psgpipe.night.steps.catalogue import CATALOGUE, INITIAL_SLOTS
from psgpipe.night.steps.stage_sleep import StageSleepParams

DEFAULT_PIPELINE = "standard-night"
NEEDED_SLOTS = ("quality", "staged", "summary")


@dataclass(frozen=True)
class Definition:
    """What is done to every night of a study.

    `params` has the parameters of each step, by its name. `blind` blinds the studies that use the
    pipeline; no result depends on that.
    """

    name: str
    steps: tuple[str, ...]
    params: Mapping[str, Any]
    blind: bool = False

    @cached_property
    def sha256(self) -> str:
        """The hash of steps, versions and parameters, without comments and layout."""
        return sha256_of(self.as_dict())

    @property
    def by_expert(self) -> bool:
        """Whether a person scored the nights, and nothing is staged."""
        return bool(self.params["stage_sleep"].stager == "expert")

    def staged_by(self, stages: str | None) -> Definition:
        """The definition for ``--stages auto`` or ``--stages expert``; None changes nothing."""
        if stages is None:
            return self
        stager = "expert" if stages == "expert" else "yasa"
        staging = dataclasses.replace(self.params["stage_sleep"], stager=stager)
        if stager == "expert":
            staging = dataclasses.replace(staging, calibration=None)
        return dataclasses.replace(self, params={**self.params, "stage_sleep": staging})

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for fingerprints and manifests; the steps are not to be changed."""
        return dict(self._plain)

    @cached_property
    def _plain(self) -> dict[str, Any]:
        # Every night asks three times.
        return {
            "name": self.name,
            "steps": [
                {
                    "name": name,
                    "version": CATALOGUE[name].version,
                    "parameters": _plain_parameters(self.params[name]),
                }
                for name in self.steps
            ],
        }


def _plain_parameters(params: Any) -> dict[str, Any]:
    """Parameters as plain values; without a calibration as before there was one.

    The name of a calibration's file changes nothing, so it is not among them.
    """
    values = dataclasses.asdict(params)
    calibration = values.pop("calibration", None)
    if calibration is None:
        return values
    return {**values, "calibration": {k: v for k, v in calibration.items() if k != "file"}}


def given_definition(pipeline: str | Path | Definition) -> Definition:
    """The definition that a program gives: itself, its file, or its name.

    Raises
    ------
    psgpipe.errors.PipelineInvalid
        It is none of them, or the file is wrong.
    """
    if isinstance(pipeline, Definition):
        return pipeline
    if isinstance(pipeline, str | Path):
        return load_definition(pipeline)
    raise PipelineInvalid(
        f"pipeline: the path or the name of a pipeline was wanted, found {type(pipeline).__name__}",
        f"Write pipeline={DEFAULT_PIPELINE!r}.",
    )


def load_definition(pipeline: str | Path = DEFAULT_PIPELINE) -> Definition:
    """The Definition in a TOML file, or the one shipped under a name."""
    path = find_pipeline(pipeline)
    return definition_from(read_toml(path, PipelineInvalid), path.name, path.parent)


def with_events(definition: Definition) -> Definition:
    """The same pipeline with the steps that measure spectra and detect events."""
    steps, params = list(definition.steps), dict(definition.params)
    for name in ("measure_microstructure", "detect_events"):
        if name not in steps:
            steps.append(name)
            params[name] = CATALOGUE[name].params()
    return dataclasses.replace(
        definition, steps=tuple(steps), params=_with_cycle_rule(params, {}, definition.name)
    )


def find_pipeline(pipeline: str | Path) -> Path:
    """The pipeline file at a path, or the one shipped under a name."""
    path = Path(pipeline)
    if path.suffix == ".toml" or path.is_file():
        if not path.is_file():
            raise PipelineInvalid(f"{path.name}: no such pipeline file", "Check the path.")
        return path
    folder = shipped_pipelines()
    found = folder / f"{pipeline}.toml"
    if found.is_file() and Path(f"{pipeline}.toml").name == f"{pipeline}.toml":
        return found
    # Comparison specs lie in the same folder; only a pipeline has steps.
    tables = {p.stem: read_toml(p, PipelineInvalid) for p in folder.glob("*.toml")}
    names = sorted(name for name, table in tables.items() if "steps" in table)
    raise PipelineInvalid(
        f"no pipeline is called {str(pipeline)!r}{did_you_mean(str(pipeline), names)}",
        f"Give a .toml file or one of: {', '.join(names)}.",
    )


def definition_from(
    table: Mapping[str, Any], source: str, folder: Path | None = None
) -> Definition:
    """The Definition in a parsed TOML table; `source` names it in errors.

    The file of a calibration is searched in `folder`.
    """
    steps = _step_names(table, source)
    known = ("name", "description", "blind", "steps", *steps)
    refuse_unknown_keys(table, known, source, PipelineInvalid)
    name = table.get("name", source.removesuffix(".toml"))
    if not isinstance(name, str):
        raise PipelineInvalid(f"{source}: name is not a text", "Write name in quotes.")
    blind = table.get("blind", False)
    if not isinstance(blind, bool):
        raise PipelineInvalid(f"{source}: blind is {blind!r}, wanted true or false", "Correct it.")
    params = {
        name: strict_record(
            CATALOGUE[name].params,
            _without_file(name, table.get(name, {})),
            f"{source} [{name}]",
            PipelineInvalid,
        )
        for name in steps
    }
    params["stage_sleep"] = _calibrated(params["stage_sleep"], table, source, folder)
    return Definition(name, steps, _with_cycle_rule(params, table, source), blind)


def _without_file(step: str, table: Any) -> Any:
    """The table of a step without the name of a calibration, which is read for itself."""
    if step != "stage_sleep" or not isinstance(table, Mapping):
        return table
    return {key: value for key, value in table.items() if key != "calibration"}


def _calibrated(
    params: StageSleepParams, table: Mapping[str, Any], source: str, folder: Path | None
) -> StageSleepParams:
    """The parameters of staging with the calibration whose file the pipeline names."""
    name = table.get("stage_sleep", {}).get("calibration")
    if name is None or params.stager == "expert":
        return params
    if not isinstance(name, str) or not name:
        raise PipelineInvalid(
            f"{source} [stage_sleep]: calibration is {name!r}, wanted the name of a file",
            'Write calibration = "lab.toml", as psgpipe calibrate wrote it.',
        )
    # Pipelines without a calibration need none of this.
    from psgpipe.staging.calibration.lab_file import read_calibration, refuse_another_recipe

    calibration = read_calibration((folder or Path()) / name)
    refuse_another_recipe(
        calibration, consensus=params.consensus, de_weight=params.de_weight, source=source
    )
    return dataclasses.replace(params, calibration=calibration)


def _with_cycle_rule(
    params: dict[str, Any], table: Mapping[str, Any], source: str
) -> dict[str, Any]:
    """The parameters with one rule for cycles in both steps that count them."""
    name = "measure_microstructure"
    if name not in params:
        return params
    if "cycles" in table.get(name, {}):
        raise PipelineInvalid(
            f"{source} [{name}]: there is no key 'cycles'",
            "Write the cycle rule under [summarize].",
        )
    return {**params, name: dataclasses.replace(params[name], cycles=params["summarize"])}


def _step_names(table: Mapping[str, Any], source: str) -> tuple[str, ...]:
    steps = table.get("steps")
    if steps is None and is_comparison_spec(table):
        raise PipelineInvalid(
            f"{source}: this is a comparison spec, wanted a pipeline",
            "Give it to psgpipe compare --spec; a pipeline has a list of steps.",
        )
    if not isinstance(steps, list) or not all(isinstance(s, str) for s in steps):
        raise PipelineInvalid(
            f"{source}: no list of steps", f"Write steps = [{', '.join(map(repr, CATALOGUE))}]."
        )
    for step in steps:
        if step not in CATALOGUE:
            raise PipelineInvalid(
                f"{source}: no step is called {step!r}{did_you_mean(step, CATALOGUE)}",
                f"The steps are {', '.join(CATALOGUE)}.",
            )
    _check_slots(steps, source)
    return tuple(steps)


def _check_slots(steps: list[str], source: str) -> None:
    filled = set(INITIAL_SLOTS)
    for name in steps:
        step = CATALOGUE[name]
        missing = [slot for slot in step.reads if slot not in filled]
        if missing:
            makers = [s.name for s in CATALOGUE.values() if s.gives in missing]
            raise PipelineInvalid(
                f"{source}: step {name!r} needs what {' and '.join(map(repr, makers))} gives",
                f"List {', '.join(makers)} before {name}.",
            )
        if step.gives in filled:
            raise PipelineInvalid(f"{source}: step {name!r} is listed twice", "List it once.")
        filled.add(step.gives)
    lacking = [
        s.name for s in CATALOGUE.values() if s.gives in NEEDED_SLOTS and s.gives not in filled
    ]
    if lacking:
        raise PipelineInvalid(
            f"{source}: no night can be finished without {', '.join(lacking)}",
            f"Add {', '.join(lacking)} to steps.",
        )
