"""Reliability of one night and intervals of effect sizes, against published and exact numbers."""

import math

import numpy as np
import pytest
from scipy.stats import nct

from psgpipe.comparison.statistics.paired import cohen_dz, hedges_g_av
from psgpipe.comparison.statistics.reliability import (
    dz_interval,
    g_av_interval,
    leave_one_out,
    one_night_reliability,
    smallest_detectable_effect,
    t_test_power,
)

# Shrout and Fleiss (1979), table 2: six targets, four judges.
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


def test_the_example_of_shrout_and_fleiss():
    one = one_night_reliability(SHROUT_FLEISS)
    assert (one.n_subjects, one.n_nights) == (6, 24)
    assert one.icc == pytest.approx(0.17, abs=0.005)
    assert (one.low, one.high) == pytest.approx((-0.13, 0.72), abs=0.005)
    assert one.within_sd**2 == pytest.approx(6.26, abs=0.005)  # their WMS


def test_unequal_numbers_of_nights_by_hand():
    # Means 2, 5, 9; grand mean 14/3 (N = 6). SSW = 2 + 2 = 4 (df 3), MSW = 4/3.
    # SSB = 2 x 64/9 + 3 x 1/9 + 169/9 = 100/3 (df 2), MSB = 50/3. k0 = (6 - 14/6)/2 = 11/6.
    one = one_night_reliability([[1, 3], [4, 5, 6], [9]])
    k0, ms_w, ms_b = 11 / 6, 4 / 3, 50 / 3
    assert one.within_sd == pytest.approx(math.sqrt(ms_w))
    assert one.between_sd == pytest.approx(math.sqrt((ms_b - ms_w) / k0))
    assert one.icc == pytest.approx((ms_b - ms_w) / (ms_b + (k0 - 1) * ms_w))
    # F = 12.5; the .975 quantiles of F(2, 3) and F(3, 2) in tables are 16.0441 and 39.1655.
    f_low, f_high = 12.5 / 16.0441, 12.5 * 39.1655
    expected = [(f - 1) / (f + k0 - 1) for f in (f_low, f_high)]
    assert (one.low, one.high) == pytest.approx(expected, abs=1e-4)
    assert one.mdc95 == pytest.approx(3.18245 * math.sqrt(2 * ms_w), rel=1e-5)  # t(3)


@pytest.mark.parametrize("nights", [[], [[1, 2]], [[1], [2]], [[1, 1], [2, 2]]])
def test_no_reliability_without_two_subjects_and_nights_that_differ(nights):
    assert one_night_reliability(nights) is None


@pytest.mark.parametrize(
    ("dz", "n"), [(0.0, 6), (0.8, 10), (-1.3, 5), (9.0, 12), (30.0, 4), (0.2, 2)]
)
def test_the_limits_of_dz_are_those_of_the_noncentral_t(dz, n):
    low, high = (limit * math.sqrt(n) for limit in dz_interval(dz, n))
    t = dz * math.sqrt(n)
    assert nct.sf(abs(t), n - 1, low if dz >= 0 else -high) == pytest.approx(0.025, abs=1e-6)
    assert nct.cdf(abs(t), n - 1, high if dz >= 0 else -low) == pytest.approx(0.025, abs=1e-6)


def test_the_limits_of_g_av_are_those_of_dz_on_the_average_sd():
    baseline, treatment = np.array([10.0, 12, 14, 18]), np.array([13.0, 14, 19, 20])
    d = treatment - baseline  # 3, 2, 5, 2: mean 3, SD sqrt(2)
    limits = dz_interval(cohen_dz(d), 4)
    low, high = g_av_interval(baseline, treatment, limits)
    # Variances 35/3 and 37/3: average 12; J = 1 - 3/11.
    factor = math.sqrt(2 / 12) * 8 / 11
    assert (low, high) == pytest.approx((limits[0] * factor, limits[1] * factor))
    assert hedges_g_av(baseline, treatment) == pytest.approx(3 / math.sqrt(12) * 8 / 11)
    assert low < hedges_g_av(baseline, treatment) < high
    assert g_av_interval(baseline[:2], treatment[:2], limits) is None


def test_the_power_of_the_paired_t_test():
    assert t_test_power(0.5, 34) == pytest.approx(0.8077775, abs=1e-6)  # G*Power
    assert t_test_power(0.0, 9) == pytest.approx(0.05)
    assert smallest_detectable_effect(34) == pytest.approx(0.4948, abs=1e-3)
    assert t_test_power(smallest_detectable_effect(3), 3) == pytest.approx(0.8)


def test_the_mean_change_without_one_subject():
    assert leave_one_out(np.array([1.0, 2.0, 9.0])) == (1.5, 5.5)


def test_the_interval_of_the_icc_is_that_of_r():
    # R: anova(lm(v ~ subject)), F / qf(.975, 5, 18) and F * qf(.975, 18, 5).
    one = one_night_reliability(SHROUT_FLEISS)
    assert (one.icc, one.low, one.high) == pytest.approx(
        (0.165741768405, -0.132932324875, 0.722560062328), rel=1e-9
    )


def test_the_interval_of_dz_is_that_of_r():
    # R: uniroot of pt(.8 * sqrt(12), 11, ncp) - p at p .975 and .025, over sqrt(12).
    assert dz_interval(0.8, 12) == pytest.approx((0.131509568666, 1.441753744829), rel=1e-6)
