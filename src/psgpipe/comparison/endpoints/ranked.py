"""Endpoints tested by ranks: latencies that are longer than a night, and declared ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.endpoints.endpoint_values import (
    EndpointNights,
    Values,
    finite_or_none,
    long_format,
)
from psgpipe.comparison.endpoints.latencies import EVENTS
from psgpipe.comparison.endpoints.units import unit_of
from psgpipe.comparison.statistics.hodges_lehmann import HodgesLehmann, hodges_lehmann
from psgpipe.comparison.statistics.sign_flip import sign_flip_p
from psgpipe.messages import count_of, have
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.spec import ComparisonSpec


def analyse_ranks(
    nights: EndpointNights, empty: Contrast, spec: ComparisonSpec
) -> EndpointAnalysis:
    """Ranks and medians instead of means; a latency longer than its night has the worst rank."""
    # Endpoints that have a mean need none of this.
    from psgpipe.comparison.statistics.censored import latency_change_min, worst_rank_differences

    y, subject, treated = long_format(nights)
    ranks = worst_rank_differences(y, subject, treated)
    d = np.array([ranks[name] for name in nights.subjects])
    before, under = subject_medians(nights.baseline), subject_medians(nights.treatment)
    later = [latency_change_min(b, t) for b, t in zip(before, under, strict=True)]
    hl = hodges_lehmann(later)
    remark = f"{why_ranks(nights)}; median of subjects {medians_shown(nights, before, under)}"
    contrast = replace(
        with_shift(empty, hl),
        p_sign_flip=sign_flip_p(d, spec.seed),
        remarks=ranked_remarks(nights, remark, hl),
    )
    return EndpointAnalysis(nights, contrast, d)


def why_ranks(nights: EndpointNights) -> str:
    """Why an endpoint is tested by ranks."""
    if not nights.censored:
        return "tested by the ranks of all nights, as declared"
    return (
        f"{nights.censored} of {count_of(nights.n_baseline + nights.n_treatment, 'night')} "
        f"{have(nights.censored)} no {EVENTS[nights.endpoint]}; they are ranked behind all others "
        "(worst rank) and a mean does not exist"
    )


def subject_medians(nights: Mapping[str, Values]) -> list[float]:
    """The median of each subject's nights; infinite where half of them are censored."""
    from psgpipe.comparison.statistics.censored import median_latency_min

    return [median_latency_min(values) for values in nights.values()]


def medians_shown(nights: EndpointNights, before: Sequence[float], under: Sequence[float]) -> str:
    """The median over subjects in both conditions, in the endpoint's own unit."""
    shown = f"{_latency(nights, before)} -> {_latency(nights, under)} {unit_of(nights.endpoint)}"
    return shown.rstrip()


def with_shift(contrast: Contrast, hl: HodgesLehmann) -> Contrast:
    """The contrast with a Hodges-Lehmann shift; infinite numbers do not exist."""
    return replace(
        contrast,
        hodges_lehmann=finite_or_none(hl.estimate),
        hl_low=finite_or_none(hl.low),
        hl_high=finite_or_none(hl.high),
        hl_coverage=hl.coverage,
    )


def ranked_remarks(nights: EndpointNights, remark: str, hl: HodgesLehmann) -> tuple[str, ...]:
    """The remarks on ranked nights: in plain words where no change in minutes can be given."""
    if nights.censored == nights.n_baseline + nights.n_treatment:
        return (f"no night has {EVENTS[nights.endpoint]}, so there is nothing to compare",)
    beyond = _beyond_the_night(hl)
    if finite_or_none(hl.estimate) is None:
        return ("too few nights reached it for a change in minutes", remark, *beyond)
    return (remark, *beyond)


def _beyond_the_night(hl: HodgesLehmann) -> tuple[str, ...]:
    """A remark where parts of a Hodges-Lehmann shift of latencies are infinite."""
    parts = (("estimate", hl.estimate), ("lower limit", hl.low), ("upper limit", hl.high))
    beyond = [name for name, value in parts if value is not None and np.isinf(value)]
    return (f"Hodges-Lehmann {', '.join(beyond)} beyond the length of a night",) if beyond else ()


def _latency(nights: EndpointNights, medians: Sequence[float]) -> str:
    from psgpipe.comparison.statistics.censored import median_latency_min

    middle = median_latency_min(medians)
    return f"{nights.as_measured(middle):.3g}" if np.isfinite(middle) else "not reached"
