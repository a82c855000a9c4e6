"""The spectra and events of a finished night, read from its files."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from psgpipe.files.atomic import parse_json
from psgpipe.files.typed_values import typed, typed_record
from psgpipe.model.microstructure.names import MICROSTRUCTURE_ENDPOINTS
from psgpipe.model.microstructure.records import (
    EpochPower,
    Events,
    MeanPower,
    Microstructure,
    StageSpectrum,
)
from psgpipe.results.manifest import Manifest
from psgpipe.results.output_check import intact_output

MICROSTRUCTURE, POWER = "microstructure.json", "power.tsv"


def read_microstructure(folder: Path, manifest: Manifest) -> Microstructure | None:
    """The spectra of the night in `folder`; None where it has none, or its files are damaged.

    Powers have the seven digits of ``power.tsv``.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        The files are of an unknown form.
    """
    stored, power = (intact_output(folder, name, manifest) for name in (MICROSTRUCTURE, POWER))
    if stored is None or power is None:
        return None
    found = parse_json(stored)
    rows = list(csv.DictReader(power.decode("utf-8").splitlines(), delimiter="\t"))
    from_lights, events = found["hours_from_lights_off"], found["events"]
    return Microstructure(
        derivation=typed(found["derivation"], str, "derivation"),
        fs_hz=typed(found["fs_hz"], float, "fs_hz"),
        epochs=_epochs(rows, list(found["bands_hz"])),
        endpoints={
            name: typed(found["endpoints"].get(name), float | None, name)
            for name in MICROSTRUCTURE_ENDPOINTS
        },
        absent=typed(found["absent"], Mapping[str, str], "absent"),
        stages={name: _stage(stage) for name, stage in found["stages"].items()},
        cycles=_means(found["cycles"]),
        hours_from_lights_off=None if from_lights is None else _means(from_lights),
        hours_from_sleep_onset=_means(found["hours_from_sleep_onset"]),
        artefact_min=typed(found["artefact_min"], float, "artefact_min"),
        low_confidence_pct=typed(found["low_confidence_pct"], float | None, "low_confidence_pct"),
        events=None if events is None else typed_record(Events, events),
    )


def _epochs(rows: Sequence[Mapping[str, str]], bands: Sequence[str]) -> EpochPower:
    powers = {
        band: np.array([float(row[f"{band}_uv2"] or "nan") for row in rows]) for band in bands
    }
    return EpochPower(powers, np.array([row["used"] == "true" for row in rows], bool))


def _stage(found: Mapping[str, Any]) -> StageSpectrum:
    return typed_record(StageSpectrum, {**found, "mean": _mean_values(found)})


def _means(found: Sequence[Mapping[str, Any]]) -> tuple[MeanPower, ...]:
    return tuple(typed_record(MeanPower, _mean_values(mean)) for mean in found)


def _mean_values(found: Mapping[str, Any]) -> dict[str, Any]:
    logs = found["power_ln"]
    powers = None if logs is None else {name: math.exp(log) for name, log in logs.items()}
    return {"minutes": found["minutes"], "power_uv2": powers, "reason": found["reason"]}
