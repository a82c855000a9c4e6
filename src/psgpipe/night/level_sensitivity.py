"""How many stages change where the same night is staged at another level of its EEG."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from psgpipe.errors import UsageError
from psgpipe.files.atomic import read_json
from psgpipe.model.derived_signal import DerivedSignal
from psgpipe.model.microstructure.names import LEVEL
from psgpipe.model.night import Night
from psgpipe.model.staging import Staging
from psgpipe.model.summary import ArchitectureSummary
from psgpipe.night.recipe import Recipe
from psgpipe.night.runner import run_steps
from psgpipe.night.steps.catalogue import CATALOGUE

SHOWN = ("tst_min", "n1_pct", "n2_pct", "n3_pct", "rem_pct")
LEAST_GAIN, MOST_GAIN = 0.01, 100.0


@dataclass(frozen=True)
class LevelSensitivity:
    """The stages of a night beside those of the same night with a larger or smaller EEG.

    Attributes
    ----------
    gain
        The factor of the EEG's amplitude.
    n_epochs
        Epochs in bed that have a stage both times.
    n_changed
        Those with another stage.
    changes
        Of some endpoints, in the endpoint's unit; None where one is absent.
    """

    gain: float
    n_epochs: int
    n_changed: int
    changes: dict[str, float | None]


def gain_to_level(own: Path, other: Path) -> float:
    """The factor of amplitude that brings a finished night to the level of another.

    Parameters
    ----------
    own, other
        Folders of finished nights with spectra.
    """
    levels = []
    for folder in (own, other):
        level = (read_json(folder / "summary.json") or {}).get(LEVEL)
        if not isinstance(level, int | float) or not math.isfinite(level):
            raise UsageError(
                f"--level-of: {folder} holds no finished night with the level of its EEG",
                "Give the folder of a finished night: OUT/nights/SUBJECT/NIGHT.",
            )
        levels.append(float(level))
    # The level is the logarithm of power, the square of amplitude.
    return math.exp((levels[1] - levels[0]) / 2)


def level_sensitivity(path: Path, night: Night, recipe: Recipe, gain: float) -> LevelSensitivity:
    """Stage the night twice: as recorded, and with its EEG `gain` times as large.

    Raises
    ------
    psgpipe.errors.UsageError
        The gain is out of range, or the stages are an expert's.
    """
    if not LEAST_GAIN <= gain <= MOST_GAIN:
        raise UsageError(
            f"a gain of {gain:g} was asked for, wanted {LEAST_GAIN:g} to {MOST_GAIN:g}",
            "Give the factor of the EEG's amplitude, such as --eeg-gain 1.25.",
        )
    if recipe.definition.by_expert:
        raise UsageError(
            "an expert's stages do not depend on the level of the EEG",
            "Leave --eeg-gain and --level-of out, or --stages expert.",
        )
    params = recipe.definition.params
    slots = run_steps(
        recipe.open_night(path, replace(night, scoring=None)), recipe.definition,
        ("staged", "summary", "quality"),
    ).slots  # fmt: skip
    louder = tuple(_amplified(signal, gain) for signal in slots["referenced"])
    staged: Staging = slots["staged"]
    other: Staging = CATALOGUE["stage_sleep"].run(
        slots["opened"], louder, slots["quality"], params["stage_sleep"]
    )
    summary: ArchitectureSummary = slots["summary"]
    other_summary: ArchitectureSummary = CATALOGUE["summarize"].run(
        slots["opened"], other, params["summarize"]
    )
    counted = staged.hypnogram.in_bed & staged.hypnogram.valid & other.hypnogram.valid
    both = [
        (before, after)
        for before, after, counts in zip(
            staged.hypnogram.stages, other.hypnogram.stages, counted, strict=True
        )
        if counts
    ]
    return LevelSensitivity(
        gain=gain,
        n_epochs=len(both),
        n_changed=sum(before is not after for before, after in both),
        changes={
            name: _difference(getattr(summary, name), getattr(other_summary, name))
            for name in SHOWN
        },
    )


def _amplified(signal: DerivedSignal, gain: float) -> DerivedSignal:
    """The derivation with every channel `gain` times as large; only EEG."""
    if signal.derivation.role != "eeg":
        return signal
    terms = tuple(replace(term, weight=gain * term.weight) for term in signal.derivation.terms)
    return replace(signal, derivation=replace(signal.derivation, terms=terms))


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
