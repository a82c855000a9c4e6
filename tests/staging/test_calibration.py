"""Calibration of probabilities: what was planted is found again; the chain against every path."""

import itertools
import math

import numpy as np
import pytest

from psgpipe.model.calibration import Calibration, EndpointError
from psgpipe.staging.calibration.chain import (
    UNKNOWN,
    ChainData,
    ChainWeights,
    fit_chain,
    forward_backward,
    posterior,
)
from psgpipe.staging.calibration.softmax import Weights, fit_weights, with_weights
from psgpipe.staging.calibration.use import calibrated, prediction_intervals


def calibration(**fields):
    values = {
        "sha256": "0", "file": "lab.toml", "temperature": 1.0, "offsets": (0.0,) * 5,
        "classifier_sha256": "0", "derivations": ("C4-M1",), "age_and_sex": False,
    }  # fmt: skip
    return Calibration(**(values | fields))


def one_sure_stage(sure, share, n):
    """`n` epochs for each stage as the sure one, of which the scorer gives `share` this stage.

    The others are given the four other stages equally often.
    """
    probabilities, labels = [], []
    for stage in range(5):
        row = np.full(5, (1 - sure) / 4)
        row[stage] = sure
        wrong = round(n * (1 - share) / 4)
        given = [stage] * (n - 4 * wrong) + [o for o in range(5) if o != stage] * wrong
        probabilities += [row] * n
        labels += given
    return np.array(probabilities), np.array(labels)


def test_a_stager_that_is_too_sure_has_the_temperature_that_its_hits_say():
    # 0.9 against 0.025 is 36 to 1; right in 60 % against 10 % of each other stage is 6 to 1: the
    # logarithm of 6 is half that of 36, so the temperature is 2.
    weights = fit_weights(*one_sure_stage(0.9, 0.6, 1000), l2=1e-4)
    assert 1 / weights.slope == pytest.approx(2.0, abs=1e-4)
    assert weights.offsets == pytest.approx(np.zeros(5), abs=1e-6)


def test_offsets_are_the_logarithms_of_how_often_a_scorer_gives_a_stage():
    # Probabilities that say nothing: what is left is how often each stage is given.
    counts = [100, 50, 400, 200, 250]
    labels = np.repeat(np.arange(5), counts)
    weights = fit_weights(np.full((1000, 5), 0.2), labels, l2=1e-4)
    for stage in range(1, 5):
        ratio = math.exp(weights.offsets[stage] - weights.offsets[0])
        assert ratio == pytest.approx(counts[stage] / 100, rel=1e-4)
    assert weights.offsets.sum() == pytest.approx(0, abs=1e-6)


def test_planted_sharpening_and_shifts_are_recovered_together():
    rng = np.random.default_rng(5)
    truth = rng.dirichlet(np.ones(5), 40_000)
    labels = (truth.cumsum(axis=1) > rng.random((40_000, 1))).argmax(axis=1)
    temperature, offsets = 2.5, np.array([0.4, -0.6, 0.3, 0.2, -0.3])
    # Staged so that p ** (1 / 2.5) * exp(offset) is the truth again.
    staged = (truth * np.exp(-offsets)) ** temperature
    staged /= staged.sum(axis=1, keepdims=True)
    weights = fit_weights(np.clip(staged, 1e-5, 1), labels)
    assert 1 / weights.slope == pytest.approx(2.5, rel=0.05)
    assert weights.offsets == pytest.approx(offsets, abs=0.06)
    # Calibrated probabilities are right as often as they say.
    sure = with_weights(staged, weights)
    best = sure.argmax(axis=1)
    assert sure.max(axis=1).mean() == pytest.approx((best == labels).mean(), abs=0.01)


def test_a_stage_that_no_scorer_gave_gets_a_finite_offset():
    probabilities, labels = one_sure_stage(0.9, 0.6, 100)
    some = labels != 1
    weights = fit_weights(probabilities[some], labels[some])
    assert np.isfinite(weights.offsets).all()
    assert weights.offsets[1] == min(weights.offsets)


def test_a_probability_of_nothing_is_no_infinite_logarithm():
    staged = np.array([[1.0, 0.0, 0.0, 0.0, 0.0], [np.nan] * 5])
    found = calibrated(staged, calibration(temperature=2.0))
    # 1e-6 ** 0.5 is 1e-3: 1 against four times 0.001.
    assert found[0, 0] == pytest.approx(1 / 1.004)
    assert np.isnan(found[1]).all()


def test_temperature_1_without_offsets_changes_nothing():
    staged = np.random.default_rng(1).dirichlet(np.ones(5), 50)
    assert calibrated(staged, calibration()) == pytest.approx(staged, abs=1e-5)


def every_path(scores, transitions):
    """Log sum, marginals and expected steps by the sum over all paths."""
    n = len(scores)
    total, stages, steps = 0.0, np.zeros((n, 5)), np.zeros((5, 5))
    for path in itertools.product(range(5), repeat=n):
        score = sum(scores[t, s] for t, s in enumerate(path))
        score += sum(transitions[a, b] for a, b in itertools.pairwise(path))
        weight = math.exp(score)
        total += weight
        for t, s in enumerate(path):
            stages[t, s] += weight
        for a, b in itertools.pairwise(path):
            steps[a, b] += weight
    return math.log(total), stages / total, steps / total


def test_forward_backward_is_the_sum_over_all_hypnograms():
    rng = np.random.default_rng(2)
    scores, transitions = rng.normal(0, 2, (4, 3, 5)), rng.normal(0, 1, (5, 5))
    lengths = np.array([4, 1, 3])
    found = forward_backward(scores, lengths, transitions)
    each = [every_path(scores[:n, k], transitions) for k, n in enumerate(lengths)]
    assert found.log_z == pytest.approx([log_z for log_z, _, _ in each], abs=1e-10)
    for night, (_, stages, _) in enumerate(each):
        n = lengths[night]
        assert found.stages[:n, night] == pytest.approx(stages, abs=1e-12)
        assert (found.stages[n:, night] == 0).all()
    assert found.steps == pytest.approx(sum(steps for _, _, steps in each), abs=1e-12)


def test_a_chain_of_scores_that_are_far_apart_does_not_overflow():
    scores = np.zeros((2000, 1, 5))
    scores[::2, 0, 0], scores[1::2, 0, 4] = 800.0, 800.0
    found = forward_backward(scores, np.array([2000]), np.full((5, 5), -40.0))
    assert found.log_z[0] == pytest.approx(2000 * 800 - 1999 * 40)
    assert found.stages.sum(axis=2) == pytest.approx(np.ones((2000, 1)))


def labelled_nights(seed=3):
    rng = np.random.default_rng(seed)
    nights = []
    for n in (40, 25):
        labels = rng.integers(0, 5, n)
        labels[[0, 7, 8]] = UNKNOWN
        probabilities = rng.dirichlet(np.ones(5), n)
        probabilities[12] = np.nan
        nights.append((probabilities, labels))
    return nights


def test_the_gradient_of_the_chain_is_that_of_finite_differences():
    data, rng = ChainData(labelled_nights()), np.random.default_rng(4)
    at = rng.normal(0, 0.7, 31)
    _, gradient = data.loss(at, l2=0.3)
    for number in range(31):
        step = np.zeros(31)
        step[number] = 1e-5
        slope = (data.loss(at + step, l2=0.3)[0] - data.loss(at - step, l2=0.3)[0]) / 2e-5
        assert gradient[number] == pytest.approx(slope, abs=1e-5)


def test_the_loss_of_the_chain_is_minus_the_log_probability_of_the_scored_path():
    probabilities = np.random.default_rng(6).dirichlet(np.ones(5), 4)
    labels = np.array([0, 2, 2, 4])
    transitions = np.random.default_rng(7).normal(0, 1, (5, 5))
    offsets = np.array([0.1, -0.2, 0.3, 0.0, -0.1])
    scores = 0.7 * np.log(probabilities) + offsets
    path = scores[range(4), labels].sum() + transitions[[0, 2, 2], [2, 2, 4]].sum()
    log_z, _, _ = every_path(scores, transitions)
    row = np.array([0.7, *offsets, *transitions.ravel()])
    assert ChainData([(probabilities, labels)]).loss(row, l2=0.0)[0] == pytest.approx(log_z - path)


def test_a_chain_learns_how_long_stages_last():
    # Without probabilities that say anything: 2 of 3 epochs stay, 1 of 12 goes to each other stage.
    # By symmetry the weight of staying exceeds that of each change by ln 8.
    rng = np.random.default_rng(8)
    labels = [0]
    for _ in range(30_000):
        labels.append(labels[-1] if rng.random() < 2 / 3 else (labels[-1] + rng.integers(1, 5)) % 5)
    chain = fit_chain([(np.full((len(labels), 5), 0.2), np.array(labels))])
    stay, change = np.diag(chain.transitions).mean(), chain.transitions[~np.eye(5, dtype=bool)]
    assert stay - change.mean() == pytest.approx(math.log(8), abs=0.1)


def test_the_chain_goes_on_through_an_epoch_that_was_not_staged():
    rng = np.random.default_rng(9)
    staged = rng.dirichlet(np.ones(5), 5)
    staged[0], staged[2] = np.nan, np.nan
    transitions, offsets = rng.normal(0, 1, (5, 5)), rng.normal(0, 0.5, 5)
    found = posterior(staged, ChainWeights(Weights(0.8, offsets), transitions))
    scores = np.vstack([0.8 * np.log(staged[1]), np.zeros(5), 0.8 * np.log(staged[3:])]) + offsets
    _, stages, _ = every_path(scores, transitions)
    assert np.isnan(found[[0, 2]]).all()
    assert found[[1, 3, 4]] == pytest.approx(stages[[0, 2, 3]], abs=1e-12)


def test_a_night_that_was_not_staged_at_all_stays_without_stages():
    chain = ChainWeights(Weights(1.0, np.zeros(5)), np.zeros((5, 5)))
    assert np.isnan(posterior(np.full((3, 5), np.nan), chain)).all()


def test_a_chain_without_weights_is_the_plain_calibration():
    staged = np.random.default_rng(10).dirichlet(np.ones(5), 30)
    offsets = (0.3, -0.2, 0.1, 0.0, -0.2)
    plain = calibration(temperature=1.7, offsets=offsets)
    chain = calibration(temperature=1.7, offsets=offsets, transitions=((0.0,) * 5,) * 5)
    assert calibrated(staged, chain) == pytest.approx(calibrated(staged, plain), abs=1e-12)


def test_the_interval_of_one_night_is_a_t_interval_around_the_value_less_its_bias():
    # 8 subjects: t of 7 df is 2.36462; 2.36462 * sqrt(4 ** 2 + 3 ** 2) = 11.8231.
    errors = {"rem_pct": EndpointError(bias=2.0, bias_se=3.0, sd=4.0, df=7)}
    found = prediction_intervals({"rem_pct": 22.0}, calibration(prediction=errors))
    assert found["rem_pct"] == pytest.approx((8.1769, 31.8231), abs=1e-4)


def test_an_interval_ends_at_0_percent_and_is_absent_where_the_value_is():
    errors = {name: EndpointError(0.0, 3.0, 4.0, 7) for name in ("rem_pct", "n3_pct")}
    found = prediction_intervals({"rem_pct": 5.0, "n3_pct": None}, calibration(prediction=errors))
    assert found["rem_pct"][0] == 0.0
    assert "n3_pct" not in found
