"""P values adjusted within each family of endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.endpoints.endpoint_values import Values
from psgpipe.comparison.statistics.multiplicity import benjamini_hochberg, holm
from psgpipe.comparison.statistics.sign_flip import max_t_sign_flip_p
from psgpipe.model.comparison.spec import ComparisonSpec


def adjust(
    analyses: Sequence[EndpointAnalysis], spec: ComparisonSpec, primary_p: float | None = None
) -> tuple[EndpointAnalysis, ...]:
    """The same endpoints with the sign-flip p adjusted within each family.

    The primary endpoint is not adjusted. The secondary endpoints are adjusted by Holm and, unless
    the spec calls them supportive, never below the p of the primary endpoint; the exploratory ones
    by Benjamini-Hochberg or, where the spec says so, by the largest |t|.

    Parameters
    ----------
    primary_p
        The p on which the claim of the primary endpoint rests.

    References
    ----------
    Dmitrienko A, Tamhane AC (2007), Pharm Stat 6:171-180 (serial gatekeeping).
    """
    gate = primary_p if spec.secondary_rule == "hierarchical" else None
    adjusted: dict[str, EndpointAnalysis] = {}
    for role in ("primary", "secondary", "exploratory"):
        family = [a for a in analyses if a.contrast.role == role and a.differences.size]
        if family:
            method, p = _adjusted_p(role, family, spec)
            for a, value in zip(family, p, strict=True):
                adjusted[a.nights.endpoint] = _with_adjusted_p(a, float(value), method, gate)
    return tuple(adjusted.get(a.nights.endpoint, a) for a in analyses)


def _with_adjusted_p(
    a: EndpointAnalysis, p: float, method: str, gate: float | None
) -> EndpointAnalysis:
    """The endpoint with its adjusted p; of a secondary one, not below the gate."""
    if a.contrast.role != "secondary" or gate is None:
        return replace(a, contrast=replace(a.contrast, p_adjusted=p, adjustment=method))
    contrast = replace(a.contrast, p_adjusted=max(p, gate), adjustment=f"hierarchical-{method}")
    return replace(a, contrast=contrast, p_within_family=p)


def _adjusted_p(
    role: str, family: Sequence[EndpointAnalysis], spec: ComparisonSpec
) -> tuple[str, Values]:
    """The method and the adjusted p of each endpoint of the family."""
    p = np.array([a.contrast.p_of_verdict for a in family], dtype=float)
    if role == "primary":
        return "none", p
    if role == "secondary":
        return "holm", holm(p)
    if spec.max_t and family[0].arms is not None:
        return "max-t", _max_t_of_arms(family, spec.seed)
    if spec.max_t:
        return "max-t", max_t_sign_flip_p(_matrix(family), spec.seed)
    return "benjamini-hochberg", benjamini_hochberg(p)


def _matrix(family: Sequence[EndpointAnalysis]) -> Values:
    """Differences, subjects in rows and endpoints in columns; NaN where a subject lacks one."""
    subjects = sorted({s for a in family for s in a.nights.subjects})
    place = {subject: row for row, subject in enumerate(subjects)}
    matrix = np.full((len(subjects), len(family)), np.nan)
    for column, a in enumerate(family):
        matrix[[place[s] for s in a.nights.subjects], column] = a.differences
    return matrix


def _max_t_of_arms(family: Sequence[EndpointAnalysis], seed: int) -> Values:
    """The p of each endpoint, adjusted for all of the family by the largest |t| of the arms."""
    # A comparison within subjects needs none of this.
    from psgpipe.comparison.statistics.arms.permutation import max_t_permutation_p

    arms = [(a.nights.subjects, a.arms) for a in family if a.arms is not None]
    treated = {s: bool(is_in) for names, of in arms
               for s, is_in in zip(names, of.treated, strict=True)}  # fmt: skip
    place = {subject: row for row, subject in enumerate(sorted(treated))}
    baseline, outcome = (np.full((len(place), len(arms)), np.nan) for _ in range(2))
    for column, (names, of) in enumerate(arms):
        rows = [place[s] for s in names]
        baseline[rows, column], outcome[rows, column] = of.baseline, of.outcome
    return max_t_permutation_p(baseline, outcome, [treated[s] for s in place], seed)
