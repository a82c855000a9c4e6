"""Ids of subjects and nights: their spelling in paths, and which of them are one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Any

# Names that Windows reserves for devices, with any extension.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_KEPT_KEYS = 1024
"""A table repeats the same few nights and conditions for all its subjects."""
# Before a number BIDS writes what it numbers.
_BIDS_WORD = re.compile(r"^(sub|subj|subject|ses|sess|session)-?(?=\d)")


def slug(name: str) -> str:
    """`name` as it appears in a path: only ``[A-Za-z0-9._-]``, never hidden, never reserved.

    An id without any of these characters, as in another script, becomes its short hash.
    """
    name = composed(name)
    text = _left_of(name) or _hashed(name)
    return f"_{text}" if _RESERVED.match(text) else text[:100]


def composed(name: str) -> str:
    """`name` with each accent in one character with its letter: macOS takes them apart."""
    return unicodedata.normalize("NFC", name)


def _left_of(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")


def _hashed(name: str) -> str:
    if name.isascii():
        return "unnamed"
    return f"unnamed-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


@lru_cache(_KEPT_KEYS)
def folder_key(name: str) -> str:
    """The same text for ids that give one folder on some disk.

    Upper and lower case are one folder on Windows and macOS.
    """
    return slug(name).casefold()


@lru_cache(_KEPT_KEYS)
def one_spelling(word: str) -> str:
    """The same text for words that differ in case, width, blanks or in how accents are encoded."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())


@lru_cache(_KEPT_KEYS)
def one_person_key(name: str) -> str:
    """The same text for ids that look like one to a person, in any script.

    ``S-1`` and ``s1`` are S1, ``sub-001`` and ``1.0`` are 1: a spreadsheet turns 001 into 1, and
    BIDS puts a word before an id.
    """
    marks_as_one = re.sub(r"(?:[^\w.]|_)+", "-", one_spelling(name)).strip("-.") or name
    joined = re.sub(r"(?<=[^\W\d])-(?=\d)", "", _BIDS_WORD.sub("", marks_as_one))
    return _without_leading_zeros(whole_number(joined))


def whole_number(text: str) -> str:
    """``1`` for ``1.0``, which some programs write for 1 in a column with blanks."""
    return re.sub(r"^([0-9]+)\.0+$", r"\1", text)


def _without_leading_zeros(text: str) -> str:
    return re.sub(r"(?<![0-9.])0+(?=[0-9])", "", text)


def night_order(subject: str, night: str) -> tuple[Any, ...]:
    """Sort key for nights in natural order: S2 before S10."""
    return (*_natural(subject), *_natural(night), subject, night)


def _natural(text: str) -> tuple[list[tuple[bool, int, str]], ...]:
    parts = re.findall(r"([0-9]+)|([^0-9]+)", text)
    return ([(not digits, int(digits or 0), digits or other) for digits, other in parts],)
