"""What is claimed of an endpoint: a change and its direction, or no change beyond a margin."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.endpoints.latencies import EVENTS
from psgpipe.comparison.endpoints.testability import ALPHA, is_testable
from psgpipe.model.comparison.contrast import Contrast, Direction
from psgpipe.model.comparison.spec import ComparisonSpec

if TYPE_CHECKING:
    from psgpipe.comparison.statistics.crossover import CrossoverEffect


def is_held_back(analysis: EndpointAnalysis, design: str, freed: CrossoverEffect | None) -> bool:
    """Whether only the failure of the primary endpoint holds back a secondary claim."""
    contrast, alone = analysis.contrast, analysis.p_within_family
    if alone is None or is_claimed(contrast, design, freed):
        return False
    return is_claimed(replace(contrast, p_adjusted=alone), design, freed)


def equivalence_margin(
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


def tested_direction(analysis: EndpointAnalysis) -> Direction:
    """The direction of what was tested: of the mean difference, or of the ranks."""
    rises = analysis.rises
    ranked = analysis.nights.censored or analysis.nights.transform == "rank"
    if ranked and analysis.nights.endpoint in EVENTS:
        return "later" if rises else "earlier"
    return "higher" if rises else "lower"


def is_claimed(contrast: Contrast, design: str, freed: CrossoverEffect | None) -> bool:
    """Whether a change is claimed: by the adjusted p, in a crossover by both tests.

    Where one sequence has more subjects, or only one sequence has the endpoint, the mean
    difference contains a period effect.
    """
    significant = contrast.p_adjusted is not None and contrast.p_adjusted <= ALPHA
    confirmed = design != "crossover" or (freed is not None and freed.p <= ALPHA)
    return is_testable(contrast) and significant and confirmed
