"""Wilcoxon's signed-rank statistic without ties: its distribution and the rank of a limit."""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

# The distribution of n subjects has n^2/2 values and takes n^3/6 steps.
WHOLE_DISTRIBUTION_UP_TO_N = 300
# Beyond so many SD a probability is smaller than the rounding error of the sum.
_REACH_SD = 12

Values = npt.NDArray[np.float64]


@functools.lru_cache(maxsize=64)
def walsh_rank(n: int, level: float) -> tuple[int, float]:
    """Rank of the Walsh average that bounds the interval of `n` subjects, and its coverage.

    The interval from the c-th smallest to the c-th largest Walsh average covers 1 - 2 P(T+ < c),
    with T+ the signed-rank statistic. The rank c is the largest whose coverage is not below
    `level`; where none is, c is 1.
    """
    below, most = _cumulative(n), (1 - level) / 2 + 1e-12
    low, high = 0, n * (n + 1) // 4
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if below(middle) <= most else (low, middle - 1)
    return low + 1, 1 - 2 * below(low)


def _cumulative(n: int) -> functools.partial[float]:
    """The function P(T+ <= k) of `n` subjects."""
    if n <= WHOLE_DISTRIBUTION_UP_TO_N:
        return functools.partial(_summed, np.cumsum(signed_rank_probabilities(n)))
    return functools.partial(_inverted, n, *_characteristic(n))


def _summed(cumulative: Values, k: int) -> float:
    return float(cumulative[k])


def signed_rank_probabilities(n: int) -> Values:
    """P(T+ = k) for k = 0 ... n(n+1)/2."""
    p = np.zeros(n * (n + 1) // 2 + 1)
    p[0] = 1.0
    for rank in range(1, n + 1):
        p[rank:] = (p[rank:] + p[:-rank]) / 2
        p[:rank] /= 2
    return p


def _characteristic(n: int) -> tuple[Values, Values]:
    """Frequencies, and the characteristic function of T+ minus its mean at each of them."""
    step = math.pi / (_REACH_SD * _sd(n))
    frequencies = step * (np.arange(math.ceil(_REACH_SD / _sd(n) / step)) + 0.5)
    ranks = np.arange(1, n + 1)
    return np.asarray(frequencies, dtype=float), np.array(
        [np.cos(f * ranks / 2).prod() for f in frequencies]
    )


def _sd(n: int) -> float:
    return math.sqrt(n * (n + 1) * (2 * n + 1) / 24)


def _inverted(n: int, frequencies: Values, characteristic: Values, k: int) -> float:
    """P(T+ <= k) from the characteristic function, to rounding error; k is not above the mean.

    References
    ----------
    Davies RB (1973), Biometrika 60:415-417.
    """
    to_mean = n * (n + 1) / 4 - k - 0.5
    if to_mean > _REACH_SD * _sd(n):
        return 0.0
    terms = characteristic * np.sin(frequencies * to_mean) / np.sin(frequencies / 2)
    step = 2 * frequencies[0]
    return float(0.5 - step / (2 * math.pi) * terms.sum())
