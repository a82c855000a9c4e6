"""Ids of subjects and nights, as the study spells them and as paths need them."""

from __future__ import annotations

import hashlib
import re
import unicodedata

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
    folded = slug(alike).casefold()
    return re.sub(r"(?<![0-9.])0+(?=[0-9])", "", folded)
