"""The epochs that a stager doubted most are those with two stages nearly as probable."""

import numpy as np
import pytest

from psgpipe.sleep.doubted_epochs import doubted_epochs

NAN = float("nan")
# W N1 N2 N3 R
NIGHT = np.array([
    [0.90, 0.05, 0.03, 0.01, 0.01],  # margin 0.85
    [0.45, 0.40, 0.05, 0.05, 0.05],  # margin 0.05
    [0.10, 0.10, 0.30, 0.20, 0.30],  # margin 0
    [NAN, NAN, NAN, NAN, NAN],
    [0.00, 0.00, 0.50, 0.50, 0.00],  # margin 0, and more probable than epoch 2
])  # fmt: skip


def epochs(candidates=(True,) * 5):
    return [doubt.epoch for doubt in doubted_epochs(NIGHT, np.array(candidates))]


def test_the_smallest_margin_comes_first_and_of_equal_ones_the_less_probable():
    assert epochs() == [2, 4, 1, 0]


def test_epochs_out_of_bed_are_not_counted():
    assert epochs([True, True, False, True, False]) == [1, 0]


def test_both_stages_are_named_with_their_probabilities():
    doubt = doubted_epochs(NIGHT, np.array([False, True, False, False, False]))[0]
    assert (doubt.stage, doubt.probability, doubt.second, doubt.second_probability) == (
        "W", 0.45, "N1", 0.40,
    )  # fmt: skip
    assert doubt.margin == pytest.approx(0.05)


def test_a_night_without_staged_epochs_has_none():
    assert doubted_epochs(NIGHT[3:4], np.array([True])) == []
    assert doubted_epochs(np.empty((0, 5)), np.empty(0, bool)) == []
