"""Epochs whose length is not in the file are 30 s, unless the recording says otherwise."""

import pytest

from psgpipe.errors import ScoringInvalid
from psgpipe.scorings.align import align
from psgpipe.scorings.tables.table_rows import NO_EPOCH_LENGTH
from psgpipe.sleep.local_clock import LocalClock
from tests.scorings.scoring_files import EVENING, epochs, scoring

HOUR_S = 3600.0


def aligned(n_epochs, span_s=8 * HOUR_S, **more):
    given = {"start": None, "findings": (NO_EPOCH_LENGTH,)} | more
    words = epochs(" ".join(["N2"] * n_epochs))
    return align(scoring(words, **given), LocalClock(EVENING, EVENING.time()), span_s)


def test_as_many_epochs_as_the_recording_has_are_30_s():
    assert aligned(960).hypnogram.valid.sum() == 960


@pytest.mark.parametrize(("n_epochs", "fit"), [(1440, "20 s"), (2880, "10 s"), (480, "60 s")])
def test_epochs_that_fill_the_recording_with_another_length_are_refused(n_epochs, fit):
    with pytest.raises(ScoringInvalid, match=f"they fit it with {fit}"):
        aligned(n_epochs)


def test_epochs_far_longer_than_the_recording_are_refused():
    with pytest.raises(ScoringInvalid, match="1100 epochs of 30 s: 550 min"):
        aligned(1100)


@pytest.mark.parametrize("n_epochs", [700, 1000])
def test_a_scoring_of_a_part_or_a_little_more_than_the_recording_is_used(n_epochs):
    assert aligned(n_epochs).hypnogram.valid.sum() == min(n_epochs, 960)


def test_a_length_that_the_file_gives_is_never_doubted():
    assert aligned(1440, findings=()).hypnogram.valid.sum() == 960
