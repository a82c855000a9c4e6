"""Scorings of Elan (.hyp): a head of four lines, then one number for each period."""

from __future__ import annotations

import re
from pathlib import Path

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.mapping import spelling_key
from psgpipe.scorings.sources.number_text import number
from psgpipe.scorings.sources.text_source import head_text, lines_of, read_text

# Elan numbers REM 5 and artefacts -1; 4 is the fourth stage of Rechtschaffen and Kales.
STAGE_OF_NUMBER = {
    "0": SleepStage.W, "1": SleepStage.N1, "2": SleepStage.N2, "3": SleepStage.N3,
    "4": SleepStage.N3, "5": SleepStage.R, "-1": SleepStage.ART,
}  # fmt: skip
_KEY = re.compile(r"(time_base|sampling_period|epoch_nb|epoch_list)\b\s*(.*)")


def recognise(head: bytes, _name: str) -> str | None:
    """Whether the first lines are the head of Elan."""
    lines = [line.strip() for line in lines_of(head_text(head) or "")[:12]]
    is_elan = bool(lines) and lines[0].startswith("time_base") and "epoch_list" in lines
    return "its first line is time_base and epochs are listed below epoch_list" if is_elan else None


def read(path: Path, options: ReadOptions) -> Scoring:
    """The runs of stages; one number is for `time_base` seconds."""
    file = file_name(path)
    head: dict[str, str] = {}
    values: list[tuple[int, str]] = []
    for count, line in enumerate(lines_of(read_text(path)), start=1):
        key = _KEY.fullmatch(line.strip())
        if key:
            head[str(key[1])] = str(key[2])
        elif line.strip():
            values.append((count, line.strip()))
    base_s = number(head.get("time_base", "")) or 0.0
    if base_s <= 0:
        raise ScoringInvalid(f"{file}: wanted seconds in time_base, found none", "Export it again.")
    stages: list[ScoredStage] = []
    for index, (line_number, text) in enumerate(values):
        key_text = spelling_key(text)
        stage = (options.mapping or {}).get(key_text) or STAGE_OF_NUMBER.get(key_text)
        if stage is None:
            raise ScoringInvalid(
                f"{file}: line {line_number}: wanted a stage from -1 to 5, found another text",
                "If it is a stage, name it: --scoring-map SPELLING=STAGE.",
            )
        if stages and stages[-1].stage == stage:
            before = stages[-1]
            length_s = (before.duration_s or 0.0) + base_s
            stages[-1] = ScoredStage(before.onset_s, length_s, stage, before.text)
        else:
            stages.append(ScoredStage(base_s * index, base_s, stage, text))
    return Scoring(file, FORMAT.name, options.recognised_by, tuple(stages))


FORMAT = ScoringFormat("elan", "Elan .hyp", recognise, read)
