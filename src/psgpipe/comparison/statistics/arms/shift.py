"""Hodges and Lehmann's shift between two arms: the median of all differences of two subjects."""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.statistics.hodges_lehmann import HodgesLehmann

# Above so many pairs the distribution of the rank sum is taken as normal.
WHOLE_DISTRIBUTION_UP_TO_PAIRS = 10_000

Values = npt.NDArray[np.float64]


def arm_shift(
    treatment: npt.ArrayLike, control: npt.ArrayLike, level: float = 0.95
) -> HodgesLehmann:
    """Median of treatment minus control over all pairs of subjects, and its interval.

    Parameters
    ----------
    treatment, control
        Changes of the subjects of each arm; infinite values count as worst ranks.

    References
    ----------
    Hollander M, Wolfe DA, Chicken E (2014), Nonparametric statistical methods, 4.2-4.3. Wiley.
    """
    t, c = np.asarray(treatment, dtype=float), np.asarray(control, dtype=float)
    with np.errstate(invalid="ignore"):  # two infinite values are alike
        pairs = np.nan_to_num(
            (t[:, np.newaxis] - c).ravel(), nan=0.0, posinf=np.inf, neginf=-np.inf
        )
    rank, coverage = pair_rank(t.size, c.size, level)
    n = pairs.size
    places = sorted({(n - 1) // 2, n // 2, rank - 1, n - rank})
    ordered = np.partition(pairs, places)
    below, above = float(ordered[(n - 1) // 2]), float(ordered[n // 2])
    middle = below if below == above else (below + above) / 2
    return HodgesLehmann(middle, float(ordered[rank - 1]), float(ordered[n - rank]), coverage)


@functools.lru_cache(maxsize=64)
def pair_rank(m: int, n: int, level: float) -> tuple[int, float]:
    """Rank of the pair that bounds the interval of arms of `m` and `n`, and its coverage.

    The interval from the c-th smallest to the c-th largest difference covers 1 - 2 P(U < c). The
    rank c is the largest whose coverage is not below `level`; where none is, c is 1.
    """
    if m * n <= WHOLE_DISTRIBUTION_UP_TO_PAIRS:
        below = np.cumsum(rank_sum_probabilities(m, n))[: m * n // 2 + 1]
    else:
        from scipy.special import ndtr

        sd = math.sqrt(m * n * (m + n + 1) / 12)
        below = ndtr((np.arange(m * n // 2 + 1) + 0.5 - m * n / 2) / sd)
    last = max(0, int(np.searchsorted(below, (1 - level) / 2 + 1e-12, side="right")) - 1)
    return last + 1, 1 - 2 * float(below[last])


def rank_sum_probabilities(m: int, n: int) -> Values:
    """P(U = u) for u = 0 ... m n of Mann and Whitney's U without ties."""
    of: list[Values] = [np.ones(1) for _ in range(m + 1)]  # of 0 ... m against none
    for k in range(1, n + 1):
        previous, of = of, [np.ones(1)]
        for j in range(1, m + 1):
            p = np.zeros(j * k + 1)
            p[k:] += j / (j + k) * of[j - 1]  # the largest of all is one of the j: it beats k
            p[: j * (k - 1) + 1] += k / (j + k) * previous[j]
            of.append(p)
    return of[m]
