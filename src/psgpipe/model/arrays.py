"""Read-only arrays."""

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
