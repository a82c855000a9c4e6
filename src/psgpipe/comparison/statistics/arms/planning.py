"""Subjects that each of two arms needs, by simulation of the permutation test that it will use."""

from __future__ import annotations

import math

import numpy as np

from psgpipe.comparison.statistics.arms.permutation import arm_permutation_p
from psgpipe.comparison.statistics.planning import ALPHA, DRAWS, StudyPlan, StudyVariance
from psgpipe.comparison.statistics.reliability import noncentral_power

FEWEST_IN_ARM = 4  # three against three never reach 0.05
MOST_IN_ARM = 250


def residual_sd(variance: StudyVariance, n_baseline: int, n_treatment: int) -> float:
    """SD of a subject's treatment mean that its baseline mean does not explain."""
    between, within = variance.between_sd**2, variance.within_sd**2
    baseline = between + within / n_baseline
    treatment = between + variance.response_sd**2 + within / n_treatment
    return math.sqrt(treatment - between**2 / baseline)


def simulated_arm_power(
    effect: float, n: int, *, simulations: int, seed: int
) -> tuple[float, float]:
    """Power of the permutation test of two arms of `n`, and its Monte-Carlo standard error.

    Parameters
    ----------
    effect
        The true difference of the arms over the residual SD.
    """
    random, treated = np.random.default_rng([seed, n]), np.arange(2 * n) < n
    found = 0
    for _ in range(simulations):
        # The slope on baseline is of no effect: the analysis takes it out.
        baseline, outcome = random.standard_normal((2, 2 * n))
        p = arm_permutation_p(
            baseline, outcome + effect * treated, treated, seed, DRAWS, most=DRAWS
        )
        found += p <= ALPHA
    power = found / simulations
    return power, math.sqrt(power * (1 - power) / simulations)


def arm_t_power(effect: float, n: int) -> float:
    """Power of the t test of the analysis of covariance, at the mean imbalance at baseline."""
    se = math.sqrt(2 / n * (1 + 1 / (2 * n - 4)))
    return noncentral_power(abs(effect) / se, 2 * n - 3)


def plan_of_arms(
    difference: float,
    variance: StudyVariance,
    nights: tuple[int, int],
    *,
    power: float = 0.8,
    n_subjects: int | None = None,
    simulations: int = 2000,
    seed: int = 20250101,
) -> StudyPlan:
    """The fewest subjects in each arm with which the simulated permutation test has the power.

    The parameters are those of `psgpipe.comparison.statistics.planning.plan_of`; `n_subjects` and
    the `change_sd` of the plan are the subjects of each arm and the residual SD.
    """
    sd = residual_sd(variance, *nights)
    effect = abs(difference) / sd
    sizes = range(FEWEST_IN_ARM, MOST_IN_ARM + 1)
    by_t = next((n for n in sizes if arm_t_power(effect, n) >= power), MOST_IN_ARM + 2)
    n = n_subjects or max(FEWEST_IN_ARM, by_t - 1)
    while n <= (n_subjects or MOST_IN_ARM):
        reached, se = simulated_arm_power(effect, n, simulations=simulations, seed=seed)
        if n_subjects or reached >= power:
            return StudyPlan(*nights, sd, n, reached, se, arm_t_power(effect, n))
        n += 1
    return StudyPlan(*nights, sd, None)
