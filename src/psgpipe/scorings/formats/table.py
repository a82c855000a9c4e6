"""Tables of stages or events with a header: CSV, TSV, BIDS events, exports of many programs."""

from __future__ import annotations

from pathlib import Path

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.scoring import Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.stage_table import TableRules, read_table
from psgpipe.scorings.text_rows import FoundTable, find_head_table, find_table
from psgpipe.scorings.text_source import head_text, read_text


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
    return read_table(table_in(path), TableRules(FORMAT.name), options, file_name(path))


def recognise_bids(head: bytes, name: str) -> str | None:
    """Whether the columns of a TSV file begin with onset and duration, as BIDS wants."""
    text = head_text(head)
    first = text.lstrip("\ufeff").partition("\n")[0].split("\t") if text else []
    if [cell.strip().casefold() for cell in first[:2]] != ["onset", "duration"]:
        return None
    return "its columns begin with onset and duration" + (
        ", its name ends in _events.tsv" if name.endswith("_events.tsv") else ""
    )


def read_bids(path: Path, options: ReadOptions) -> Scoring:
    """The stages of a BIDS file of events: seconds from the start of the recording."""
    return read_table(table_in(path), TableRules(BIDS.name), options, file_name(path))


BIDS = ScoringFormat("bids", "BIDS events.tsv", recognise_bids, read_bids)
FORMAT = ScoringFormat("table", "CSV or TSV with named columns", recognise, read)
