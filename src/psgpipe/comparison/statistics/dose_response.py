"""The slope of an endpoint over dose within subjects."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt


def within_subject_slope(dose: npt.ArrayLike, value: npt.ArrayLike) -> float | None:
    """Least-squares slope of one subject's treatment nights on dose; None below two doses."""
    x, y = np.asarray(dose, dtype=float), np.asarray(value, dtype=float)
    if np.unique(x).size < 2:
        return None
    if np.ptp(y) == 0:  # else rounding of the doses' mean would be a slope
        return 0.0
    centred = x - x.mean()
    return float(centred @ y / (centred @ centred))


def interval_of(value: float, edges: tuple[float, ...]) -> tuple[float, float] | None:
    """The stratum ``[low, high)`` of `value` between ascending edges; None outside all."""
    pairs = itertools.pairwise(edges)
    return next(((low, high) for low, high in pairs if low <= value < high), None)
