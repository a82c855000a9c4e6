"""Thousands of subjects: the same numbers as the definitions give, in little memory."""

import tracemalloc

import numpy as np
import pytest

from psgpipe.comparison.statistics.censored import worst_rank_differences
from psgpipe.comparison.statistics.groups import by_size, means
from psgpipe.comparison.statistics.hodges_lehmann import average_at, hodges_lehmann
from psgpipe.comparison.statistics.mixed_model import fit_mixed_model
from psgpipe.comparison.statistics.reliable_change import pooled_within_sd
from psgpipe.comparison.statistics.sign_flip import MONTE_CARLO_DRAWS, sign_flip_p
from psgpipe.comparison.statistics.signed_rank import signed_rank_probabilities, walsh_rank

MANY = 700


def changes_of_subjects(kind, n=MANY):
    d = np.random.default_rng(5).normal(2, 10, n)
    if kind == "half minutes":  # most averages tie
        d = np.round(d * 2) / 2
    if kind == "all alike":
        d[:] = 0.1
    if kind == "latencies without REM":
        d[: n // 3], d[-n // 5 :] = np.inf, -np.inf
    return d


def all_averages(d):
    i, j = np.triu_indices(d.size)
    with np.errstate(invalid="ignore"):
        return np.sort(np.nan_to_num((d[i] + d[j]) / 2, nan=0.0, posinf=np.inf, neginf=-np.inf))


@pytest.mark.parametrize("kind", ["minutes", "half minutes", "all alike", "latencies without REM"])
def test_a_walsh_average_is_the_one_at_its_rank_to_the_last_bit(kind):
    d = changes_of_subjects(kind)
    averages = all_averages(d)
    ranks = [1, 2, 1000, averages.size // 3, averages.size // 2, averages.size - 7, averages.size]
    assert [average_at(np.sort(d), rank) for rank in ranks] == [averages[r - 1] for r in ranks]


@pytest.mark.parametrize("n", [MANY, MANY + 1, MANY + 2])
def test_the_hodges_lehmann_shift_of_many_subjects_is_the_median_of_all_averages(n):
    d = changes_of_subjects("minutes", n)
    averages = all_averages(d)
    result = hodges_lehmann(d)
    rank, _ = walsh_rank(n, 0.95)
    assert result.estimate == np.median(averages)
    assert (result.low, result.high) == (averages[rank - 1], averages[-rank])


@pytest.mark.parametrize("n", [301, 350])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_the_rank_of_the_limit_is_that_of_the_whole_signed_rank_distribution(n, level):
    below = np.cumsum(signed_rank_probabilities(n))
    last = np.flatnonzero(below <= (1 - level) / 2)[-1]
    rank, coverage = walsh_rank(n, level)
    assert rank == last + 1
    assert coverage == pytest.approx(1 - 2 * below[last], abs=1e-13)


def test_the_interval_of_ten_thousand_subjects_covers_ninety_five_per_cent():
    # The normal approximation of the critical value is right to 1e-4 of the SD with so many.
    n = 10_000
    rank, coverage = walsh_rank(n, 0.95)
    sd = (n * (n + 1) * (2 * n + 1) / 24) ** 0.5
    assert rank == pytest.approx(n * (n + 1) / 4 - 1.959964 * sd, abs=1e-4 * sd)
    assert 0.95 <= coverage < 0.950001


def test_random_signs_are_those_of_earlier_versions():
    # One block of bytes for all draws, eight subjects a byte, as drawn before there were blocks.
    d = np.random.default_rng(2).normal(0.2, 1, 71)
    flips = np.frombuffer(np.random.default_rng(9).bytes(9 * MONTE_CARLO_DRAWS), dtype=np.uint8)
    bits = (
        np.unpackbits(flips.reshape(9, 1, -1), axis=1, bitorder="little")
        .reshape(72, -1)[:71]
        .astype(float)
    )
    sums = np.abs(((2 * bits - 1) * d[:, None]).sum(axis=0))
    beyond = np.count_nonzero(sums >= abs(d.sum()))
    assert sign_flip_p(d, seed=9) == (beyond + 1) / (MONTE_CARLO_DRAWS + 1)


def peak_bytes(function, *arguments):
    tracemalloc.start()
    try:
        function(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_statistics_of_a_change_need_no_more_than_some_megabytes():
    d = changes_of_subjects("minutes", 3000)
    hodges_lehmann(d[:500])
    assert peak_bytes(hodges_lehmann, d) < 15e6  # all averages: 36 MB, and as much to sort them
    assert peak_bytes(sign_flip_p, d, 1) < 10e6  # all random bytes: 37 MB


def test_numbers_of_groups_are_those_of_each_group_alone():
    rng = np.random.default_rng(3)
    groups = [rng.normal(300, 40, size) for size in rng.integers(1, 40, 200)]
    assert means(groups).tolist() == [group.mean() for group in groups]
    assert by_size(groups, lambda g: g.std(axis=1)).tolist() == [g.std() for g in groups]
    assert by_size([], lambda g: g.sum(axis=1)).tolist() == []


def test_the_night_to_night_sd_pools_the_squares_of_all_subjects():
    # Squares about the means: 8 and 2; degrees of freedom: 1 and 2; one night has none.
    result = pooled_within_sd([[10.0, 14.0], [5.0], [3.0, 4.0, 5.0]])
    assert (result.sd, result.df) == (pytest.approx((10 / 3) ** 0.5), 3)


def test_worst_ranks_do_not_depend_on_the_order_of_nights():
    latency = np.array([70.0, np.inf, 90, 80, np.inf, 60])
    subject, treated = ["b", "b", "a", "a", "a", "b"], [False, True, False, True, True, False]
    # Ranks: 60 1, 70 2, 80 3, 90 4, without REM 5.5. a: (3 + 5.5)/2 - 4; b: 5.5 - (2 + 1)/2.
    assert worst_rank_differences(latency, subject, treated) == {"a": 0.25, "b": 4.0}


def test_a_mixed_model_takes_nights_in_any_order():
    rng = np.random.default_rng(8)
    subject = np.repeat([f"S{i}" for i in range(6)], 5)
    treated = np.tile([False, False, True, True, True], 6)
    y = rng.normal(80, 10, 30) + 5 * treated
    order = rng.permutation(30)
    model = fit_mixed_model(y, subject, treated)
    mixed_up = fit_mixed_model(y[order], subject[order], treated[order])
    assert mixed_up.difference == pytest.approx(model.difference)
    assert (mixed_up.se, mixed_up.df) == (pytest.approx(model.se), pytest.approx(model.df))
