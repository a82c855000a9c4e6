"""The meaning of the columns of a table of stages: ``table_columns.toml``."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple

Role = Literal[
    "stage", "event", "start", "end", "time", "onset", "duration", "epoch", "date", "scorer"
]
LINES_SEARCHED = 60
_UNIT = re.compile(r"[\[(]\s*([^\])]*?)\s*[\])]")
# Several scorers have a column each: stage_1 and stage_2, scorer1 and scorer2, stage_hum.
_SCORERS_STAGE = re.compile(
    r"stage(\d{1,2}|hum|human|ai|auto|(expert|scorer|rater)\d{0,2})|(scorer|rater|expert)\d{1,2}"
)


class Columns(NamedTuple):
    """Where the columns of a table are, by meaning, and the unit that a name holds.

    Attributes
    ----------
    line
        Index of the header among the rows.
    stages
        The place of every column of stages, by its name; several are several scorers.
    events
        The place of every column of events.
    """

    line: int
    place: dict[Role, int]
    unit: dict[Role, str]
    stages: dict[str, int]
    events: tuple[int, ...] = ()


def find_columns(rows: Sequence[Sequence[str]]) -> Columns | None:
    """The first row that names a stage or an event and one more column; None without such a row."""
    for index, cells in enumerate(rows[:LINES_SEARCHED]):
        columns = columns_of(cells, index)
        if len(columns.place) > 1 and ("stage" in columns.place or "event" in columns.place):
            return columns
    return None


def columns_of(cells: Sequence[str], line: int = 0) -> Columns:
    """The columns that a header names; the first of two with one meaning counts."""
    place: dict[Role, int] = {}
    unit: dict[Role, str] = {}
    stages: dict[str, int] = {}
    events: list[int] = []
    for index, cell in enumerate(cells):
        name = folded(_UNIT.sub("", cell))
        role = _roles().get(name) or ("stage" if _SCORERS_STAGE.fullmatch(name) else None)
        if role == "stage":
            stages.setdefault(cell, index)
        elif role == "event":
            events.append(index)
        if role is not None and role not in place:
            place[role] = index
            match = _UNIT.search(cell)
            unit[role] = match[1].casefold() if match else ""
    return Columns(line, place, unit, stages, tuple(events))


def folded(name: str) -> str:
    """The letters and digits of a name, without case and accents."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in plain if c.isalnum())


@cache
def _roles() -> dict[str, Role]:
    file = resources.files("psgpipe") / "scorings" / "tables" / "table_columns.toml"
    table: dict[Role, list[str]] = tomllib.loads(file.read_text(encoding="utf-8"))  # type: ignore[assignment]
    return {folded(name): role for role, names in table.items() for name in names}
