"""Verdicts: what may be claimed from a contrast, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.endpoints.claims import (
    equivalence_margin,
    is_claimed,
    is_held_back,
    tested_direction,
)
from psgpipe.comparison.endpoints.crossover import p_of_primary
from psgpipe.comparison.endpoints.testability import (
    ALPHA,
    is_compared,
    is_firm,
    is_testable,
    why_untested,
)
from psgpipe.comparison.words.remarks import contrast_remarks, out_of_reach_remarks
from psgpipe.model.comparison.contrast import Contrast, Direction, Hedge
from psgpipe.model.comparison.spec import ComparisonSpec, Declaration

if TYPE_CHECKING:
    from psgpipe.comparison.statistics.crossover import CrossoverEffect

NO_VERDICT = "no verdict"
"""How a finding begins that withholds a verdict."""
HELD_BACK = "not claimed: the primary endpoint failed"


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
    out_of_reach = out_of_reach_remarks([a.contrast for a in analyses if a.differences.size])
    contrasts = []
    for analysis in analyses:
        effect = freed.get(analysis.nights.endpoint)
        margin = equivalence_margin(analysis.contrast, spec, design, effect)
        claimed = is_claimed(analysis.contrast, design, effect)
        direction = tested_direction(analysis) if claimed else None
        contrasts.append(
            replace(
                analysis.contrast,
                hedges=_hedges(analysis.contrast, spec, primary_p),
                direction=direction,
                finding=HELD_BACK
                if is_held_back(analysis, design, effect)
                else _finding(analysis.contrast, direction, margin),
                remarks=contrast_remarks(
                    analysis, spec, design, out_of_reach.get(analysis.nights.endpoint), effect
                ),
                stamp=lock_stamp(declaration),
            )
        )
    return tuple(contrasts)


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


def lock_stamp(declaration: Declaration) -> str | None:
    """What every row of every table states about the lock of the spec."""
    if declaration.exploratory:
        return "EXPLORATORY: the spec was edited after it was locked"
    if declaration.locked_at:
        return f"spec locked {declaration.locked_at} sha256 {declaration.sha256}"
    return None
