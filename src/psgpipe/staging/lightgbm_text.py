"""The parser of LightGBM's model text (version 3); it gives arrays.

The text alone is parsed; LightGBM is not needed. A multiclass forest of plain numeric questions is
supported. Categorical questions, missing-value rules and linear leaves are refused.
"""

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt

from psgpipe.staging.fast.forest import TreeClassifier

PLAIN_QUESTION = b"2"
"""``decision_type`` of a numeric question that takes a missing value as 0."""

Lines = dict[bytes, list[bytes]]
Table = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


def parse_classifier(text: bytes, name: str, sha256: str, order: tuple[int, ...]) -> TreeClassifier:
    """The forest in `text`; ValueError where the text is not such a forest.

    `order` has, for each stage of the result, the number of its class in the file.
    """
    lines = _by_key(text)
    _refuse_all_but_plain_questions(lines)
    n_leaves = _numbers(lines[b"num_leaves"]).astype(np.int64)
    feature, threshold, left, right = (
        _padded(lines[key], n_leaves - 1)
        for key in (b"split_feature", b"threshold", b"left_child", b"right_child")
    )
    node_in_slot, leaf_below = _complete_trees(left.astype(np.int64), right.astype(np.int64))
    value = np.take_along_axis(_padded(lines[b"leaf_value"], n_leaves), leaf_below, axis=1)
    number, asked, above = _questions(feature, threshold, n_leaves - 1)
    slots = np.take_along_axis(number, np.maximum(node_in_slot, 0), axis=1)
    slots[node_in_slot < 0] = len(asked)
    return TreeClassifier(
        name=name,
        sha256=sha256,
        feature_names=tuple(lines[b"feature_names"][0].decode().split(" ")),
        feature=asked,
        threshold=above,
        node_of_slot=np.ascontiguousarray(np.moveaxis(_by_stage(slots, order), 2, 1), np.int32),
        leaf_value=_by_stage(value, order),
    )


def _by_key(text: bytes) -> Lines:
    """The values of each ``key=``, in the order of the lines."""
    lines: Lines = defaultdict(list)
    for line in text.split(b"\n"):
        key, _, value = line.partition(b"=")
        lines[key].append(value)
    return lines


def _refuse_all_but_plain_questions(lines: Lines) -> None:
    kinds = set(b" ".join(lines[b"decision_type"]).split())
    if kinds != {PLAIN_QUESTION}:
        raise ValueError(f"questions of kind {sorted(kinds)}")
    if set(lines[b"num_cat"]) != {b"0"} or set(lines[b"is_linear"]) - {b"0"}:
        raise ValueError("categorical questions or linear leaves")


def _numbers(lines: list[bytes]) -> Table:
    return np.fromstring(b" ".join(lines).decode("ascii"), sep=" ")


def _padded(lines: list[bytes], lengths: Index) -> Table:
    """The numbers of each tree in a row, filled up with zeros."""
    numbers = _numbers(lines)
    if len(numbers) != lengths.sum():
        raise ValueError(f"{len(numbers)} numbers where the trees have {lengths.sum()}")
    rows = np.zeros((len(lengths), lengths.max()))
    rows[np.arange(lengths.max()) < lengths[:, None]] = numbers
    return rows


def _complete_trees(left: Index, right: Index) -> tuple[Index, Index]:
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


def _questions(
    feature: Table, threshold: Table, n_nodes: Index
) -> tuple[Index, npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """The number of each node's question, and the questions: a feature and a threshold each.

    LightGBM chooses thresholds among at most 255 for a feature, so that many nodes ask the same.
    """
    real = np.flatnonzero(np.arange(feature.shape[1]) < n_nodes[:, None])
    asked = feature.ravel()[real].astype(np.int16)
    above = _rounded_down(threshold.ravel()[real])
    order = np.lexsort((above, asked))
    asked, above = asked[order], above[order]
    is_new = np.append(True, (asked[1:] != asked[:-1]) | (above[1:] != above[:-1]))
    number = np.zeros(feature.size, dtype=np.int64)
    number[real[order]] = np.cumsum(is_new) - 1
    return number.reshape(feature.shape), asked[is_new], above[is_new]


def _by_stage(rows: npt.NDArray[Any], order: tuple[int, ...]) -> npt.NDArray[Any]:
    """Trees come one for each class in turn: shape (n_stages, n_trees, ...)."""
    turns = rows.reshape(-1, len(order), rows.shape[1])
    return np.ascontiguousarray(np.moveaxis(turns, 1, 0)[list(order)])


def _rounded_down(threshold: Table) -> npt.NDArray[np.float32]:
    """The largest float32 that is not above each threshold."""
    nearest = threshold.astype(np.float32)
    return np.where(nearest > threshold, np.nextafter(nearest, np.float32(-np.inf)), nearest)
