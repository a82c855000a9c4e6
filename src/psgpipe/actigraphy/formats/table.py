"""Tables of epochs: CSV of any maker, and the exports of Actiware in its languages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.actigraphy.counts import ActivityCounts, Counts, Flags
from psgpipe.actigraphy.formats.clock_changes import notes_on_times
from psgpipe.actigraphy.formats.header import (
    RAW_SENTENCE,
    Header,
    date_order,
    find_header,
    maker_of,
)
from psgpipe.actigraphy.formats.times import grid, row_times
from psgpipe.actigraphy.formats.words import plain, words
from psgpipe.errors import ActigraphyInvalid
from psgpipe.messages import count_of
from psgpipe.scorings.sources.number_text import number

_ABSENT = {"", "nan", "na", "n/a", "kz", "null", "."}
_THOUSANDS = re.compile(r"[1-9]\d{0,2}([.,]\d{3})+")


def read_epoch_table(lines: Sequence[str], file: str) -> ActivityCounts | None:
    """The counts in a table whose header names a time and counts; None where no line is one.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        A row cannot be understood, or rows have no date.
    """
    header = find_header(lines, file)
    if header is None:
        return None
    head = lines[: header.line + 1]
    columns = _Columns(header, file, *_rows(lines, header, file))
    texts = columns.texts("time") or []
    times = row_times(file, columns.lines, columns.texts("date"), texts, date_order(head, header))
    placed = grid(file, columns.lines, times)
    if placed.epoch_s < 1:
        raise ActigraphyInvalid(
            f"{file}: epochs of {placed.epoch_s:g} s are raw acceleration", RAW_SENTENCE
        )
    values = columns.numbers("counts")
    others = [name for name in ("axis2", "axis3") if name in header.places]
    axes = [values, *(columns.numbers(name) for name in others)]
    return ActivityCounts(
        start=placed.start,
        epoch_s=placed.epoch_s,
        counts=_spread(values, placed.epochs, placed.n_epochs),
        maker=maker_of(head, header),
        movement=_spread(np.sum(axes, axis=0), placed.epochs, placed.n_epochs)
        if len(axes) > 1 else None,
        off_wrist=_spread_flags(columns.off_wrist(), placed.epochs, placed.n_epochs),
        markers=tuple(times[row] for row in np.flatnonzero(columns.marked())),
        format="table of epochs",
        notes=notes_on_times(texts, times, placed.epoch_s),
    )  # fmt: skip


def _rows(lines: Sequence[str], header: Header, file: str) -> tuple[list[int], list[list[str]]]:
    """The rows below the header, with their lines."""
    body = lines[header.line + 1 :]
    reader = csv.reader(io.StringIO("\n".join(body)), delimiter=header.delimiter)
    numbers, rows = [], []
    needed, width = max(header.places.values()) + 1, len(header.names)
    try:
        for cells in reader:
            line = header.line + 1 + reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) < needed or len(cells) > width + 1:
                raise ActigraphyInvalid(
                    f"{file}: line {line}: {count_of(len(cells), 'cell')} where the header has "
                    f"{width}",
                    "Export the counts again; the file may be cut or edited.",
                )
            numbers.append(line)
            rows.append(cells)
    except csv.Error as error:
        raise ActigraphyInvalid(
            f"{file}: line {header.line + 1 + reader.line_num}: a quoted cell that does not end",
            "Export the counts again.",
        ) from error
    return numbers, rows


@dataclass(frozen=True)
class _Columns:
    header: Header
    file: str
    lines: Sequence[int]
    rows: Sequence[Sequence[str]]

    def texts(self, meaning: str) -> list[str] | None:
        place = self.header.places.get(meaning)
        return None if place is None else [row[place].strip() for row in self.rows]

    def numbers(self, meaning: str) -> Counts:
        texts = self.texts(meaning) or []
        self._refuse_thousands(texts)
        values = np.full(len(texts), np.nan)
        for row, text in enumerate(texts):
            if text.casefold() in _ABSENT:
                continue
            value = number(text)
            if value is None or value < 0:
                raise ActigraphyInvalid(
                    f"{self.file}: line {self.lines[row]}: wanted a count, found {text[:20]!r}",
                    "Export the counts again, or leave the cell blank where nothing was recorded.",
                )
            values[row] = value
        return values

    def _refuse_thousands(self, texts: Sequence[str]) -> None:
        """Refuse 1.900 where no other count shows whether the mark is a decimal one."""
        marked = [row for row, text in enumerate(texts) if "." in text or "," in text]
        unclear = [row for row in marked if _THOUSANDS.fullmatch(texts[row])]
        if unclear and len(unclear) == len(marked):
            row = unclear[0]
            raise ActigraphyInvalid(
                f"{self.file}: line {self.lines[row]}: {texts[row]} may be thousands or a fraction",
                "Export the counts without marks between thousands.",
            )

    def marked(self) -> Flags:
        texts = self.texts("marker") or [""] * len(self.rows)
        unmarked = {*_ABSENT, *words()["no"]["words"]}
        return np.array([plain(t) not in unmarked and number(t) != 0 for t in texts], bool)

    def off_wrist(self) -> Flags | None:
        off, intervals = self.texts("off_wrist"), self.texts("interval")
        if off is None and intervals is None:
            return None
        starts = tuple(words()["excluded"]["starts"])
        excluded = [plain(text).startswith(starts) for text in intervals or [""] * len(self.rows)]
        is_off = [self._is_off(row, text) for row, text in enumerate(off or ["0"] * len(self.rows))]
        either: Flags = np.logical_or(excluded, is_off)
        return either

    def _is_off(self, row: int, text: str) -> bool:
        value, word = number(text), plain(text)
        if value is not None or word in _ABSENT:
            return (value or 0) > 0
        if word in words()["yes"]["words"] or word in words()["no"]["words"]:
            return word in words()["yes"]["words"]
        raise ActigraphyInvalid(
            f"{self.file}: line {self.lines[row]}: wanted 0 or 1 for off the wrist, found "
            f"{text[:20]!r}",
            "Write 1 where nobody wore the watch, else 0.",
        )


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
