"""The words for sleep stages, by language: ``stage_words.toml``."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from typing import Literal, NamedTuple

from psgpipe.model.hypnogram import SleepStage

Certainty = Literal["sure", "with_stages", "in_column"]
LONGEST_WORD = 80
_LISTS: tuple[Certainty, ...] = ("sure", "with_stages", "in_column")
_CASE_BREAK = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_NSRR_CODE = re.compile(r"\|\s*\d+\s*$")
_TOKEN = re.compile(r"[^\W\d_]+|\d+|\?")
_WITHOUT_ACCENT = str.maketrans({"ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae"})
_PARTS = re.compile(r"\s*[()\[\]/,;:=|]\s*|\s+[-–—]\s+")
_NREM = re.compile(r"\s*n(on)?[ -]?rem\s*", re.IGNORECASE)
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
    depth: frozenset[str]
    vocabulary: frozenset[str]


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
    return word or _said_twice(text)


def may_name_stage(text: str) -> bool:
    """Whether a text is written as stages are, known or not.

    ``Sleep stage 5``, ``SP``, ``Light sleep``, ``N1 (drowsy)``; not ``Stage shift`` or ``REM
    latency``.
    """
    word, tokens, words = stage_word(text), _tokens(text[:LONGEST_WORD]), _words()
    if word is not None:
        return word.stage != SleepStage.ART
    if not tokens:
        return False
    if all(_is_known(token) for token in tokens):
        return True
    around = words.stage | words.phase
    is_numbered = any(
        a in around and b not in words.sleep and (_is_known(b) or b.isdigit() or len(b) == 1)
        for a, b in pairwise(tokens)
    )
    if is_numbered and tokens[0] in words.vocabulary:
        return True
    head, *rest = _PARTS.split(text.strip())
    first = stage_word(head)
    return bool(rest) and first is not None and first.certainty == "sure"


def _is_known(token: str) -> bool:
    return token in _words().vocabulary or token in _ROMAN


def stage_of_digit(text: str) -> SleepStage | None:
    """The stage of a number 1 to 4 among letters such as W and R."""
    return _words().numbers.get(text) if text in {"1", "2", "3", "4"} else None


def _said_twice(text: str) -> StageWord | None:
    """The stage of a text whose parts name one and the same: ``N1 (NREM 1)``, ``W - Wake``."""
    parts = [part for part in _PARTS.split(text) if part.strip()]
    named = [stage_word(part) for part in parts] if len(parts) > 1 else []
    known = [word for word in named if word is not None]
    stages = {word.stage for word in known}
    is_nrem = bool(stages & {SleepStage.N1, SleepStage.N2, SleepStage.N3})
    if is_nrem and any(_NREM.fullmatch(part) for part in parts):  # "N2 - NREM"
        stages -= {SleepStage.UNS}
    if len(known) < len(parts) or len(stages) != 1:
        return None
    stage = stages.pop()
    return min(
        (word for word in known if word.stage == stage), key=lambda w: _LISTS.index(w.certainty)
    )


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
    prefixes = frozenset(table["numbers"]["prefixes"])
    known = (word for word, named in stages.items() if named.stage != SleepStage.ART)
    vocabulary = prefixes | frozenset().union(*around.values(), numbers, known)
    return _Words(stages, numbers, **around, vocabulary=vocabulary)
