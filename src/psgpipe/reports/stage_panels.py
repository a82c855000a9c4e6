"""Panels of a picture, and the paths of a hypnogram and of stacked probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from psgpipe.model.hypnogram import SCORED, Hypnodensity, SleepStage
from psgpipe.reports.colours import CONVENTIONAL_ORDER, STAGE_COLOURS
from psgpipe.reports.svg_path import px, runs_of, step_area, step_path
from psgpipe.reports.time_axis import TimeAxis


@dataclass(frozen=True)
class Panel:
    """The place of a panel."""

    top: float
    height: float

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.top + self.height

    @property
    def shown(self) -> dict[str, str]:
        """The y of its caption, its upper and its lower edge, and its height."""
        return {
            "caption": px(self.top - 6), "top": px(self.top), "bottom": px(self.bottom),
            "height": px(self.height),
        }  # fmt: skip


class StageArea(NamedTuple):
    """The area of a stage in the hypnodensity."""

    stage: str
    colour: str
    path: str


class StageLevel(NamedTuple):
    """A stage and its y in the hypnogram."""

    stage: str
    y: str


def stage_levels(top: float, row: float) -> dict[SleepStage, float]:
    """The y of each stage, in the conventional order."""
    return {stage: top + row * (i + 0.5) for i, stage in enumerate(CONVENTIONAL_ORDER)}


def shown_levels(levels: dict[SleepStage, float]) -> list[StageLevel]:
    """The same for a template."""
    return [StageLevel(str(stage), px(y)) for stage, y in levels.items()]


def hypnogram_path(
    stages: Sequence[SleepStage], levels: dict[SleepStage, float], axis: TimeAxis
) -> str:
    """The line of the stages; an epoch without a stage interrupts it."""
    return step_path([levels.get(stage) for stage in stages], axis.left, axis.step)


def marked_path(marks: Sequence[bool], axis: TimeAxis, top: float, height: float) -> str:
    """A box for each run of marked epochs."""
    boxes = (
        (px(axis.left + first * axis.step), px(axis.left + end * axis.step))
        for first, end in runs_of(marks)
    )
    y, bottom = px(top), px(top + height)
    return "".join(f"M{left} {y}H{right}V{bottom}H{left}Z" for left, right in boxes)


def stage_areas(
    hypnodensity: Hypnodensity, axis: TimeAxis, top: float, height: float
) -> list[StageArea]:
    """The probabilities, stacked in the order of the hypnogram; nothing where not staged."""
    columns = [SCORED.index(stage) for stage in CONVENTIONAL_ORDER]
    above = np.cumsum(hypnodensity.probabilities[:, columns], axis=1)
    edges = np.round(top + height * np.column_stack([np.zeros(len(above)), above]), 2)
    staged = np.isfinite(above[:, -1])
    lines = [
        [float(y) if known else None for y, known in zip(edge, staged, strict=True)]
        for edge in edges.T
    ]
    return [
        StageArea(str(stage), STAGE_COLOURS[stage], step_area(upper, lower, axis.left, axis.step))
        for stage, upper, lower in zip(CONVENTIONAL_ORDER, lines, lines[1:], strict=False)
    ]
