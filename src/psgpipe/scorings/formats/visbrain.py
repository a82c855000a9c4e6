"""Scorings of Visbrain with times: a stage and its end in seconds, below lines with a star."""

from __future__ import annotations

from pathlib import Path

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.sources.number_text import number
from psgpipe.scorings.sources.text_source import head_text, lines_of, read_text
from psgpipe.scorings.stage_texts import StageText, stages_in_column

DURATION = "*duration_sec"
COMMENT = "*"


def recognise(head: bytes, _name: str) -> str | None:
    """Whether a line with a star gives the duration, as Visbrain writes it."""
    lines = lines_of(head_text(head) or "")[:20]
    has_duration = any(line.strip().casefold().startswith(DURATION) for line in lines)
    return "it has a line *Duration_sec" if has_duration else None


def read(path: Path, options: ReadOptions) -> Scoring:
    """The stages; each one lasts from the end of the one before it to its own end."""
    file = file_name(path)
    texts: list[StageText] = []
    ends_s: list[float] = []
    for count, line in enumerate(lines_of(read_text(path)), start=1):
        if not line.strip() or line.lstrip().startswith(COMMENT):
            continue
        text, _, end = line.strip().replace(",", "\t").rpartition("\t" if "\t" in line else " ")
        end_s = number(end)
        if end_s is None or not text or end_s < (ends_s[-1] if ends_s else 0.0):
            raise ScoringInvalid(
                f"{file}: line {count}: wanted a stage and its end in seconds, in order of time",
                "Export the hypnogram again.",
            )
        texts.append(StageText(count, text.strip()))
        ends_s.append(end_s)
    stages = stages_in_column(texts, options, file)
    return Scoring(
        file=file,
        format=FORMAT.name,
        recognised_by=options.recognised_by,
        stages=tuple(
            ScoredStage(begin_s, end_s - begin_s, stage, text.text)
            for begin_s, end_s, stage, text in zip(
                [0.0, *ends_s[:-1]], ends_s, stages, texts, strict=False
            )
            if end_s > begin_s
        ),
    )


FORMAT = ScoringFormat("visbrain", "Visbrain text", recognise, read)
