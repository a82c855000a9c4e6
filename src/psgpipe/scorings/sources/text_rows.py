"""The rows of a delimited text, with the numbers of their lines."""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from typing import NamedTuple

from psgpipe.errors import ScoringInvalid
from psgpipe.scorings.tables.table_columns import Columns, find_columns

DELIMITERS = "\t;,"


class Rows(NamedTuple):
    """The rows that are not empty; cells have no blanks and quotation marks around them."""

    lines: list[int]
    cells: list[list[str]]
    delimiter: str


class FoundTable(NamedTuple):
    """Rows with a header among them."""

    rows: Rows
    columns: Columns


def split_rows(text: str, delimiter: str, file: str = "") -> Rows:
    """The rows of a text with this delimiter.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        A cell is longer than any cell of a table.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lines, cells = [], []
    try:
        for row in reader:
            stripped = [cell.strip() for cell in row]
            if any(stripped):
                lines.append(reader.line_num)
                cells.append(stripped)
    except csv.Error as error:
        raise ScoringInvalid(
            f"{file}: line {reader.line_num}: a quoted cell that does not end",
            "Correct the quotation marks, or export the scoring again.",
        ) from error
    return Rows(lines, cells, delimiter)


def find_table(text: str, file: str = "") -> FoundTable | None:
    """The table with the most columns of known meaning; None where no line is a header."""
    tables = []
    for delimiter in DELIMITERS:
        rows = split_rows(text, delimiter, file)
        columns = find_columns(rows.cells)
        if columns is not None:
            tables.append(FoundTable(rows, columns))
    return max(tables, key=lambda t: len(t.columns.place), default=None)


@lru_cache(maxsize=2)  # several formats look at one head
def find_head_table(text: str) -> FoundTable | None:
    """As :func:`find_table`, for the first bytes of a file, whose last line may be cut."""
    try:
        return find_table(text)
    except ScoringInvalid:
        return None
