"""Adjustment of p-values for the number of endpoints (multiplicity)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def holm(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Holm's step-down p-values, shape (n_endpoints,), in the order given: family-wise error.

    References
    ----------
    Holm S (1979), Scand J Stat 6:65-70.
    """
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    factors = values.size - np.arange(values.size)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return adjusted


def benjamini_hochberg(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Benjamini and Hochberg's step-up p-values, in the order given: false discovery rate.

    References
    ----------
    Benjamini Y, Hochberg Y (1995), J R Stat Soc B 57:289-300.
    """
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")[::-1]
    factors = values.size / np.arange(values.size, 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.minimum.accumulate(values[order] * factors), 1.0)
    return adjusted
