"""Conversion of values to a pandas.DataFrame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def frame_of(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """A row for each mapping. An absent number is NaN, so that a column of numbers stays one."""
    import pandas as pd

    listed = list(rows)
    frame = pd.DataFrame(listed, columns=columns)
    for column in frame.columns:
        values = frame[column]
        is_number = [
            v is None or (isinstance(v, int | float) and not isinstance(v, bool)) for v in values
        ]
        if values.dtype == object and is_number and all(is_number):
            frame[column] = pd.to_numeric(values)
    return frame
