"""LightGBM's model text (version 3) as arrays.

Read from the text alone; LightGBM is not needed. Only what a multiclass forest of plain numeric
questions needs is understood, and everything else is refused: categorical questions, missing-value
rules, linear leaves.
"""

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from psgpipe.model.classifier import TreeClassifier

PLAIN_QUESTION = 2
"""``decision_type`` of a numeric question that treats a missing value as 0 (default left, unused)."""

Nodes = npt.NDArray[np.int64]


def parse_classifier(text: bytes, name: str, sha256: str, order: tuple[int, ...]) -> TreeClassifier:
    """The forest in `text`.

    Parameters
    ----------
    order : which of the file's classes stands where in the result.

    Raises
    ------
    ValueError
        The text is not such a forest.
    """
    _refuse_all_but_plain_questions(text)
    n_leaves = np.array(_lines(text, b"num_leaves"), dtype=np.int64)
    feature, threshold = _padded(text, b"split_feature", n_leaves - 1), _padded(text, b"threshold", n_leaves - 1)
    left, right = _padded(text, b"left_child", n_leaves - 1), _padded(text, b"right_child", n_leaves - 1)
    node_in_slot, leaf_below = _complete_trees(left.astype(np.int64), right.astype(np.int64))
    value = np.take_along_axis(_padded(text, b"leaf_value", n_leaves), leaf_below, axis=1)
    stages = np.array(order)
    number, asked = _numbered_by_feature(feature, n_leaves - 1)
    slots = np.where(node_in_slot < 0, len(asked), np.take_along_axis(number, np.maximum(node_in_slot, 0), axis=1))
    return TreeClassifier(
        name=name,
        sha256=sha256,
        feature_names=tuple(_lines(text, b"feature_names")[0].decode().split(" ")),
        feature=feature.ravel()[asked].astype(np.int16),
        threshold=_rounded_down(threshold.ravel()[asked]),
        node_of_slot=np.moveaxis(_by_stage(slots, stages), 2, 0).astype(np.int32),
        leaf_value=_by_stage(value, stages),
    )


def _refuse_all_but_plain_questions(text: bytes) -> None:
    kinds = set(b" ".join(_lines(text, b"decision_type")).split())
    if kinds != {str(PLAIN_QUESTION).encode()}:
        raise ValueError(f"questions of kind {sorted(kinds)}")
    if set(_lines(text, b"num_cat")) != {b"0"} or set(_lines(text, b"is_linear")) - {b"0"}:
        raise ValueError("categorical questions or linear leaves")


def _lines(text: bytes, key: bytes) -> list[Any]:
    """What stands behind ``key=`` on every line that begins so."""
    return re.findall(rb"^" + key + rb"=(.*)$", text, re.MULTILINE)


def _padded(text: bytes, key: bytes, lengths: Nodes) -> npt.NDArray[np.float64]:
    """The numbers of each tree in a row, filled up with zeros."""
    numbers = np.array(b" ".join(_lines(text, key)).split(), dtype=np.float64)
    if len(numbers) != lengths.sum():
        raise ValueError(f"{len(numbers)} of {lengths.sum()} numbers of {key.decode()}")
    rows = np.zeros((len(lengths), lengths.max()))
    rows[np.arange(lengths.max()) < lengths[:, None]] = numbers
    return rows


def _complete_trees(left: Nodes, right: Nodes) -> tuple[Nodes, Nodes]:
    """The node in each slot of the complete trees (-1: none) and the leaf below each last slot."""
    level = np.zeros((len(left), 1), dtype=np.int64)
    slots = []
    while (level >= 0).any():
        slots.append(np.maximum(level, -1))
        node = np.maximum(level, 0)
        # A leaf k is written ~k where a node would stand; it goes down unchanged.
        lefts = np.where(level < 0, level, np.take_along_axis(left, node, axis=1))
        rights = np.where(level < 0, level, np.take_along_axis(right, node, axis=1))
        level = np.stack([lefts, rights], axis=2).reshape(len(left), -1)
    return np.concatenate(slots, axis=1), ~level


def _numbered_by_feature(
    feature: npt.NDArray[np.float64], n_nodes: Nodes
) -> tuple[Nodes, Nodes]:
    """A number for each node, by feature first, and which node of the table has each number."""
    real = np.flatnonzero(np.arange(feature.shape[1]) < n_nodes[:, None])
    asked = real[np.argsort(feature.ravel()[real], kind="stable")]
    number = np.zeros(feature.size, dtype=np.int64)
    number[asked] = np.arange(len(asked))
    return number.reshape(feature.shape), asked


def _by_stage(rows: npt.NDArray[Any], stages: Nodes) -> npt.NDArray[Any]:
    """Trees come one for each class in turn: shape (n_stages, n_trees, ...)."""
    turns = rows.reshape(-1, len(stages), rows.shape[1])
    return np.ascontiguousarray(np.moveaxis(turns, 1, 0)[stages])


def _rounded_down(threshold: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The largest float32 that is not above each threshold."""
    nearest = threshold.astype(np.float32)
    return np.where(nearest > threshold, np.nextafter(nearest, np.float32(-np.inf)), nearest)
