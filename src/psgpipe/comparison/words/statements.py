"""Statements that belong to every table of a comparison, as sentences."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from psgpipe.comparison.endpoints.endpoint_values import (
    EndpointNights,
    endpoint_nights,
    subject_means,
)
from psgpipe.comparison.endpoints.testability import FIRM_FROM_N, TESTABLE_FROM_N, is_testable
from psgpipe.comparison.nights.imbalance import unequal_nights
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.stager_accuracy import (
    KnownErrors,
    StageErrors,
    accuracy_of,
    errors_for,
    pipeline_of,
    was_scored_by_a_person,
)
from psgpipe.comparison.statistics.paired import G_AV_FORMULA
from psgpipe.comparison.statistics.sign_flip import EXACT_UP_TO_N, MONTE_CARLO_DRAWS
from psgpipe.comparison.statistics.tipping_point import (
    tipping_false_positive_rate,
    tipping_sensitivity,
    true_share,
)
from psgpipe.messages import count_of
from psgpipe.model.comparison import EEG_ONLY, Contrast, FlowStep, MeasuredBy, MeasuredNight
from psgpipe.model.comparison_spec import ComparisonSpec, Declaration


def statements(
    spec: ComparisonSpec,
    declaration: Declaration,
    design: str,
    contrasts: Sequence[Contrast],
    flow: Sequence[FlowStep],
    selection: NightSelection,
    recipe: Mapping[str, Sequence[str]],
    known: Mapping[str, KnownErrors],
    measured_by: MeasuredBy = "psg",
) -> dict[str, str]:
    """The statements that belong to every table of a comparison, by topic.

    `known` are errors of the stager for ``rem`` and ``n3``, where they were measured for these
    nights.
    """
    nights = selection.analysed
    testable = any(is_testable(c) for c in contrasts)
    said = {
        "sample": _sample(flow),
        "arms": None,
        "sample size": _sample_size(flow),
        "declaration": _declaration(spec, declaration),
        "multiplicity": _multiplicity(contrasts) if testable else None,
        "causality": _causality(design, spec, nights),
        "slopes": None,
        "first nights": _first_nights(flow, nights, spec),
        "comedication": _comedication(nights),
        "staging": _staging(recipe),
        "flags": _flags(nights),
        **_tipping_points(selection, spec, known),
        "trust": _trust(contrasts, recipe),
        "parts": "Stage percentages are parts of one whole, and TST, SE and WASO are tied: they "
        "are not independent evidence.",
        "no evidence": "No evidence of change is not evidence of no change; that needs a declared "
        "margin.",
        "one patient": "A group mean is not this patient; subjects.tsv has each subject's own "
        "change.",
        "sign flips": _exactness(selection),
        "intervals": f"Intervals are 95 %; tests are two-sided; g_av = {G_AV_FORMULA}.",
        "stages": _stages(nights),
    }
    if selection.arms:
        # A comparison within subjects needs none of this.
        from psgpipe.comparison.arms.statements import arm_statements

        said |= arm_statements(selection, contrasts, spec)
    if measured_by != "psg":
        from psgpipe.comparison.nights.source_columns import source_statement

        said = {topic: text for topic, text in said.items() if not _is_on_stages(topic)}
        said = {"source": source_statement(measured_by), **said}
    return {topic: text for topic, text in said.items() if text}


def _is_on_stages(topic: str) -> bool:
    """Whether a statement is about stages, which no other source has."""
    return topic in ("staging", "trust", "parts", "stages") or topic.startswith("tipping point")


def _step(flow: Sequence[FlowStep], name: str) -> FlowStep:
    return next(step for step in flow if step.step == name)


def _sample(flow: Sequence[FlowStep]) -> str:
    listed, analysed = _step(flow, "listed"), _step(flow, "analysed")
    lost = [f"{s.nights} {s.step}" for s in flow[1:] if s.nights and s.step != "analysed"]
    return (
        f"{count_of(analysed.subjects, 'subject')}, {count_of(analysed.nights, 'night')} analysed "
        f"of {listed.nights} listed" + (f" ({', '.join(lost)})." if lost else ".")
    )


def _sample_size(flow: Sequence[FlowStep]) -> str | None:
    n = _step(flow, "analysed").subjects
    if n < TESTABLE_FROM_N:
        return (
            f"With {count_of(n, 'subject')} no exact sign-flip test at 0.05 is possible (its "
            f"smallest p is {2.0 ** (1 - n):.3g}), and the t test assumes normal differences, "
            "which so few subjects cannot show: the numbers are descriptive."
        )
    if n < FIRM_FROM_N:
        return f"With {n} subjects the results are preliminary."
    return None


def _declaration(spec: ComparisonSpec, declaration: Declaration) -> str:
    if declaration.file is None and spec.primary:
        return (
            f"Primary endpoint {spec.primary}, named with the command: nothing shows that it was "
            "chosen before the results were seen."
        )
    if declaration.file is None:
        return "Nothing was declared before these results were seen: every endpoint is exploratory."
    if declaration.exploratory:
        return f"EXPLORATORY: {declaration.file} was edited after it was locked."
    primary = f"primary endpoint {spec.primary}" if spec.primary else "no primary endpoint"
    if declaration.locked_at:
        return (
            f"Declared in {declaration.file}, locked {declaration.locked_at}, sha256 "
            f"{declaration.sha256}: {primary}."
        )
    return (
        f"Declared in {declaration.file}: {primary}. The spec was not locked, so nothing shows "
        "that it was written before the results were seen."
    )


def _multiplicity(contrasts: Sequence[Contrast]) -> str:
    words = {
        "hierarchical-holm": "Holm",
        "holm": "Holm",
        "benjamini-hochberg": "Benjamini-Hochberg",
        "max-t": f"max-T {contrasts[0].test}" if contrasts else "",
    }
    parts = []
    for role in ("secondary", "exploratory"):
        family = [c for c in contrasts if c.role == role and c.adjustment in words]
        if family:
            parts.append(
                f"{words[family[0].adjustment]} over {count_of(len(family), f'{role} endpoint')}"
            )
    alone = any(c.role == "primary" for c in contrasts)
    head = "The primary endpoint is not adjusted" if alone else ""
    if any(c.role == "secondary" and c.adjustment == "holm" for c in contrasts):
        head += ", and secondary changes are supportive if it shows none"
    if any(c.adjustment == "hierarchical-holm" for c in contrasts):
        head += " and comes first: without its change no secondary change is claimed (hierarchical)"
    methods = "; ".join(p for p in (head, *parts) if p)
    test = contrasts[0].test if contrasts else ""
    return f"{methods}; verdicts rest on the (adjusted) {test} p." if methods else ""


def _exactness(selection: NightSelection) -> str:
    n, unequal = len(selection.baseline), unequal_nights(selection)
    patterns = (
        "counts all sign patterns" if n <= EXACT_UP_TO_N
        else f"draws {MONTE_CARLO_DRAWS} sign patterns (standard error of a p of 0.05: "
        f"{math.sqrt(0.05 * 0.95 / MONTE_CARLO_DRAWS):.4f})"
    )  # fmt: skip
    exact = "exact, because each subject has as many baseline as treatment nights"
    if unequal:
        exact = (
            f"exact only for symmetric changes, because in {unequal} of "
            f"{count_of(n, 'subject')} the numbers of baseline and treatment nights differ"
        )
    elif n > EXACT_UP_TO_N:
        exact = "valid, because each subject has as many baseline as treatment nights"
    return f"The sign-flip test {patterns}; it is {exact}."


def _causality(design: str, spec: ComparisonSpec, nights: Sequence[MeasuredNight]) -> str:
    if design == "before-after":
        several = len({n.arm for n in nights if n.arm}) > 1
        no_control = (
            "no control arm is used, because the spec names no [arms]" if several
            else "there is no control arm"
        )  # fmt: skip
        return (
            f"Before-after, not causal: {no_control}, so time and expectation are in "
            "every difference, and regression to the mean where subjects were selected by these "
            "baseline nights."
        )
    washout = "washout not stated" if spec.washout_days is None else (
        f"washout {spec.washout_days:g} days")  # fmt: skip
    return (
        f"Crossover ({washout}): treatment effects freed from the period effect by Hills and "
        "Armitage in a table of their own, and no change is claimed without it; carry-over is not "
        "tested, the washout must rule it out."
    )


def _first_nights(
    flow: Sequence[FlowStep], nights: Sequence[MeasuredNight], spec: ComparisonSpec
) -> str:
    dropped = _step(flow, "first night in laboratory").nights
    if dropped:
        where = " of the baseline" if spec.first_night == "rule" else ""
        return f"First nights in the laboratory: {dropped} left out{where}."
    if any(n.night_in_lab is not None for n in nights):
        return "First nights in the laboratory: none left out."
    return "First nights in the laboratory are not marked (column night_in_lab): bias is possible."


def _comedication(nights: Sequence[MeasuredNight]) -> str:
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


def _stages(nights: Sequence[MeasuredNight]) -> str:
    """What the stages are, and what they are not."""
    if nights and all(map(was_scored_by_a_person, nights)):
        return "Stages scored by a person; arousals are not read. Not for diagnosis."
    return (
        "Automatic stages, not AASM scoring; not for diagnosis. N1 is the weakest (human kappa "
        "0.24); arousals are not scored."
    )


def _staging(recipe: Mapping[str, Sequence[str]]) -> str:
    fields = [
        f"{name} {' | '.join(value[:12] if len(value) == 64 else value for value in recipe[name])}"
        for name in ("stager", "classifier", "derivations", "window")
        if recipe.get(name)
    ]
    if not fields:
        return "The table does not say how the nights were staged."
    return f"Staged by {'; '.join(fields)}."


def _trust(contrasts: Sequence[Contrast], recipe: Mapping[str, Sequence[str]]) -> str | None:
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


def _flags(nights: Sequence[MeasuredNight]) -> str:
    stated = [night.flags for night in nights if night.flags is not None]
    if not stated:
        return "Quality flags are not stated (column flags)."
    flagged = [set(flags) for flags in stated if flags]
    if not flagged:
        return f"Quality flags: none on {count_of(len(stated), 'analysed night')}."
    counts = Counter(flag for flags in flagged for flag in flags)
    often = ", ".join(f"{f} ({n})" for f, n in sorted(counts.items(), key=lambda x: (-x[1], x[0])))
    return f"Quality flags on {len(flagged)} of {len(nights)} analysed nights: {often}."


def _tipping_points(
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
