"""What a comparison says in words: the verdict and note of a row, the sentences of a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from psgpipe.model.comparison import (
    ComparisonSpec,
    Contrast,
    Declaration,
    FlowStep,
    MeasuredNight,
)
from psgpipe.pipeline.contrasts import Analysed
from psgpipe.pipeline.endpoint_nights import DEPEND_ON_LIGHTS
from psgpipe.pipeline.night_selection import count_of
from psgpipe.science.paired import G_AV_FORMULA
from psgpipe.science.regression_to_mean import expected_drift

ALPHA = 0.05
TESTABLE_FROM_N = 6
FIRM_FROM_N = 12
NO_TEST = "no test at 0.05 is possible"


def worded(
    analysed: Sequence[Analysed], spec: ComparisonSpec, declaration: Declaration, design: str
) -> tuple[Contrast, ...]:
    """Every row with its verdict and note."""
    families = {
        role: sum(a.contrast.role == role and a.differences.size > 0 for a in analysed)
        for role in ("primary", "secondary", "exploratory")
    }
    return tuple(
        replace(
            a.contrast,
            verdict=verdict(a.contrast, a.nights.transform, spec),
            note="; ".join(
                (*_remarks(a, spec, design, families[a.contrast.role]), *stamps(declaration))
            ),
        )
        for a in analysed
    )


def verdict(contrast: Contrast, transform: str, spec: ComparisonSpec) -> str:
    """The words for a row: what may be claimed from so many subjects."""
    n = contrast.n_subjects
    if n == 0:
        return "not analysed"
    if n < TESTABLE_FROM_N:
        return f"descriptive: {NO_TEST}"
    hedges = [
        *(["preliminary"] if n < FIRM_FROM_N else []),
        *(["exploratory"] if contrast.role == "exploratory" else []),
    ]
    said = _finding(contrast, transform, spec)
    return f"{', '.join(hedges)}: {said}" if hedges else said


def _finding(contrast: Contrast, transform: str, spec: ComparisonSpec) -> str:
    margin = spec.equivalence.get(contrast.endpoint)
    if margin is not None and _inside(contrast, transform, margin):
        within = f"ratio {1 / margin:.3g} to {margin:g}" if transform == "log" else (
            f"-{margin:g} to {margin:g} {contrast.unit}".rstrip())  # fmt: skip
        return f"no change (interval within {within})"
    if contrast.p_adjusted is None or contrast.p_adjusted > ALPHA:
        return "no evidence of change"
    return f"{_direction(contrast)} under treatment"


def _inside(contrast: Contrast, transform: str, margin: float) -> bool:
    """Whether the 95 % interval lies inside the declared margin."""
    if contrast.ci_low is None or contrast.ci_high is None:
        return False
    limit = math.log(margin) if transform == "log" else margin
    return -limit < contrast.ci_low and contrast.ci_high < limit


def _direction(contrast: Contrast) -> str:
    change = contrast.difference
    if change is not None:
        return "higher" if change > 0 else "lower"
    # Censored latencies: the direction of the ranks is that of the Hodges-Lehmann shift.
    shift = contrast.hodges_lehmann
    return "changed" if not shift else "later" if shift > 0 else "earlier"


def _claims(contrast: Contrast) -> bool:
    return contrast.n_subjects >= TESTABLE_FROM_N and (contrast.p_adjusted or 1) <= ALPHA


def _remarks(a: Analysed, spec: ComparisonSpec, design: str, family: int) -> list[str]:
    """What must be said about a row, most important first."""
    c = a.contrast
    said = [
        _ratio(a),
        _attainable(c, family),
        _disagreement(c),
        "before-after, not causal" if _claims(c) and design == "before-after" else None,
        _drift(a, spec) if design == "before-after" else None,
        _lacking(a),
        _lights(a),
        *a.remarks,
        "N1 is the weakest stage, of stagers and of experts (human kappa 0.24)"
        if c.endpoint in ("n1_pct", "n1_min")
        else None,
    ]
    return [sentence for sentence in said if sentence]


def _ratio(a: Analysed) -> str | None:
    c = a.contrast
    if a.nights.transform != "log" or c.difference is None:
        return None
    if c.ci_low is None or c.ci_high is None:
        return f"ratio of geometric means {math.exp(c.difference):.2f}"
    low, high = math.exp(c.ci_low), math.exp(c.ci_high)
    return f"ratio {math.exp(c.difference):.2f} (95 % {low:.2f} to {high:.2f})"


def _attainable(c: Contrast, family: int) -> str | None:
    """Whether any outcome could have reached 0.05 after adjustment."""
    factor = {"holm": family, "benjamini-hochberg": 1}.get(c.adjustment, 1)
    smallest = factor * 2.0 ** (1 - c.n_subjects)
    if c.n_subjects < TESTABLE_FROM_N or smallest <= ALPHA:
        return None
    return f"with {c.n_subjects} subjects no sign-flip p among {family} can reach 0.05"


def _disagreement(c: Contrast) -> str | None:
    if c.n_subjects < TESTABLE_FROM_N or c.p_t is None or c.p_sign_flip is None:
        return None
    if (c.p_t <= ALPHA) != (c.p_sign_flip <= ALPHA):
        return f"t test (p {c.p_t:.3f}) and sign-flip test (p {c.p_sign_flip:.3f}) disagree"
    if c.kr_p is not None and (c.kr_p <= ALPHA) != (c.p_sign_flip <= ALPHA):
        return f"mixed model (p {c.kr_p:.3f}) and sign-flip test (p {c.p_sign_flip:.3f}) disagree"
    return None


def _drift(a: Analysed, spec: ComparisonSpec) -> str | None:
    population = spec.population.get(a.nights.endpoint)
    mean = a.contrast.baseline_mean
    if population is None or mean is None:
        return None
    raw = math.exp(mean) if a.nights.transform == "log" else mean
    drift = expected_drift(raw, population.mean, population.icc)
    unit = a.nights.unit if a.nights.transform == "none" else "in the raw unit"
    return f"expected without treatment, by regression to the mean: {drift:+.3g} {unit}".rstrip()


def _lacking(a: Analysed) -> str | None:
    return f"absent in {count_of(a.nights.lacking, 'night')}" if a.nights.lacking else None


def _lights(a: Analysed) -> str | None:
    if a.nights.endpoint not in DEPEND_ON_LIGHTS or not a.nights.lights_unknown:
        return None
    return f"depends on lights, not known in {count_of(a.nights.lights_unknown, 'night')}"


def stamps(declaration: Declaration) -> list[str]:
    """What every row of every table carries."""
    if declaration.exploratory:
        return ["EXPLORATORY: the spec was edited after it was locked"]
    if declaration.locked_at:
        return [f"spec locked {declaration.locked_at} sha256 {declaration.sha256}"]
    return []


def sentences(
    spec: ComparisonSpec,
    declaration: Declaration,
    design: str,
    contrasts: Sequence[Contrast],
    flow: Sequence[FlowStep],
    nights: Sequence[MeasuredNight],
    recipe: Mapping[str, Sequence[str]],
    tipping: str | None,
) -> tuple[str, ...]:
    """What must stand beside every table of a comparison."""
    said = [
        _who(flow),
        _size(flow),
        _declared(spec, declaration),
        _multiplicity(contrasts) if _step(flow, "analysed").subjects >= TESTABLE_FROM_N else None,
        _causality(design, spec),
        _first_nights(flow, nights),
        _comedication(nights, spec),
        _how_staged(recipe),
        tipping,
        "Stage percentages are parts of one whole, and TST, SE and WASO are tied: they are not "
        "independent evidence.",
        "No evidence of change is not evidence of no change; that needs a declared margin.",
        "A group mean is not this patient; subjects.tsv has each subject's own change.",
        f"Intervals are 95 %; tests are two-sided; g_av = {G_AV_FORMULA}.",
        "Automatic stages, not AASM scoring; not for diagnosis. N1 is the weakest (human kappa "
        "0.24); arousals are not scored.",
    ]
    return tuple(sentence for sentence in said if sentence)


def _step(flow: Sequence[FlowStep], name: str) -> FlowStep:
    return next(step for step in flow if step.step == name)


def _who(flow: Sequence[FlowStep]) -> str:
    listed, analysed = _step(flow, "listed"), _step(flow, "analysed")
    lost = [f"{s.nights} {s.step}" for s in flow[1:] if s.nights and s.step != "analysed"]
    return (
        f"{count_of(analysed.subjects, 'subject')}, {count_of(analysed.nights, 'night')} analysed "
        f"of {listed.nights} listed" + (f" ({', '.join(lost)})." if lost else ".")
    )


def _size(flow: Sequence[FlowStep]) -> str | None:
    n = _step(flow, "analysed").subjects
    if n < TESTABLE_FROM_N:
        return f"With {count_of(n, 'subject')} {NO_TEST}: the numbers are descriptive."
    if n < FIRM_FROM_N:
        return f"With {n} subjects the results are preliminary."
    return None


def _declared(spec: ComparisonSpec, declaration: Declaration) -> str:
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
    words = {"holm": "Holm", "benjamini-hochberg": "Benjamini-Hochberg", "max-t": "max-T sign-flip"}
    parts = []
    for role in ("secondary", "exploratory"):
        family = [c for c in contrasts if c.role == role and c.adjustment in words]
        if family:
            parts.append(
                f"{words[family[0].adjustment]} over {count_of(len(family), f'{role} endpoint')}"
            )
    alone = any(c.role == "primary" for c in contrasts)
    head = "The primary endpoint is not adjusted" if alone else ""
    said = "; ".join(p for p in (head, *parts) if p)
    return f"{said}; verdicts rest on the (adjusted) sign-flip p." if said else ""


def _causality(design: str, spec: ComparisonSpec) -> str:
    if design == "before-after":
        return (
            "Before-after, not causal: there is no control arm, so time, expectation and "
            "regression to the mean are in every difference."
        )
    washout = "washout not stated" if spec.washout_days is None else (
        f"washout {spec.washout_days:g} days")  # fmt: skip
    return (
        f"Crossover ({washout}): treatment effects freed from the period effect by Hills and "
        "Armitage; carry-over is not tested, the washout must rule it out."
    )


def _first_nights(flow: Sequence[FlowStep], nights: Sequence[MeasuredNight]) -> str:
    dropped = _step(flow, "first night in laboratory").nights
    if dropped:
        return f"First nights in the laboratory: {dropped} left out of the baseline."
    if any(n.night_in_lab is not None for n in nights):
        return "First nights in the laboratory: none left out."
    return "First nights in the laboratory are not marked (column night_in_lab): bias is possible."


def _comedication(nights: Sequence[MeasuredNight], spec: ComparisonSpec) -> str:
    if not any(n.comedication for n in nights):
        return "Co-medication is not stated (column comedication)."
    by_subject: dict[str, set[str]] = {}
    for night in nights:
        by_subject.setdefault(night.subject, set()).add(night.comedication or "not stated")
    changed = sorted(s for s, found in by_subject.items() if len(found) > 1)
    if not changed:
        return "Co-medication: the same on all analysed nights of each subject."
    return f"Co-medication differs between nights of {', '.join(changed[:8])}" + (
        f" and {len(changed) - 8} more." if len(changed) > 8 else "."
    )


def _how_staged(recipe: Mapping[str, Sequence[str]]) -> str:
    said = [
        f"{name} {' | '.join(value[:12] if len(value) == 64 else value for value in recipe[name])}"
        for name in ("stager", "classifier", "derivations", "window")
        if recipe.get(name)
    ]
    if not said:
        return "The table does not say how the nights were staged."
    return f"Staged by {'; '.join(said)}."
