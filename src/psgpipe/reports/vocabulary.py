"""The words that stand on the page of every night, whatever its condition."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_SOURCES = ("night_*.py", "measures.toml", "templates/night.*", "templates/page.*")


@cache
def words_of_night_pages() -> frozenset[str]:
    """Words of letters, in lower case."""
    files = [path for pattern in _SOURCES for path in sorted(_HERE.glob(pattern))]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return frozenset(re.findall(r"[a-z]+", text.casefold()))
