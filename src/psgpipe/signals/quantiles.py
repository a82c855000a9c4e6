"""Quantiles, equal to numpy's, without its slow import of masked arrays."""

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def quantile(values: Values, q: float) -> float:
    """The linearly interpolated quantile; there must be a value, and no NaN."""
    ordered = np.sort(values)
    position = q * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return float(lerp(ordered[below], ordered[above], position - below))


def median(values: Values) -> float:
    """The median, to the last bit of numpy's; there must be a value, and no NaN."""
    ordered = np.sort(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[middle])
    return float((ordered[middle - 1] + ordered[middle]) / 2)


def lerp(low: Values, high: Values, part: Values | float) -> Values:
    """The value at `part` between `low` and `high`, from the nearer of the two as numpy does."""
    step = high - low
    return np.where(np.asarray(part) >= 0.5, high - step * (1 - part), low + step * part)
