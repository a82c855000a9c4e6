"""Verdicts and remarks: what may be claimed from a contrast, and what a reader must know."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.endpoints.crossover import p_of_primary
from psgpipe.comparison.endpoints.endpoint_values import (
    EndpointNights,
    absent_nights,
    unknown_lights,
)
from psgpipe.comparison.endpoints.exactness import inexact_sign_flips
from psgpipe.comparison.endpoints.latencies import EVENTS
from psgpipe.comparison.endpoints.units import unit_of
from psgpipe.comparison.statistics.multiplicity import benjamini_hochberg, holm
from psgpipe.model.comparison import Contrast, Direction, Hedge
from psgpipe.model.comparison_spec import ComparisonSpec, Declaration

if TYPE_CHECKING:
    from psgpipe.comparison.statistics.crossover import CrossoverEffect

ALPHA = 0.05
NO_VERDICT = "no verdict"
"""How a finding begins that withholds a verdict."""
TESTABLE_FROM_N = 6
FIRM_FROM_N = 12
TESTABLE_ARM_FROM_N = 3
_ADJUST = {
    "holm": holm,
    "hierarchical-holm": holm,
    "benjamini-hochberg": benjamini_hochberg,
}


def with_verdicts(
    analyses: Sequence[EndpointAnalysis],
    spec: ComparisonSpec,
    declaration: Declaration,
    design: str,
    freed: Mapping[str, CrossoverEffect],
) -> tuple[Contrast, ...]:
    """Every contrast with its hedges, finding, remarks and stamp.

    Parameters
    ----------
    freed
        In a crossover, the treatment effect freed from the period effect, by endpoint.
    """
    primary_p = p_of_primary(analyses, design, freed)
    out_of_reach = _out_of_reach([a.contrast for a in analyses if a.differences.size])
    contrasts = []
    for analysis in analyses:
        effect = freed.get(analysis.nights.endpoint)
        margin = _margin(analysis.contrast, spec, design, effect)
        claimed = _claims(analysis.contrast, design, effect)
        direction = _direction(analysis) if claimed else None
        contrasts.append(
            replace(
                analysis.contrast,
                hedges=_hedges(analysis.contrast, spec, primary_p),
                direction=direction,
                finding=_held_back(analysis, design, effect)
                or _finding(analysis.contrast, direction, margin),
                remarks=_remarks(
                    analysis, spec, design, out_of_reach.get(analysis.nights.endpoint), effect
                ),
                stamp=lock_stamp(declaration),
            )
        )
    return tuple(contrasts)


def smallest_p(contrast: Contrast) -> float:
    """The smallest p of the test on which the verdict rests, with so many subjects.

    Of two equal arms, every assignment and its mirror image are equally extreme.
    """
    if contrast.arms is None:
        return 2.0 ** (1 - contrast.n_subjects)
    treatment, control = contrast.arms
    alike = 2 if treatment == control else 1
    return min(1.0, alike / math.comb(treatment + control, treatment))


def is_testable(contrast: Contrast) -> bool:
    """Whether the test can reach 0.05; each arm needs three subjects."""
    if contrast.arms is None:
        return contrast.n_subjects >= TESTABLE_FROM_N
    return min(contrast.arms) >= TESTABLE_ARM_FROM_N and smallest_p(contrast) <= ALPHA


def why_untested(contrast: Contrast) -> str:
    """Why a contrast that is not testable has no verdict."""
    if contrast.arms is not None and min(contrast.arms) < TESTABLE_ARM_FROM_N:
        return f"nothing is tested with fewer than {TESTABLE_ARM_FROM_N} subjects in an arm"
    return f"no exact {contrast.test} test at 0.05 is possible"


def is_firm(contrast: Contrast) -> bool:
    """Whether there are twelve subjects, of arms in each arm; else a result is preliminary."""
    return min(contrast.arms or (contrast.n_subjects,)) >= FIRM_FROM_N


def is_compared(contrast: Contrast) -> bool:
    """Whether there is anything to compare: subjects with the endpoint, in both arms."""
    return contrast.n_subjects > 0 and 0 not in (contrast.arms or ())


def _hedges(contrast: Contrast, spec: ComparisonSpec, primary_p: float | None) -> tuple[Hedge, ...]:
    if not is_compared(contrast):
        return ()
    if not is_testable(contrast):
        return ("descriptive",)
    hedges: list[Hedge] = [] if is_firm(contrast) else ["preliminary"]
    if contrast.role == "exploratory":
        hedges.append("exploratory")
    primary_failed = primary_p is not None and primary_p > ALPHA
    if contrast.role == "secondary" and spec.secondary_rule == "supportive" and primary_failed:
        hedges.append("supportive")
    return tuple(hedges)


def _held_back(
    analysis: EndpointAnalysis, design: str, freed: CrossoverEffect | None
) -> str | None:
    """The finding where only the failure of the primary endpoint holds back a secondary claim."""
    contrast, alone = analysis.contrast, analysis.p_within_family
    if alone is None or _claims(contrast, design, freed):
        return None
    if not _claims(replace(contrast, p_adjusted=alone), design, freed):
        return None
    return "not claimed: the primary endpoint failed"


def _finding(contrast: Contrast, direction: Direction | None, margin: float | None) -> str:
    if not is_compared(contrast):
        return "not analysed"
    if not is_testable(contrast):
        return why_untested(contrast)
    if margin is not None and direction is not None:
        size = f"a ratio of {margin:g}" if contrast.transform == "log" else (
            f"{margin:g} {contrast.unit}".rstrip())  # fmt: skip
        return f"{direction}, but inside the margin of {size}"
    if margin is not None:
        limits = f"ratio {1 / margin:.3g} to {margin:g}" if contrast.transform == "log" else (
            f"-{margin:g} to {margin:g} {contrast.unit}".rstrip())  # fmt: skip
        return f"no change (interval within {limits})"
    return f"{direction} under treatment" if direction else "no evidence of change"


def _margin(
    contrast: Contrast, spec: ComparisonSpec, design: str, freed: CrossoverEffect | None
) -> float | None:
    """The declared equivalence margin, if every interval of the contrast lies inside it."""
    margin = spec.equivalence.get(contrast.endpoint)
    if margin is None or not is_testable(contrast):
        return None
    intervals = [(contrast.ci_low, contrast.ci_high)]
    if design == "crossover":
        intervals.append((freed.low, freed.high) if freed else (None, None))
    limit = math.log(margin) if contrast.transform == "log" else margin
    inside = all(
        low is not None and high is not None and -limit < low and high < limit
        for low, high in intervals
    )
    return margin if inside else None


def _direction(analysis: EndpointAnalysis) -> Direction:
    """The direction of what was tested: of the mean difference, or of the ranks."""
    rises = analysis.rises
    ranked = analysis.nights.censored or analysis.nights.transform == "rank"
    if ranked and analysis.nights.endpoint in EVENTS:
        return "later" if rises else "earlier"
    return "higher" if rises else "lower"


def _claims(contrast: Contrast, design: str, freed: CrossoverEffect | None) -> bool:
    """Whether a change is claimed: by the adjusted p, in a crossover by both tests.

    Where one sequence has more subjects, or only one sequence has the endpoint, the mean
    difference contains a period effect.
    """
    significant = contrast.p_adjusted is not None and contrast.p_adjusted <= ALPHA
    confirmed = design != "crossover" or (freed is not None and freed.p <= ALPHA)
    return is_testable(contrast) and significant and confirmed


def _remarks(
    analysis: EndpointAnalysis,
    spec: ComparisonSpec,
    design: str,
    out_of_reach: str | None,
    freed: CrossoverEffect | None,
) -> tuple[str, ...]:
    """The remarks on a contrast, the most important first."""
    contrast, nights = analysis.contrast, analysis.nights
    before_after = design == "before-after"
    remarks = (
        _ratio_remark(contrast),
        out_of_reach,
        _not_freed(contrast, freed) if design == "crossover" else None,
        _disagreement(contrast, freed),
        _held_back_remark(analysis, design, freed),
        inexact_sign_flips(nights) if contrast.arms is None else None,
        "before-after, not causal" if before_after and _claims(contrast, design, None) else None,
        _drift(nights, spec) if before_after else None,
        absent_nights(nights),
        unknown_lights(nights),
        *contrast.remarks,
        "N1 is the weakest stage, of stagers and of experts (human kappa 0.24)"
        if contrast.endpoint in ("n1_pct", "n1_min")
        else None,
    )
    return tuple(remark for remark in remarks if remark)


def _ratio_remark(contrast: Contrast) -> str | None:
    """A change on the ln scale as a ratio."""
    change, shift = contrast.difference, contrast.hodges_lehmann
    is_log = contrast.transform == "log" or (
        contrast.transform == "none" and unit_of(contrast.endpoint) == "ln"
    )
    if not is_log or (change is None and shift is None):
        return None
    of = (
        f", of the value + {contrast.offset:g} {unit_of(contrast.endpoint)}"
        if contrast.offset
        else ""
    )
    if change is None:
        return f"ratio of medians {ratio(shift or 0.0)}{of}"
    if contrast.ci_low is None or contrast.ci_high is None:
        return f"ratio of geometric means {ratio(change)}{of}"
    limits = f"95 % {ratio(contrast.ci_low)} to {ratio(contrast.ci_high)}"
    return f"ratio {ratio(change)} ({limits}){of}"


def ratio(logarithm: float) -> str:
    """A difference of logarithms as a ratio, with enough digits not to read as 0."""
    if abs(logarithm) > 230:  # beyond 1e100; e^710 cannot be held
        return f"1e{logarithm / math.log(10):+.0f}"
    value = math.exp(logarithm)
    return f"{value:.2f}" if 0.095 <= value < 1000 else f"{value:.2g}"


def _out_of_reach(contrasts: Sequence[Contrast]) -> dict[str, str]:
    """A remark by endpoint, where no outcome of its family could have reached p 0.05.

    Adjusted p rise with every p of the family,
    so they are smallest where all of these are.
    """
    remarks: dict[str, str] = {}
    for role in ("primary", "secondary", "exploratory"):
        family = [c for c in contrasts if c.role == role]
        smallest = np.array([smallest_p(c) for c in family])
        if any(c.adjustment in _ADJUST for c in family):
            smallest = _ADJUST[family[0].adjustment](smallest)
        remarks |= {
            c.endpoint: f"with {c.n_subjects} subjects no {c.test} p among {len(family)} can "
            "reach 0.05"
            for c, p in zip(family, smallest, strict=True)
            if p > ALPHA and is_testable(c)
        }
    return remarks


def _not_freed(c: Contrast, freed: CrossoverEffect | None) -> str | None:
    if freed is not None or not is_testable(c):
        return None
    return (
        "cannot be freed from the period effect, so nothing is claimed: Hills-Armitage needs both "
        "orders of periods and changes that vary"
    )


def _disagreement(c: Contrast, freed: CrossoverEffect | None) -> str | None:
    p = c.p_of_verdict
    if not is_testable(c) or p is None:
        return None
    if freed is not None and (freed.p <= ALPHA) != (p <= ALPHA):
        return (
            f"sign-flip test (p {p:.3f}) and Hills-Armitage, freed from the period "
            f"effect (p {freed.p:.3f}), disagree"
        )
    if c.p_t is None:
        return None
    if (c.p_t <= ALPHA) != (p <= ALPHA):
        return f"t test (p {c.p_t:.3f}) and {c.test} test (p {p:.3f}) disagree"
    if c.kr_p is not None and (c.kr_p <= ALPHA) != (p <= ALPHA):
        return f"mixed model (p {c.kr_p:.3f}) and sign-flip test (p {p:.3f}) disagree"
    return None


def _held_back_remark(
    analysis: EndpointAnalysis, design: str, freed: CrossoverEffect | None
) -> str | None:
    if _held_back(analysis, design, freed) is None or analysis.p_within_family is None:
        return None
    return (
        f"Holm among the secondary endpoints gives p {analysis.p_within_family:.3f}; they are "
        "tested only if the primary endpoint shows a change (hierarchical)"
    )


def _drift(nights: EndpointNights, spec: ComparisonSpec) -> str | None:
    population, mean = spec.population.get(nights.endpoint), nights.raw_baseline_mean
    if population is None or mean is None or nights.censored:
        return None
    # A spec without a population needs none of this.
    from psgpipe.comparison.statistics.regression_to_mean import expected_drift

    drift = expected_drift(mean, population.mean, population.icc)
    unit = unit_of(nights.endpoint)
    return (
        "if subjects were selected by these baseline nights, expected without treatment by "
        f"regression to the mean: {drift:+.3g} {unit}"
    ).rstrip()


def lock_stamp(declaration: Declaration) -> str | None:
    """What every row of every table states about the lock of the spec."""
    if declaration.exploratory:
        return "EXPLORATORY: the spec was edited after it was locked"
    if declaration.locked_at:
        return f"spec locked {declaration.locked_at} sha256 {declaration.sha256}"
    return None
