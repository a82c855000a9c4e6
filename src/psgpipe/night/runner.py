"""One night: open, run the steps, keep what came of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from psgpipe.errors import QualityRefused
from psgpipe.model.montage import Derivation, Montage
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.summary import QualityFlag, QualityReport
from psgpipe.night.definition import Definition
from psgpipe.night.open import Chosen
from psgpipe.night.steps.catalogue import CATALOGUE
from psgpipe.night.steps.step import Step
from psgpipe.quality.flags import judge_stages

LOGGER = logging.getLogger("psgpipe")
RESULTS = ("staged", "summary", "quality")
"""The slots that a night's numbers are in; pictures show *filtered*, too."""


@dataclass(frozen=True)
class Made:
    """Every slot of a night that ran through, and how long each step took."""

    slots: Mapping[str, Any]
    seconds: Mapping[str, float]
    quality: QualityReport


def make_night(chosen: Chosen, definition: Definition, wanted: Collection[str] = RESULTS) -> Made:
    """Run the steps; a derivation refused by quality gives way to the next in the list.

    Parameters
    ----------
    wanted
        The slots to fill, as far as the pipeline has a step that gives them; a step that leads to
        none of them is not run.

    Raises
    ------
    psgpipe.errors.QualityRefused
        No derivation of a role is left.
    psgpipe.errors.PsgpipeError
        Whatever a step raises.
    """
    refused: list[QualityFlag] = []
    measures: dict[str, Mapping[str, float | None]] = {}
    while True:
        montage = _montage(chosen, refused, definition)
        opened = replace(chosen.opened, montage=montage)
        slots, seconds = _run_steps(opened, definition, wanted)
        quality: QualityReport = slots["quality"]
        measures |= quality.measures
        if not quality.refused:
            flags = (*refused, *quality.flags, *_implausible(slots, definition))
            return Made(slots, seconds, replace(quality, measures=measures, flags=flags))
        refused += [flag for flag in quality.flags if flag.derivation in quality.refused]


def _implausible(slots: Mapping[str, Any], definition: Definition) -> tuple[QualityFlag, ...]:
    """What the stages themselves say against the night.

    Raises
    ------
    psgpipe.errors.QualityRefused
        No such night exists.
    """
    if "summary" not in slots:
        return ()
    flags = judge_stages(
        slots["staged"].hypnogram, slots["summary"], definition.params["check_quality"]
    )
    for flag in flags:
        if flag.refused:
            raise QualityRefused(
                f"{slots['opened'].header.file}: {flag.message}",
                "Look at the signal; list another derivation, or exclude the night.",
            )
    return flags


def _montage(chosen: Chosen, refusals: list[QualityFlag], definition: Definition) -> Montage:
    """The best derivation of each role that quality has not refused; for a consensus all EEG."""
    optional = definition.params["reference"].optional
    is_consensus = bool(definition.params["stage_sleep"].consensus)
    refused = {flag.derivation for flag in refusals}
    derivations: list[Derivation] = []
    # A role that was optional and could not be built is not in the montage first chosen.
    for role in dict.fromkeys(d.role for d in chosen.opened.montage.derivations):
        left = [d for d in chosen.candidates.of(role) if d.name not in refused]
        if not left and role in optional:
            continue
        if not left:
            names = [d.name for d in chosen.candidates.of(role)]
            why = "; ".join(
                f"{flag.derivation}: {flag.message}"
                for flag in refusals
                if flag.refused and flag.derivation in names
            )
            raise QualityRefused(
                f"{chosen.header.file}: no {role.upper()} derivation is fit to be staged: {why}",
                "Look at the signal; list another derivation, or exclude the night.",
            )
        derivations += left if is_consensus and role == "eeg" else left[:1]
    return Montage(tuple(derivations))


def needed_steps(definition: Definition, wanted: Collection[str]) -> list[Step]:
    """The pipeline's steps, in order, without those that lead to none of the slots `wanted`."""
    needed, steps = set(wanted), []
    for name in reversed(definition.steps):
        step = CATALOGUE[name]
        if step.gives in needed:
            needed.update(step.reads)
            steps.append(step)
    return steps[::-1]


def _run_steps(
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
