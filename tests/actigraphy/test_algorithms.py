"""Sleep and wake from counts, against hand calculation and against Actiware's own scores."""

import csv
import math

import numpy as np
import pytest

import psgpipe
from psgpipe.actigraphy.algorithms import sadeh
from psgpipe.actigraphy.counts import ActivityCounts
from psgpipe.actigraphy.score import score_actigraphy
from psgpipe.errors import ActigraphyInvalid, UsageError
from tests.actigraphy.count_files import START
from tests.shared_files import shared


def counts_of(values, maker="actigraph", epoch_s=60.0, **more):
    return ActivityCounts(START, epoch_s, np.array(values, float), maker, **more)


def test_cole_kripke_weighs_seven_minutes_and_divides_counts_by_a_hundred():
    values = [0.0] * 12
    values[6] = 1000.0
    score = score_actigraphy(counts_of(values), "cole-kripke")
    # 1000 counts are 10; the weights reach from two minutes before to four minutes after.
    expected = [0, 0, 0, 0, 0.67, 0.74, 2.30, 0.76, 0.58, 0.54, 1.06, 0]
    assert score.index == pytest.approx(expected)
    assert np.flatnonzero(~score.sleep).tolist() == [6, 10]


def test_sadeh_takes_counts_as_they_are_and_not_divided_by_a_hundred():
    # Sixty counts a minute are near the limit; divided by 100 they would be sound sleep.
    score = score_actigraphy(counts_of([60.0] * 11), "sadeh")
    index = 7.601 - 0.065 * 60 - 1.08 * 11 - 0.703 * math.log(61)
    assert score.index[5] == pytest.approx(index)
    assert not score.sleep[5]


@pytest.mark.parametrize(("cut", "sleeps"), [(7.601, False), (7.6009, True)])
def test_an_index_of_sadeh_that_equals_the_cut_is_wake(cut, sleeps):
    index, sleep = sadeh(np.zeros(11), cut)  # mean, NAT, SD and logarithm are 0
    assert index[5] == 7.601
    assert sleep[5] == sleeps


def test_cole_kripke_caps_a_minute_at_thirty_thousand_counts():
    score = score_actigraphy(counts_of([90_000.0]), "cole-kripke")
    assert score.index == pytest.approx([0.230 * 300])


@pytest.mark.parametrize(("counts", "sleeps"), [(434, True), (435, False)])
def test_cole_kripke_is_sleep_below_one(counts, sleeps):
    # 0.230 * 4.34 = 0.9982 and 0.230 * 4.35 = 1.0005
    assert score_actigraphy(counts_of([0.0] * 5 + [counts]), "cole-kripke").sleep[5] == sleeps


def test_an_index_of_exactly_one_is_wake():
    # 0.230 * 4 + 0.074 * 0.3333... has no such sum; 0.076 * 0.5 + 0.230 * 4.01826... neither:
    # whole counts with 230 a + 76 b = 100000: a = 280, b = 468.42; a = 400, b = 105.26; a = 210,
    # b = 680.26; with 106 c + 54 d: 106 * 500 + 54 * 870.37; 58 e: 58 * 1000 + 230 * 182.6;
    # 74 f + 67 g: 74 * 700 + 67 * 719.4; 54 * 1000 + 230 * 200 is 100000.
    values = [0.0] * 8
    values[4], values[1] = 200.0, 1000.0
    score = score_actigraphy(counts_of(values), "cole-kripke")
    assert score.index[4] == 1.0
    assert not score.sleep[4]


def test_sadeh_by_hand_in_the_middle_of_a_stretch():
    values = [0, 10, 60, 400, 20, 75, 5, 99, 100, 49, 50, 0, 30]
    # Epoch 6 sees epochs 1 to 11: 10 60 300 20 75 5 99 100 49 50 0, and for the SD epochs 1 to 6.
    mean = (10 + 60 + 300 + 20 + 75 + 5 + 99 + 100 + 49 + 50 + 0) / 11
    nat = 4  # 60, 75, 99, 50
    last = [10, 60, 300, 20, 75, 5]
    sd = math.sqrt(sum((x - sum(last) / 6) ** 2 for x in last) / 5)
    index = 7.601 - 0.065 * mean - 1.08 * nat - 0.056 * sd - 0.703 * math.log(6)
    assert score_actigraphy(counts_of(values), "sadeh").index[6] == pytest.approx(index)


def test_sadeh_takes_zeros_before_the_first_and_after_the_last_minute():
    # Alone: mean 60 / 11, one epoch in 50 to 100, SD of 0 0 0 0 0 60.
    sd = math.sqrt((50**2 + 5 * 10**2) / 5)
    index = 7.601 - 0.065 * 60 / 11 - 1.08 - 0.056 * sd - 0.703 * math.log(61)
    assert score_actigraphy(counts_of([60]), "sadeh").index == pytest.approx([index])


def test_the_two_cuts_of_sadeh_are_named():
    values = [150] * 11  # 7.601 - 9.75 - 3.53 = -5.68 in the middle; -1.9 at the ends
    indices = score_actigraphy(counts_of(values), "sadeh").index
    assert (score_actigraphy(counts_of(values), "sadeh").sleep == (indices > -4)).all()
    assert (score_actigraphy(counts_of(values), "sadeh-1994").sleep == (indices > 0)).all()
    assert not np.array_equal(indices > -4, indices > 0)


@pytest.mark.parametrize(
    ("epoch_s", "weights"),
    [
        (15, [0.04] * 4 + [0.2] * 4 + [4] + [0.2] * 4 + [0.04] * 4),
        (30, [0.04, 0.04, 0.2, 0.2, 2, 0.2, 0.2, 0.04, 0.04]),
        (60, [0.04, 0.2, 1, 0.2, 0.04]),
    ],
)
def test_oakley_weighs_two_minutes_on_each_side(epoch_s, weights):
    values = [0.0] * 21
    values[10] = 10.0
    score = score_actigraphy(counts_of(values, "actiwatch", epoch_s), "oakley")
    half = len(weights) // 2
    assert score.index[10 - half : 11 + half] == pytest.approx([10 * w for w in weights])
    assert score.index.sum() == pytest.approx(10 * sum(weights))


def test_the_example_in_the_manual_of_the_actiwatch():
    # 100 / 25 + 42 / 5 + 20 + 13 / 5 + 67 / 25 = 37.68, which the manual scores as sleep at 40.
    counts = counts_of([100, 42, 20, 13, 67], "actiwatch")
    assert score_actigraphy(counts, "oakley").index[2] == pytest.approx(37.68)
    assert score_actigraphy(counts, "oakley-40").sleep[2]
    assert not score_actigraphy(counts, "oakley-20").sleep[2]


@pytest.mark.parametrize(("name", "threshold"), [("oakley-20", 20), ("oakley", 40),
                                                 ("oakley-40", 40), ("oakley-80", 80)])  # fmt: skip
def test_oakley_is_wake_above_its_threshold(name, threshold):
    for value, sleeps in ((threshold, True), (threshold + 1, False)):
        score = score_actigraphy(counts_of([0, 0, value, 0, 0], "actiwatch"), name)
        assert score.sleep[2] == sleeps


def test_oakley_equals_what_actiware_scored_on_every_epoch():
    path = shared("data", "actigraphy", "test_sample_rpx_eng.csv")
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    own = [row[6] for row in rows if len(row) > 7 and row[0].isdigit() and row[4] in {"0", "1"}]
    score = score_actigraphy(psgpipe.read_actigraphy(path), "oakley")
    assert len(own) == len(score.sleep) == 20_160
    scored = [(wake == "0", bool(sleep)) for wake, sleep in zip(own, score.sleep, strict=True)
              if wake in {"0", "1"}]  # fmt: skip
    assert len(scored) == 20_156
    assert all(a == b for a, b in scored)


@pytest.mark.parametrize("name", ["cole-kripke", "sadeh", "sadeh-1994"])
def test_actigraph_algorithms_refuse_actiwatch_counts_unless_said(name):
    counts = counts_of([0.0] * 20, "actiwatch")
    with pytest.raises(UsageError, match=f"{name} is valid for ActiGraph counts"):
        score_actigraphy(counts, name)
    score = score_actigraphy(counts, name, any_maker=True)
    assert "not comparable" in score.notes[0]


def test_oakley_refuses_actigraph_counts_unless_said():
    with pytest.raises(UsageError, match="oakley is valid for Actiwatch counts"):
        score_actigraphy(counts_of([0.0] * 20), "oakley")
    assert score_actigraphy(counts_of([0.0] * 20), "oakley", any_maker=True).sleep.all()


def test_counts_of_an_unknown_maker_need_the_name_of_an_algorithm():
    with pytest.raises(UsageError, match="does not say whose counts"):
        score_actigraphy(counts_of([0.0] * 20, None))
    assert "does not say whose counts" in score_actigraphy(
        counts_of([0.0] * 20, None), "oakley").notes[0]  # fmt: skip


def test_a_misspelled_algorithm_is_named():
    with pytest.raises(UsageError, match=r"did you mean 'cole-kripke'"):
        score_actigraphy(counts_of([0.0]), "cole-kripe")


def test_ten_second_epochs_are_added_up_to_minutes_of_the_clock():
    ten = counts_of([1, 2, 3] + [10] * 6 + [5], epoch_s=10)
    ten = psgpipe.ActivityCounts(START.replace(second=30), 10.0, ten.counts, "actigraph")
    score = score_actigraphy(ten, "cole-kripke")
    assert score.counts.start == START
    assert score.counts.counts.tolist() == [6, 60, 5]


def test_epochs_that_an_algorithm_does_not_take_are_refused():
    with pytest.raises(ActigraphyInvalid, match="takes epochs of 60 s; these have 90 s"):
        score_actigraphy(counts_of([0.0] * 9, epoch_s=90), "sadeh")
    with pytest.raises(ActigraphyInvalid, match="takes epochs of 15 or 30 or 60 s"):
        score_actigraphy(counts_of([0.0] * 9, "actiwatch", 10), "oakley")


def test_stretches_beside_a_gap_are_scored_alone_and_the_gap_is_no_sleep():
    values = [0.0] * 10 + [np.nan] * 3 + [500.0] + [0.0] * 10
    score = score_actigraphy(counts_of(values), "cole-kripke")
    assert score.sleep[:10].all()  # the 500 counts behind the gap do not reach over it
    assert not score.sleep[10:13].any()
    assert not score.wear[10:13].any()
    assert np.isnan(score.index[10:13]).all()
    assert not score.sleep[13]
