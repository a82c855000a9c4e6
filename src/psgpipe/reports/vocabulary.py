"""The words that stand on the page of every night and every study, whatever the conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from psgpipe.tables.columns import CONDITIONS

_HERE = Path(__file__).parent
_SOURCES = ("night_*.py", "measures.toml", "templates/night.*", "templates/page.*")
_SOURCES_OF_STUDY = (
    "study/*.py", "templates/study.html", "templates/night_tile.html", "templates/nights.css",
    "templates/table.js", "templates/page.*",
)  # fmt: skip


@cache
def words_of_night_pages() -> frozenset[str]:
    """Words of letters, in lower case."""
    return _words(_SOURCES)


@cache
def words_of_study_page() -> frozenset[str]:
    """The same of the page of a study, without the usual words for conditions."""
    return _words(_SOURCES_OF_STUDY) - frozenset(CONDITIONS)


def _words(patterns: Iterable[str]) -> frozenset[str]:
    files = [path for pattern in patterns for path in sorted(_HERE.glob(pattern))]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return frozenset(re.findall(r"[a-z]+", text.casefold()))
