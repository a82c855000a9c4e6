"""Subjects and nights that a paired study needs, by simulation of the test that it will use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from psgpipe.comparison.statistics.paired import t_interval
from psgpipe.comparison.statistics.reliability import t_test_power
from psgpipe.comparison.statistics.sign_flip import sign_flip_p

ALPHA = 0.05
FEWEST_SUBJECTS = 6  # the exact sign-flip test of five subjects never reaches 0.05
MOST_SUBJECTS = 500
# Sign patterns for more than 20 simulated subjects; compare draws more, which changes little.
DRAWS = 999

Test = Literal["sign-flip", "t"]


@dataclass(frozen=True)
class StudyVariance:
    """What makes the changes of unlike subjects differ.

    Attributes
    ----------
    within_sd
        Between nights of one subject in one condition.
    response_sd
        Between the subjects' true changes.
    between_sd
        Between the subjects' true levels; it cancels in a paired change.
    """

    within_sd: float
    response_sd: float = 0.0
    between_sd: float = 0.0

    def change_sd(self, n_baseline: int, n_treatment: int) -> float:
        """SD of the subjects' changes with so many nights in each condition."""
        nights = self.within_sd**2 * (1 / n_baseline + 1 / n_treatment)
        return math.sqrt(self.response_sd**2 + nights)


@dataclass(frozen=True)
class StudyPlan:
    """Subjects needed for one number of nights.

    Attributes
    ----------
    n_subjects
        None where 500 are too few.
    power
        Simulated, of the sign-flip test.
    power_se
        Monte-Carlo standard error of `power`.
    power_t
        Exact, of the paired t test.
    """

    n_baseline: int
    n_treatment: int
    change_sd: float
    n_subjects: int | None
    power: float | None = None
    power_se: float | None = None
    power_t: float | None = None


def simulated_power(
    effect: float, n: int, *, simulations: int, seed: int, test: Test = "sign-flip"
) -> tuple[float, float]:
    """Power of the two-sided test at 0.05 and its Monte-Carlo standard error.

    Parameters
    ----------
    effect
        The true mean change over the SD of the changes, which are normal.
    n
        Subjects.
    """
    changes = effect + np.random.default_rng([seed, n]).standard_normal((simulations, n))
    if test == "t":
        p = [t_interval(d).p for d in changes]
    else:
        p = [sign_flip_p(d, seed + k, DRAWS) for k, d in enumerate(changes)]
    power = sum(value is not None and value <= ALPHA for value in p) / simulations
    return power, math.sqrt(power * (1 - power) / simulations)


def plan_of(
    difference: float,
    variance: StudyVariance,
    nights: tuple[int, int],
    *,
    power: float = 0.8,
    n_subjects: int | None = None,
    simulations: int = 2000,
    seed: int = 20250101,
) -> StudyPlan:
    """The fewest subjects with which the simulated sign-flip test has the power.

    Parameters
    ----------
    difference
        The true mean change, not 0.
    nights
        Of each subject, in baseline and under treatment.
    n_subjects
        Where given, the power of so many subjects.
    """
    sd = variance.change_sd(*nights)
    effect = abs(difference) / sd
    n = n_subjects or max(FEWEST_SUBJECTS, _by_t(effect, power) - 2)
    while n <= (n_subjects or MOST_SUBJECTS):
        reached, se = simulated_power(effect, n, simulations=simulations, seed=seed)
        if n_subjects or reached >= power:
            return StudyPlan(*nights, sd, n, reached, se, t_test_power(effect, n))
        n += 1
    return StudyPlan(*nights, sd, None)


def _by_t(effect: float, power: float) -> int:
    """The fewest subjects with which the paired t test has the power; one too many has none."""
    subjects = range(2, MOST_SUBJECTS + 1)
    return next((n for n in subjects if t_test_power(effect, n) >= power), MOST_SUBJECTS + 3)
