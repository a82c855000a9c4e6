"""Text of a recording or a study table, as a page or a picture shows it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST_ID = 40

_FIRST_STRONG_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"
# Cc control, Cf format (the marks that turn the writing direction), Cs surrogate, Co private,
# Cn not a character: XML forbids some of them, and none shows anything.
_WITHOUT_A_SHAPE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class ShownText(str):
    """Text as a page or a picture shows it: a template changes nothing in it but escapes it."""

    __slots__ = ()


def shown_text(text: str, longest: int | None = None) -> ShownText:
    """`text` on one line, without characters that show nothing, not longer than `longest`.

    Text that runs from right to left is isolated: the words around it keep their order.
    """
    if isinstance(text, ShownText):
        return ShownText(shortened(text, longest))
    if text.isascii() and text.isprintable():
        return ShownText(shortened(text, longest))
    clean = "".join(_shown(character) for character in text)
    clean = shortened(" ".join(clean.split()), longest)
    if any(unicodedata.bidirectional(c) in ("R", "AL") for c in clean):
        return ShownText(f"{_FIRST_STRONG_ISOLATE}{clean}{_END_OF_ISOLATE}")
    return ShownText(clean)


def joined(parts: Iterable[str], between: str, longest: int | None = None) -> ShownText:
    """Several texts in one, each isolated where it runs from right to left."""
    return ShownText(between.join(shown_text(part, longest) for part in parts))


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _WITHOUT_A_SHAPE else character


def shortened(text: str, longest: int | None) -> str:
    """`text`, or its beginning and an ellipsis where it is longer than `longest`."""
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"


def text_lines(text: str, width: int, most: int) -> list[ShownText]:
    """`text` in at most `most` lines of at most `width` characters, broken between words."""
    lines: list[str] = []
    for word in shown_text(text).split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(shortened(word, width))
    if len(lines) > most:
        rest = " ".join(lines[most - 1 :])  # longer than a line, or its first word stood above
        lines = [*lines[: most - 1], shortened(rest, width)]
    return [ShownText(line) for line in lines]
