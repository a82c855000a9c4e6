"""Tipping points: the errors of the stager that alone would explain a change of REM or N3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from psgpipe.comparison.endpoints.endpoint_values import (
    EndpointNights,
    endpoint_nights,
    subject_means,
)
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.stager_accuracy import (
    KnownErrors,
    StageErrors,
    accuracy_of,
    errors_for,
    pipeline_of,
    was_scored_by_a_person,
)
from psgpipe.comparison.statistics.tipping_point import (
    tipping_false_positive_rate,
    tipping_sensitivity,
    true_share,
)
from psgpipe.model.comparison.measured_night import EEG_ONLY
from psgpipe.model.comparison.spec import ComparisonSpec


def tipping_points(
    selection: NightSelection, spec: ComparisonSpec, known: Mapping[str, KnownErrors]
) -> dict[str, str]:
    """For REM and N3, the errors of the stager that alone would explain the change."""
    if all(was_scored_by_a_person(n) for n in selection.analysed):
        return {}
    pipeline = pipeline_of(selection.analysed)
    stated = {
        "rem": (spec.rem_sensitivity, spec.rem_false_positive_rate),
        "n3": (spec.n3_sensitivity, spec.n3_false_positive_rate),
    }
    sentences: dict[str, str] = {}
    for stage, (sensitivity, rate) in stated.items():
        nights = endpoint_nights(selection, f"{stage}_pct", replace(spec, transform={}))
        if not nights.subjects:
            continue
        usual, source = _usual_errors(stage, pipeline, known)
        if sensitivity is not None or rate is not None:
            usual = StageErrors(
                usual.sensitivity if sensitivity is None else sensitivity,
                usual.false_positive_rate if rate is None else rate,
            )
            source = "declared"
        shares = _shares(nights, selection, spec)
        if shares is not None and _differ_as_shown(*shares):
            sentences[f"tipping point {stage}"] = _tipping_point(
                stage.upper(), shares, usual, source, of_arms=bool(selection.arms)
            )
    if sentences:
        sentences["tipping point spread"] = _spread(known)
    return {topic: text for topic, text in sentences.items() if text}


def _usual_errors(
    stage: str, pipeline: str | None, known: Mapping[str, KnownErrors]
) -> tuple[StageErrors, str]:
    """Measured for these nights, else those of the pipeline."""
    if stage in known:
        return known[stage].errors, known[stage].source
    return errors_for(stage, pipeline)


def _spread(known: Mapping[str, KnownErrors]) -> str:
    """How far the errors vary without a drug."""
    parts = [
        f"{stage.upper()} sensitivity {of.errors.sensitivity:.2f} (SD {of.sensitivity_sd:.2f}), "
        f"false positive rate {of.errors.false_positive_rate:.3f} "
        f"(SD {of.false_positive_rate_sd:.3f})"
        for stage, of in known.items()
        if of.sensitivity_sd is not None and of.false_positive_rate_sd is not None
    ]
    if parts:
        source = next(iter(known.values())).source
        return (
            f"The stager's errors vary between nights: {'; '.join(parts)} ({source}); a drug may "
            "move them by as much."
        )
    spread = accuracy_of(EEG_ONLY).sensitivity_sd
    return "" if spread is None else (
        "The REM sensitivity of a stager varies between nights of one person by an SD of "
        f"{spread:.2f} (measured with {EEG_ONLY}); a drug may move it by as much."
    )  # fmt: skip


def _shares(
    nights: EndpointNights, selection: NightSelection, spec: ComparisonSpec
) -> tuple[float, float] | None:
    """Mean share of a stage at baseline and under treatment, or of the two arms."""
    if selection.arms:
        from psgpipe.comparison.arms.statements import adjusted_shares
        from psgpipe.comparison.arms.subjects import in_treatment_arm

        return adjusted_shares(nights, in_treatment_arm(selection, spec))
    means = (subject_means(values).mean() for values in (nights.baseline, nights.treatment))
    baseline, treatment = map(float, means)
    return baseline, treatment


def _differ_as_shown(baseline_pct: float, treatment_pct: float) -> bool:
    """Whether there is a change to explain: one that the sentence shows."""
    return f"{baseline_pct:.1f}" != f"{treatment_pct:.1f}"


def _tipping_point(
    stage: str, shares: tuple[float, float], usual: StageErrors, source: str, *, of_arms: bool
) -> str:
    baseline, treatment = shares
    where = "in the control arm" if of_arms else "at baseline"
    head = f"Tipping point: {stage} {baseline:.1f} -> {treatment:.1f} % of TST" + (
        " (control -> treatment arm, at the same baseline)" if of_arms else "")  # fmt: skip
    figures = (baseline, treatment, usual.sensitivity, usual.false_positive_rate)
    if true_share(baseline, usual.sensitivity, usual.false_positive_rate) <= 0:
        return (
            f"{head}; {stage} {where} is no more than the stager's false positives would give "
            f"({source})."
        )
    sensitivity, rate = tipping_sensitivity(*figures), tipping_false_positive_rate(*figures)
    moves = [
        f"the stager's {stage} {name} from {before:.{digits}f} to {after:.{digits}f}"
        for name, before, after, digits in (
            ("sensitivity", usual.sensitivity, sensitivity, 2),
            ("false positive rate", usual.false_positive_rate, rate, 3),
        )
        if after is not None and 0 <= after <= 1
    ]
    if not moves:
        return (
            f"{head}; no {stage} sensitivity of the stager would explain it without a true change, "
            f"and no false positive rate ({source})."
        )
    alone = "" if len(moves) > 1 else (
        "; no false positive rate would explain it" if "sensitivity" in moves[0]
        else "; no sensitivity would explain it")  # fmt: skip
    return (
        f"{head} would be seen without any true change if the drug moved {', or '.join(moves)}"
        f"{alone} ({source})."
    )
