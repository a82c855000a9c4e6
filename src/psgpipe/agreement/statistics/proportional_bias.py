"""Proportional bias: the difference from the expert over the expert's value."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.agreement.statistics.resampling import LEVEL

FEWEST_SUBJECTS = 5
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ProportionalBias:
    """The line of the differences over the expert's values.

    Attributes
    ----------
    slope
        Change of the difference for one more unit of the expert's value: -1 where automatic values
        do not follow the expert's at all, 0 where the bias is the same everywhere.
    """

    slope: float
    intercept: float
    slope_interval: tuple[float, float]
    p: float
    df: int


def proportional_bias(
    expert: npt.ArrayLike, differences: npt.ArrayLike, subjects: Sequence[Hashable]
) -> ProportionalBias | None:
    """The regression of differences on the expert's values.

    With repeated nights it has a random intercept for each subject, fitted by REML, and the degrees
    of freedom are the subjects less two. None with fewer than `FEWEST_SUBJECTS`, or where the
    expert's values or the differences do not vary.

    References
    ----------
    Menghini L et al. (2021), SLEEP 44:zsaa170.
    """
    from scipy.special import stdtr, stdtrit

    x, d = np.asarray(expert, dtype=float), np.asarray(differences, dtype=float)
    groups = _groups(subjects)
    if len(groups) < FEWEST_SUBJECTS or np.ptp(x) == 0 or np.ptp(d) == 0:
        return None
    df = len(groups) - 2
    ratio = 0.0 if len(groups) == x.size else _variance_ratio(x, d, groups)
    (intercept, slope), se = _fit(x, d, groups, ratio)
    if se == 0:
        return None
    half = float(stdtrit(df, (1 + LEVEL) / 2)) * se
    p = float(2 * stdtr(df, -abs(slope / se)))
    return ProportionalBias(slope, intercept, (slope - half, slope + half), p, df)


def _groups(subjects: Sequence[Hashable]) -> list[npt.NDArray[np.intp]]:
    """The rows of each subject."""
    order = {subject: number for number, subject in enumerate(dict.fromkeys(subjects))}
    numbers = np.array([order[subject] for subject in subjects])
    return [np.flatnonzero(numbers == number) for number in range(len(order))]


def _normal_equations(
    x: Values, d: Values, groups: Sequence[npt.NDArray[np.intp]], ratio: float
) -> tuple[Values, Values, float, float]:
    """X'V^-1X, X'V^-1d, d'V^-1d and log|V| for V = I + ratio J within each subject."""
    design = np.column_stack([np.ones_like(x), x])
    xx, xd, dd, log_v = design.T @ design, design.T @ d, float(d @ d), 0.0
    for rows in groups:
        less = ratio / (1 + rows.size * ratio)
        sum_x, sum_d = design[rows].sum(axis=0), d[rows].sum()
        xx = xx - less * np.outer(sum_x, sum_x)
        xd = xd - less * sum_x * sum_d
        dd -= less * float(sum_d) ** 2
        log_v += math.log1p(rows.size * ratio)
    return xx, xd, dd, log_v


def _fit(
    x: Values, d: Values, groups: Sequence[npt.NDArray[np.intp]], ratio: float
) -> tuple[tuple[float, float], float]:
    """Intercept and slope, and the standard error of the slope."""
    xx, xd, dd, _ = _normal_equations(x, d, groups, ratio)
    beta = np.linalg.solve(xx, xd)
    variance = max(0.0, dd - float(beta @ xd)) / (x.size - 2)
    se = math.sqrt(variance * float(np.linalg.inv(xx)[1, 1]))
    return (float(beta[0]), float(beta[1])), se


def _variance_ratio(x: Values, d: Values, groups: Sequence[npt.NDArray[np.intp]]) -> float:
    """Variance between subjects over that within them, which makes REML largest."""
    from scipy.optimize import minimize_scalar

    def deviance(ratio: float) -> float:
        xx, xd, dd, log_v = _normal_equations(x, d, groups, ratio)
        residual = dd - float(np.linalg.solve(xx, xd) @ xd)
        log_residual = (x.size - 2) * math.log(max(residual, 1e-300))
        return float(log_residual + log_v + np.linalg.slogdet(xx)[1])

    best = minimize_scalar(
        lambda log_ratio: deviance(math.exp(log_ratio)), bounds=(-12, 12), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    return 0.0 if deviance(0.0) <= best.fun else math.exp(float(best.x))
