"""Ids of subjects and nights, as the study spells them and as paths need them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

# Names that Windows keeps for devices, whatever follows the first dot.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def slug(name: str) -> str:
    """`name` as it appears in a path: only ``[A-Za-z0-9._-]``, never hidden, never reserved.

    An id of which nothing would be left, as in another script, gets a short hash of itself.
    """
    text = _left_of(name) or _hashed(name)
    return f"_{text}" if _RESERVED.match(text) else text[:100]


def _left_of(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")


def _hashed(name: str) -> str:
    if name.isascii():
        return "unnamed"
    # macOS takes letters with marks apart in file names; the id is the same all the same.
    whole = unicodedata.normalize("NFC", name)
    return f"unnamed-{hashlib.sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def look_alike_key(name: str) -> str:
    """The same text for ids that one person would take for one, or one disk for one folder.

    Upper and lower case are one folder on Windows and macOS; a spreadsheet turns 007 into 7.
    """
    alike = name if _left_of(name) else unicodedata.normalize("NFKC", name).casefold()
    return _without_leading_zeros(slug(alike).casefold())


def one_spelling(word: str) -> str:
    """The same text for words that differ in case, width, blanks or in how accents are encoded."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())


def one_person_key(name: str) -> str:
    """The same text for ids that one person would take for one, in any script.

    As `look_alike_key`, but letters outside ``A-Z`` count; a table with blanks in a column of
    numbers comes back from some programs with 1.0 for 1.
    """
    marks_as_one = re.sub(r"[^\w.]+", "-", one_spelling(name)).strip("-.") or name
    return _without_leading_zeros(whole_number(marks_as_one))


def whole_number(text: str) -> str:
    """``1`` for ``1.0``, which some programs make of 1 in a column with blanks."""
    return re.sub(r"^([0-9]+)\.0+$", r"\1", text)


def _without_leading_zeros(text: str) -> str:
    return re.sub(r"(?<![0-9.])0+(?=[0-9])", "", text)


def night_order(subject: str, night: str) -> tuple[Any, ...]:
    """Sorts nights as a person would: S2 before S10, whatever the order of the table."""
    return (*_natural(subject), *_natural(night), subject, night)


def _natural(text: str) -> tuple[list[tuple[bool, int, str]], ...]:
    parts = re.findall(r"([0-9]+)|([^0-9]+)", text)
    return ([(not digits, int(digits or 0), digits or other) for digits, other in parts],)
