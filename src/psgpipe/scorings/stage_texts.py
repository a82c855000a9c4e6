"""The stages that texts of a scoring name: by the user's mapping, the label table, the words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from psgpipe.errors import ScoringInvalid
from psgpipe.messages import listed
from psgpipe.model.hypnogram import SleepStage
from psgpipe.montage.event_labels import read_stage
from psgpipe.scorings.formats.scoring_format import ReadOptions
from psgpipe.scorings.mapping import HOW_TO_MAP, spelling_key
from psgpipe.scorings.sources.number_text import whole_number
from psgpipe.scorings.stage_words import stage_of_digit, stage_word

LEAST_SURE_STAGES = 2
_LETTERS = {SleepStage.W, SleepStage.R}


class StageText(NamedTuple):
    """A text of a scoring that has to be a stage, and its line."""

    line: int
    text: str


def stage_of(text: str, options: ReadOptions) -> SleepStage | None:
    """The stage that a text certainly names, or None.

    A mapping goes before the label tables, and these before the words; it need not name every
    spelling.
    """
    mapped = _mapped(text, options)
    if mapped is not None:
        return mapped
    word = stage_word(text)
    return word.stage if word is not None and word.certainty == "sure" else None


def stages_among_events(texts: Iterable[str], options: ReadOptions) -> dict[str, SleepStage]:
    """The stage of each text that is one; the others are events.

    A text such as "phase 2" is a stage where two other texts are certainly different stages.
    """
    distinct = dict.fromkeys(texts)
    sure = {t: stage for t in distinct if (stage := stage_of(t, options)) is not None}
    if len(set(sure.values())) < LEAST_SURE_STAGES:
        return sure
    words = {t: stage_word(t) for t in distinct if t not in sure}
    return sure | {t: w.stage for t, w in words.items() if w and w.certainty == "with_stages"}


def stages_in_column(
    texts: Sequence[StageText], options: ReadOptions, file: str
) -> list[SleepStage]:
    """The stage of each text of a column, list or file that holds nothing but stages.

    The numbers 1 to 4 are stages beside letters such as W and R; numbers alone have no meaning.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        A text is no stage, or the stages are numbers and no mapping tells their meaning.
    """
    stages: dict[str, SleepStage | None] = {}
    for text in dict.fromkeys(t.text for t in texts):
        word = stage_word(text)
        stages[text] = _mapped(text, options) or (word.stage if word else None)
    numbers = [t for t in stages if stages[t] is None and whole_number(t) is not None]
    if numbers and _has_letters(stages):
        stages |= {t: stage_of_digit(str(whole_number(t))) for t in numbers}
    unclear = [t for t in numbers if stages[t] is None]
    if unclear:
        raise unexplained_numbers(unclear, options, file)
    for line, text in texts:
        if stages[text] is None:
            raise ScoringInvalid(
                f"{file}: line {line}: wanted a sleep stage, found another text",
                "If it is a stage, name it: --scoring-map SPELLING=STAGE; else remove the line.",
            )
    return [stage for t in texts if (stage := stages[t.text]) is not None]


def unexplained_numbers(numbers: Iterable[str], options: ReadOptions, file: str) -> ScoringInvalid:
    """The error for stages that are numbers without a meaning."""
    found = listed(sorted({str(whole_number(t)) for t in numbers}, key=int))
    why = "not all are in the mapping" if options.mapping else "nothing says which stage each is"
    return ScoringInvalid(f"{file}: the stages are the numbers {found}, and {why}", HOW_TO_MAP)


def _has_letters(stages: dict[str, SleepStage | None]) -> bool:
    """Whether wake or REM is written as a word, and 0 and 5 are no numbers of stages."""
    numbers = {whole_number(t) for t in stages} - {None}
    return bool(_LETTERS & set(stages.values())) and numbers <= {1, 2, 3, 4}


def _mapped(text: str, options: ReadOptions) -> SleepStage | None:
    mapped = (options.mapping or {}).get(spelling_key(text))
    return mapped or read_stage(text, options.label_table)
