"""Agreement of two scorings, counted by hand."""

import numpy as np
import pytest

from psgpipe.model.hypnogram import SCORED, Hypnogram, SleepStage
from psgpipe.sleep.agreement import Agreement, agreement, better_shift
from tests.builders import night


def test_two_scorings_that_differ_in_one_epoch_of_four():
    found = agreement(night("W N1 N2 N2"), night("W N2 N2 N2"))
    assert found.n_epochs == 4
    assert found.accuracy == 0.75
    # by chance: W 1/4 * 1/4 + N2 2/4 * 3/4 = 7/16; (12/16 - 7/16) / (9/16) = 5/9
    assert found.kappa == pytest.approx(5 / 9)
    assert found.f1 == {"W": 1.0, "N1": 0.0, "N2": 0.8, "N3": None, "R": None}


def test_matthews_correlation_by_hand():
    # c = 3, n = 4; rows 1 1 2, columns 1 0 3: (3*4 - 7) / sqrt((16 - 10) * (16 - 6))
    found = agreement(night("W N1 N2 N2"), night("W N2 N2 N2"))
    assert found.mcc == pytest.approx(5 / 60**0.5)


def test_an_epoch_that_either_leaves_out_is_not_counted():
    found = agreement(night("W UNS N2 N2"), night("W N1 ART N2"))
    assert found.n_epochs == 2
    assert found.accuracy == 1.0


def test_a_shorter_scoring_is_compared_as_far_as_it_goes():
    assert agreement(night("W*3"), night("W*10")).n_epochs == 3


def test_nothing_in_common_has_no_figures():
    found = agreement(night("UNS*4"), night("W*4"))
    assert (found.accuracy, found.kappa, found.mcc) == (None, None, None)


def test_all_wake_twice_agrees_and_kappa_cannot_tell():
    found = agreement(night("W*4"), night("W*4"))
    assert found.accuracy == 1.0
    assert found.kappa is None


def test_nights_are_pooled_by_their_epochs():
    one, other = agreement(night("W*3"), night("W*3")), agreement(night("R"), night("W"))
    assert isinstance(one + other, Agreement)
    assert (one + other).accuracy == 0.75


def test_a_scoring_three_epochs_late_agrees_better_three_epochs_earlier():
    # Bouts of 2 to 6 epochs; the expert's are the same, three epochs later.
    rng = np.random.default_rng(1)
    bouts = [(SCORED[rng.integers(5)], int(rng.integers(2, 7))) for _ in range(100)]
    stages = tuple(stage for stage, n in bouts for _ in range(n))
    late = Hypnogram((SleepStage.UNS,) * 3 + stages[:-3])
    shift = better_shift(late, Hypnogram(stages))
    assert shift is not None
    assert (shift.epochs, shift.kappa) == (-3, 1.0)
    assert better_shift(Hypnogram(stages), Hypnogram(stages)) is None


def test_stages_of_another_night_agree_at_no_shift():
    rng = np.random.default_rng(2)
    one, other = (
        Hypnogram(tuple(SCORED[i] for i in rng.integers(0, 5, 300).repeat(4))) for _ in range(2)
    )
    assert better_shift(one, other) is None
