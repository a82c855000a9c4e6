"""The content of ``simulation.json``: the design of a study and what is true in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from statistics import fmean
from typing import Any

from psgpipe.simulation.night import CONDITIONS
from psgpipe.simulation.other_sources import planted_bias
from psgpipe.simulation.study_design import ARMS, StudyDesign
from psgpipe.simulation.study_plan import PlannedNight, watch_of_each
from psgpipe.simulation.targets import EFFECTS
from psgpipe.sleep.architecture import summarize


def describe(design: StudyDesign, nights: Sequence[PlannedNight]) -> dict[str, Any]:
    """Content of ``simulation.json``: design, software, and endpoints of the true stages."""
    description: dict[str, Any] = {
        "made_by": f"psgpipe {version('psgpipe')} simulate",
        "numpy": version("numpy"),
        "design": _design_as_stored(design),
        "planted_effects": dict(design.effects),
        "true_difference": _true_difference(nights),
        "nights": [
            {
                **night.row(),
                "age": night.plan.traits.age_y,
                "night_in_lab": night.night_in_lab,
                "true": _truth(night),
            }
            for night in nights
        ],
    }
    watches = watch_of_each(design, nights)
    planted = planted_bias([*watches.values()], diary=design.diary)
    if planted:
        description["planted_bias"] = planted
    if watches:
        description["clock_offsets_s"] = {name: one.offset_s for name, one in watches.items()}
    return description


def _design_as_stored(design: StudyDesign) -> dict[str, Any]:
    """The design; arms, diary and actigraphy only where the study has them."""
    stored = {**asdict(design), "fs_hz": design.rate_hz}
    return {k: v for k, v in stored.items() if v or k not in ("arms", "diary", "actigraphy")}


def _truth(night: PlannedNight) -> dict[str, float | int | None]:
    endpoints = summarize(night.plan.hypnogram).endpoints()
    return {name: value for name, value in endpoints.items() if name != "mean_confidence"}


def _true_difference(nights: Sequence[PlannedNight]) -> dict[str, float]:
    """Treatment nights minus baseline nights, means of the true stages; of arms, drug - placebo."""
    if any(night.arm for night in nights):
        of_arms = [_true_change([n for n in nights if n.arm == arm]) for arm in ARMS]
        return {name: round(of_arms[0][name] - of_arms[1][name], 3) for name in EFFECTS}
    return {name: round(change, 3) for name, change in _true_change(nights).items()}


def _true_change(nights: Sequence[PlannedNight]) -> dict[str, float]:
    mean = {
        (condition, name): fmean(_truth(n)[name] or 0.0 for n in nights if n.condition == condition)
        for condition in CONDITIONS
        for name in EFFECTS
    }
    return {name: mean["treatment", name] - mean["baseline", name] for name in EFFECTS}
