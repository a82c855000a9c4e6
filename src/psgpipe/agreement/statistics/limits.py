"""Bias and limits of agreement of differences, with repeated nights of a subject.

Bland JM, Altman DG (1999), Stat Methods Med Res 8:135; (2007), J Biopharm Stat 17:571. The
intervals with repeated nights are those of Zou GY (2013), Stat Methods Med Res 22:630.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.agreement.statistics.resampling import LEVEL

WIDTH = 1.96
"""Limits lie so many SD from the bias: 95 % of differences, if they are normal."""
Interval = tuple[float, float]


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Bias and limits of the differences automatic minus expert, each with its interval.

    Attributes
    ----------
    bias
        Mean of all differences.
    sd
        Of the difference in one more night of one more subject; None with one night.
    sd_within
        Of the differences of one subject; None where no subject has two nights.
    """

    n_subjects: int
    n_nights: int
    bias: float
    bias_interval: Interval | None = None
    sd: float | None = None
    sd_interval: Interval | None = None
    sd_within: float | None = None
    lower: float | None = None
    lower_interval: Interval | None = None
    upper: float | None = None
    upper_interval: Interval | None = None


@dataclass(frozen=True)
class _Components:
    """The total variance as ``a * between + b * within``, sums of mean squares."""

    between: float
    within: float
    a: float
    b: float
    df_between: int
    df_within: int

    @property
    def total(self) -> float:
        return max(self.a * self.between + self.b * self.within, self.within)


def limits_of_agreement(
    differences: npt.ArrayLike, subjects: Sequence[Hashable]
) -> LimitsOfAgreement:
    """Bias and limits; intervals of 95 % where there are two subjects or more.

    Parameters
    ----------
    differences
        Shape (n_nights,), automatic minus expert.
    subjects
        The subject of each night.
    """
    d = np.asarray(differences, dtype=float)
    counts = list(Counter(subjects).values())
    n_subjects, n_nights, bias = len(counts), d.size, float(d.mean())
    if n_subjects < 2:
        return LimitsOfAgreement(n_subjects, n_nights, bias)
    parts = _components(d, subjects, counts)
    sd = math.sqrt(parts.total)
    t = _t_quantile(n_subjects - 1)
    is_repeated = n_nights > n_subjects
    if is_repeated:
        among = max(0.0, parts.a * (parts.between - parts.within))
        variance = among * sum(m * m for m in counts) / n_nights**2 + parts.within / n_nights
    else:
        variance = parts.total / n_nights
    half = t * math.sqrt(variance)
    below, above = _half_widths(sd, parts, half) if is_repeated else (math.sqrt(3) * half,) * 2
    lower, upper = bias - WIDTH * sd, bias + WIDTH * sd
    return LimitsOfAgreement(
        n_subjects=n_subjects,
        n_nights=n_nights,
        bias=bias,
        bias_interval=(bias - half, bias + half),
        sd=sd,
        sd_interval=_sd_interval(parts),
        sd_within=math.sqrt(parts.within) if is_repeated else None,
        lower=lower,
        lower_interval=(lower - above, lower + below),
        upper=upper,
        upper_interval=(upper - below, upper + above),
    )


def _components(
    d: npt.NDArray[np.float64], subjects: Sequence[Hashable], counts: Sequence[int]
) -> _Components:
    n, total = len(counts), d.size
    if n == total:
        return _Components(float(d.var(ddof=1)), 0.0, 1.0, 0.0, n - 1, 0)
    order = {subject: row for row, subject in enumerate(dict.fromkeys(subjects))}
    row = np.array([order[subject] for subject in subjects])
    m = np.array(counts)
    means = np.bincount(row, weights=d) / m
    within = float(((d - means[row]) ** 2).sum() / (total - n))
    between = float((m * (means - d.mean()) ** 2).sum() / (n - 1))
    m0 = (total - (m**2).sum() / total) / (n - 1)
    return _Components(between, within, 1 / m0, 1 - 1 / m0, n - 1, total - n)


def _half_widths(sd: float, parts: _Components, half: float) -> tuple[float, float]:
    """How far the interval of a limit reaches towards the bias, and away from it."""
    low, high = _variance_interval(parts)
    towards = math.hypot(half, WIDTH * (sd - math.sqrt(low)))
    away = math.hypot(half, WIDTH * (math.sqrt(high) - sd))
    return towards, away


def _sd_interval(parts: _Components) -> Interval:
    """By chi-squared with one night of each subject; else by the intervals of both components."""
    is_repeated = parts.df_within > 0
    low, high = (
        _variance_interval(parts)
        if is_repeated
        else _chi2_interval(parts.between, parts.df_between)
    )
    return math.sqrt(low), math.sqrt(high)


def _variance_interval(parts: _Components) -> Interval:
    between = _chi2_interval(parts.between, parts.df_between)
    within = _chi2_interval(parts.within, parts.df_within)
    ends = [
        math.hypot(parts.a * (parts.between - b), parts.b * (parts.within - w))
        for b, w in zip(between, within, strict=True)
    ]
    return max(0.0, parts.total - ends[0]), parts.total + ends[1]


def _chi2_interval(mean_square: float, df: int) -> Interval:
    from scipy.special import chdtri

    tail = (1 - LEVEL) / 2
    return (
        mean_square * df / float(chdtri(df, tail)),
        mean_square * df / float(chdtri(df, 1 - tail)),
    )


def _t_quantile(df: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + LEVEL) / 2))
