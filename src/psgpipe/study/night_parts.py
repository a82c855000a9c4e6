"""Rows of a study table that are parts of one night: several files that are joined on the clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from psgpipe.tables.delimited import Mistakes, Row, Table, shown
from psgpipe.tables.numbers import is_missing

_OF_THE_PART = ("part", "recording")
_NUMBER = re.compile(r"0*[1-9][0-9]{0,2}", re.ASCII)

FurtherRows = Mapping[int, tuple[Row, ...]]
"""By the number of the row of part 1, the rows of the further parts in order."""


def one_row_a_night(table: Table, mistakes: Mistakes) -> tuple[Table, FurtherRows]:
    """The table with one row for the parts of a night, and the rows of the further parts.

    A cell that one part has and the others leave blank counts for the night; two parts must not
    contradict each other.
    """
    groups: dict[tuple[str, str], dict[int, Row]] = {}
    for row in table.rows:
        number = _part_number(row, mistakes)
        if number is None:
            continue
        parts = groups.setdefault((row.cells["subject"], row.cells["night"]), {})
        if number in parts:
            where = f"part {number} of this night is in row {parts[number].number}"
            mistakes.row(row.number, f"column part: {where}")
        parts.setdefault(number, row)
    further: dict[int, tuple[Row, ...]] = {}
    merged: dict[int, Row | None] = {}
    for parts in groups.values():
        first, *others = (parts[number] for number in sorted(parts))
        missing = [str(n) for n in range(1, max(parts)) if n not in parts]
        if missing:
            what = f"part {', '.join(missing)} of this night is not listed"
            mistakes.row(first.number, f"column part: {what}")
        merged |= {row.number: None for row in others}
        merged[first.number] = _merged(first, others, mistakes)
        further[first.number] = tuple(others)
    rows = (merged.get(row.number, row) for row in table.rows)
    return replace(table, rows=tuple(row for row in rows if row is not None)), further


def _part_number(row: Row, mistakes: Mistakes) -> int | None:
    cell = row.cells["part"]
    if is_missing(cell):
        return None
    if not _NUMBER.fullmatch(cell):
        mistakes.cell(row.number, "part", "a whole number from 1", cell)
        return None
    return int(cell)


def _merged(first: Row, others: list[Row], mistakes: Mistakes) -> Row:
    """The first part's row, its blank cells filled from the further parts."""
    cells = dict(first.cells)
    for other in others:
        for column, cell in other.cells.items():
            if column in _OF_THE_PART or is_missing(cell):
                continue
            if is_missing(cells[column]):
                cells[column] = cell
            elif cells[column] != cell:
                wanted = f"{shown(cells[column])} as in row {first.number}, the same night"
                mistakes.cell(other.number, column, wanted, cell)
    return Row(first.number, cells)
