"""Reliability of one night, intervals of effect sizes, and what a study could detect."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.statistics.paired import standard_deviation, t_quantile

LEVEL = 0.95
POWER = 0.8
# A variance below this share of the mean square is rounding.
_ROUNDING = 1e-24

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OneNightReliability:
    """How far one night tells subjects apart, from a one-way analysis of variance.

    Attributes
    ----------
    icc, low, high
        ICC(1) of one night and its 95 % interval.
    within_sd
        Night-to-night SD within subjects.
    between_sd
        SD between subjects, free of night-to-night variation; 0 where the estimate is negative.
    mdc95
        Minimal detectable change of one night against one.
    """

    n_subjects: int
    n_nights: int
    icc: float
    low: float
    high: float
    within_sd: float
    between_sd: float
    mdc95: float


def one_night_reliability(nights: Iterable[npt.ArrayLike]) -> OneNightReliability | None:
    """Reliability of one night from the nights of each subject, in any numbers.

    None without two subjects, or where no subject has two nights that differ.

    References
    ----------
    Shrout PE, Fleiss JL (1979), Psychol Bull 86:420-428, ICC(1,1). McGraw KO, Wong SP (1996),
    Psychol Methods 1:30-46. Unequal numbers of nights: the mean number k0 = (N - sum k^2 / N)/(n -
    1), with which the interval is approximate.
    """
    from scipy.special import fdtri

    groups = [np.asarray(values, dtype=float) for values in nights]
    sizes = np.array([values.size for values in groups])
    n, total = sizes.size, int(sizes.sum())
    if n < 2 or total <= n:
        return None
    every = np.concatenate(groups)
    means = np.array([values.mean() for values in groups])
    within = sum(float(((v - m) ** 2).sum()) for v, m in zip(groups, means, strict=True))
    between = float((sizes * (means - every.mean()) ** 2).sum())
    if within <= _ROUNDING * float((every**2).sum()):
        return None
    df_b, df_w = n - 1, total - n
    ms_b, ms_w = between / df_b, within / df_w
    k0 = (total - float((sizes**2).sum()) / total) / df_b
    f, upper = ms_b / ms_w, 0.5 + LEVEL / 2
    f_low, f_high = f / fdtri(df_b, df_w, upper), f * fdtri(df_w, df_b, upper)
    icc, low, high = ((x - 1) / (x + k0 - 1) for x in (f, f_low, f_high))
    sd = math.sqrt(ms_w)
    return OneNightReliability(
        n, total, float(icc), float(low), float(high), sd,
        math.sqrt(max(0.0, (ms_b - ms_w) / k0)), t_quantile(LEVEL, df_w) * math.sqrt(2) * sd,
    )  # fmt: skip


def dz_interval(dz: float, n: int) -> tuple[float, float]:
    """The 95 % interval of dz of `n` subjects, exact for normal changes (noncentral t).

    References
    ----------
    Cumming G, Finch S (2001), Educ Psychol Meas 61:532-574.
    """
    t = abs(dz) * math.sqrt(n)
    low, high = (
        _noncentrality(t, n - 1, p) / math.sqrt(n) for p in (0.5 + LEVEL / 2, 0.5 - LEVEL / 2)
    )
    return (low, high) if dz >= 0 else (-high, -low)


def _noncentrality(t: float, df: int, p: float) -> float:
    """The noncentrality with which a t of at most `t`, not negative, has probability `p`."""
    from scipy.special import nctdtr

    # The probability falls as the noncentrality rises; the spread of t grows with t itself.
    low, high = -6.0, 6 + t + 6 * t / math.sqrt(df)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if nctdtr(df, middle, t) > p else (low, middle)
    return (low + high) / 2


def g_av_interval(
    baseline: Values, treatment: Values, dz_limits: tuple[float, float]
) -> tuple[float, float] | None:
    """The 95 % interval of Hedges g_av: the limits of dz on the scale of the average SD.

    None below three subjects, or where neither condition varies.

    References
    ----------
    Algina J, Keselman HJ (2003), Educ Psychol Meas 63:537-553.
    """
    n = baseline.size
    spread = math.hypot(standard_deviation(baseline), standard_deviation(treatment)) / math.sqrt(2)
    if n < 3 or spread == 0:
        return None
    factor = standard_deviation(treatment - baseline) / spread * (1 - 3 / (4 * (n - 1) - 1))
    return dz_limits[0] * factor, dz_limits[1] * factor


def t_test_power(effect: float, n: int, alpha: float = 1 - LEVEL) -> float:
    """Power of the two-sided paired t test; `effect` is the difference over the SD of changes."""
    return noncentral_power(abs(effect) * math.sqrt(n), n - 1, alpha)


def noncentral_power(shift: float, df: float, alpha: float = 1 - LEVEL) -> float:
    """Power of a two-sided t test; `shift` is the true difference over its standard error."""
    from scipy.special import nctdtr

    limit = t_quantile(1 - alpha, df)
    # By the symmetry of the noncentral t, both tails are lower tails.
    return float(nctdtr(df, -shift, -limit) + nctdtr(df, shift, -limit))


@functools.lru_cache(maxsize=64)
def smallest_detectable_effect(n: int) -> float:
    """The dz that the two-sided paired t test of `n` subjects finds with a power of 80 %."""
    return smallest_detectable_shift(n - 1) / math.sqrt(n)


@functools.lru_cache(maxsize=64)
def smallest_detectable_shift(df: float) -> float:
    """The difference over its standard error that a t test finds with a power of 80 %."""
    low, high = 0.0, 400.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if noncentral_power(middle, df) < POWER else (low, middle)
    return high


def leave_one_out(differences: Values) -> tuple[float, float]:
    """Smallest and largest mean change where one subject is left out."""
    means = (differences.sum() - differences) / (differences.size - 1)
    return float(means.min()), float(means.max())
