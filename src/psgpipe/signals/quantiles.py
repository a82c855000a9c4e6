"""Quantiles as numpy's; those import masked arrays, which takes longer than a night's quantiles."""

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def quantile(values: Values, q: float) -> float:
    """The linearly interpolated quantile of values that are all known; there must be one."""
    ordered = np.sort(values)
    position = q * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return float(lerp(ordered[below], ordered[above], position - below))


def lerp(low: Values, high: Values, part: Values | float) -> Values:
    """Between `low` and `high`, counted from the nearer of the two as numpy's quantiles do."""
    step = high - low
    return np.where(np.asarray(part) >= 0.5, high - step * (1 - part), low + step * part)
