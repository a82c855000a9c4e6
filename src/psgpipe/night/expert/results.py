"""The results of a night that has a scoring: in place of automatic stages, or beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from psgpipe.messages import count_of
from psgpipe.model.hypnogram import SCORED, Hypnodensity, Hypnogram
from psgpipe.model.night import ExpertStages
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.scoring import AlignedScoring
from psgpipe.model.staging import Staging
from psgpipe.model.summary import ArchitectureSummary, QualityFlag, QualityReport
from psgpipe.night.definition import Definition
from psgpipe.night.expert.correction import corrected
from psgpipe.night.runner import StepResults
from psgpipe.night.steps.catalogue import CATALOGUE
from psgpipe.night.steps.dose_of_night import dose_date_doubt, dose_time_doubt, sedation
from psgpipe.quality.completeness import completeness, judge_completeness
from psgpipe.quality.flags import judge_dose_time, judge_stages
from psgpipe.signals.epochs import in_bed
from psgpipe.sleep import architecture
from psgpipe.sleep.agreement import agreement, better_shift

EXPERT = "expert"
"""The stager of nights that a person scored."""


def expert_results(opened: OpenedNight, definition: Definition) -> StepResults:
    """The results of a night by its scoring alone; no step of staging is run."""
    scored = _scored(opened)
    hypnogram = night_hypnogram(scored.hypnogram, opened, definition)
    unknown = Hypnodensity(np.full((len(hypnogram), len(SCORED)), np.nan))
    engine: dict[str, Any] = {"stager": EXPERT, "versions": {}}
    staging = Staging(hypnogram, unknown, 0, len(hypnogram), engine)
    summary = summary_of(hypnogram, opened, definition)
    quality = QualityReport(flags=_flags(hypnogram, summary, opened, definition))
    slots = {
        "opened": opened, "recorded": (), "staged": staging, "summary": summary, "quality": quality,
    }  # fmt: skip
    return StepResults(slots, {}, quality)


def with_scoring(results: StepResults, definition: Definition) -> StepResults:
    """The results of an automatic night, with the scoring that was given with it.

    An expert's stages and their summary stand beside, in the slot *expert*. A correction replaces
    stages and summary, and the automatic stages stand beside, in the slot *automatic*.
    """
    opened: OpenedNight = results.slots["opened"]
    staged: Staging = results.slots["staged"]
    given = opened.night.scoring
    if opened.scored is None or given is None or staged.engine.get("stager") == EXPERT:
        return results
    if given.use == "correction":
        edited = replace(staged, hypnogram=corrected(staged.hypnogram, opened.scored))
        slots = {**results.slots, "staged": edited, "automatic": staged.hypnogram}
        return replace(results, slots=_with_later_steps(slots, definition))
    hypnogram = night_hypnogram(opened.scored.hypnogram, opened, definition)
    both = agreement(hypnogram, staged.hypnogram)
    expert = ExpertStages(
        hypnogram,
        summary_of(hypnogram, opened, definition),
        both.n_epochs,
        both.accuracy,
        both.kappa,
    )
    notes = (*staged.notes, *_shift_notes(hypnogram, staged.hypnogram, both.kappa))
    slots = {**results.slots, "expert": expert, "staged": replace(staged, notes=notes)}
    return replace(results, slots=slots)


def _shift_notes(expert: Hypnogram, automatic: Hypnogram, kappa: float | None) -> tuple[str, ...]:
    """A note where the clocks of scoring and recording seem to differ."""
    better = better_shift(expert, automatic)
    if better is None or kappa is None:
        return ()
    by, where = count_of(abs(better.epochs), "epoch"), "later" if better.epochs > 0 else "earlier"
    return (
        f"the scoring agrees better with the automatic stages (kappa {better.kappa:.2f}, not "
        f"{kappa:.2f}) if it lies {by} {where}: do its clock and the recording's agree?",
    )


def _with_later_steps(slots: dict[str, Any], definition: Definition) -> dict[str, Any]:
    """The slots with everything computed again that depends on the stages."""
    changed = {"staged"}
    for step in (CATALOGUE[name] for name in definition.steps):
        is_filled = step.gives in slots and all(slot in slots for slot in step.reads)
        if is_filled and changed.intersection(step.reads):
            inputs = (slots[slot] for slot in step.reads)
            slots[step.gives] = step.run(*inputs, definition.params[step.name])
            changed.add(step.gives)
    return slots


def night_hypnogram(scored: Hypnogram, opened: OpenedNight, definition: Definition) -> Hypnogram:
    """The scored stages with the night's time in bed and sedation."""
    lights, n_epochs = opened.lights, len(scored)
    return replace(
        scored,
        in_bed=in_bed(n_epochs, lights.off_s, lights.on_s),
        sedation=sedation(n_epochs, opened, definition.params["stage_sleep"].sedation_window_h),
    )


def summary_of(
    hypnogram: Hypnogram,
    opened: OpenedNight,
    definition: Definition,
) -> ArchitectureSummary:
    """The sleep architecture by the pipeline's rules."""
    return architecture.summarize(
        hypnogram,
        cycle_rule=definition.params["summarize"],
        lights_known=opened.lights.known,
    )


def _scored(opened: OpenedNight) -> AlignedScoring:
    if opened.scored is None:
        raise ValueError("a night without a scoring has no expert's stages")
    return opened.scored


def _flags(
    hypnogram: Hypnogram,
    summary: ArchitectureSummary,
    opened: OpenedNight,
    definition: Definition,
) -> tuple[QualityFlag, ...]:
    """What makes the numbers of a scored night doubtful; nothing refuses a person's stages."""
    limits = definition.params["check_quality"]
    complete = completeness(hypnogram.in_bed, hypnogram.valid)
    about_file = [f for f in opened.findings if f.channel is None]
    flags = (
        *judge_completeness(complete, about_file, limits, lacking="stage"),
        *judge_stages(hypnogram, summary, limits),
        *judge_dose_time(dose_time_doubt(opened) or dose_date_doubt(opened)),
    )
    return tuple(QualityFlag(f.code, f.message, f.derivation) if f.refused else f for f in flags)
