"""Tables of stages or events with a header: CSV, TSV, exports of many programs."""

from __future__ import annotations

from pathlib import Path

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.scoring import Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.sources.text_rows import FoundTable, find_head_table, find_table
from psgpipe.scorings.sources.text_source import head_text, read_text
from psgpipe.scorings.tables.lines_above import epoch_length_above, start_above
from psgpipe.scorings.tables.stage_table import read_table
from psgpipe.scorings.tables.table_rows import TableRules


def table_in(path: Path) -> FoundTable:
    """The table in a text file.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        No line names the columns.
    """
    file = file_name(path)
    found = find_table(read_text(path), file)
    if found is None:
        raise ScoringInvalid(
            f"{file}: no line names the columns of a table",
            "Give columns such as onset, duration and stage a name in the first line.",
        )
    return found


def recognise(head: bytes, _name: str) -> str | None:
    """Whether a line names a column of stages or events, and one more column."""
    text = head_text(head)
    found = find_head_table(text) if text else None
    if found is None:
        return None
    return f"its columns are {', '.join(found.columns.place)}"


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages of a table."""
    found, file = table_in(path), file_name(path)
    above = found.rows.cells[: found.columns.line]
    rules = TableRules(
        FORMAT.name, epoch_s=epoch_length_above(above, file), start=start_above(above)
    )
    return read_table(found, rules, options, file)


FORMAT = ScoringFormat("table", "CSV or TSV with named columns", recognise, read)
