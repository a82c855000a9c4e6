"""Two arms: analysis of covariance, permutation test and shift, against R and by hand."""

import itertools

import numpy as np
import pytest

from psgpipe.comparison.statistics.arms.ancova import ancova
from psgpipe.comparison.statistics.arms.permutation import arm_permutation_p, max_t_permutation_p
from psgpipe.comparison.statistics.arms.planning import (
    arm_t_power,
    plan_of_arms,
    residual_sd,
    simulated_arm_power,
)
from psgpipe.comparison.statistics.arms.shift import arm_shift, pair_rank, rank_sum_probabilities
from psgpipe.comparison.statistics.planning import StudyVariance

BASELINE = [20.1, 22.3, 18.4, 25.0, 21.7, 19.2, 23.3, 17.5, 24.1, 20.8, 22.9, 19.9]
OUTCOME = [18.2, 19.9, 17.0, 21.5, 20.3, 16.4, 20.9, 18.1, 23.2, 21.9, 22.1, 20.4]
TREATED = [True] * 7 + [False] * 5


def test_the_analysis_of_covariance_is_that_of_r():
    # R 4.2.2: lm(y ~ x + a), confint, predict at mean(x), anova(m, lm(y ~ x * a)).
    a = ancova(BASELINE, OUTCOME, TREATED)
    assert (a.difference, a.se, a.t, a.p) == pytest.approx(
        (-2.268252206037, 0.3702725708973, -6.12589855236, 1.73707037134e-04), rel=1e-10
    )
    assert (a.low, a.high, a.df) == pytest.approx((-3.105866954480, -1.43063745759, 9))
    assert (a.treatment_mean, a.control_mean) == pytest.approx((19.0465615808, 21.3148137869))
    assert a.slope == pytest.approx(0.771237294949)
    assert a.residual_sd**2 * 9 == pytest.approx(3.572571110)
    assert a.slopes_p == pytest.approx(0.67916, abs=5e-6)


def test_the_normal_equations_give_the_same():
    rng = np.random.default_rng(5)
    x, treated = rng.normal(380, 40, 31), np.arange(31) % 3 == 0
    y = 100 + 0.6 * x + 12 * treated + rng.normal(0, 20, 31)
    columns = np.column_stack([np.ones(31), x - x.mean(), treated])
    inverse = np.linalg.inv(columns.T @ columns)
    beta = inverse @ columns.T @ y
    residual = y - columns @ beta
    se = np.sqrt(residual @ residual / 28 * inverse[2, 2])
    a = ancova(x, y, treated)
    assert (a.difference, a.se, a.slope) == pytest.approx((beta[2], se, beta[1]))
    assert (a.control_mean, a.treatment_mean) == pytest.approx((beta[0], beta[0] + beta[2]))


def test_by_hand_with_a_slope_of_one():
    # Within the arms x and y move together: the difference is that of the changes, 1 against 5.
    a = ancova([10, 12, 20, 22], [11, 13, 25, 27], [True, True, False, False])
    assert (a.difference, a.slope, a.residual_sd, a.t) == (-4, 1, 0, None)
    assert (a.treatment_mean, a.control_mean) == (17, 21)


def test_a_baseline_that_does_not_vary_is_no_covariate():
    # Two-sample t: means 2 and 5, SD 1 each, SE sqrt(2/3), df 4.
    a = ancova([7] * 6, [1, 2, 3, 4, 5, 6], [True, True, True, False, False, False])
    assert (a.difference, a.slope, a.df, a.slopes_p) == (-3, None, 4, None)
    assert a.se == pytest.approx(np.sqrt(2 / 3))


def test_equal_nights_have_no_difference_from_rounding():
    same = [0.1 + 0.2, 0.3, 0.7, 1.1, 1.3, 1.9]
    a = ancova(same, same, [True, False] * 3)
    assert (a.difference, a.t, a.p) == (0, None, None)
    assert arm_permutation_p(same, same, [True, False] * 3, 1) == 1


def test_the_permutation_test_counts_every_assignment():
    # R: the share of all 792 assignments whose |t| in lm(y ~ x + z) is at least as large.
    p = arm_permutation_p(BASELINE, OUTCOME, TREATED, seed=1)
    assert p == pytest.approx(0.00126262626263)
    assert p == 1 / 792  # no other assignment of the 792 is as extreme


@pytest.mark.parametrize(("n", "n_treated"), [(7, 3), (8, 4), (11, 2)])
def test_the_permutation_test_by_least_squares_of_each_assignment(n, n_treated):
    rng = np.random.default_rng(n)
    x = rng.normal(20, 3, n)
    y = x + rng.normal(0, 2, n)

    def t(members):
        z = np.isin(np.arange(n), members).astype(float)
        columns = np.column_stack([np.ones(n), x, z])
        beta, squares, *_ = np.linalg.lstsq(columns, y, rcond=None)
        variance = squares[0] / (n - 3) * np.linalg.inv(columns.T @ columns)[2, 2]
        return abs(beta[2]) / np.sqrt(variance)

    every = [t(members) for members in itertools.combinations(range(n), n_treated)]
    expected = np.mean(np.array(every) >= t(range(n_treated)) * (1 - 1e-9))
    assert arm_permutation_p(x, y, np.arange(n) < n_treated, 1) == pytest.approx(expected)


def test_drawn_assignments_come_close_to_the_exact_p_and_to_t():
    rng = np.random.default_rng(3)
    x, treated = rng.normal(0, 1, 40), np.arange(40) < 15
    y = x + 0.5 * treated + rng.normal(0, 1, 40)
    p, p_t = arm_permutation_p(x, y, treated, 1), ancova(x, y, treated).p
    assert p == pytest.approx(p_t, abs=0.01)  # normal errors
    assert arm_permutation_p(x, y, treated, 1) == p  # the same seed
    assert p * 100_000 == pytest.approx(round(p * 100_000))  # (b + 1)/(B + 1)


def test_the_largest_t_of_two_equal_endpoints_is_that_of_one():
    x, y = (np.column_stack([v, v]) for v in (BASELINE, OUTCOME))
    assert list(max_t_permutation_p(x, y, TREATED, 1)) == [1 / 792] * 2


def test_an_endpoint_that_some_subjects_lack_has_its_own_subjects():
    rng = np.random.default_rng(8)
    x, y = rng.normal(0, 1, (12, 2)), rng.normal(0, 1, (12, 2))
    x[0, 1] = np.nan
    p = max_t_permutation_p(x, y, TREATED, 1)
    alone = [arm_permutation_p(x[:, 0], y[:, 0], TREATED, 1),
             arm_permutation_p(x[1:, 1], y[1:, 1], TREATED[1:], 1)]  # fmt: skip
    assert all(of_both >= of_one for of_both, of_one in zip(p, alone, strict=True))


def test_the_shift_between_the_arms_is_that_of_r():
    # R: wilcox.test(d[1:7], d[8:12], conf.int = TRUE, exact = TRUE); coverage by pwilcox.
    change = np.array(OUTCOME) - BASELINE
    shift = arm_shift(change[:7], change[7:])
    assert (shift.estimate, shift.low, shift.high) == pytest.approx((-2.5, -3.5, -1.1), abs=1e-6)
    assert shift.coverage == pytest.approx(0.95202020202)


def test_the_distribution_of_the_rank_sum():
    assert rank_sum_probabilities(3, 4)[:7] * 35 == pytest.approx([1, 1, 2, 3, 4, 4, 5])
    assert rank_sum_probabilities(6, 9).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("arms", "rank", "coverage"),
    [((6, 6), 6, 0.958874458874), ((8, 11), 20, 0.959117250139), ((12, 20), 70, 0.951760029237)],
)
def test_the_rank_of_the_limit_is_the_quantile_of_r(arms, rank, coverage):
    # R: qwilcox(.025, m, n) pairs lie below the limit, and 1 - 2 pwilcox(q - 1, m, n).
    assert pair_rank(*arms, 0.95) == (rank, pytest.approx(coverage))


def test_large_arms_take_the_normal_distribution():
    exact, coverage = pair_rank(100, 100, 0.95)
    normal, stated = pair_rank(100, 101, 0.95)
    assert normal / (100 * 101) == pytest.approx(exact / 100**2, abs=2e-3)
    assert stated == pytest.approx(coverage, abs=1e-3)


def test_an_unreached_latency_counts_as_the_longest():
    shift = arm_shift([np.inf, np.inf, np.inf, 5.0], [0.0, 1.0, np.inf, 2.0])
    assert shift.estimate == np.inf
    assert np.isfinite(arm_shift([1.0, 2.0, 3.0], [0.0, 1.0, 2.0]).estimate)


def test_nights_at_baseline_take_out_a_part_of_the_sd_between_subjects():
    # Between 3, within 4, response 0, one night: 25 - 81/25 = 21.76 is left of a variance of 25.
    variance = StudyVariance(within_sd=4, between_sd=3)
    assert residual_sd(variance, 1, 1) ** 2 == pytest.approx(25 - 81 / 25)
    # Four nights each: variance 9 + 4 = 13, left 13 - 81/13.
    assert residual_sd(variance, 4, 4) ** 2 == pytest.approx(13 - 81 / 13)


def test_the_power_of_the_permutation_test_is_near_that_of_t():
    # R: power.t.test(n = 20, delta = 1, sd = 1.1, strict = TRUE) 0.79997, df 38; here df 37.
    assert arm_t_power(1 / 1.1, 20) == pytest.approx(0.79997, abs=0.02)
    power, se = simulated_arm_power(1 / 1.1, 20, simulations=600, seed=1)
    assert abs(power - arm_t_power(1 / 1.1, 20)) < 4 * se
    none, se = simulated_arm_power(0.0, 8, simulations=600, seed=1)
    assert none == pytest.approx(0.05, abs=4 * se)


def test_the_plan_of_two_arms_has_the_power():
    variance = StudyVariance(within_sd=5, response_sd=2, between_sd=5)
    one, two = (plan_of_arms(4, variance, (n, n), simulations=300) for n in (1, 2))
    assert two.n_subjects < one.n_subjects
    assert one.power >= 0.8
    assert plan_of_arms(0.1, variance, (1, 1), simulations=100).n_subjects is None
