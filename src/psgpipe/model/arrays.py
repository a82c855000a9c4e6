"""Helpers for arrays: read-only views, runs of marks."""

from typing import Any

import numpy as np
import numpy.typing as npt


def read_only(values: npt.ArrayLike, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """A read-only view of `values` as `dtype`; the caller's own array stays writable.

    No copy is made where the values already are an array of that type.
    """
    view = np.asarray(values, dtype=dtype).view()
    view.flags.writeable = False
    return view


def true_runs(marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int_]:
    """Start and end (not included) of each run of true marks, shape (n_runs, 2)."""
    return np.flatnonzero(np.diff(marks, prepend=False, append=False)).reshape(-1, 2)
