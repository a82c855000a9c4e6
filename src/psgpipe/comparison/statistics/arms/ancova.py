"""Parallel arms: treatment minus control at the same baseline (analysis of covariance)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.statistics.paired import t_p_value, t_quantile

# Sums of squares below this share of the values' own squares are rounding.
_ROUNDING = 1e-12

Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ancova:
    """The difference of two arms at the same baseline.

    Attributes
    ----------
    difference
        Treatment minus control.
    treatment_mean, control_mean
        Adjusted to the mean baseline of all subjects.
    slope
        Of the outcome on the baseline, the same in both arms; None where the baseline does not
        vary within the arms: then nothing is adjusted.
    residual_sd
        Of the subjects around the two lines; None without a degree of freedom.
    se, df, t, p, low, high
        Of `difference`; None where the outcomes lie on the lines, or without a degree of freedom.
    slopes_p
        Of the test that both arms have the same slope; None where it cannot be tested.
    treatment_sd, control_sd
        Of the subjects of each arm around its line; None where an arm has one subject.
    """

    difference: float
    treatment_mean: float
    control_mean: float
    slope: float | None
    residual_sd: float | None = None
    se: float | None = None
    df: float | None = None
    t: float | None = None
    p: float | None = None
    low: float | None = None
    high: float | None = None
    slopes_p: float | None = None
    treatment_sd: float | None = None
    control_sd: float | None = None


def ancova(
    baseline: npt.ArrayLike, outcome: npt.ArrayLike, treated: npt.ArrayLike, level: float = 0.95
) -> Ancova:
    """Difference of the arms from outcome ~ baseline + arm, by least squares.

    Parameters
    ----------
    baseline, outcome
        Means of each subject's nights, shape (n_subjects,).
    treated
        Whether the subject is in the treatment arm; each arm needs a subject.

    References
    ----------
    Vickers AJ, Altman DG (2001), BMJ 323:1123-1124.
    """
    x, y = np.asarray(baseline, dtype=float), np.asarray(outcome, dtype=float)
    arm = np.asarray(treated, dtype=bool)
    within_x, within_y = _within(x, arm), _within(y, arm)
    xx = float(within_x @ within_x)
    varies = xx > _rounding_of(x)
    slope = float(within_x @ within_y) / xx if varies else 0.0
    apart = float(x[arm].mean() - x[~arm].mean())
    difference = float(y[arm].mean() - y[~arm].mean()) - slope * apart
    if abs(difference) <= _ROUNDING * float(np.abs([x, y]).max()):
        difference = 0.0
    means = [float(y[a].mean()) - slope * float(x[a].mean() - x.mean()) for a in (arm, ~arm)]
    plain = Ancova(difference, means[0], means[1], slope if varies else None)
    df = x.size - (3 if varies else 2)
    if df < 1:
        return plain
    residual = within_y - slope * within_x
    squares = float(residual @ residual)
    if squares <= _rounding_of(y):
        return Ancova(difference, means[0], means[1], plain.slope, residual_sd=0.0)
    leverage = 1 / arm.sum() + 1 / (~arm).sum() + (apart**2 / xx if varies else 0.0)
    sd = math.sqrt(squares / df)
    se = sd * math.sqrt(leverage)
    half = t_quantile(level, float(df)) * se
    return Ancova(
        difference, means[0], means[1], plain.slope, sd, se, float(df), difference / se,
        t_p_value(difference / se, float(df)), difference - half, difference + half,
        _slopes_p(within_x, within_y, arm, squares) if varies else None,
        *(_sd(residual[a]) for a in (arm, ~arm)),
    )  # fmt: skip


def _sd(residual: Values) -> float | None:
    return (
        math.sqrt(float(residual @ residual) / (residual.size - 1)) if residual.size > 1 else None
    )


def _within(values: Values, arm: Flags) -> Values:
    """Each value minus the mean of its arm."""
    centred: Values = values - np.where(arm, values[arm].mean(), values[~arm].mean())
    return centred


def _rounding_of(values: Values) -> float:
    """A sum of squares that is no more than rounding of such values."""
    return values.size * (_ROUNDING * float(np.abs(values).max())) ** 2


def _slopes_p(x: Values, y: Values, arm: Flags, squares: float) -> float | None:
    """The p of outcome ~ baseline x arm against one slope; x and y are centred in each arm."""
    df = x.size - 4
    left = 0.0
    for a in (arm, ~arm):
        xx = float(x[a] @ x[a])
        if xx <= _rounding_of(x[a]) or df < 1:
            return None
        residual = y[a] - float(x[a] @ y[a]) / xx * x[a]
        left += float(residual @ residual)
    if left <= squares * _ROUNDING:
        return None
    return t_p_value(math.sqrt(max(0.0, squares - left) / (left / df)), float(df))
