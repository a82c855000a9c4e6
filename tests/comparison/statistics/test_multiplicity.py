"""Adjustment of p for several endpoints."""

import pytest

from psgpipe.comparison.statistics.multiplicity import benjamini_hochberg, holm
from tests.comparison.statistics.golden import golden


def test_five_endpoints():
    expected = golden("multiplicity")
    assert holm(expected["p"]) == pytest.approx(expected["holm"], abs=1e-6)
    assert benjamini_hochberg(expected["p"]) == pytest.approx(
        expected["benjamini_hochberg"], abs=1e-6
    )


def test_the_order_given_is_the_order_returned():
    # Sorted: .01 x 3, .02 x 2, .03 x 1 -> .03, .04, .04 (never falling).
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    # Sorted: .01 x 3/1, .02 x 3/2, .03 x 3/3 -> all .03.
    assert benjamini_hochberg([0.03, 0.01, 0.02]) == pytest.approx([0.03, 0.03, 0.03])


def test_never_above_one():
    assert holm([0.6, 0.7]) == pytest.approx([1.0, 1.0])
    assert benjamini_hochberg([0.9, 1.0]) == pytest.approx([1.0, 1.0])


def test_nothing_to_adjust():
    assert holm([]).size == 0
    assert benjamini_hochberg([]).size == 0
