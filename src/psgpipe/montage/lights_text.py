"""What the text of an annotation says about the lights: lights off, lights on, or perhaps one."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from psgpipe.messages import is_one_slip
from psgpipe.montage.lights_words import LightsWords, Side, fold_word, lights_words

Certainty = Literal["sure", "likely", "faint"]
LONGEST_TEXT = 400
WORDS_BETWEEN = 3
SHORTEST_PHRASE = 4

_CLOCK = re.compile(
    r"(?<!\d)(?P<h>2[0-4]|[01]?\d)"
    r"(?:\s*[:.h時时시点點]\s*(?P<m>[0-5]\d)(?:\s*[:.m分분]\s*(?P<s>[0-5]\d))?(?!\d)"
    r"(?:\s*[ms分분秒초](?![^\W\d_]))?|\s*(?:[時时시]|[点點](?![灯燈])))?"
    r"(?:\s*(?P<half>[ap])\.?\s?m\b\.?)?",
    re.IGNORECASE,
)
_CASE_BREAK = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_PLURAL = re.compile(r"(?<=[^\W\d_])\((\w{1,2})\)")  # light(s)
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_INITIALS = re.compile(r"(?:\bby\s+|[(\[/–-]\s*)([A-Z]{2,3})\s*[)\]]?\s*$")
_DOUBT = re.compile(r"[?¿]")


class Clock(NamedTuple):
    """A time of day in a text; `is_12_h` where it may be in the morning or the evening."""

    time: dt.time
    is_12_h: bool


class LightsMention(NamedTuple):
    """What a text says about the lights.

    Attributes
    ----------
    side
        None where it may be either.
    certainty
        ``sure``: the text says this and nothing else. ``likely``: it holds such words among
        others. ``faint``: it holds a word for the lights.
    clock
        The only time of day in the text.
    """

    side: Side | None
    certainty: Certainty
    clock: Clock | None = None


class _Text(NamedTuple):
    """A text in words and numbers, folded, and the times of day that stood among them."""

    tokens: list[str]
    clocks: list[Clock]
    is_question: bool


@lru_cache(maxsize=4096)
def lights_mention(text: str) -> LightsMention | None:
    """What `text` says about the lights in any language; None if nothing."""
    tokens, clocks, is_question = _parse(text)
    joined = "".join(tokens)
    languages = [words for words in lights_words() if words.cue.search(joined)]
    sides = {side for words in languages if (side := _sure_side(tokens, words))}
    if len(sides) == 1 and len(clocks) < 2 and not is_question:
        return LightsMention(sides.pop(), "sure", clock_in(text))
    near = {side for words in languages for side in _likely_sides(tokens, words)}
    if near:
        return LightsMention(near.pop() if len(near) == 1 else None, "likely")
    is_faint = any(_has_light(tokens, words) for words in languages) or _is_misspelled(tokens)
    return LightsMention(None, "faint") if is_faint else None


def core_of(text: str) -> str:
    """`text` without clock times, numbers, initials and words such as "event" around it."""
    return "".join(_trimmed(_parse(text).tokens, _words_around()))


@cache
def _words_around() -> frozenset[str]:
    """The filler of every language."""
    return frozenset.intersection(*(words.filler for words in lights_words()))


def clock_in(text: str) -> Clock | None:
    """The time of day in `text`, if there is exactly one."""
    clocks = _parse(text).clocks
    return clocks[0] if len(clocks) == 1 else None


@lru_cache(maxsize=4096)
def _parse(text: str) -> _Text:
    plain = unicodedata.normalize("NFKC", text[:LONGEST_TEXT].partition("@@")[0])
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")  # zero-width characters
    clocks = [clock for m in _CLOCK.finditer(plain) if (clock := _clock(m))]
    rest = _CLOCK.sub(lambda m: " " if _clock(m) else m[0], _PLURAL.sub(r"\1", plain))
    return _Text(_tokens(_without_initials(rest)), clocks, bool(_DOUBT.search(plain)))


def _clock(match: re.Match[str]) -> Clock | None:
    """The time of day of a match; a bare number is none."""
    hour, minute, half = int(match["h"]), match["m"], (match["half"] or "").casefold()
    if minute is None and not half and match[0].strip().isdigit():
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    time = dt.time(hour % 24, int(minute or 0), int(match["s"] or 0))
    return Clock(time, is_12_h=not half and 1 <= hour <= 12)


def _without_initials(text: str) -> str:
    """`text` without the initials of the person who wrote it: ``(JB)``, ``/ KM``, ``by AS``."""
    match = _INITIALS.search(text)
    if match is None or not any(c.islower() for c in text):
        return text
    word = fold_word(match[1])
    is_word = any(word in x for w in lights_words() for x in (w.light, w.states, w.says))
    return text if is_word else text[: match.start()]


def _tokens(text: str) -> list[str]:
    """The words and numbers of `text`, folded; ``LightsOff`` is two words."""
    return _TOKEN.findall(fold_word(_CASE_BREAK.sub(" ", text)))


def _trimmed(tokens: Sequence[str], around: frozenset[str]) -> list[str]:
    """`tokens` without the numbers and the words of `around` at both ends."""
    first, end = 0, len(tokens)
    while first < end and (tokens[first] in around or tokens[first].isdigit()):
        first += 1
    while end > first and (tokens[end - 1] in around or tokens[end - 1].isdigit()):
        end -= 1
    return list(tokens[first:end])


def _sure_side(tokens: Sequence[str], words: LightsWords) -> Side | None:
    """Off or on where the tokens say this in this language, and nothing else."""
    core = _trimmed(tokens, words.filler)
    joined = "".join(core)
    if joined in words.says:
        return words.says[joined]
    parts = _parted(core, words) if words.has_blanks else _segmented(joined, words)
    if not words.light.intersection(parts) or not words.words.issuperset(parts):
        return None
    return _only_side(parts, words)


def _only_side(parts: Sequence[str], words: LightsWords) -> Side | None:
    off, on = not words.off.isdisjoint(parts), not words.on.isdisjoint(parts)
    if off == on:
        return None
    return "off" if off else "on"


def _parted(tokens: Sequence[str], words: LightsWords) -> list[str]:
    """The tokens; one such as ``lightsoff`` in its two words."""
    parts: list[str] = []
    for token in tokens:
        cuts = [(token[:i], token[i:]) for i in range(2, len(token) - 1)]
        two = [pair for pair in cuts if pair[0] in words.light and pair[1] in words.states]
        parts += two[0] if two and token not in words.words else [token]
    return parts


def _segmented(text: str, words: LightsWords) -> list[str]:
    """`text` in words of a language without blanks, the longest first; what is left is one part."""
    parts: list[str] = []
    while text:
        word = next((w for w in words.by_length if text.startswith(w)), text)
        parts.append(word)
        text = text[len(word) :]
    return parts


def _likely_sides(tokens: Sequence[str], words: LightsWords) -> Iterator[Side]:
    """Off, on or both where such words stand close to each other, or a phrase among others."""
    runs = {"".join(tokens[i:j]) for i in range(len(tokens)) for j in range(i + 1, i + 5)}
    text = "".join(tokens)
    for phrase, side in words.says.items():
        is_there = phrase in runs if words.has_blanks else phrase in text
        if is_there and len(phrase) >= (SHORTEST_PHRASE if words.has_blanks else 2):
            yield side
    parts = _parted(tokens, words)
    sides: tuple[tuple[Side, frozenset[str]], ...] = (("off", words.off), ("on", words.on))
    for side, states in sides:
        if words.has_blanks:
            is_near = _are_near(parts, states, words)
        else:
            is_near = bool(words.near[side].search(text))
        if is_near:
            yield side


def _are_near(tokens: Sequence[str], states: frozenset[str], words: LightsWords) -> bool:
    lights = [i for i, token in enumerate(tokens) if token in words.light]
    for i in lights:
        for j in (j for j, token in enumerate(tokens) if token in states):
            between = tokens[min(i, j) + 1 : max(i, j)]
            only_filler = words.filler.issuperset(between)
            if tokens[i] in words.also_adjective and not only_filler:
                continue
            if only_filler or len(between) <= WORDS_BETWEEN:
                return True
    return False


def _has_light(tokens: Sequence[str], words: LightsWords) -> bool:
    plain = words.light - words.also_adjective
    if words.has_blanks:
        return not plain.isdisjoint(tokens)
    return any(word in token for token in tokens for word in plain)


def _is_misspelled(tokens: Sequence[str]) -> bool:
    """Whether a word that is nearly one for the lights stands beside off or on."""
    return any(
        state in words.states and any(_is_slip(word, light) for light in words.light)
        for pair in pairwise(tokens)
        for word, state in (pair, pair[::-1])
        for words in lights_words()
    )


def _is_slip(word: str, light: str) -> bool:
    return len(light) >= SHORTEST_PHRASE and word[:1] == light[:1] and is_one_slip(word, light)
