"""Tables of epochs: CSV of any maker, and the exports of Actiware in its languages."""

from __future__ import annotations

import csv
import io
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from psgpipe.actigraphy.counts import ActivityCounts, Counts, Flags, Maker
from psgpipe.actigraphy.formats.times import grid, row_times
from psgpipe.errors import ActigraphyInvalid
from psgpipe.scorings.sources.number_text import number

DELIMITERS = ",;\t"
_ABSENT = {"", "nan", "na", "n/a", "kz", "null", "."}
RAW_SENTENCE = (
    "psgpipe scores counts, not raw acceleration: make counts of epochs with the maker's program "
    "(or sleep with scikit-digital-health), and give these."
)


@cache
def _words() -> dict[str, Any]:
    file = resources.files("psgpipe.actigraphy.formats") / "table_words.toml"
    return tomllib.loads(file.read_text("utf-8"))


@dataclass(frozen=True)
class _Header:
    """The line of a header, its delimiter, and the place of each column of known meaning."""

    line: int
    delimiter: str
    places: Mapping[str, int]
    n_columns: int


def plain(text: str) -> str:
    """Letters without capitals and accents, for comparing words."""
    apart = unicodedata.normalize("NFKD", text.strip().strip(":").casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).replace("ß", "ss")


def is_table(text: str) -> bool:
    """Whether a line of the text is the header of a table of epochs."""
    return _header(text.splitlines()) is not None


def read_epoch_table(text: str, file: str) -> ActivityCounts:
    """The counts in a table whose header names a time and a count.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        A row cannot be understood, or rows have no date.
    """
    text_lines = text.splitlines()
    header = _header(text_lines)
    if header is None:
        raise ActigraphyInvalid(
            f"{file}: no line names a time and a count",
            "Give a table with columns time and counts, or the maker's export of epochs.",
        )
    lines, rows = _rows(text_lines, header, file)
    columns = _Columns(header, rows)
    times = row_times(file, lines, columns.texts("date"), columns.texts("time") or [])
    placed = grid(file, lines, times)
    if placed.epoch_s < 1:
        raise ActigraphyInvalid(
            f"{file}: epochs of {placed.epoch_s:g} s are raw acceleration", RAW_SENTENCE
        )
    values = columns.numbers("counts", file, lines)
    others = [name for name in ("axis2", "axis3") if name in header.places]
    axes = [values, *(columns.numbers(name, file, lines) for name in others)]
    marked = columns.marked()
    return ActivityCounts(
        start=placed.start,
        epoch_s=placed.epoch_s,
        counts=_spread(values, placed.epochs, placed.n_epochs),
        maker=_maker(text_lines[: header.line + 1], header),
        movement=_spread(np.sum(axes, axis=0), placed.epochs, placed.n_epochs)
        if len(axes) > 1 else None,
        off_wrist=_spread_flags(columns.off_wrist(), placed.epochs, placed.n_epochs),
        markers=tuple(times[row] for row in np.flatnonzero(marked)),
        format="table of epochs",
    )  # fmt: skip


def _header(lines: Sequence[str]) -> _Header | None:
    """The last line that names a time and a count; a section of markers before it has no count."""
    found = None
    for number_of_line, line in enumerate(lines):
        if found is not None and number_of_line > found.line + 3:
            break
        for delimiter in DELIMITERS:
            cells = next(csv.reader([line], delimiter=delimiter), [])
            places = _places(cells) if len(cells) > 1 else None
            if places is not None:
                found = _Header(number_of_line, delimiter, places, len(cells))
                break
    return found


def _places(cells: Sequence[str]) -> dict[str, int] | None:
    names = [" ".join(plain(cell).split()) for cell in cells]
    words = _words()
    places: dict[str, int] = {}
    for meaning in ("counts", "axis2", "axis3", "marker", "date"):
        known = words[meaning]["words"]
        place = next((names.index(word) for word in known if word in names), None)
        if place is not None:
            places[meaning] = place
    of_time = words["time"] if "date" in places else words["date_time"]
    of_time = next((names.index(word) for word in of_time["words"] if word in names), None)
    if of_time is None and "date" in places:  # one column called date has both
        of_time = places.pop("date")
    for meaning in ("off_wrist", "interval"):
        parts = words[meaning]["parts"]
        for place, name in enumerate(names):
            if any(part in name for part in parts):
                places.setdefault(meaning, place)
    if of_time is None or "counts" not in places:
        return None
    return {**places, "time": of_time}


def _rows(
    text_lines: Sequence[str], header: _Header, file: str
) -> tuple[list[int], list[list[str]]]:
    """The rows below the header until a line that is none of them, with their lines."""
    body = text_lines[header.line + 1 :]
    reader = csv.reader(io.StringIO("\n".join(body)), delimiter=header.delimiter)
    lines, rows = [], []
    needed = max(header.places.values()) + 1
    try:
        for cells in reader:
            line = header.line + 1 + reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) < needed or len(cells) > header.n_columns + 1:
                raise ActigraphyInvalid(
                    f"{file}: line {line}: {len(cells)} cells where the header has "
                    f"{header.n_columns}",
                    "Export the counts again; the file may be cut or edited.",
                )
            lines.append(line)
            rows.append(cells)
    except csv.Error as error:
        raise ActigraphyInvalid(
            f"{file}: line {header.line + 1 + reader.line_num}: a quoted cell that does not end",
            "Export the counts again.",
        ) from error
    return lines, rows


@dataclass(frozen=True)
class _Columns:
    header: _Header
    rows: Sequence[Sequence[str]]

    def texts(self, meaning: str) -> list[str] | None:
        place = self.header.places.get(meaning)
        return None if place is None else [row[place].strip() for row in self.rows]

    def numbers(self, meaning: str, file: str, lines: Sequence[int]) -> Counts:
        texts = self.texts(meaning) or []
        values = np.full(len(texts), np.nan)
        for row, text in enumerate(texts):
            if text.casefold() in _ABSENT:
                continue
            value = number(text)
            if value is None or value < 0:
                raise ActigraphyInvalid(
                    f"{file}: line {lines[row]}: wanted a count, found {text[:20]!r}",
                    "Export the counts again, or leave the cell blank where nothing was recorded.",
                )
            values[row] = value
        return values

    def marked(self) -> Flags:
        texts = self.texts("marker") or [""] * len(self.rows)
        return np.array([plain(text) not in {*_ABSENT, "0", "no", "false"} for text in texts], bool)

    def off_wrist(self) -> Flags | None:
        off, intervals = self.texts("off_wrist"), self.texts("interval")
        if off is None and intervals is None:
            return None
        starts = tuple(_words()["excluded"]["starts"])
        excluded = [plain(text).startswith(starts) for text in intervals or [""] * len(self.rows)]
        is_off = [(number(text) or 0) > 0 for text in off or ["0"] * len(self.rows)]
        either: Flags = np.logical_or(excluded, is_off)
        return either


def _spread(values: Counts, epochs: npt.NDArray[np.int_], n_epochs: int) -> Counts:
    result = np.full(n_epochs, np.nan)
    result[epochs] = values
    return result


def _spread_flags(flags: Flags | None, epochs: npt.NDArray[np.int_], n_epochs: int) -> Flags | None:
    if flags is None:
        return None
    result = np.zeros(n_epochs, bool)
    result[epochs] = flags
    return result


def _maker(head: Sequence[str], header: _Header) -> Maker | None:
    text = plain("\n".join(head))
    for maker, how in _words()["makers"].items():
        if any(part in text for part in how["parts"]):
            return cast(Maker, maker)
    names = [plain(cell) for cell in next(csv.reader([head[-1]], delimiter=header.delimiter), [])]
    if "axis1" in names or "axis 1" in names:
        return "actigraph"
    return "condor" if "pim" in names else None
