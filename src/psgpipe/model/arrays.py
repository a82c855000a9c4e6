"""Arrays that cannot be changed by accident."""

from typing import Any

import numpy as np
import numpy.typing as npt


def read_only(values: npt.ArrayLike, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """A view of `values` as `dtype` that refuses to be written to.

    No copy is made where the values already are an array of that type; the caller's own array
    stays writable.
    """
    view = np.asarray(values, dtype=dtype).view()
    view.flags.writeable = False
    return view
