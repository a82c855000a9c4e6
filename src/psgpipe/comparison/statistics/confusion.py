"""Correction of staged minutes by a confusion of stages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
WORST_CONDITION = 100.0
"""A less regular confusion multiplies its own errors by more than this."""


def correction_matrix(confusion: npt.ArrayLike) -> Values | None:
    """The matrix that turns staged minutes into true ones, shape (5, 5).

    Staged minutes of a stage are the true minutes of every stage, each times the share of it that
    is staged as this one (Buonaccorsi 2010, Measurement Error, ch. 2; "classical" correction). The
    matrix undoes that. The sum of all minutes stays.

    Parameters
    ----------
    confusion
        Epochs by the true stage (rows) and the staged one (columns).

    Returns
    -------
    None where a stage has no epoch, or stages are confused so much that nothing can be undone.
    """
    counts = np.asarray(confusion, dtype=float)
    sums = counts.sum(axis=1, keepdims=True)
    if (sums == 0).any():
        return None
    shares = counts / sums
    if float(np.linalg.cond(shares)) > WORST_CONDITION:
        return None
    inverse: Values = np.linalg.inv(shares.T)
    return inverse
