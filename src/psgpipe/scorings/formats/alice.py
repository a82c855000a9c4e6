"""Scorings of Alice (Respironics) as text: a table with WK and NS, or codes of 6-s epochs."""

from __future__ import annotations

import re
from pathlib import Path

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.formats.table import table_in
from psgpipe.scorings.sources.text_rows import find_head_table
from psgpipe.scorings.sources.text_source import head_text, lines_of, read_text
from psgpipe.scorings.tables.stage_table import read_table
from psgpipe.scorings.tables.table_rows import TableRules

WAKE = "WK"
CODED_EPOCH_S = 6.0
STAGE_OF_CODE = {
    "255": SleepStage.W, "11": SleepStage.N1, "12": SleepStage.N2, "13": SleepStage.N3,
    "14": SleepStage.N3, "15": SleepStage.R,
}  # fmt: skip
_CODES = re.compile(r"(\d{1,3})\s*,\s*\d+\s*,?")


def recognise(head: bytes, _name: str) -> str | None:
    """Whether the table has a column of stages in which wake is WK."""
    text = head_text(head)
    found = find_head_table(text) if text else None
    if found is None or "stage" not in found.columns.place:
        return None
    place = found.columns.place["stage"]
    cells = {row[place] for row in found.rows.cells if place < len(row)}
    return "its column of stages calls wake WK" if WAKE in cells else None


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages of the table; the times are times of day with AM or PM."""
    rules = TableRules(FORMAT.name, is_clock=True)
    return read_table(table_in(path), rules, options, file_name(path))


def recognise_codes(head: bytes, _name: str) -> str | None:
    """Whether every line is a code of a stage, a number and a comma."""
    lines = [line.strip() for line in lines_of(head_text(head) or "")[:-1] if line.strip()]
    codes = [match[1] for line in lines if (match := _CODES.fullmatch(line))]
    is_coded = len(codes) == len(lines) > 1 and {*codes} <= STAGE_OF_CODE.keys()
    return "its lines are codes 255 and 11 to 15" if is_coded and "255" in codes else None


def read_codes(path: Path, options: ReadOptions) -> Scoring:
    """One code for each epoch of 6 s, from the start of the recording."""
    file = file_name(path)
    stages: list[ScoredStage] = []
    for count, line in enumerate(lines_of(read_text(path)), start=1):
        if not line.strip():
            continue
        match = _CODES.fullmatch(line.strip())
        stage = STAGE_OF_CODE.get(match[1]) if match else None
        if stage is None:
            raise ScoringInvalid(
                f"{file}: line {count}: wanted a code 255 or 11 to 15", "Export the stages again."
            )
        onset_s = CODED_EPOCH_S * len(stages)
        stages.append(ScoredStage(onset_s, CODED_EPOCH_S, stage, match[1] if match else ""))
    return Scoring(file, CODES.name, options.recognised_by, tuple(stages), epoch_s=CODED_EPOCH_S)


FORMAT = ScoringFormat("alice", "Alice (Respironics) text", recognise, read)
CODES = ScoringFormat("alice-codes", "Alice (Respironics) codes", recognise_codes, read_codes)
