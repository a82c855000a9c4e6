"""Scorings as BIDS events: seconds from the start of the recording."""

from __future__ import annotations

from pathlib import Path

from psgpipe.files.regular import file_name
from psgpipe.model.scoring import Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.formats.table import table_in
from psgpipe.scorings.sources.text_source import head_text
from psgpipe.scorings.tables.stage_table import read_table
from psgpipe.scorings.tables.table_rows import TableRules

FIRST_COLUMNS = ["onset", "duration"]


def recognise(head: bytes, name: str) -> str | None:
    """Whether the columns of a TSV file begin with onset and duration, as BIDS wants."""
    first = (head_text(head) or "").partition("\n")[0].split("\t")
    if [cell.strip().casefold() for cell in first[:2]] != FIRST_COLUMNS:
        return None
    ending = ", its name ends in _events.tsv" if name.endswith("_events.tsv") else ""
    return f"its columns begin with onset and duration{ending}"


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages of a file of events, or of its columns of stages."""
    return read_table(table_in(path), TableRules(FORMAT.name), options, file_name(path))


FORMAT = ScoringFormat("bids", "BIDS events.tsv", recognise, read)
