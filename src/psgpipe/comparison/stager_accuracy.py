"""Accuracy of the automatic stages by pipeline: trust in an endpoint, errors for a stage."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from psgpipe.files.typed_values import typed
from psgpipe.model.comparison.contrast import Trust
from psgpipe.model.comparison.measured_night import EEG_ONLY, MeasuredNight

STANDARD = "standard-night"
_FILE = "stager_accuracy.toml"
# What a column `stager` states of nights that a person scored.
_PEOPLE = ("expert", "human", "manual", "visual", "technologist", "scorer")


@dataclass(frozen=True)
class StageErrors:
    """Sensitivity and false positive rate for a stage, 0 to 1."""

    sensitivity: float
    false_positive_rate: float


@dataclass(frozen=True)
class KnownErrors:
    """Errors for a stage that were measured for the nights of a study; SDs between nights."""

    errors: StageErrors
    source: str
    sensitivity_sd: float | None = None
    false_positive_rate_sd: float | None = None


@dataclass(frozen=True)
class StagerAccuracy:
    """What was measured with one pipeline.

    Attributes
    ----------
    source
        Of the figures.
    sensitivity_sd
        SD of the REM sensitivity between nights of one person.
    trust
        By endpoint, the correlation of automatic and expert differences between two nights.
    like
        Endpoints that are judged like another one.
    errors
        By stage.
    """

    source: str
    sensitivity_sd: float | None = None
    trust: Mapping[str, float] | None = None
    like: Mapping[str, str] | None = None
    errors: Mapping[str, StageErrors] | None = None


@cache
def _content() -> dict[str, object]:
    text = (resources.files("psgpipe") / "comparison" / _FILE).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def accuracy_of(pipeline: str) -> StagerAccuracy:
    """The figures of a pipeline: ``eeg-only`` or ``standard-night``."""
    accuracy: StagerAccuracy = typed(_content()[pipeline], StagerAccuracy, _FILE)
    return accuracy


def pipeline_of(nights: Iterable[MeasuredNight]) -> str | None:
    """The pipeline whose figures describe these nights; None where the stages are not automatic.

    EEG alone is the least accurate, so one such night decides. Where a table does not say how its
    nights were staged, the answer is None, too.
    """
    pipelines = {_pipeline(night) for night in nights}
    return next((name for name in (EEG_ONLY, STANDARD) if name in pipelines), None)


def _pipeline(night: MeasuredNight) -> str | None:
    if was_scored_by_a_person(night):
        return None
    if night.pipeline_name in (EEG_ONLY, STANDARD):
        return night.pipeline_name
    return STANDARD if night.by_psgpipe else None


def was_scored_by_a_person(night: MeasuredNight) -> bool:
    """Whether the column ``stager`` names a person."""
    stager = night.recipe.get("stager", "").casefold()
    return any(word in stager for word in _PEOPLE)


def trust_in(endpoint: str, pipeline: str | None) -> Trust | None:
    """The trust in an endpoint; None where it is not known how the nights were staged."""
    if pipeline is None:
        return None
    own = accuracy_of(pipeline)
    measured_with = pipeline if own.trust else EEG_ONLY
    accuracy = accuracy_of(measured_with)
    relative = (accuracy.like or {}).get(endpoint, endpoint)
    r = (accuracy.trust or {}).get(relative)
    return Trust(
        pipeline=pipeline,
        measured_with=measured_with,
        source=accuracy.source,
        r=r,
        level=None if r is None else _level(r),
        like=relative if relative != endpoint else None,
    )


def _level(r: float) -> str:
    levels = typed(_content()["levels"], Mapping[str, float], _FILE)
    return next((name for name, least in levels.items() if r >= least), "low")


def errors_for(stage: str, pipeline: str | None) -> tuple[StageErrors, str]:
    """Sensitivity and false positive rate for ``rem`` or ``n3``, and where they come from."""
    for name in (pipeline or STANDARD, EEG_ONLY):
        errors = (accuracy_of(name).errors or {}).get(stage)
        if errors is not None:
            return errors, f"{name}: {accuracy_of(name).source}"
    raise KeyError(stage)
