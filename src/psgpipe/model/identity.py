"""Ids of subjects and nights, as the study spells them and as paths need them."""

from __future__ import annotations

import re
import unicodedata

# Names that Windows keeps for devices, whatever follows the first dot.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def slug(name: str) -> str:
    """`name` as it appears in a path: only ``[A-Za-z0-9._-]``, never hidden, never reserved."""
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unnamed"
    return f"_{text}" if _RESERVED.match(text) else text[:100]


def look_alike_key(name: str) -> str:
    """The same text for ids that one person would take for one, or one disk for one folder.

    Upper and lower case are one folder on Windows and macOS; a spreadsheet turns 007 into 7.
    """
    folded = slug(name).casefold()
    return re.sub(r"(?<![0-9.])0+(?=[0-9])", "", folded)


def one_spelling(word: str) -> str:
    """The same text for words that differ in case, width, blanks or in how accents are encoded."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())


def one_person_key(name: str) -> str:
    """The same text for ids that one person would take for one, in any script.

    As `look_alike_key`, but letters outside ``A-Z`` count; a table with blanks in a column of
    numbers comes back from some programs with 1.0 for 1.
    """
    marks_as_one = re.sub(r"[^\w.]+", "-", one_spelling(name)).strip("-.") or name
    return re.sub(r"(?<![0-9.])0+(?=[0-9])", "", re.sub(r"^([0-9]+)\.0+$", r"\1", marks_as_one))
