"""Scorings with one stage a line: letters, words, or numbers with a mapping; Luna's .eannot."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

from psgpipe.files.regular import file_name
from psgpipe.model.header import Annotation
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.luna_lights import LIGHTS_ON, with_lights
from psgpipe.scorings.formats.scoring_format import ReadOptions, ScoringFormat
from psgpipe.scorings.sources.number_text import whole_number
from psgpipe.scorings.sources.text_source import head_text, lines_of, read_text
from psgpipe.scorings.stage_texts import StageText, stages_in_column
from psgpipe.scorings.stage_words import stage_word
from psgpipe.scorings.tables.lines_above import epoch_length_above
from psgpipe.scorings.tables.table_columns import columns_of
from psgpipe.scorings.tables.table_rows import NO_EPOCH_LENGTH, refuse_blank_lines

MOST_LINES_OF_HEAD = 400
LEAST_STAGES, LEAST_SHARE = 5, 0.8
EANNOT = ".eannot"
COMMENT = "#"


def recognise(head: bytes, _name: str) -> str | None:
    """Whether every line is a whole number, or nearly every line a word for a stage."""
    lines = _head_lines(head)
    if lines and all(whole_number(line) is not None for line in lines):
        return "every line is a whole number"
    n_stages = sum(stage_word(x) is not None or whole_number(x) is not None for x in lines)
    if lines and n_stages == len(lines):
        return "every line is a stage"
    is_most = n_stages >= max(LEAST_STAGES, LEAST_SHARE * len(lines))
    return "nearly every line is a stage" if is_most else None


def recognise_eannot(head: bytes, name: str) -> str | None:
    """Whether the name is that of Luna's annotations of epochs."""
    return f"its name ends in {EANNOT}" if name.lower().endswith(EANNOT) and head else None


def read(path: Path, options: ReadOptions) -> Scoring:
    """One stage for each epoch of 30 s, or of the length that a comment says, from the start."""
    return _read(path, options, FORMAT.name)


def read_eannot(path: Path, options: ReadOptions) -> Scoring:
    """One stage for each epoch of 30 s, from the start of the recording."""
    return _read(path, options, EPOCH_ANNOTATIONS.name)


def _read(path: Path, options: ReadOptions, name: str) -> Scoring:
    file = file_name(path)
    lines = list(enumerate(lines_of(read_text(path)), start=1))
    texts = [StageText(i, line.strip()) for i, line in lines if not _is_blank(line)]
    if texts and _is_header(texts[0].text):
        texts = texts[1:]
    n_comments = list(accumulate(line.lstrip().startswith(COMMENT) for _, line in lines))
    refuse_blank_lines([t.line for t in texts], file, [n_comments[t.line - 1] for t in texts])
    comments = [[line.strip(" #\t")] for _, line in lines if line.lstrip().startswith(COMMENT)]
    declared_s = None if name == EPOCH_ANNOTATIONS.name else epoch_length_above(comments, file)
    epoch_s = declared_s or EPOCH_S
    onsets_s = {text.line: epoch_s * i for i, text in enumerate(texts)}
    lights = [
        Annotation(onsets_s[text.line], epoch_s, LIGHTS_ON)
        for text in texts
        if name == EPOCH_ANNOTATIONS.name and text.text == LIGHTS_ON
    ]
    texts = texts if not lights else [text for text in texts if text.text != LIGHTS_ON]
    stages = [
        ScoredStage(onsets_s[text.line], epoch_s, stage, text.text)
        for stage, text in zip(stages_in_column(texts, options, file), texts, strict=True)
    ]
    return Scoring(
        file=file,
        format=name,
        recognised_by=options.recognised_by,
        stages=tuple(stages),
        annotations=with_lights(stages, lights),
        epoch_s=declared_s,
        findings=() if declared_s else (NO_EPOCH_LENGTH,),
    )


def _head_lines(head: bytes) -> list[str]:
    """The first lines that are not blank, without a header and without a line that may be cut."""
    text = head_text(head)
    if not text:
        return []
    lines = [line.strip() for line in lines_of(text)]
    whole = lines[:-1] if len(lines) > MOST_LINES_OF_HEAD else lines
    filled = [line for line in whole if not _is_blank(line)]
    return filled[1:] if filled and _is_header(filled[0]) else filled


def _is_blank(line: str) -> bool:
    """Whether a line is empty or a comment."""
    return not line.strip() or line.lstrip().startswith(COMMENT)


def _is_header(line: str) -> bool:
    """Whether a line is the name of a column of stages, not a stage."""
    return bool(columns_of([line]).stages) and stage_word(line) is None


FORMAT = ScoringFormat("one-a-line", "text with one stage a line", recognise, read)
EPOCH_ANNOTATIONS = ScoringFormat("luna-eannot", "Luna .eannot", recognise_eannot, read_eannot)
