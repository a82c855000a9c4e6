"""Statements on the nights that were analysed, and on their stages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from psgpipe.comparison.endpoints.testability import FIRM_FROM_N, TESTABLE_FROM_N
from psgpipe.comparison.stager_accuracy import was_scored_by_a_person
from psgpipe.messages import count_of
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.comparison.results import FlowStep
from psgpipe.model.comparison.spec import ComparisonSpec


def _step(flow: Sequence[FlowStep], name: str) -> FlowStep:
    return next(step for step in flow if step.step == name)


def sample(flow: Sequence[FlowStep]) -> str:
    """Subjects and nights that were analysed, and what was lost."""
    listed, analysed = _step(flow, "listed"), _step(flow, "analysed")
    lost = [f"{s.nights} {s.step}" for s in flow[1:] if s.nights and s.step != "analysed"]
    return (
        f"{count_of(analysed.subjects, 'subject')}, {count_of(analysed.nights, 'night')} analysed "
        f"of {listed.nights} listed" + (f" ({', '.join(lost)})." if lost else ".")
    )


def sample_size(flow: Sequence[FlowStep]) -> str | None:
    """What so few subjects cannot show; None where there are enough."""
    n = _step(flow, "analysed").subjects
    if n < TESTABLE_FROM_N:
        return (
            f"With {count_of(n, 'subject')} no exact sign-flip test at 0.05 is possible (its "
            f"smallest p is {2.0 ** (1 - n):.3g}), and the t test assumes normal differences, "
            "which so few subjects cannot show: the numbers are descriptive."
        )
    if n < FIRM_FROM_N:
        return f"With {count_of(n, 'subject')} the results are preliminary."
    return None


def first_nights(
    flow: Sequence[FlowStep], nights: Sequence[MeasuredNight], spec: ComparisonSpec
) -> str:
    """Whether first nights in the laboratory are among the nights."""
    dropped = _step(flow, "first night in laboratory").nights
    if dropped:
        where = " of the baseline" if spec.first_night == "rule" else ""
        return f"First nights in the laboratory: {dropped} left out{where}."
    if any(n.night_in_lab is not None for n in nights):
        return "First nights in the laboratory: none left out."
    return "First nights in the laboratory are not marked (column night_in_lab): bias is possible."


def comedication(nights: Sequence[MeasuredNight]) -> str:
    """Whether co-medication differs between the nights of a subject."""
    if not any(n.comedication for n in nights):
        return "Co-medication is not stated (column comedication)."
    by_subject: dict[str, set[str]] = {}
    for night in nights:
        by_subject.setdefault(night.subject, set()).add(night.comedication or "not stated")
    changed = sorted(subject for subject, drugs in by_subject.items() if len(drugs) > 1)
    if not changed:
        return "Co-medication: the same on all analysed nights of each subject."
    return f"Co-medication differs between nights of {', '.join(changed[:8])}" + (
        f" and {len(changed) - 8} more." if len(changed) > 8 else "."
    )


def stages(nights: Sequence[MeasuredNight]) -> str:
    """What the stages are, and what they are not."""
    if nights and all(map(was_scored_by_a_person, nights)):
        return "Stages scored by a person; arousals are not read. Not for diagnosis."
    return (
        "Automatic stages, not AASM scoring; not for diagnosis. N1 is the weakest (human kappa "
        "0.24); arousals are not scored."
    )


def staging(recipe: Mapping[str, Sequence[str]]) -> str:
    """How the nights were staged."""
    fields = [
        f"{name} {' | '.join(value[:12] if len(value) == 64 else value for value in recipe[name])}"
        for name in ("stager", "classifier", "derivations", "window")
        if recipe.get(name)
    ]
    if not fields:
        return "The table does not say how the nights were staged."
    return f"Staged by {'; '.join(fields)}."


def trust(contrasts: Sequence[Contrast], recipe: Mapping[str, Sequence[str]]) -> str | None:
    """What the column of trust is; None where no endpoint has any."""
    trust = next((c.staging for c in contrasts if c.staging), None)
    if trust is None:
        return None
    borrowed = f"; * not measured with {trust.pipeline}" if trust.is_borrowed else ""
    return (
        "Trust: correlation, over people, of the automatic difference between two nights with the "
        f"expert's; high from 0.8, moderate from 0.5 ({trust.measured_with}: {trust.source}"
        f"{borrowed})."
    ) + (" It was measured without a calibration." if _is_calibrated(recipe) else "")


def _is_calibrated(recipe: Mapping[str, Sequence[str]]) -> bool:
    return any(value != "none" for value in recipe.get("calibration", ()))


def flags(nights: Sequence[MeasuredNight]) -> str:
    """The quality flags of the nights."""
    stated = [night.flags for night in nights if night.flags is not None]
    if not stated:
        return "Quality flags are not stated (column flags)."
    flagged = [set(flags) for flags in stated if flags]
    if not flagged:
        return f"Quality flags: none on {count_of(len(stated), 'analysed night')}."
    counts = Counter(flag for flags in flagged for flag in flags)
    often = ", ".join(f"{f} ({n})" for f, n in sorted(counts.items(), key=lambda x: (-x[1], x[0])))
    return f"Quality flags on {len(flagged)} of {count_of(len(nights), 'analysed night')}: {often}."
