"""Parts of messages: printable text, lists, counts, records, and the likely word for a misspelled
one.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sized
from dataclasses import fields
from typing import Any

LONGEST_LABEL = 40
LONGEST_FIELD, LONGEST_RECORD = 60, 240


def safe_text(text: str, longest: int = LONGEST_LABEL) -> str:
    r"""`text` with everything that cannot be printed escaped (``\n``, ``\x00``), and not too long.

    File names may have bytes that are not UTF-8 (surrogates); labels may have any character.
    """
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."


def without_controls(text: str) -> str:
    r"""`text` without what a terminal or a spreadsheet obeys and nobody sees.

    Control characters become blanks; tabs and line ends stay, the latter as ``\n``. Format
    characters go: zero-width characters, and those that turn the direction of what follows.
    """
    if text.isprintable():
        return text
    return "".join(map(_without_control, text.replace("\r\n", "\n")))


def _without_control(character: str) -> str:
    if character in "\t\n":
        return character
    category = unicodedata.category(character)
    return "" if category == "Cf" else " " if category in ("Cc", "Zl", "Zp") else character


def quoted(text: str) -> str:
    """A label in quotation marks, for a message."""
    return f"'{safe_text(text)}'"


def listed(labels: Iterable[str], most: int = 12) -> str:
    """Labels for a message; the first `most` of many."""
    names = [safe_text(label) for label in labels]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "nothing") + more


def printable(label: str, longest: int = 40) -> str:
    """A label for a message: one line without control characters, cut at `longest`."""
    clean = "".join(c if c.isprintable() else " " for c in label)
    text = " ".join(clean.split()) or "(blank)"
    return text if len(text) <= longest else text[: longest - 1] + "…"


def count_of(number: float, what: str) -> str:
    """``1 night``, ``2 nights``, ``1.5 nights``."""
    shown = f"{number:g}" if isinstance(number, float) else f"{number}"
    return f"{shown} {what}" if number == 1 else f"{shown} {what}s"


def are(number: int) -> str:
    """``is`` for one, ``are`` for any other number."""
    return "is" if number == 1 else "are"


def have(number: int) -> str:
    """``has`` for one, ``have`` for any other number."""
    return "has" if number == 1 else "have"


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """``unknown key 'nights'; did you mean 'night'?``."""
    return f"unknown {what} {quoted(word)}{did_you_mean(word, known)}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'night'?`` where a known word is near, else nothing."""
    likely = likely_word(word, known, least_similar=0.6)
    return f"; did you mean {likely!r}?" if likely else ""


def likely_word(word: str, known: Iterable[str], least_similar: float = 0.8) -> str | None:
    """The known word that `word` is probably a misspelling of; None where none is near."""
    by_letters = {_letters(k): k for k in known}
    letters = _letters(word)
    close = difflib.get_close_matches(letters, by_letters, n=1, cutoff=least_similar)
    near = close or [k for k in by_letters if is_one_slip(letters, k)]
    return by_letters[near[0]] if near else None


def _letters(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.casefold())


def is_one_slip(a: str, b: str) -> bool:
    """Whether one letter was left out, added, changed, or swapped with its neighbour."""
    if abs(len(a) - len(b)) > 1 or min(len(a), len(b)) < 3:
        return False
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    swapped = len(a) > 1 and len(b) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped


def short_repr(record: Any) -> str:
    """The fields of a dataclass that are not as by default; large ones by their number of items.

    A class takes it by ``__repr__ = short_repr``.
    """
    shown = []
    for field in fields(record):
        value = getattr(record, field.name)
        if value is not None and not (isinstance(value, Sized) and not len(value)):
            is_default = isinstance(value, bool | int | float | str) and value == field.default
            if not is_default:
                shown.append(f"{field.name}={_field_text(value)}")
    text = ", ".join(shown)
    text = text if len(text) <= LONGEST_RECORD else f"{text[: LONGEST_RECORD - 3]}..."
    return f"{type(record).__name__}({text})"


def _field_text(value: Any) -> str:
    if hasattr(value, "dtype") or isinstance(value, Mapping):
        return f"<{len(value)}>"
    text = repr(value)
    if len(text) <= LONGEST_FIELD:
        return text
    return f"<{len(value)}>" if isinstance(value, tuple) else f"{text[: LONGEST_FIELD - 3]}..."


def markdown_text(text: str) -> str:
    """Text on one line whose characters mean nothing to Markdown."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return re.sub(r"([\\|*`<]|\](?=[(\[])|(?<!\w)_|_(?!\w))", r"\\\1", plain)
