"""Consensus: several derivations stage one night."""

import json

import numpy as np
import pytest

from psgpipe.staging.consensus import de_weighted, disagreement, mean_probabilities
from tests.shared_files import shared


def epochs(*rows):
    return np.array(rows, dtype=float)


def test_de_weighting_gives_the_golden_probabilities():
    golden = json.loads(shared("golden", "expected.json").read_text(encoding="utf-8"))
    case = golden["de_weighted_probabilities"]
    given, wanted = (epochs([case[k][s] for s in ("W", "N1", "N2", "N3", "R")])
                     for k in ("p", "p_de_weighted"))  # fmt: skip
    np.testing.assert_allclose(de_weighted(given), wanted, atol=1e-5)


def test_a_stage_that_was_not_weighted_gains_against_one_that_was():
    # .5 / 2.2 = .227 against .4: N1 was larger only because of its weight.
    assert de_weighted(epochs([0.1, 0.5, 0.4, 0, 0])).argmax() == 2


def test_the_mean_of_two_derivations():
    one, other = epochs([0.9, 0.1, 0, 0, 0]), epochs([0.1, 0.9, 0, 0, 0])
    assert mean_probabilities([one, other]).tolist() == [[0.5, 0.5, 0, 0, 0]]


def test_one_derivation_keeps_its_very_numbers():
    one = epochs([0.3, 0.3, 0.4, 0, 0])
    assert mean_probabilities([one]) is one


def test_one_derivation_of_three_disagrees():
    n2, n3 = epochs([0, 0, 1, 0, 0]), epochs([0, 0, 0, 1, 0])
    assert disagreement([n2, n2, n3]).tolist() == pytest.approx([1 / 3])
    assert disagreement([n2, n2, n2]).tolist() == [0]
