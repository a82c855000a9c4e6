"""Scorings of Noxturnal: a table of events in CSV, units in brackets below the columns."""

from __future__ import annotations

from pathlib import Path

from psgpipe.files.regular import file_name
from psgpipe.model.scoring import Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.formats.table import table_in
from psgpipe.scorings.sources.text_rows import find_head_table
from psgpipe.scorings.sources.text_source import head_text
from psgpipe.scorings.tables.stage_table import read_table
from psgpipe.scorings.tables.table_rows import TableRules


def recognise(head: bytes, _name: str) -> str | None:
    """Whether the table has the columns of Noxturnal, with units below them."""
    text = head_text(head)
    found = find_head_table(text) if text else None
    if found is None or not {"start", "end", "event"} <= found.columns.place.keys():
        return None
    below = found.rows.cells[found.columns.line + 1 : found.columns.line + 2]
    cells = [cell for row in below for cell in row if cell]
    if not cells or not all(c.startswith("[") and c.endswith("]") for c in cells):
        return None
    return "its columns are start, end and event, with units in brackets below them"


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages among the events."""
    rules = TableRules(FORMAT.name, is_clock=True)
    return read_table(table_in(path), rules, options, file_name(path))


FORMAT = ScoringFormat("noxturnal", "Noxturnal CSV", recognise, read)
