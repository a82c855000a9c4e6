"""Words of epoch tables in their languages."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib import resources
from typing import Any

_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "æ": "ae"})
_UNIT = re.compile(r"\s*[(\[][^()\[\]]*[)\]]$")


@cache
def words() -> dict[str, Any]:
    """The content of ``table_words.toml``."""
    file = resources.files("psgpipe.actigraphy.formats") / "table_words.toml"
    return tomllib.loads(file.read_text("utf-8"))


def plain(text: str) -> str:
    """Letters without capitals and accents, for comparing words."""
    apart = unicodedata.normalize("NFKD", text.strip().strip(":").casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_LETTERS)


def column_name(cell: str) -> str:
    """The name of a column without capitals, accents, underscores and its unit in brackets."""
    name = " ".join(plain(cell).replace("_", " ").split())
    return name if name in _with_brackets() else _UNIT.sub("", name)


@cache
def _with_brackets() -> frozenset[str]:
    """Names whose brackets are no unit."""
    names = (word for how in words().values() if "words" in how for word in how["words"])
    return frozenset(name for name in names if name.endswith(")"))
