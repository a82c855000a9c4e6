"""Crossover effects: the treatment effect of an endpoint freed from the period effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.model.comparison.results import CrossoverRow

if TYPE_CHECKING:
    from psgpipe.comparison.statistics.crossover import CrossoverEffect
from psgpipe.comparison.nights.design import treated_first


def freed_from_period(
    selection: NightSelection, analyses: Sequence[EndpointAnalysis]
) -> dict[str, CrossoverEffect]:
    """Hills-Armitage by endpoint, on the same differences as the sign-flip test."""
    # A before-after comparison needs none of this.
    from psgpipe.comparison.statistics.crossover import hills_armitage

    order = {s: treated_first(selection, s) for s in selection.baseline}
    effects = {}
    for a in analyses:
        clear = [i for i, s in enumerate(a.nights.subjects) if order[s] is not None]
        first = [bool(order[a.nights.subjects[i]]) for i in clear]
        effect = hills_armitage(a.differences[clear], first) if clear else None
        if effect is not None:
            effects[a.nights.endpoint] = effect
    return effects


def crossover_rows(
    analyses: Sequence[EndpointAnalysis], effects: Mapping[str, CrossoverEffect]
) -> tuple[CrossoverRow, ...]:
    """The effects of the endpoints whose differences are in their unit, not ranks."""
    return tuple(
        CrossoverRow(
            a.nights.endpoint, a.nights.unit, effect.n_treated_first, effect.n_treated_second,
            effect.difference, effect.low, effect.high, effect.df, effect.p,
            effect.period_difference, effect.period_p,
        )
        for a in analyses
        if a.contrast.difference is not None
        and (effect := effects.get(a.nights.endpoint)) is not None
    )  # fmt: skip


def p_of_primary(
    analyses: Sequence[EndpointAnalysis], design: str, freed: Mapping[str, CrossoverEffect]
) -> float | None:
    """The p on which the claim of the primary endpoint rests; None without a primary endpoint.

    In a crossover it is the larger one of the sign-flip test and of Hills-Armitage; 1 where there
    is no such p.
    """
    primary = [a.contrast for a in analyses if a.contrast.role == "primary"]
    if not primary:
        return None
    p = [primary[0].p_of_verdict]
    if design == "crossover":
        effect = freed.get(primary[0].endpoint)
        p.append(None if effect is None else effect.p)
    return max(1.0 if value is None else value for value in p)
