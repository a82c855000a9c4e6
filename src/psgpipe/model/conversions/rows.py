"""Records of one kind that become a table: the contrasts of a comparison, for example."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from psgpipe.messages import count_of

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


class Rows(tuple[T, ...]):
    """A tuple of records with `to_frame`."""

    __slots__ = ()

    def to_frame(self) -> pd.DataFrame:
        """One row for each record, one column for each of its fields that is a number or a text."""
        from psgpipe.model.conversions.to_frame import frame_of

        return frame_of(map(_plain_fields, self))

    def __repr__(self) -> str:
        return f"<{count_of(len(self), 'row')}; to_frame() gives a table>"


def _plain_fields(record: Any) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(record)]
    values = {name: getattr(record, name) for name in (*names, *_TEXTS) if hasattr(record, name)}
    return {n: v for n, v in values.items() if v is None or isinstance(v, str | int | float)}


_TEXTS = ("verdict", "trust", "note")
"""Properties of a contrast that say in words what its fields say."""
