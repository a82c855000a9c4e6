"""Night-to-night variation within subjects, and one subject's change against it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.statistics.groups import by_size, means, sum_in_order
from psgpipe.comparison.statistics.paired import t_quantile

OWN_NIGHTS_NEEDED = 5

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WithinSubjectSd:
    """Night-to-night SD within subjects at baseline, from the variance pooled over a cohort.

    The degrees of freedom are the sum of (nights - 1) over the subjects.
    """

    sd: float
    df: int


@dataclass(frozen=True)
class ReliableChange:
    """A subject's change against the night-to-night variation.

    Attributes
    ----------
    t
        The change over its standard error (reliable change index).
    mdc95
        Minimal detectable change: 95 % of unchanged subjects have a smaller |change|.
    """

    t: float
    mdc95: float


def pooled_within_sd(baseline_nights: Iterable[npt.ArrayLike]) -> WithinSubjectSd | None:
    """Within-subject SD of baseline nights; None where no subject has two nights that differ."""
    groups = [values for n in baseline_nights if (values := np.asarray(n, dtype=float)).size > 1]
    df = sum(values.size - 1 for values in groups)
    # One subject after the other: the last digits of a sum depend on its order.
    squares = sum_in_order(by_size(groups, _squares_within))
    rounding = sum_in_order(1e-24 * by_size(groups, _squares))
    return WithinSubjectSd(math.sqrt(squares / df), df) if df and squares > rounding else None


def skewness_within(groups: Sequence[npt.NDArray[np.float64]]) -> float:
    """Third standardised moment of all nights around the means of their groups.

    Smaller than the skewness of the population, because each group's own mean is subtracted; 0
    where the nights do not vary.
    """
    residuals = np.concatenate([v - m for v, m in zip(groups, means(groups), strict=True)])
    spread = float((residuals**2).mean())
    if spread <= 1e-24 * max(float((v**2).mean()) for v in groups):
        return 0.0
    return float((residuals**3).mean() / spread**1.5)


def _squares_within(nights: Values) -> Values:
    squares: Values = ((nights - nights.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    return squares


def _squares(nights: Values) -> Values:
    squares: Values = (nights**2).sum(axis=1)
    return squares


def reliable_change(
    difference: float, n_baseline: int, n_treatment: int, within: WithinSubjectSd
) -> ReliableChange:
    """RCI and MDC95 of the difference between two means of a subject's nights.

    References
    ----------
    Jacobson NS, Truax P (1991), J Consult Clin Psychol 59:12-19, with the SD estimated from
    repeated nights and therefore t, not the normal distribution.
    """
    se = within.sd * math.sqrt(1 / n_baseline + 1 / n_treatment)
    return ReliableChange(difference / se, t_quantile(0.95, within.df) * se)
