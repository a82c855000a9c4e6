"""A blinded study is searched for files that show a condition or another sealed cell.

The files of psgpipe are searched: those of the nights, the comparison and the study. In JSON and
tables a sealed cell is recognised by its key or column, or as a whole value; in other files as a
word. Not found are pixels of a picture, text that is packed, numbers without their column, and
words that psgpipe writes itself (``sleep``).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psgpipe.files.atomic import TEMPORARY_PREFIX, parse_json
from psgpipe.model.microstructure.names import NIGHT_ENDPOINTS
from psgpipe.results.nights_tsv import OURS
from psgpipe.study.blinding import KEY, Sealed, is_blind, is_unblinded
from psgpipe.study.blinding import sealed as sealed_cells

DESIGN_COLUMNS = (
    "condition", "dose_mg_per_kg", "route", "dose_end", "infusion_no", "period", "sequence",
    "comedication", "arm", "part", "night_in_lab",
)  # fmt: skip
FOLDERS = ("nights", "comparison", "agreement", "concordance", "doubts", "export")
STUDY_FILES = ("*.tsv", "*.json", "*.jsonl", "*.md", "*.html")
SHORTEST_WORD = 3
SHORTEST_WORD_IN_BYTES = 5
_OWN_WORDS = frozenset(word for name in NIGHT_ENDPOINTS for word in name.split("_")) | {
    "sleep", "night", "wake", "awake", "lights", "recording", "subject", "study", "none", "yes",
    "unknown", "eeg", "eog", "emg", "stage", "epoch", "age", "male", "female",
}  # fmt: skip
_OWN_COLUMNS = frozenset(column.casefold() for column in OURS) - {"condition"}


@dataclass(frozen=True)
class SealedWords:
    """What no file may show: columns with any value, and words as a whole value."""

    columns: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, sealed: Sealed) -> SealedWords:
        """The columns of the sealed cells, and the words in the columns of the design."""
        cells = [(column, cell) for row in sealed.values() for column, cell in row.items()]
        words = {
            cell.strip().casefold()
            for column, cell in cells
            if column in DESIGN_COLUMNS and len(cell.strip()) >= SHORTEST_WORD
        }
        columns = {"condition", "dose_end", *(column.casefold() for column, _ in cells)}
        numbers = {word for word in words if not re.search(r"[^\W\d_]", word)}
        return cls(frozenset(columns), frozenset(words - _OWN_WORDS - numbers))


def telling_files(out: Path, sealed: Sealed, besides: Iterable[str] = ()) -> Iterator[Path]:
    """The files of psgpipe in `out` that show a sealed cell; those named in `besides` are left."""
    hidden, left = SealedWords.of(sealed), {*besides, KEY}
    paths = [path for folder in FOLDERS for path in _files(out / folder)]
    paths += [path for pattern in STUDY_FILES for path in sorted(out.glob(pattern))]
    for path in paths:
        if path.is_file() and path.name not in left and _tells(path, hidden):
            yield path


def files_against_the_blind(out: Path) -> Iterator[Path]:
    """The files that show a sealed cell of a study that is still blinded; none of an open study."""
    if is_blind(out) and not is_unblinded(out):
        yield from telling_files(out, sealed_cells(out))


def _files(folder: Path) -> Iterator[Path]:
    """The files of psgpipe in a folder: none lies deeper than the tables of a BIDS data set."""
    for pattern in ("*", "*/*", "*/*/*", "*/*/*/*", "*/*/*/*/*"):
        for path in sorted(folder.glob(pattern)):
            if not path.name.startswith(TEMPORARY_PREFIX):
                yield path


def _tells(path: Path, hidden: SealedWords) -> bool:
    try:
        content = path.read_bytes()
        if path.suffix == ".json":
            return _value_tells(parse_json(content), hidden)
        if path.suffix == ".jsonl":
            return any(_value_tells(parse_json(line), hidden) for line in content.splitlines())
        if path.suffix == ".tsv":
            return _table_tells(content.decode("utf-8", "replace"), hidden)
    except OSError:
        return False
    except ValueError:  # no JSON: search it as text
        pass
    if path.suffix in (".svg", ".html") and "nights" in path.parts:
        return _page_of_night_tells(content, hidden)
    if path.name == "report.html" and "comparison" not in path.parts:
        return _page_of_study_tells(content, hidden)
    is_text = path.suffix in (".svg", ".html", ".md", ".txt", ".json", ".jsonl")
    return _bytes_tell(content, hidden, SHORTEST_WORD if is_text else SHORTEST_WORD_IN_BYTES)


def _value_tells(value: Any, hidden: SealedWords) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in hidden.words
    if isinstance(value, list):
        return any(_value_tells(item, hidden) for item in value)
    if isinstance(value, Mapping):
        return any(_item_tells(key, item, hidden) for key, item in value.items())
    return False


def _item_tells(key: str, value: Any, hidden: SealedWords) -> bool:
    # "extra" holds the further columns of the study table.
    is_sealed = key in hidden.columns and key in DESIGN_COLUMNS
    return ((is_sealed or key == "extra") and bool(value)) or _value_tells(value, hidden)


def _table_tells(text: str, hidden: SealedWords) -> bool:
    rows = csv.reader(text.splitlines(), delimiter="\t")
    heads = [head.casefold() for head in next(rows, [])]
    is_sealed = [_is_sealed_column(head, hidden) for head in heads]
    return any(
        (cell and position < len(heads) and is_sealed[position])
        or cell.strip().casefold() in hidden.words
        for row in rows
        for position, cell in enumerate(row)
    )


def _is_sealed_column(head: str, hidden: SealedWords) -> bool:
    """A further column with the name of one of psgpipe's is ``study_<name>`` in nights.tsv."""
    further = head.removeprefix("study_")
    return head not in _OWN_COLUMNS and (head in hidden.columns or further in hidden.columns)


def _page_of_night_tells(content: bytes, hidden: SealedWords) -> bool:
    """Whether a picture or a page shows a sealed word; its own words count in its title alone."""
    from psgpipe.reports.vocabulary import words_of_night_pages

    own = hidden.words & words_of_night_pages()
    in_title = b"|".join(re.escape(f"\u00b7 {word}".encode()) for word in sorted(own))
    if own and re.search(b"(?:%b)(?![a-z0-9])" % in_title, content.lower()):
        return True
    return _bytes_tell(content, replace(hidden, words=hidden.words - own), SHORTEST_WORD)


def _page_of_study_tells(content: bytes, hidden: SealedWords) -> bool:
    """Whether the page shows a sealed word; its own words count where they stand alone."""
    from psgpipe.reports.vocabulary import words_of_study_page

    own = hidden.words & words_of_study_page()
    alone = b"|".join(re.escape(f">{word}<".encode()) for word in sorted(own))
    if own and re.search(alone, content.lower()):
        return True
    return _bytes_tell(content, replace(hidden, words=hidden.words - own), SHORTEST_WORD)


def _bytes_tell(content: bytes, hidden: SealedWords, shortest: int) -> bool:
    words = [re.escape(w.encode()) for w in sorted(hidden.words) if len(w) >= shortest]
    if not words:
        return False
    pattern = rb"(?<![a-z0-9])(?:%b)(?![a-z0-9])" % b"|".join(words)
    return re.search(pattern, content.lower()) is not None
