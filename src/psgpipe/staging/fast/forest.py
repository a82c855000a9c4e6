"""LightGBM's multiclass trees, evaluated for all epochs of a night at once.

Each question of any node is answered for every epoch; answers are bits, eight epochs in a byte.
The bits of a tree's 31 nodes are combined, level by level, into the five bits of the leaf that each
epoch reaches. Scores are added in LightGBM's order, so they equal LightGBM's to the last bit.

The rule at a node is that of LightGBM's ``NumericalDecision`` for trees grown without missing
values: a missing value counts as 0, and so does one nearer to 0 than 1e-35; up to and including the
threshold is left, above it right.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float64]

ALMOST_ZERO = np.float32(1e-35)
"""LightGBM's ``kZeroThreshold``."""

_EPOCHS_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class TreeClassifier:
    """Gradient-boosted trees, all of one depth, for five stages.

    Every tree is laid out as a complete binary tree: slot 0 is the root and slots ``2 i + 1`` and
    ``2 i + 2`` are the left and right child of slot ``i``. A leaf that came early fills the
    slots below it with a node that always goes left.

    Attributes
    ----------
    name
        What it was trained on, e.g. ``eeg+eog+demo``.
    feature_names
        One for each feature, in the order of the nodes' `feature`.
    feature
        int16, shape (n_questions,), ascending: which feature the question is about.
    threshold
        float32, shape (n_questions,): larger values go right. Rounded down from the file's float64,
        which is the same question about a float32 feature.
    node_of_slot
        int32, shape (5, n_slots, n_trees): the question in each slot of each tree of each stage;
        ``n_questions`` where an epoch always goes left.
    leaf_value
        float64, shape (5, n_trees, n_slots + 1): what reaching the leaf adds to the score of the
        stage. Stages stand in the order W N1 N2 N3 R.
    """

    name: str
    sha256: str
    feature_names: tuple[str, ...]
    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float32]
    node_of_slot: npt.NDArray[np.int32]
    leaf_value: npt.NDArray[np.float64]

    @property
    def depth(self) -> int:
        """How many questions lead from a root to a leaf."""
        return int(self.leaf_value.shape[-1] - 1).bit_length()


def probabilities(classifier: TreeClassifier, features: npt.NDArray[np.float32]) -> Probabilities:
    """The probability of each stage in each epoch, shape (n_epochs, 5), W N1 N2 N3 R.

    `features` has shape (n_features, n_epochs), rows as in ``classifier.feature_names``.
    """
    scores = raw_scores(classifier, features)
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def raw_scores(classifier: TreeClassifier, features: npt.NDArray[np.float32]) -> Probabilities:
    """The sum of the leaves that each epoch reaches, shape (n_epochs, 5)."""
    known = np.where(np.abs(features) > ALMOST_ZERO, features, np.float32(0))
    n_epochs = known.shape[1]
    scores = [
        _scores(classifier, known[:, first : first + _EPOCHS_AT_ONCE])
        for first in range(0, n_epochs, _EPOCHS_AT_ONCE)
    ]
    together: Probabilities = np.concatenate(scores, axis=1).T
    return together


def _scores(classifier: TreeClassifier, features: npt.NDArray[np.float32]) -> Probabilities:
    goes_right = _answers(classifier, features)
    n_stages, n_trees, n_leaves = classifier.leaf_value.shape
    first_leaf = np.arange(n_trees)[:, None] * n_leaves
    # Whole bytes of epochs: of a single column numpy would add the rows in another order.
    n_columns = 8 * goes_right.shape[1]
    added = np.empty((n_trees, n_columns))
    scores = np.empty((n_stages, n_columns))
    for stage, leaf_value in enumerate(classifier.leaf_value):
        slots = goes_right.take(classifier.node_of_slot[stage], axis=0)
        leaf = first_leaf + _leaf(slots)
        leaf_value.ravel().take(leaf, out=added, mode="clip")
        scores[stage] = added.sum(axis=0)
    return scores[:, : features.shape[1]]


def _answers(classifier: TreeClassifier, features: npt.NDArray[np.float32]) -> Bits:
    """Whether each epoch goes right: a row of bits for each question, and one more of zeros."""
    n_epochs = features.shape[1]
    answers = np.zeros((len(classifier.feature) + 1, -(-n_epochs // 8)), np.uint8)
    n_questions = np.bincount(classifier.feature, minlength=len(features))
    is_above = np.empty((n_questions.max(), n_epochs), bool)
    first = 0
    for values, n in zip(features, n_questions.tolist(), strict=True):
        np.greater(values, classifier.threshold[first : first + n, None], out=is_above[:n])
        answers[first : first + n] = np.packbits(is_above[:n], axis=1)
        first += n
    return answers


def _leaf(slots: Bits) -> npt.NDArray[np.uint8]:
    """The leaf of each epoch, shape (n_trees, 8 * n_bytes); slots: (n_slots, n_trees, n_bytes)."""
    n_levels = len(slots).bit_length()
    path: list[Bits] = []
    leaf = np.zeros((slots.shape[1], 8 * slots.shape[2]), np.uint8)
    for level in range(n_levels):
        below = slots[2**level - 1 : 2 ** (level + 1) - 1]
        for turn in path:
            left, right = np.split(below, 2)
            below = left ^ (turn & (left ^ right))
        path.append(below[0])
        leaf += leaf
        leaf += np.unpackbits(path[-1], axis=1)
    return leaf
