"""Paired comparison, treatment minus baseline: one number for each subject, not for each night."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Means of the same nights in another order or number may differ in their last bits, too.
_ROUNDING = 1e-12

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TInterval:
    """Mean and SD of the differences, their two-sided t test, and the limits of the t interval.

    The SD is None for one subject; test and limits are None where the differences do not vary.
    """

    mean: float
    sd: float | None
    t: float | None = None
    df: float | None = None
    p: float | None = None
    low: float | None = None
    high: float | None = None


def changes(baseline: npt.ArrayLike, treatment: npt.ArrayLike) -> Values:
    """Treatment minus baseline for each subject, without rounding errors.

    A change within the rounding error of the two means is set to 0, and changes that differ only by
    rounding are set equal; otherwise equal nights would have a t and a p.

    Parameters
    ----------
    baseline, treatment
        Means of each subject's nights, shape (n_subjects,), n_subjects >= 1.
    """
    b, t = np.asarray(baseline, dtype=float), np.asarray(treatment, dtype=float)
    d = change_of_each(b, t)
    return np.full_like(d, np.median(d)) if np.ptp(d) <= _rounding_of(b, t).max() else d


def change_of_each(baseline: Values, treatment: Values) -> Values:
    """Treatment minus baseline of each subject alone; 0 within the rounding error of the two."""
    d: Values = treatment - baseline
    return np.where(np.abs(d) <= _rounding_of(baseline, treatment), 0.0, d)


def _rounding_of(baseline: Values, treatment: Values) -> Values:
    rounding: Values = _ROUNDING * np.maximum(np.abs(baseline), np.abs(treatment))
    return rounding


def t_interval(differences: npt.ArrayLike, level: float = 0.95) -> TInterval:
    """Mean of one or more differences, its two-sided t test against 0 and its t interval."""
    d = np.asarray(differences, dtype=float)
    n, mean = d.size, float(d.mean())
    if n < 2:
        return TInterval(mean, None)
    sd = standard_deviation(d)
    if sd == 0:
        return TInterval(mean, 0.0)
    se = sd / np.sqrt(n)
    t, df = mean / se, float(n - 1)
    half = float(t_quantile(level, df) * se)
    return TInterval(mean, sd, float(t), df, t_p_value(t, df), mean - half, mean + half)


def t_p_value(t: float, df: float) -> float:
    """Two-sided p of Student's t."""
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(t)))


@functools.lru_cache(maxsize=1024)
def t_quantile(level: float, df: float) -> float:
    """The quantile of Student's t with (1 - `level`)/2 above it."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + level / 2))


def standard_deviation(values: Values) -> float:
    """Sample SD (n - 1); exactly 0 where the values differ by no more than rounding."""
    sd = float(values.std(ddof=1))
    return sd if sd > _ROUNDING * float(np.abs(values).max()) else 0.0


def cohen_dz(differences: npt.ArrayLike) -> float | None:
    """Mean difference over the SD of the differences; None where they do not vary."""
    d = np.asarray(differences, dtype=float)
    if d.size < 2 or (sd := standard_deviation(d)) == 0:
        return None
    return float(d.mean() / sd)


G_AV_FORMULA = "mean difference / sqrt((s_b^2 + s_t^2)/2) x (1 - 3/(4(n - 1) - 1))"


def hedges_g_av(baseline: npt.ArrayLike, treatment: npt.ArrayLike) -> float | None:
    """Mean difference over the average SD of the two conditions, corrected for small n.

    None below three subjects, where the correction factor is 0, and where neither condition varies.

    Parameters
    ----------
    baseline, treatment
        Shape (n_subjects,), the same subjects in the same order.

    References
    ----------
    Lakens D (2013), Front Psychol 4:863; Cumming G (2012), Understanding the new statistics.
    """
    b, t = np.asarray(baseline, dtype=float), np.asarray(treatment, dtype=float)
    n = b.size
    if n < 3:
        return None
    spread = np.hypot(standard_deviation(b), standard_deviation(t)) / np.sqrt(2)
    if spread == 0:
        return None
    return float((t - b).mean() / spread * (1 - 3 / (4 * (n - 1) - 1)))
