"""Minutes corrected by a confusion of stages, by hand."""

import numpy as np
import pytest

from psgpipe.comparison.statistics.confusion import correction_matrix


def confusion(**rows):
    """Epochs: by default 100 of each stage, all found."""
    table = np.diag([100.0] * 5)
    for stage, row in rows.items():
        table[["w", "n1", "n2", "n3", "rem"].index(stage)] = row
    return table


def test_a_stager_without_errors_corrects_nothing():
    minutes = np.array([30, 20, 200, 90, 80])
    assert correction_matrix(confusion()) @ minutes == pytest.approx(minutes)


def test_rem_that_is_partly_staged_as_n2_comes_back():
    # One fifth of true REM is staged as N2: of 100 min, 80 are seen as REM and 20 as N2.
    table = confusion(rem=[0, 0, 20, 0, 80])
    staged = np.array([30, 20, 200 + 20, 90, 80])
    assert correction_matrix(table) @ staged == pytest.approx([30, 20, 200, 90, 100])


def test_false_n3_goes_back_to_n2_and_the_sum_stays():
    # A quarter of true N2 is staged as N3, a tenth of true N3 as N2.
    # True 200 and 100: staged N2 150 + 10, N3 50 + 90.
    table = confusion(n2=[0, 0, 75, 25, 0], n3=[0, 0, 10, 90, 0])
    found = correction_matrix(table) @ np.array([0, 0, 160, 140, 0])
    assert found == pytest.approx([0, 0, 200, 100, 0])
    assert found.sum() == pytest.approx(300)


def test_a_stage_without_epochs_cannot_be_corrected():
    assert correction_matrix(confusion(n1=[0, 0, 0, 0, 0])) is None


def test_stages_that_are_staged_alike_cannot_be_told_apart():
    assert correction_matrix(confusion(n1=[50, 0, 50, 0, 0], n2=[50, 0, 50, 0, 0])) is None
