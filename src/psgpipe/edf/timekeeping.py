"""Time-keeping annotations, read for many records at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.edf.records import Bytes

Mask = npt.NDArray[np.bool_]

LONGEST_ONSET = 1e9
_LONGEST_TEXT = 24
_PLUS, _MINUS, _POINT, _ZERO, _NINE, _SEPARATOR = b"+-.09\x14"


class TimekeepingOnsets(NamedTuple):
    """For each record: whether it is only ``+onset 0x14 0x14 0x00...`` (`is_plain`), and its onset.

    The other values are valid only where `is_plain`.
    """

    is_plain: Mask
    onsets: npt.NDArray[np.float64]
    decimals: npt.NDArray[np.int64]
    whole_digits: npt.NDArray[np.int64]


def read_timekeeping(rows: Bytes) -> TimekeepingOnsets:
    """The time-keeping onsets in `rows`, shape (n_records, n_bytes)."""
    n_records, width = rows.shape
    onsets, zeros = np.full(n_records, np.nan), np.zeros(n_records, np.int64)
    if not width:
        return TimekeepingOnsets(zeros.astype(bool), onsets, zeros, zeros)
    separators = rows == _SEPARATOR
    ends = separators.argmax(axis=1)
    text = rows[:, : min(width, _LONGEST_TEXT, int(ends.max(initial=0)) + 1)]
    inside = np.arange(text.shape[1]) < ends[:, None]
    digits = (text >= _ZERO) & (text <= _NINE) & inside
    points = (text == _POINT) & inside
    is_plain = _is_one_number(text, digits, points, ends) & _nothing_else(rows, separators, ends)
    as_text = np.ascontiguousarray(np.where(inside, text, 0)[is_plain])
    onsets[is_plain] = as_text.view(f"S{text.shape[1]}")[:, 0].astype(np.float64)
    is_plain &= np.abs(onsets) <= LONGEST_ONSET
    whole_ends = np.where(points.any(axis=1), points.argmax(axis=1), ends)
    not_zero = digits & (text != _ZERO)
    first_digits = np.where(not_zero.any(axis=1), not_zero.argmax(axis=1), ends)
    return TimekeepingOnsets(
        is_plain,
        onsets,
        np.maximum(ends - whole_ends - 1, 0),
        np.maximum(whole_ends - first_digits, 0),
    )


def _is_one_number(text: Bytes, digits: Mask, points: Mask, ends: npt.NDArray[np.intp]) -> Mask:
    """A sign, a digit, then digits with at most one point among them."""
    signed: Mask = (text[:, 0] == _PLUS) | (text[:, 0] == _MINUS)
    starts: Mask = digits[:, 1] if text.shape[1] > 1 else np.zeros(len(text), bool)
    n_points = points.sum(axis=1)
    is_number: Mask = (n_points <= 1) & (digits.sum(axis=1) + n_points + 1 == ends)
    return signed & starts & is_number


def _nothing_else(rows: Bytes, separators: Mask, ends: npt.NDArray[np.intp]) -> Mask:
    """Two or more separators right behind the number, and NUL from there on."""
    n_separators = separators.sum(axis=1)
    last = rows.shape[1] - 1 - separators[:, ::-1].argmax(axis=1)
    together = last == ends + n_separators - 1
    n_bytes = np.count_nonzero(rows, axis=1)
    is_clean: Mask = (n_separators >= 2) & together & (n_bytes == ends + n_separators)
    return is_clean
