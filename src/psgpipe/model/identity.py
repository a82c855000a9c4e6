"""Ids of subjects and nights, as the study spells them and as paths need them."""

from __future__ import annotations

import re

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
