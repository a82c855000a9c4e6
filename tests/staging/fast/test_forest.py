"""LightGBM's trees without LightGBM: small trees by hand, yasa's trees against LightGBM."""

import warnings

import numpy as np
import pytest

from psgpipe.staging.fast.forest import probabilities, raw_scores
from psgpipe.staging.lightgbm_text import parse_classifier
from psgpipe.staging.shipped_classifiers import SHIPPED, load_classifier

IN_ORDER = (4, 0, 1, 2, 3)
"""W N1 N2 N3 R among the classes of yasa's files, which stand in the order N1 N2 N3 R W."""


def tree(number, *, feature, threshold, left, right, leaves, kinds="2"):
    n = len(feature)
    rows = {
        "num_leaves": [n + 1],
        "num_cat": [0],
        "split_feature": feature,
        "threshold": threshold,
        "decision_type": [kinds] * n,
        "left_child": left,
        "right_child": right,
        "leaf_value": leaves,
        "is_linear": [0],
    }
    body = "\n".join(f"{key}={' '.join(map(str, value))}" for key, value in rows.items())
    return f"Tree={number}\n{body}\n\n"


def stump(number, threshold, low, high):
    return tree(
        number, feature=[0], threshold=[threshold], left=[-1], right=[-2], leaves=[low, high]
    )


def forest(*trees, names="a b"):
    return f"tree\nversion=v3\nfeature_names={names}\n\n{''.join(trees)}".encode()


def scores(text, *columns, order=(0, 1)):
    classifier = parse_classifier(text, "by hand", "", order)
    return raw_scores(classifier, np.array(columns, np.float32).T).tolist()


def test_up_to_the_threshold_is_left_and_above_it_is_right():
    text = forest(stump(0, 0.5, -1, 1), stump(1, 0.5, -2, 2))
    below, at, above = np.nextafter(np.float32([0.5] * 3), np.float32([0, 0.5, 1]))
    assert scores(text, [below, 0], [at, 0], [above, 0]) == [[-1, -2], [-1, -2], [1, 2]]


def test_a_threshold_between_two_float32_is_not_rounded_up():
    # 0.1 as a float32 is a little more than 0.1: such a feature lies above the threshold.
    text = forest(stump(0, 0.1, -1, 1), stump(1, 0.1, -1, 1))
    assert scores(text, [np.float32(0.1), 0]) == [[1, 1]]
    assert scores(text, [np.nextafter(np.float32(0.1), np.float32(0)), 0]) == [[-1, -1]]


@pytest.mark.parametrize(("threshold", "expected"), [(0.5, -1), (-0.5, 1), (0.0, -1)])
def test_a_missing_feature_counts_as_zero(threshold, expected):
    text = forest(stump(0, threshold, -1, 1), stump(1, threshold, -1, 1))
    assert scores(text, [np.nan, 0]) == [[expected, expected]]


def test_infinite_features_lie_outside_of_all_thresholds():
    text = forest(stump(0, 1e30, -1, 1), stump(1, -1e30, -1, 1))
    assert scores(text, [np.inf, 0], [-np.inf, 0]) == [[1, 1], [-1, -1]]


def test_a_lopsided_tree_and_a_sum_over_trees():
    # a <= 1: 10; else b <= 2: 20; else a <= 3: 30, else 40
    lopsided = {
        "feature": [0, 1, 0],
        "threshold": [1, 2, 3],
        "left": [-1, -2, -3],
        "right": [1, 2, -4],
        "leaves": [10, 20, 30, 40],
    }
    text = forest(tree(0, **lopsided), stump(1, 0, 0, 0), stump(2, 5, 0.5, 0.25), stump(3, 0, 7, 7))
    epochs = ([0, 9], [2, 1], [2, 9], [4, 9], [6, 9])
    assert scores(text, *epochs) == [[10.5, 7], [20.5, 7], [30.5, 7], [40.5, 7], [40.25, 7]]


def test_classes_come_in_the_order_asked_for():
    text = forest(stump(0, 0, 1, 1), stump(1, 0, 2, 2))
    assert scores(text, [0, 0], order=(1, 0)) == [[2, 1]]


@pytest.mark.parametrize("kind", ["1", "10", "0", "6"])
def test_other_kinds_of_question_are_refused(kind):
    odd = tree(0, feature=[0], threshold=[0], left=[-1], right=[-2], leaves=[0, 1], kinds=kind)
    with pytest.raises(ValueError, match="questions of kind"):
        parse_classifier(forest(odd, stump(1, 0, 0, 1)), "", "", (0, 1))


def test_a_text_that_was_cut_short_is_refused():
    text = forest(stump(0, 0, 1, 1), stump(1, 0, 2, 2))
    with pytest.raises(ValueError, match="numbers where the trees have"):
        parse_classifier(text.replace(b"leaf_value=2 2", b"leaf_value=2"), "", "", (0, 1))


def test_probabilities_are_the_softmax_of_the_scores():
    text = forest(stump(0, 0, 0, 0), stump(1, 0, np.log(3), 0))
    classifier = parse_classifier(text, "", "", (0, 1))
    np.testing.assert_allclose(probabilities(classifier, np.zeros((2, 1), "f4")), [[0.25, 0.75]])


@pytest.mark.parametrize("n_epochs", [1, 7, 8, 1023, 1025, 2500])
def test_each_epoch_is_staged_as_if_it_were_alone(n_epochs):
    classifier = load_classifier("eeg")
    features = random_features(classifier, n_epochs)
    together = raw_scores(classifier, features)
    some = [0, n_epochs // 2, n_epochs - 1]
    alone = [raw_scores(classifier, features[:, [epoch]])[0] for epoch in some]
    np.testing.assert_array_equal(together[some], alone)


def random_features(classifier, n_epochs, seed=0):
    """Features on, just below and just above thresholds, missing, infinite, zero and at random."""
    rng = np.random.default_rng(seed)
    thresholds = np.array(
        [
            rng.choice(classifier.threshold[classifier.feature == f], n_epochs)
            for f in range(len(classifier.feature_names))
        ]
    )
    steps = rng.choice(np.float32([-np.inf, np.inf]), thresholds.shape)
    features = np.where(rng.random(thresholds.shape) < 0.5, thresholds, 0)
    nudged = rng.random(thresholds.shape) < 0.5
    features[nudged] = np.nextafter(thresholds, steps)[nudged]
    for odd in (np.nan, np.inf, -np.inf, 0.0):
        features[rng.random(features.shape) < 0.02] = odd
    return features.astype(np.float32)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_classifier_gives_lightgbms_own_probabilities(name):
    import joblib
    import yasa

    (file,) = (yasa.__path__[0] + f"/classifiers/clf_{name}_lgb_0.5.0.joblib",)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shipped = joblib.load(file)
        classifier = load_classifier(name)
        features = random_features(classifier, 300)
        expected = shipped._Booster.predict(features.T.astype(float))[:, IN_ORDER]
    assert tuple(shipped._le.classes_) == ("N1", "N2", "N3", "R", "W")
    assert list(classifier.feature_names) == shipped._Booster.feature_name()
    np.testing.assert_allclose(probabilities(classifier, features), expected, atol=1e-14)
