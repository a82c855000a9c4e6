"""Endpoints whose sign-flip test is not exact: skewed nights, many more in one condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from psgpipe.comparison.endpoints.endpoint_values import EndpointNights
from psgpipe.comparison.endpoints.latencies import EVENTS
from psgpipe.comparison.nights.imbalance import UNEQUAL_NIGHTS
from psgpipe.comparison.statistics.reliable_change import skewness_within

SKEWED_FROM = 0.7
_SKEWED_BY_NATURE_FROM = 0.35
_SKEWED_BY_NATURE = (*EVENTS, "waso_min", "waso_spt_min", "waso_lps_min", "wake_min")
_NIGHTS_TO_JUDGE_SKEW = 12


def inexact_sign_flips(nights: EndpointNights) -> str | None:
    """A remark where much more nights in one condition and skewed nights bend the sign-flip test.

    The mean of six skewed nights minus one such night is not symmetric, though the nights of both
    conditions are alike. Ranks and logarithms are hardly skewed.
    """
    if nights.censored or nights.transform == "rank" or not nights.subjects:
        return None
    counts = np.array([(nights.baseline[s].size, nights.treatment[s].size)
                       for s in nights.subjects])  # fmt: skip
    times = float(np.exp(np.log(counts[:, 0] / counts[:, 1]).mean()))
    if max(times, 1 / times) < UNEQUAL_NIGHTS or not _is_skewed(nights):
        return None
    before, under = counts.mean(axis=0)
    return (
        f"sign-flip test not exact: {before:.3g} baseline nights to {under:.3g} treatment nights, "
        "and skewed nights (type I error up to 10 % instead of 5 %): declare the transformation "
        f"{'rank' if nights.transform == 'log' else 'log or rank'}"
    )


def _is_skewed(nights: EndpointNights) -> bool:
    """Whether the nights of a subject are skewed, by themselves or by what they measure."""
    by_nature = nights.transform == "none" and nights.endpoint in _SKEWED_BY_NATURE
    # Two nights lie symmetrically around their mean and say nothing about skewness.
    groups = [v for v in (*nights.baseline.values(), *nights.treatment.values()) if v.size > 2]
    if sum(v.size for v in groups) < _NIGHTS_TO_JUDGE_SKEW:
        return by_nature
    limit = _SKEWED_BY_NATURE_FROM if by_nature else SKEWED_FROM
    return abs(skewness_within(groups)) >= limit


def inexact_warning(remarks: Mapping[str, str | None]) -> Iterator[str]:
    """One warning for all endpoints whose sign-flip test is not exact."""
    endpoints = [endpoint for endpoint, remark in remarks.items() if remark]
    if endpoints:
        yield (
            "the sign-flip test is not exact for skewed endpoints with much more nights in one "
            f"condition: {', '.join(endpoints)}; declare [transform] log or rank for them"
        )
