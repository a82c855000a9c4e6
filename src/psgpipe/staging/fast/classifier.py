"""A staging classifier as arrays: many small decision trees over named features."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class TreeClassifier:
    """Gradient-boosted trees, all of one depth, for five stages.

    Every tree is laid out as a complete binary tree: slot 0 is the root and slots ``2 i + 1`` and
    ``2 i + 2`` are the left and right child of slot ``i``. A leaf that came early fills the
    slots below it with a node that always goes left.

    Attributes
    ----------
    name : what it was trained on, e.g. ``eeg+eog+demo``.
    sha256 : of the file that it came from.
    feature_names : one for each feature, in the order of the nodes' `feature`.
    feature : int16, shape (n_questions,), ascending: which feature the question is about.
    threshold : float32, shape (n_questions,): larger values go right. Rounded down from the file's
        float64, which is the same question about a float32 feature.
    node_of_slot : int32, shape (5, n_slots, n_trees): the question in each slot of each tree of
        each stage; ``n_questions`` where an epoch always goes left.
    leaf_value : float64, shape (5, n_trees, n_slots + 1): what reaching the leaf adds to the score
        of the stage. Stages stand in the order W N1 N2 N3 R.
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
