"""The steps of a night, run in order until every derivation staged is fit."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from psgpipe.errors import QualityRefused
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.summary import QualityFlag, QualityReport
from psgpipe.night.choose_montage import choose_montage, require_fit
from psgpipe.night.definition import Definition
from psgpipe.night.steps.catalogue import CATALOGUE
from psgpipe.night.steps.dose_of_night import dose_date_doubt, dose_time_doubt
from psgpipe.night.steps.step import Step
from psgpipe.quality.flags import judge_dose_time, judge_stages

LOGGER = logging.getLogger("psgpipe")
RESULTS = ("staged", "summary", "quality", "microstructure", "events")
"""The slots that hold a night's numbers."""


@dataclass(frozen=True)
class StepResults:
    """The value of every slot, and how long each step took."""

    slots: Mapping[str, Any]
    seconds: Mapping[str, float]
    quality: QualityReport


def run_steps(
    opened: OpenedNight, definition: Definition, wanted: Collection[str] = RESULTS
) -> StepResults:
    """Run the steps; where quality refuses a derivation, take the next in the list.

    A step that leads to none of the slots `wanted` is not run.
    """
    refused: list[QualityFlag] = []
    measures: dict[str, Mapping[str, float | None]] = {}
    while True:
        slots, seconds = _fill_slots(opened, definition, wanted)
        quality: QualityReport = slots["quality"]
        measures |= quality.measures
        if not quality.refused:
            flags = (*refused, *quality.flags, *_implausible(slots, definition))
            return StepResults(slots, seconds, replace(quality, measures=measures, flags=flags))
        refused += [flag for flag in quality.flags if flag.derivation in quality.refused]
        montage = choose_montage(opened.candidates, definition, refused)
        require_fit(montage, opened.candidates, definition, refused, opened.header)
        opened = replace(opened, montage=montage)


def _implausible(slots: Mapping[str, Any], definition: Definition) -> tuple[QualityFlag, ...]:
    """The flags of stages that are not plausible."""
    if "summary" not in slots:
        return ()
    opened: OpenedNight = slots["opened"]
    flags = (
        *judge_stages(
            slots["staged"].hypnogram, slots["summary"], definition.params["check_quality"]
        ),
        *judge_dose_time(dose_time_doubt(opened) or dose_date_doubt(opened)),
    )
    for flag in flags:
        if flag.refused:
            raise QualityRefused(
                f"{opened.header.file}: {flag.message}",
                "Look at the signal; list another derivation, or exclude the night.",
            )
    return flags


def needed_steps(definition: Definition, wanted: Collection[str]) -> list[Step]:
    """The pipeline's steps, in order, without those that lead to none of the slots `wanted`."""
    needed, steps = set(wanted), []
    for name in reversed(definition.steps):
        step = CATALOGUE[name]
        if step.gives in needed:
            needed.update(step.reads)
            steps.append(step)
    return steps[::-1]


def _fill_slots(
    opened: OpenedNight, definition: Definition, wanted: Collection[str]
) -> tuple[dict[str, Any], dict[str, float]]:
    """The slots wanted and what leads to them; stops where quality refuses a derivation."""
    slots: dict[str, Any] = {"opened": opened}
    seconds: dict[str, float] = {}
    for step in needed_steps(definition, wanted):
        name = step.name
        began = time.perf_counter()
        slots[step.gives] = step.run(*(slots[slot] for slot in step.reads), definition.params[name])
        seconds[name] = round(time.perf_counter() - began, 3)
        LOGGER.debug("%s: %.2f s", name, seconds[name])
        if step.gives == "quality" and slots["quality"].refused:
            break
    return slots, seconds
