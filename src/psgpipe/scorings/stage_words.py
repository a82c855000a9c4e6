"""The words for sleep stages, by language: ``stage_words.toml``."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, NamedTuple

from psgpipe.model.hypnogram import SleepStage

Certainty = Literal["sure", "with_stages", "in_column"]
LONGEST_WORD = 80
_LISTS: tuple[Certainty, ...] = ("sure", "with_stages", "in_column")
_CASE_BREAK = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_NSRR_CODE = re.compile(r"\|\s*\d+\s*$")
_TOKEN = re.compile(r"[^\W\d_]+|\d+|\?")
_WITHOUT_ACCENT = str.maketrans({"ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae"})
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}


class StageWord(NamedTuple):
    """The stage that a text names, and where the text is a stage."""

    stage: SleepStage
    certainty: Certainty


@dataclass(frozen=True, eq=False)
class _Words:
    stages: Mapping[str, StageWord]
    numbers: Mapping[str, SleepStage]
    stage: frozenset[str]
    phase: frozenset[str]
    sleep: frozenset[str]


@lru_cache(maxsize=8192)
def stage_word(text: str) -> StageWord | None:
    """The stage that `text` names in any language; None where it names none.

    ``Sleep stage 4``, ``Wake|0``, ``SRO:Stage2Sleep``, ``SLEEP-S2``, ``NREM_2``, ``Stade III``.
    """
    if len(text) > LONGEST_WORD:
        return None
    words = _words()
    tokens = _tokens(text)
    whole = "".join(tokens)
    if whole in words.stages:
        return words.stages[whole]
    core = [t for t in tokens if t not in words.stage | words.phase | words.sleep]
    joined = "".join(core)
    if not joined:
        return None
    is_staged = not words.stage.isdisjoint(tokens)
    is_phased = not words.phase.isdisjoint(tokens)
    if is_staged or is_phased:
        number = words.numbers.get(_ROMAN.get(joined, joined))
        if number is not None:
            return StageWord(number, "sure" if is_staged else "with_stages")
    word = words.stages.get(joined)
    if word is not None and is_staged:  # "stage M" is movement time wherever it stands
        return StageWord(word.stage, "sure")
    return word


def stage_of_digit(text: str) -> SleepStage | None:
    """The stage of a number 1 to 4 among letters such as W and R."""
    return _words().numbers.get(text) if text in {"1", "2", "3", "4"} else None


def _tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text.partition("@@")[0])
    plain = _CASE_BREAK.sub(" ", _NSRR_CODE.sub("", plain))
    split = unicodedata.normalize("NFKD", plain.casefold()).translate(_WITHOUT_ACCENT)
    return _TOKEN.findall("".join(c for c in split if not unicodedata.combining(c)))


@cache
def _words() -> _Words:
    file = resources.files("psgpipe") / "scorings" / "stage_words.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    numbers = {
        number: SleepStage(stage)
        for stage, listed in table["numbers"].items()
        if stage in SleepStage.__members__
        for number in listed
    }
    stages = {
        prefix + number: StageWord(stage, "sure")
        for number, stage in numbers.items()
        if stage != SleepStage.W
        for prefix in table["numbers"]["prefixes"]
    }
    stages |= {
        prefix + roman: StageWord(numbers[number], "sure")
        for roman, number in _ROMAN.items()
        for prefix in table["numbers"]["roman_after"]
    }
    for stage in SleepStage:
        for certainty in _LISTS:
            stages |= {
                word: StageWord(stage, certainty) for word in table[stage].get(certainty, ())
            }
    around = {name: frozenset(listed) for name, listed in table["around"].items()}
    return _Words(stages, numbers, **around)
