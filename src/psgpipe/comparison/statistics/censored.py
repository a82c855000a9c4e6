"""Worst-rank analysis of latencies: nights without the event (REM, sleep) are censored.

Their latency is longer than the night. Without these nights a drug that abolishes REM, or sleep,
would look harmless, so they are ranked behind every night that has the event (worst rank).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.statistics.groups import means

Values = npt.NDArray[np.float64]


def mid_ranks(values: npt.ArrayLike) -> Values:
    """Ranks from 1 in ascending order; equal values share the mean of their ranks.

    Parameters
    ----------
    values
        Shape (n_nights,); infinite where censored, so that all censored nights tie.
    """
    v = np.asarray(values, dtype=float)
    _, index, counts = np.unique(v, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Values = ((last - counts + 1 + last) / 2)[index]
    return ranks


def worst_rank_differences(
    latency_min: npt.ArrayLike, subject: Sequence[str], treated: Sequence[bool]
) -> dict[str, float]:
    """Mean rank of treatment nights minus mean rank of baseline nights, for each subject.

    All nights of all subjects are ranked together. Swapping the conditions of a subject only
    changes the sign of its difference. So a sign-flip test of the differences is exact if each
    subject has as many nights in one condition as in the other.

    Parameters
    ----------
    latency_min
        For each night; infinite where it is longer than the night.
    subject, treated
        For each night; every subject needs nights in both conditions.

    References
    ----------
    Lachin JM (1999), Control Clin Trials 20:408-422 (worst-rank scores).
    """
    of_each = mean_ranks(latency_min, subject, treated)
    return {name: under - before for name, (before, under) in of_each.items()}


def mean_ranks(
    latency_min: npt.ArrayLike, subject: Sequence[str], treated: Sequence[bool]
) -> dict[str, tuple[float, float]]:
    """Mean rank of the baseline nights and of the treatment nights, for each subject.

    The parameters are those of `worst_rank_differences`.
    """
    names, index = np.unique(np.asarray(subject), return_inverse=True)
    cell = 2 * index + np.asarray(treated, dtype=bool)  # the nights of a subject in a condition
    ranks = mid_ranks(latency_min)[np.argsort(cell, kind="stable")]
    of_cells = means(np.split(ranks, np.cumsum(np.bincount(cell))[:-1])).reshape(-1, 2)
    return {str(name): (float(of[0]), float(of[1]))
            for name, of in zip(names, of_cells, strict=True)}  # fmt: skip


def median_latency_min(latency_min: npt.ArrayLike) -> float:
    """Median over nights; infinite where half of them or more are censored.

    With an even number of nights it is infinite, too, where one of the two middle nights is
    censored.
    """
    ordered = np.sort(np.asarray(latency_min, dtype=float))
    return float((ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2]) / 2)


def latency_change_min(baseline_min: float, treatment_min: float) -> float:
    """Treatment minus baseline of two medians; 0 where neither was reached."""
    if np.isinf(baseline_min) and np.isinf(treatment_min):
        return 0.0
    return treatment_min - baseline_min
