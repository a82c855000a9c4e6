"""Limits, slopes, calibration and intervals on numbers that can be worked out by hand."""

import math

import numpy as np
import pytest

from psgpipe.agreement.statistics.by_stage import pooled
from psgpipe.agreement.statistics.calibration import calibration
from psgpipe.agreement.statistics.changes import change_agreement
from psgpipe.agreement.statistics.limits import limits_of_agreement
from psgpipe.agreement.statistics.proportional_bias import proportional_bias
from psgpipe.agreement.statistics.resampling import FEWEST_SUBJECTS, percentile_intervals
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.sleep.agreement import agreement
from tests.builders import stages


def test_four_people_with_one_night_each_by_hand():
    # mean 2, squared distances 9 + 1 + 1 + 9 = 20, SD sqrt(20 / 3), t of 3 degrees 3.18245
    found = limits_of_agreement([-1, 1, 3, 5], list("abcd"))
    sd = math.sqrt(20 / 3)
    assert (found.bias, found.sd) == (2.0, pytest.approx(sd))
    assert (found.lower, found.upper) == pytest.approx((2 - 1.96 * sd, 2 + 1.96 * sd))
    half = 3.182446 * sd / 2
    assert found.bias_interval == pytest.approx((2 - half, 2 + half), abs=1e-5)
    assert found.sd_within is None


def test_nights_that_differ_within_a_person_alone_widen_the_limits_no_more_than_they_do():
    # Every person: -3 and 3. Within mean square 18, between 0: one more night has an SD of sqrt 18.
    found = limits_of_agreement([-3, 3] * 4, list("aabbccdd"))
    assert found.bias == 0
    assert found.sd == pytest.approx(math.sqrt(18))
    assert found.sd_within == pytest.approx(math.sqrt(18))


def test_one_person_has_a_bias_and_no_limits():
    found = limits_of_agreement([4.0, 6.0], ["a", "a"])
    assert (found.bias, found.bias_interval, found.sd, found.lower) == (5.0, None, None, None)


def test_the_intervals_of_bias_and_limits_hold_the_truth_as_often_as_they_say():
    rng, hits, n = np.random.default_rng(3), np.zeros(3), 400
    truth = 5 - 1.96 * math.sqrt(4 + 9), 5 + 1.96 * math.sqrt(4 + 9)
    subjects = [s for s in range(12) for _ in range(2)]
    for _ in range(n):
        d = 5 + np.repeat(rng.normal(0, 2, 12), 2) + rng.normal(0, 3, 24)
        found = limits_of_agreement(d, subjects)
        intervals = (found.bias_interval, found.lower_interval, found.upper_interval)
        for i, ((low, high), value) in enumerate(zip(intervals, (5, *truth), strict=True)):
            hits[i] += low <= value <= high
    # 400 studies: the share of 95 % varies by about +-2 %
    assert (np.abs(hits / n - 0.95) < 0.035).all(), hits / n


def test_automatic_values_that_do_not_follow_the_expert_have_the_slope_minus_one():
    expert = np.array([60.0, 80, 100, 120, 140, 160])
    noise = np.array([1.0, -1, 1, -1, 1, -1])
    found = proportional_bias(expert, 100 + noise - expert, list(range(6)))
    assert found.slope == pytest.approx(-1, abs=0.02)
    low, high = found.slope_interval
    assert low < -1 < high


def test_a_slope_with_repeated_nights_is_the_one_of_the_restricted_likelihood():
    rng = np.random.default_rng(5)
    subjects = [s for s in range(8) for _ in range(3)]
    x = rng.normal(100, 20, 24)
    d = 5 - 0.4 * x + np.repeat(rng.normal(0, 8, 8), 3) + rng.normal(0, 3, 24)
    found = proportional_bias(x, d, subjects)

    def dense(ratio):
        """REML deviance and estimates with the whole covariance matrix."""
        same = np.equal.outer(subjects, subjects).astype(float)
        v = np.eye(24) + ratio * same
        design = np.column_stack([np.ones(24), x])
        inverse = np.linalg.inv(v)
        xx = design.T @ inverse @ design
        beta = np.linalg.solve(xx, design.T @ inverse @ d)
        rest = d - design @ beta
        residual = rest @ inverse @ rest
        deviance = 22 * np.log(residual) + np.linalg.slogdet(v)[1] + np.linalg.slogdet(xx)[1]
        return deviance, beta, math.sqrt(residual / 22 * np.linalg.inv(xx)[1, 1])

    _, beta, se = min(
        (dense(ratio) for ratio in np.geomspace(1e-3, 1e3, 20_001)), key=lambda r: r[0]
    )
    assert (found.intercept, found.slope) == pytest.approx(tuple(beta), rel=1e-4)
    assert found.df == 6
    half = 2.446912 * se  # t of 6 degrees of freedom
    assert found.slope_interval == pytest.approx((beta[1] - half, beta[1] + half), rel=1e-3)


@pytest.mark.parametrize(
    ("expert", "differences"), [([3.0] * 6, [1, 2, 3, 4, 5, 6]), ([1, 2, 3, 4, 5, 6], [2.0] * 6)]
)
def test_there_is_no_slope_where_nothing_varies(expert, differences):
    assert proportional_bias(expert, differences, list(range(6))) is None


def test_brier_score_calibration_error_and_bins_by_hand():
    # Two epochs at .8, one right and one wrong; one epoch at .5, right.
    p = np.array([[0.8, 0.2, 0, 0, 0], [0.8, 0, 0.2, 0, 0], [0, 0, 0.5, 0.5, 0]])
    found = calibration(p, np.array([0, 2, 2]), ["a", "a", "b"])
    assert found.n_epochs == 3
    assert found.brier == pytest.approx((0.08 + 1.28 + 0.5) / 3)
    assert found.ece == pytest.approx((2 * abs(0.8 - 0.5) + abs(0.5 - 1)) / 3)
    filled = {(b.low, b.n_epochs, b.confidence, b.accuracy) for b in found.bins if b.n_epochs}
    assert filled == {(0.8, 2, 0.8, 0.5), (0.5, 1, 0.5, 1.0)}
    assert found.stages["W"].mean_probability == pytest.approx(1.6 / 3)
    assert found.stages["W"].frequency == pytest.approx(1 / 3)
    assert found.brier_interval is None  # of two subjects


def test_probabilities_that_come_true_have_no_calibration_error():
    rng = np.random.default_rng(6)
    p = rng.dirichlet(np.full(5, 0.5), 40_000)
    expert = np.array([rng.choice(5, p=row) for row in p])
    assert calibration(p, expert, rng.integers(0, 9, 40_000).tolist()).ece < 0.01


def test_nights_of_one_person_are_resampled_together():
    # All nights of a person agree, or none does: an interval over nights would be far too short.
    good, bad = stages("N2*100"), stages("W*100")
    nights = [
        agreement(Hypnogram(good), Hypnogram(good if subject < 5 else bad))
        for subject in range(10) for _ in range(10)
    ]  # fmt: skip
    low, high = pooled(nights, [n // 10 for n in range(100)]).accuracy_interval
    assert (low, high) == (pytest.approx(0.2, abs=0.11), pytest.approx(0.8, abs=0.11))


def test_few_subjects_have_no_interval():
    sums = np.ones((FEWEST_SUBJECTS - 1, 2))
    assert percentile_intervals(lambda s: {"a": float(s[0])}, sums) == {"a": None}


def test_changes_that_the_stager_follows_exactly_have_r_one_and_no_error():
    found = change_agreement([1, 2, 3, 4, 6], [1, 2, 3, 4, 6])
    assert (found.bias, found.error_sd) == (0, 0)
    assert found.r == pytest.approx(1)


def test_changes_of_few_subjects_have_no_correlation():
    assert change_agreement([1, 2, 3], [1, 2, 4]).r is None


def test_the_interval_of_the_sd_is_that_of_chi_squared():
    # Ten differences with SD 2: chi-squared with 9 degrees has 2.70039 and 19.02277 as its limits.
    d = np.array([-1.0, 1.0] * 5)
    d = d / d.std(ddof=1) * 2
    found = limits_of_agreement(d, list(range(10)))
    assert found.sd == pytest.approx(2)
    low, high = (36 / 19.02277) ** 0.5, (36 / 2.70039) ** 0.5
    assert found.sd_interval == pytest.approx((low, high), rel=1e-5)


def test_the_sd_of_repeated_nights_lies_within_its_interval():
    rng = np.random.default_rng(1)
    subjects = np.repeat(range(8), 3)
    d = rng.normal(size=8)[subjects] + rng.normal(size=24)
    found = limits_of_agreement(d, subjects.tolist())
    assert found.sd_interval[0] < found.sd < found.sd_interval[1]
