"""Paired analysis of treatment against baseline, with one number for each subject."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.comparison.statistics.hodges_lehmann import hodges_lehmann
from psgpipe.comparison.statistics.paired import changes, cohen_dz, hedges_g_av, t_interval
from psgpipe.comparison.statistics.sign_flip import max_t_sign_flip_p, sign_flip_p
from psgpipe.comparison.statistics.signed_rank import signed_rank_probabilities
from tests.comparison.statistics.golden import golden

differences = st.lists(st.integers(-50, 50), min_size=1, max_size=10)


def six_subjects() -> tuple[np.ndarray, np.ndarray, dict]:
    expected = golden("paired_six_subjects")
    return np.array(expected["baseline"]), np.array(expected["treatment"]), expected


def test_six_subjects_mean_t_and_interval():
    baseline, treatment, expected = six_subjects()
    result = t_interval(treatment - baseline)
    assert result.mean == pytest.approx(expected["mean_difference"], abs=1e-6)
    assert result.sd == pytest.approx(expected["sd_difference"], abs=1e-6)
    assert result.t == pytest.approx(expected["t"], abs=1e-6)
    assert result.p == pytest.approx(expected["p_t"], abs=1e-6)
    assert [result.low, result.high] == pytest.approx(expected["ci95_t"], abs=1e-6)


def test_six_subjects_without_a_distribution():
    baseline, treatment, expected = six_subjects()
    walsh = hodges_lehmann(treatment - baseline)
    assert sign_flip_p(treatment - baseline, seed=1) == expected["sign_flip_p"]
    assert walsh.estimate == pytest.approx(expected["hodges_lehmann"])
    assert [walsh.low, walsh.high] == pytest.approx(expected["walsh_ci"])
    assert walsh.coverage == pytest.approx(expected["walsh_attained_coverage"])


def test_six_subjects_effect_sizes():
    baseline, treatment, expected = six_subjects()
    assert cohen_dz(treatment - baseline) == pytest.approx(expected["dz"], abs=1e-6)
    assert hedges_g_av(baseline, treatment) == pytest.approx(expected["g_av"], abs=1e-6)


@given(differences)
def test_the_exact_sign_flip_counts_every_pattern(values):
    d = np.array(values, dtype=float)
    patterns = np.array(list(itertools.product([-1, 1], repeat=d.size)))
    extreme = np.mean(np.abs(patterns @ d) >= abs(d.sum()))
    assert sign_flip_p(d, seed=0) == pytest.approx(extreme)


def test_ties_in_tenths_are_ties():
    # 0.1 + 0.2 is not 0.3 in binary; the patterns that sum to the same must count as the same.
    d = np.array([0.1, 0.2, -0.3, 0.3, 0.6])
    whole = np.array([1, 2, -3, 3, 6])
    assert sign_flip_p(d, seed=0) == sign_flip_p(whole, seed=0)


def test_twenty_subjects_are_still_exact():
    # All 20 change the same way by different amounts: two patterns of 2^20 are as extreme.
    assert sign_flip_p(np.arange(1, 21), seed=0) == 2 / 2**20


def test_beyond_twenty_subjects_patterns_are_drawn_and_p_is_never_zero():
    assert sign_flip_p(np.arange(1, 41), seed=0) == 1 / 100_000


def test_drawn_patterns_follow_the_seed_and_agree_with_the_t_test():
    d = np.random.default_rng(5).normal(0.3, 1, 40)
    p = sign_flip_p(d, seed=11)
    assert p == sign_flip_p(d, seed=11)
    assert p != sign_flip_p(d, seed=12)
    assert p == pytest.approx(t_interval(d).p, abs=0.006)  # Monte Carlo SE 0.0007


def test_five_subjects_cannot_reach_five_per_cent():
    assert sign_flip_p([1, 2, 3, 4, 5], seed=0) == 2 / 32
    walsh = hodges_lehmann([1, 2, 3, 4, 5])
    assert (walsh.low, walsh.high, walsh.coverage) == (1, 5, 0.9375)


@pytest.mark.parametrize(("n", "critical"), [(6, 0), (8, 3), (10, 8), (12, 13), (20, 52), (25, 89)])
def test_signed_rank_distribution_has_the_published_critical_values(n, critical):
    # Two-sided 5 %: the largest T with P(T+ <= T) <= 0.025 (Hollander et al., table A.4).
    cumulative = np.cumsum(signed_rank_probabilities(n))
    assert np.flatnonzero(cumulative <= 0.025)[-1] == critical


def test_ten_subjects_walsh_interval_by_hand():
    # Critical value 8, so the interval lies between the 9th smallest and 9th largest of 55
    # averages; P(T+ <= 8) = 25/1024.
    d = np.arange(10.0) ** 2
    walsh = sorted((d[i] + d[j]) / 2 for i in range(10) for j in range(i, 10))
    result = hodges_lehmann(d)
    assert (result.low, result.high) == (walsh[8], walsh[-9])
    assert result.coverage == pytest.approx(1 - 2 * 25 / 1024)


def test_one_subject_has_a_difference_and_nothing_else():
    assert t_interval([3.0]).mean == 3.0
    assert t_interval([3.0]).p is None
    assert hodges_lehmann([3.0]).low is None
    assert cohen_dz([3.0]) is None


def test_subjects_that_all_change_alike_have_no_t():
    result = t_interval([0.3, 0.1 + 0.2, 0.3])
    assert (result.sd, result.t, result.p, result.low) == (0.0, None, None, None)
    assert cohen_dz([0.3, 0.1 + 0.2, 0.3]) is None


def test_rounding_of_a_mean_is_no_change():
    # 90.1 on three nights has the mean 90.09999999999998 in floating point.
    three_nights = np.array([90.1, 90.1, 90.1]).mean()
    assert three_nights != 90.1
    assert changes([three_nights, 20.0], [90.1, 22.0]).tolist() == [0.0, 2.0]


def test_minutes_that_all_rise_by_a_tenth_rise_alike():
    baseline = np.array([100.1, 317.3, 455.7, 1023.9])
    d = changes(baseline, [100.2, 317.4, 455.8, 1024.0])
    assert len(set(d.tolist())) == 1
    assert d[0] == pytest.approx(0.1)


def test_no_change_at_all_is_no_evidence():
    assert sign_flip_p([0, 0, 0, 0, 0, 0], seed=0) == 1.0


def test_effect_size_needs_three_subjects():
    assert hedges_g_av([1, 2], [2, 4]) is None


def test_max_t_of_one_endpoint_is_the_sign_flip():
    d = np.random.default_rng(3).normal(0.8, 1, 9)
    assert max_t_sign_flip_p(d[:, None], seed=0)[0] == pytest.approx(sign_flip_p(d, seed=0))


def test_max_t_of_copies_costs_nothing_and_of_others_no_less():
    rng = np.random.default_rng(4)
    d, other = rng.normal(1, 1, 8), rng.normal(0, 1, (8, 3))
    alone = sign_flip_p(d, seed=0)
    assert max_t_sign_flip_p(np.stack([d, d, -d], 1), seed=0) == pytest.approx([alone] * 3)
    assert max_t_sign_flip_p(np.column_stack([d, other]), seed=0)[0] >= alone


@given(st.lists(st.tuples(*[st.floats(-9, 9)] * 3), min_size=2, max_size=7))
def test_max_t_by_brute_force(rows):
    d = np.round(np.array(rows), 2) + np.array([0.013, 0.007, -0.011])

    def t2(x):
        with np.errstate(divide="ignore", invalid="ignore"):
            return x.mean(0) ** 2 / x.var(0, ddof=1) * len(x)

    patterns = itertools.product([-1, 1], repeat=len(d))
    largest = np.array(
        [np.nan_to_num(t2(d * np.array(s)[:, None]), posinf=1e12).max() for s in patterns]
    )
    seen = np.nan_to_num(t2(d), posinf=1e12)
    expected = [(largest >= t * (1 - 1e-5)).mean() for t in np.minimum(seen, 1e8)]
    assert max_t_sign_flip_p(d, seed=0) == pytest.approx(expected)


def test_max_t_with_a_subject_who_lacks_an_endpoint():
    d = np.array([[1.0, 2.0], [2.0, np.nan], [1.5, 1.0], [0.5, -1.0]])
    alone = sign_flip_p(d[[0, 2, 3], 1], seed=0)
    adjusted = max_t_sign_flip_p(d, seed=0)
    assert sign_flip_p(d[:, 0], seed=0) < adjusted[0] < 1
    assert alone <= adjusted[1] <= 1
