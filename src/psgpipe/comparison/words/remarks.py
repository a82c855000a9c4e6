"""Remarks on a contrast: what a reader must know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.endpoints.endpoint_values import (
    EndpointNights,
    absent_nights,
    unknown_lights,
)
from psgpipe.comparison.endpoints.exactness import inexact_sign_flips
from psgpipe.comparison.endpoints.testability import ALPHA, is_testable, smallest_p
from psgpipe.comparison.endpoints.units import unit_of
from psgpipe.comparison.statistics.multiplicity import benjamini_hochberg, holm
from psgpipe.comparison.words.shown_numbers import ratio
from psgpipe.messages import count_of
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.spec import ComparisonSpec

if TYPE_CHECKING:
    from psgpipe.comparison.statistics.crossover import CrossoverEffect
from psgpipe.comparison.endpoints.claims import is_claimed, is_held_back

_ADJUST = {
    "holm": holm,
    "hierarchical-holm": holm,
    "benjamini-hochberg": benjamini_hochberg,
}


def contrast_remarks(
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
        "before-after, not causal" if before_after and is_claimed(contrast, design, None) else None,
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


def out_of_reach_remarks(contrasts: Sequence[Contrast]) -> dict[str, str]:
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
            c.endpoint: f"with {count_of(c.n_subjects, 'subject')} no {c.test} p among "
            f"{len(family)} can reach 0.05"
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
    p = analysis.p_within_family
    if p is None or not is_held_back(analysis, design, freed):
        return None
    return (
        f"Holm among the secondary endpoints gives p {p:.3f}; they are "
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
