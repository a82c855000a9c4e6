"""Numbers of many small groups, such as the nights of each subject, computed together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def by_size(groups: Sequence[Values], function: Callable[[Values], Values]) -> Values:
    """A number for each group, in their order.

    Groups of one size are computed together. Each number is the same, to the last bit, as that of
    the group alone.

    Parameters
    ----------
    function
        Takes an array of shape (n_groups, size) and gives one of shape (n_groups,).
    """
    sizes = np.array([group.size for group in groups], dtype=int)
    numbers = np.empty(sizes.size)
    for size in np.unique(sizes):
        places = np.flatnonzero(sizes == size)
        numbers[places] = function(np.stack([groups[place] for place in places.tolist()]))
    return numbers


def means(groups: Sequence[Values]) -> Values:
    """The mean of each group."""
    return by_size(groups, _means)


def _means(groups: Values) -> Values:
    of_each: Values = groups.mean(axis=1)
    return of_each


def sum_in_order(numbers: Values) -> float:
    """The sum, from the first number to the last; NumPy's own sum depends on how many there are."""
    return float(np.cumsum(numbers)[-1]) if numbers.size else 0.0
