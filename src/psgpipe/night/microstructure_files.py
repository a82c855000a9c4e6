"""``microstructure.json`` and ``power.tsv`` of a night, as bytes."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from psgpipe.files.atomic import json_bytes
from psgpipe.microstructure.spectrum import WINDOW_S
from psgpipe.model.hypnogram import EPOCH_S, Hypnogram
from psgpipe.model.microstructure.records import (
    BANDS_HZ,
    LEVEL_BANDS,
    EpochPower,
    MeanPower,
    Microstructure,
    StageSpectrum,
)

METHOD = (
    f"Welch, Hann windows of {WINDOW_S:g} s, half overlapping, within 30-s epochs without "
    "artefact; unfiltered referenced signal; mean of the power, natural logarithm. "
    "NREM is N2 and N3"
)


def microstructure_files(found: Microstructure, hypnogram: Hypnogram) -> dict[str, bytes]:
    """The files of a night's microstructure, by name."""
    return {
        "microstructure.json": json_bytes(microstructure_dict(found)),
        "power.tsv": power_tsv(found.epochs, hypnogram),
    }


def microstructure_dict(found: Microstructure) -> dict[str, Any]:
    """What ``microstructure.json`` holds."""
    from_lights = found.hours_from_lights_off
    return {
        "derivation": found.derivation,
        "fs_hz": found.fs_hz,
        "method": METHOD,
        "bands_hz": {name: list(BANDS_HZ[name]) for name in found.epochs.power_uv2},
        "endpoints": dict(found.endpoints),
        "absent": dict(found.absent),
        "artefact_min": found.artefact_min,
        "low_confidence_pct": found.low_confidence_pct,
        "level": {"bands": list(LEVEL_BANDS), "broadband_ln": found.endpoints["broadband_ln"]},
        "stages": {name: _stage(spectrum) for name, spectrum in found.stages.items()},
        "cycles": [_mean(mean) for mean in found.cycles],
        "hours_from_lights_off": None if from_lights is None else [_mean(m) for m in from_lights],
        "hours_from_sleep_onset": [_mean(mean) for mean in found.hours_from_sleep_onset],
        "swa_by_hour": [_swa_ln(mean) for mean in found.hours_from_sleep_onset],
        "events": None if found.events is None else asdict(found.events),
    }


def _stage(spectrum: StageSpectrum) -> dict[str, Any]:
    return {
        **_mean(spectrum.mean),
        "slope_2_30": spectrum.slope_2_30,
        "slope_30_45": spectrum.slope_30_45,
        "sigma_peak_hz": spectrum.sigma_peak_hz,
        "absent": dict(spectrum.absent),
    }


def _mean(mean: MeanPower) -> dict[str, Any]:
    return {"minutes": mean.minutes, "power_ln": _logs(mean.power_uv2), "reason": mean.reason}


def _swa_ln(mean: MeanPower) -> float | None:
    return None if mean.power_uv2 is None else math.log(mean.power_uv2["swa"])


def _logs(power_uv2: Mapping[str, float] | None) -> dict[str, float] | None:
    if power_uv2 is None:
        return None
    return {name: math.log(power) for name, power in power_uv2.items()}


def power_tsv(epochs: EpochPower, hypnogram: Hypnogram) -> bytes:
    """One row for each epoch: its stage, whether it counts, and its power in each band."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    names = tuple(epochs.power_uv2)
    writer.writerow(("epoch", "onset_s", "stage", "used", *(f"{name}_uv2" for name in names)))
    # numpy's numbers, one by one, take several times as long as those of lists.
    powers = [epochs.power_uv2[name].tolist() for name in names]
    rows = zip(hypnogram.stages, epochs.is_used.tolist(), *powers, strict=True)
    for epoch, (stage, is_used, *powers_uv2) in enumerate(rows):
        cells = ["" if math.isnan(power) else f"{power:.7g}" for power in powers_uv2]
        used = "true" if is_used else "false"
        writer.writerow((epoch, f"{epoch * EPOCH_S:g}", stage, used, *cells))
    return text.getvalue().encode("utf-8")
