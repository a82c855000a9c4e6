"""Scorings as BIDS events: seconds from the start, and the meaning of codes in the file beside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name, read_small_file
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.scoring import Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.formats.table import table_in
from psgpipe.scorings.mapping import spelling_key
from psgpipe.scorings.sources.text_source import head_text
from psgpipe.scorings.stage_words import stage_word
from psgpipe.scorings.tables.row_times import TableRules
from psgpipe.scorings.tables.stage_table import read_table

FIRST_COLUMNS = ["onset", "duration"]
MOST_BYTES_BESIDE = 1_000_000
COMPRESSED = ".gz"


def recognise(head: bytes, name: str) -> str | None:
    """Whether the columns of a TSV file begin with onset and duration, as BIDS wants."""
    first = (head_text(head) or "").partition("\n")[0].split("\t")
    if [cell.strip().casefold() for cell in first[:2]] != FIRST_COLUMNS:
        return None
    ending = ", its name ends in _events.tsv" if name.endswith("_events.tsv") else ""
    return f"its columns begin with onset and duration{ending}"


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages of a file of events.

    Where codes have levels in the JSON file of the same name, these say what the codes mean.
    """
    levels = _levels(path)
    own = replace(options, mapping={**levels, **(options.mapping or {})}) if levels else options
    return read_table(table_in(path), TableRules(FORMAT.name), own, file_name(path))


def _levels(path: Path) -> dict[str, SleepStage]:
    """The stage of each code whose level is a word for a stage; none that has two meanings."""
    plain = path.with_suffix("") if path.suffix == COMPRESSED else path
    beside = plain.with_suffix(".json")
    if not beside.is_file():
        return {}
    content = read_small_file(beside, ScoringInvalid, MOST_BYTES_BESIDE)
    try:
        columns = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ScoringInvalid(
            f"{file_name(beside)}: damaged JSON beside the scoring", "Correct or remove it."
        ) from error
    meanings: dict[str, set[SleepStage]] = {}
    for code, word in _words(columns):
        stage = stage_word(word)
        if stage is not None:
            meanings.setdefault(spelling_key(code), set()).add(stage.stage)
    return {code: next(iter(stages)) for code, stages in meanings.items() if len(stages) == 1}


def _words(columns: Any) -> Iterator[tuple[str, str]]:
    """The codes of every column with their descriptions."""
    for column in columns.values() if isinstance(columns, Mapping) else ():
        levels = column.get("Levels") if isinstance(column, Mapping) else None
        for code, about in levels.items() if isinstance(levels, Mapping) else ():
            word = about.get("Description") if isinstance(about, Mapping) else about
            if isinstance(word, str):
                yield code, word


FORMAT = ScoringFormat("bids", "BIDS events.tsv", recognise, read)
