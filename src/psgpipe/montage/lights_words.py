"""The words of lights off and lights on, by language: ``lights_words.toml``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any, Literal

from psgpipe.errors import LabelTableInvalid
from psgpipe.files.toml_file import parse_toml

Side = Literal["off", "on"]
EVERY_LANGUAGE = "every_language"
LETTERS_BETWEEN = 4
_ACCENTS = range(0x0300, 0x0370)
_WITHOUT_ACCENT = str.maketrans({"ł": "l", "ø": "o", "ı": "i", "đ": "d"})


@dataclass(frozen=True, eq=False)
class LightsWords:
    """The words of one language, as :func:`fold_word` writes them.

    Attributes
    ----------
    light
        Words for the lights.
    also_adjective
        Those of them that have another meaning, too.
    filler
        Words that may stand between and around.
    says
        Whole texts, without blanks.
    has_blanks
        Whether blanks separate the words of a text.
    """

    language: str
    light: frozenset[str]
    also_adjective: frozenset[str]
    off: frozenset[str]
    on: frozenset[str]
    filler: frozenset[str]
    says: Mapping[str, Side]
    has_blanks: bool

    @cached_property
    def states(self) -> frozenset[str]:
        """The words for off and for on."""
        return self.off | self.on

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that a text about the lights may hold."""
        return self.light | self.states | self.filler

    @cached_property
    def by_length(self) -> tuple[str, ...]:
        """Every word, the longest first."""
        return tuple(sorted(self.words, key=len, reverse=True))

    @cached_property
    def cue(self) -> re.Pattern[str]:
        """A word for the lights or a whole text; a text without it does not concern the lights."""
        return re.compile("|".join(map(re.escape, (*self.light, *self.says))))

    @cached_property
    def near(self) -> dict[Side, re.Pattern[str]]:
        """Lights and off, or on, close to each other in a text without blanks."""
        return {"off": self._close_to(self.off), "on": self._close_to(self.on)}

    def _close_to(self, states: Iterable[str]) -> re.Pattern[str]:
        state = "|".join(map(re.escape, states))
        ways = []
        for light in self.light:
            most = 1 if light in self.also_adjective else LETTERS_BETWEEN
            gap = f".{{0,{most}}}"
            ways.append(f"{light}{gap}(?:{state})|(?:{state}){gap}{light}")
        return re.compile("|".join(ways))


def fold_word(text: str) -> str:
    """`text` as words are compared: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(c for c in decomposed if ord(c) not in _ACCENTS)
    return unicodedata.normalize("NFC", bare).translate(_WITHOUT_ACCENT)


def squeeze(text: str) -> str:
    """`text` folded, letters and digits only."""
    return "".join(c for c in fold_word(text) if c.isalnum())


@cache
def lights_words() -> tuple[LightsWords, ...]:
    """The words of each language; those of every language are added to each."""
    file = resources.files("psgpipe") / "montage" / "lights_words.toml"
    languages = parse_toml(file.read_bytes(), "lights_words.toml", LabelTableInvalid)
    shared = languages.pop(EVERY_LANGUAGE)
    return tuple(_words(name, content, shared) for name, content in languages.items())


def _words(name: str, content: Mapping[str, Any], shared: Mapping[str, Any]) -> LightsWords:
    def of(key: str) -> frozenset[str]:
        return _folded([*content.get(key, []), *shared.get(key, [])])

    says: dict[str, Side] = dict.fromkeys(map(squeeze, content.get("says_off", [])), "off")
    says |= dict.fromkeys(map(squeeze, content.get("says_on", [])), "on")
    return LightsWords(
        language=name,
        light=of("light"),
        also_adjective=of("also_adjective"),
        off=of("off"),
        on=of("on"),
        filler=of("filler"),
        says=says,
        has_blanks=not content.get("without_blanks", False),
    )


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(fold_word(word) for word in words)
