"""Epochs in which nobody wore the watch are never sleep."""

import numpy as np
import pytest

from psgpipe.actigraphy.counts import ActivityCounts
from psgpipe.actigraphy.score import score_actigraphy
from psgpipe.actigraphy.wear import worn
from tests.actigraphy.count_files import START


def counts_of(values, epoch_s=60.0, **more):
    return ActivityCounts(START, epoch_s, np.array(values, float), "actigraph", **more)


@pytest.mark.parametrize(("minutes", "is_worn"), [(179, True), (180, False)])
@pytest.mark.parametrize("epoch_s", [15.0, 30.0, 60.0])
def test_three_hours_without_a_count_are_not_wear(minutes, is_worn, epoch_s):
    n = int(minutes * 60 / epoch_s)
    counts = counts_of([500] * 10 + [0] * n + [500] * 10, epoch_s)
    assert worn(counts)[10 : 10 + n].all() == is_worn
    assert worn(counts)[:10].all()
    assert worn(counts)[-10:].all()


def test_epochs_not_worn_are_never_sleep():
    score = score_actigraphy(counts_of([500] * 10 + [0] * 400), "cole-kripke")
    assert not score.sleep[10:].any()
    assert not score.wear[10:].any()


def test_a_short_movement_in_long_quiet_is_no_wear_and_a_longer_one_is():
    for minutes, is_worn in ((2, False), (3, True)):
        counts = counts_of([9] * 5 + [0] * 100 + [7] * minutes + [0] * 100 + [9] * 5)
        assert worn(counts)[105:105 + minutes].all() == is_worn  # fmt: skip
        assert worn(counts)[50] == is_worn


def test_the_other_axes_show_that_the_watch_was_worn():
    zeros = [0.0] * 300
    moved = counts_of(zeros, movement=np.array([5.0] * 300))
    assert worn(moved).all()
    assert not worn(counts_of(zeros)).any()


def test_what_the_watch_marks_as_off_the_wrist_is_not_worn():
    off = np.zeros(40, bool)
    off[10:20] = True
    score = score_actigraphy(counts_of([0] * 40, off_wrist=off), "cole-kripke")
    assert not score.sleep[10:20].any()
    assert score.sleep[:10].all()


def test_the_limit_can_be_another():
    counts = counts_of([9] + [0] * 95 + [9])
    assert worn(counts).all()
    assert not worn(counts, 90)[1:96].any()
