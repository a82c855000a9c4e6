"""Planned numbers of subjects, against the exact power of the noncentral t."""

import math

import pytest
from scipy.stats import nct, t

from psgpipe.comparison.statistics.planning import StudyVariance, plan_of, simulated_power


def exact_power(effect, n):
    limit, shift = t.ppf(0.975, n - 1), effect * math.sqrt(n)
    return nct.sf(limit, n - 1, shift) + nct.cdf(-limit, n - 1, shift)


@pytest.mark.parametrize(("effect", "n"), [(0.5, 34), (1.0, 10), (0.0, 12), (0.8, 24)])
def test_simulated_power_is_the_exact_one_within_its_error(effect, n):
    power, se = simulated_power(effect, n, simulations=2000, seed=1, test="t")
    assert abs(power - exact_power(effect, n)) < 4 * se
    flips, _ = simulated_power(effect, n, simulations=2000, seed=1)
    assert abs(flips - exact_power(effect, n)) < 4 * se + 0.01


def test_a_plan_keeps_its_promise():
    plan = plan_of(3.0, StudyVariance(within_sd=3.0, response_sd=1.0), (2, 2))
    assert plan.change_sd == pytest.approx(math.sqrt(1 + 9))
    effect = 3 / math.sqrt(10)
    assert plan.power_t == pytest.approx(exact_power(effect, plan.n_subjects))
    assert plan.power >= 0.8
    assert plan.power_t > 0.8 - 3 * plan.power_se
    # The t test needs 11 subjects (power 0.80 at an effect of 0.949).
    assert abs(plan.n_subjects - 11) <= 2


def test_more_nights_need_fewer_subjects_only_where_nights_vary():
    nights = [plan_of(2.0, StudyVariance(3.0), (k, k)).n_subjects for k in (1, 4)]
    assert nights[0] > 2 * nights[1]
    response = [plan_of(2.0, StudyVariance(0.1, 3.0), (k, k)).n_subjects for k in (1, 4)]
    assert response[0] == response[1]


def test_more_than_500_subjects_are_no_plan():
    assert plan_of(0.01, StudyVariance(5.0), (1, 1)).n_subjects is None
