"""Columns without names whose contents can mean one thing only: a stage, and times or numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.scoring import Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.sources.clock_times import read_moment
from psgpipe.scorings.sources.number_text import number
from psgpipe.scorings.sources.text_rows import FoundTable, Rows
from psgpipe.scorings.sources.text_source import head_text, lines_of, read_text
from psgpipe.scorings.stage_intervals import LONGEST_EPOCH_S, SHORTEST_EPOCH_S
from psgpipe.scorings.stage_words import stage_word
from psgpipe.scorings.tables.stage_table import read_table
from psgpipe.scorings.tables.table_columns import Columns, Role
from psgpipe.scorings.tables.table_rows import TableRules

MOST_COLUMNS = 5
LEAST_ROWS = 3
LEAST_SHARE = 0.9
_BLANKS = re.compile(r"\s+")
_TITLES: dict[Role, str] = {"epoch": "number", "time": "time", "onset": "onset", "stage": "stage"}


class _Form(NamedTuple):
    """What each column is, and how they are separated."""

    roles: tuple[Role, ...]
    delimiter: str


def recognise(head: bytes, _name: str) -> str | None:
    """Whether one column holds stages, and the others times, numbers of epochs, or seconds."""
    text = head_text(head)
    form = _form(lines_of(text)[:-1] or lines_of(text)) if text else None
    if form is None:
        return None
    names = ", ".join(_TITLES.get(role, role) for role in form.roles)
    return f"its columns, which have no names, can only be {names}"


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages; a column of numbers is seconds or epochs by its steps."""
    file = file_name(path)
    lines = lines_of(read_text(path))
    form = _form(lines)
    if form is None:
        raise ScoringInvalid(
            f"{file}: columns without names, which can mean several things",
            "Give the columns names such as onset, duration and stage in the first line.",
        )
    numbered = [(i, _cells(x, form.delimiter)) for i, x in enumerate(lines, start=1) if x.strip()]
    rows = Rows([i for i, _ in numbered], [cells for _, cells in numbered], form.delimiter)
    place = {role: i for i, role in enumerate(form.roles)}
    columns = Columns(-1, place, dict.fromkeys(place, ""), {"stage": place["stage"]})
    rules = TableRules(FORMAT.name)
    return read_table(FoundTable(rows, columns), rules, options, file)


def _form(lines: Sequence[str]) -> _Form | None:
    filled = [line for line in lines if line.strip()]
    for delimiter in "\t;, ":
        rows = [_cells(line, delimiter) for line in filled]
        widths = {len(cells) for cells in rows}
        if len(rows) < LEAST_ROWS or len(widths) != 1 or not 2 <= max(widths) <= MOST_COLUMNS:
            continue
        roles = _roles([[cells[i] for cells in rows] for i in range(max(widths))])
        if roles is not None:
            return _Form(roles, delimiter)
    return None


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of a line; a delimiter at its end ends the last one."""
    parts = _BLANKS.split(line.strip()) if delimiter == " " else line.split(delimiter)
    cells = [part.strip().strip('"') for part in parts]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def _roles(columns: Sequence[Sequence[str]]) -> tuple[Role, ...] | None:
    """The meaning of each column; None where a column can mean nothing, or two things."""
    kinds = [_kind(cells) for cells in columns]
    if kinds.count("stage") != 1 or kinds.count("time") > 1 or None in kinds:
        return None
    values = [
        [number(cell) or 0.0 for cell in cells]
        for kind, cells in zip(kinds, columns, strict=True)
        if kind == "number"
    ]
    numbers = _numbers(values, has_time="time" in kinds)
    if numbers is None:
        return None
    left = list(numbers)
    named: list[Role] = []
    for kind in kinds:
        named.append(left.pop(0) if kind == "number" else "stage" if kind == "stage" else "time")
    return tuple(named)


def _kind(cells: Sequence[str]) -> str | None:
    if all(number(cell) is not None for cell in cells):
        return "number"
    if all(read_moment(cell) is not None for cell in cells):
        return "time"
    n_stages = sum(stage_word(cell) is not None or number(cell) is not None for cell in cells)
    return "stage" if n_stages >= LEAST_SHARE * len(cells) else None


def _numbers(values: Sequence[Sequence[float]], *, has_time: bool) -> tuple[Role, ...] | None:
    """Epochs, seconds, or onset and duration."""
    if not values:
        return () if has_time else None
    steps = [b - a for a, b in pairwise(values[0])]
    if len(values) == 1 and set(steps) == {1.0} and values[0][0] in {0.0, 1.0}:
        return ("epoch",)
    if len(values) == 1 and len(set(steps)) == 1 and _is_epoch(steps[0]) and not has_time:
        return ("onset",)
    if len(values) == 2 and not has_time and steps == list(values[1][:-1]):
        return ("onset", "duration") if all(d > 0 for d in values[1]) else None
    return None


def _is_epoch(step: float) -> bool:
    return SHORTEST_EPOCH_S <= step <= LONGEST_EPOCH_S


FORMAT = ScoringFormat("columns-without-names", "columns without names", recognise, read)
