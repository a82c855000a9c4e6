"""Paths of an SVG: steps of equal width, with numbers of fixed precision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Heights = Sequence[float | None]


@lru_cache(maxsize=8192)  # the stages of a night share their edges
def px(value: float) -> str:
    """A coordinate with at most two decimals: equal input gives equal text on every computer."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def runs_of(marks: Sequence[bool] | npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and end (not included) of each run of true marks."""
    change = np.flatnonzero(np.diff(np.r_[False, np.asarray(marks, dtype=bool), False].astype(int)))
    return [(int(first), int(end)) for first, end in change.reshape(-1, 2)]


def step_path(heights: Heights, left: float, step: float) -> str:
    """A line of horizontal steps `step` wide, joined by vertical lines.

    Parameters
    ----------
    heights
        The y of each step; None interrupts the line.
    left
        The x of the first step.
    """
    parts: list[str] = []
    last: float | None = None
    for index, height in enumerate(heights):
        if height is not None and height != last:
            if last is None:
                parts.append(f"M{px(left + index * step)} {px(height)}")
            else:
                parts.append(f"H{px(left + index * step)}V{px(height)}")
        elif height is None and last is not None:
            parts.append(f"H{px(left + index * step)}")
        last = height
    if last is not None:
        parts.append(f"H{px(left + len(heights) * step)}")
    return "".join(parts)


def step_area(upper: Heights, lower: Heights, left: float, step: float) -> str:
    """The area between two lines of steps, one closed part for each run without None.

    Both lines are None in the same places.
    """
    parts = []
    for first, end in runs_of([height is not None for height in upper]):
        forth = _levels(upper, first, end)
        back = _levels(lower, first, end)
        path = [f"M{px(left + first * step)} {px(forth[0][2])}"]
        path += (f"V{px(y)}H{px(left + e * step)}" for _, e, y in forth)
        path += (f"V{px(y)}H{px(left + b * step)}" for b, _, y in reversed(back))
        parts.append("".join(path) + "Z")
    return "".join(parts)


def _levels(heights: Heights, first: int, end: int) -> list[tuple[int, int, float]]:
    """First, end and height of each piece of equal height between `first` and `end`."""
    return list(_pieces(heights, first, end))


def _pieces(heights: Heights, first: int, end: int) -> Iterator[tuple[int, int, float]]:
    begin = first
    for index in range(first + 1, end + 1):
        if index == end or heights[index] != heights[begin]:
            yield begin, index, float(heights[begin] or 0.0)
            begin = index
