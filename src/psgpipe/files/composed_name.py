"""A file whose name is stored in another Unicode composition than the name that was given.

macOS and many network shares decompose letters with marks: ``ä`` is one character in a table and
two in the folder. Both look the same.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path


def as_stored(path: Path) -> Path:
    """`path` as the disk spells it; `path` itself where nothing, or more than one file, fits."""
    if str(path).isascii() or os.path.lexists(path):
        return path
    names = path.parts
    start = Path(path.anchor)
    found = list(islice(_spelled(start, names[1:] if path.anchor else names), 2))
    return found[0] if len(found) == 1 else path


def _spelled(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Every existing path below `folder` whose names look like these."""
    if not names:
        yield folder
        return
    for name in _look_alikes(folder, names[0]):
        yield from _spelled(folder / name, names[1:])


def _look_alikes(folder: Path, name: str) -> list[str]:
    if name.isascii():
        return [name] if os.path.lexists(folder / name) else []
    try:
        stored = [path.name for path in folder.iterdir()]
    except OSError:
        return []
    composed = unicodedata.normalize("NFC", name)
    return [other for other in stored if unicodedata.normalize("NFC", other) == composed]
