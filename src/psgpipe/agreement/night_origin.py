"""How the automatic stages of a scored night came about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psgpipe.results.manifest import Manifest, recipe_of

RECORDING_DIGITS = 16


@dataclass(frozen=True)
class NightOrigin:
    """How the automatic stages of a night were made.

    Attributes
    ----------
    recipe
        The fields of the recipe that the manifest states.
    recording
        First digits of the hash of the recording.
    calibration
        The file by which the probabilities were calibrated; None where they were not.
    is_chain
        Whether the calibration has a chain.
    is_fitted
        Whether the calibration was fitted on this very night.
    """

    recipe: Mapping[str, str] = field(default_factory=dict)
    recording: str = ""
    derivations: tuple[str, ...] = ()
    classifier_sha256: str | None = None
    age_and_sex: bool = False
    consensus: tuple[str, ...] = ()
    calibration: str | None = None
    is_chain: bool = False
    is_fitted: bool = False


def recipe_values(recipes: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """Every value of each recipe field among some nights."""
    values: dict[str, set[str]] = {}
    for recipe in recipes:
        for name, value in recipe.items():
            values.setdefault(name, set()).add(value)
    return {name: sorted(found) for name, found in values.items()}


def night_origin(manifest: Manifest, staging: Mapping[str, Any]) -> NightOrigin:
    """What a manifest says; `staging` are the parameters of its step *stage_sleep*."""
    recording = (manifest.recording.sha256 or "")[:RECORDING_DIGITS]
    calibration = staging.get("calibration")
    used: Mapping[str, Any] = calibration if isinstance(calibration, Mapping) else {}
    return NightOrigin(
        recipe=recipe_of(manifest),
        recording=recording,
        derivations=tuple(derivation.name for derivation in manifest.derivations),
        classifier_sha256=manifest.engine.classifier_sha256,
        age_and_sex=bool(manifest.engine.age_and_sex),
        consensus=tuple(staging.get("consensus") or ()),
        calibration=(manifest.engine.calibration or "a calibration") if used else None,
        is_chain=bool(used.get("transitions")),
        is_fitted=bool(recording) and recording in (used.get("recordings") or ()),
    )
