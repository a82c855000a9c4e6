"""Delimited text files: tables from spreadsheets or written by hand, in any country."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from psgpipe.errors import StudyTableInvalid
from psgpipe.files.regular import read_small_file
from psgpipe.messages import count_of, without_controls

MOST_MISTAKES_LISTED = 200
MOST_LINES_OF_A_KIND = 5
MOST_BYTES = 200_000_000
WORKBOOK_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of a workbook, and of one in the old format or with a password."""
FORMULA_STARTS = "=+-@"
TEXT_MARK = "'"
"""Spreadsheets take a cell that starts with it for text, not for a formula."""
_ENCODING_OF_MARK = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LINE_END = re.compile(r"\r\n|\r|\n")
# Tells a spreadsheet the delimiter; some programs quote it, some add delimiters behind it.
_DECLARED_DELIMITER = re.compile(r'\ufeff?"?sep=(.)"?\1*[ ]*', re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One row: its number as a spreadsheet counts (header = 1) and its cells by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table of text. Cells have no blanks at their ends; empty rows are left out.

    Column names have no invisible characters (zero-width characters, line breaks). `file` is the
    file's name without folders.
    """

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    delimiter: str


@dataclass(frozen=True)
class _Mistake:
    """One mistake; `kind` is equal for mistakes that one line can name together."""

    text: str
    kind: str
    row: int | None = None


NEVER_BLANK = ("subject", "night", "condition", "recording")
"""Columns of an identity: a blank cell in them is a mistake, too."""


class Mistakes:
    """Collects the mistakes in a table, for one message about all of them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.absent: set[str] = set()
        """Columns that the table lacks: their cells are no mistakes."""
        self._found: list[_Mistake] = []
        self._remedies: dict[str, None] = {}
        self._may_be_blank = False

    def cell(self, row: int, column: str, wanted: str, found: str) -> None:
        """Note a cell that is not what was wanted."""
        if column not in self.absent:
            wish = f"column {column}: wanted {wanted}"
            # What was wanted may have an example that is made from the cell.
            kind = re.sub("[0-9]", "", wish)
            self._may_be_blank |= bool(found.strip()) and column not in NEVER_BLANK
            self._found.append(_Mistake(f"{wish}, found {shown(found)}", kind, row))

    def row(self, row: int, problem: str, remedy: str = "") -> None:
        """Note something wrong with a row, and a remedy where the usual one does not do."""
        self._found.append(_Mistake(problem, problem, row))
        if remedy:
            self._remedies[remedy] = None

    def table(self, problem: str) -> None:
        """Note something wrong with the header or the whole table."""
        self._found.append(_Mistake(problem, problem))

    def refuse(self) -> None:
        """Raise StudyTableInvalid if there was any mistake."""
        if not self._found:
            return
        lines = self._lines()
        listed = lines[:MOST_MISTAKES_LISTED]
        if len(lines) > len(listed):
            listed = [*listed, f"and {len(lines) - len(listed)} more"]
        count = count_of(len(self._found), "mistake")
        problem = listed[0] if len(lines) == 1 else "\n    ".join([count, *listed])
        blank = " (where nothing is known, leave the cell blank)" if self._may_be_blank else ""
        usual = f"Correct the table{blank} and run the same command again."
        raise StudyTableInvalid(f"{self.file}: {problem}", " ".join([*self._remedies, usual]))

    def _lines(self) -> list[str]:
        """A line for each mistake, and one for many of a kind."""
        kinds: dict[tuple[str, bool], list[_Mistake]] = {}
        for mistake in self._found:
            kinds.setdefault((mistake.kind, mistake.row is None), []).append(mistake)
        lines = []
        for alike in kinds.values():
            if len(alike) > MOST_LINES_OF_A_KIND:
                lines.append(_one_line(alike))
            else:
                lines += [m.text if m.row is None else f"row {m.row}, {m.text}" for m in alike]
        return lines


def _one_line(mistakes: Sequence[_Mistake]) -> str:
    first = mistakes[0]
    rows = f"rows {first.row} to {mistakes[-1].row}, {len(mistakes)} in all"
    if all(mistake.text == first.text for mistake in mistakes):
        return f"{rows}, {first.text}"
    return f"{rows}, {first.text} in row {first.row}"


def shown(cell: str) -> str:
    """A cell for a message: short, quoted, without control characters."""
    return repr(cell if len(cell) <= 40 else cell[:37] + "...")


def read_table(path: Path) -> Table:
    """The table in a tab-, semicolon- or comma-separated file, or in a workbook.

    The file is UTF-8, with or without a byte-order mark, or UTF-16 with one. Cells may be quoted.
    Empty rows and empty unnamed columns are skipped. The delimiter is the most frequent one in the
    header outside quotation marks. An apostrophe before a formula is removed.
    """
    content = read_small_file(path, StudyTableInvalid, MOST_BYTES)
    if content.startswith(WORKBOOK_MARKS):
        # A table of text needs none of this.
        from psgpipe.tables.workbook import workbook_records

        records, delimiter = workbook_records(content, path.name), "\t"
    else:
        records, delimiter = _records(_text(content, path), path.name)
    mistakes = Mistakes(path.name)
    (_, first), *body = records
    header = _without_empty_columns([_name(cell) for cell in first], body)
    if len(header) == 1:
        mistakes.table(
            "wanted columns separated by tabs, semicolons or commas, found a single one, "
            f"{shown(header[0])}"
        )
        mistakes.refuse()
    columns = _columns(header, [cells for _, cells in body], mistakes)
    rows = [_row(number, cells, columns, delimiter, mistakes) for number, cells in body]
    mistakes.refuse()
    named = tuple(column for column in columns if column)
    return Table(path.name, named, tuple(row for row in rows if row), delimiter)


def _text(content: bytes, path: Path) -> str:
    marked = (e for mark, e in _ENCODING_OF_MARK.items() if content.startswith(mark))
    encoding = next(marked, "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, "ignore")
        row = len(_LINE_END.findall(before)) + 1
        raise StudyTableInvalid(
            f"{path.name}: row {row} holds a character that is not {encoding.upper()[:6]}",
            "Save the table as 'CSV UTF-8' or as tab-separated UTF-8 text.",
        ) from error
    if "\0" in text:
        raise StudyTableInvalid(
            f"{path.name}: not a text table",
            "Save it as CSV, as tab-separated text, or as a workbook (.xlsx).",
        )
    return text


def _records(text: str, file: str) -> tuple[list[tuple[int, list[str]]], str]:
    """Every row that is not empty, with its number, and the delimiter."""
    first = _LINE_END.split(text.lstrip("\r\n"), maxsplit=1)[0]
    declared = _DECLARED_DELIMITER.fullmatch(first)
    delimiter = declared[1] if declared else _delimiter(first)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = []
    try:
        for number, cells in enumerate(reader, start=1):
            stripped = [cell.strip() for cell in cells]
            if any(stripped) and not (declared and "sep=" in stripped[0].lower()):
                records.append((number, stripped))
    except csv.Error as error:
        raise StudyTableInvalid(
            f"{file}: line {reader.line_num}: a quoted cell that does not end properly, or a "
            f"cell of more than {csv.field_size_limit()} characters",
            "Correct the quotation marks.",
        ) from error
    if not records:
        raise StudyTableInvalid(f"{file}: the table is empty", "Give a header and one row a night.")
    return records, delimiter


def _delimiter(header: str) -> str:
    """The most frequent delimiter outside quotation marks; tab before semicolon before comma."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max("\t;,", key=bare.count)


def _name(cell: str) -> str:
    """A column's name without invisible characters and line breaks."""
    return " ".join(without_controls(cell).split())


def _without_empty_columns(
    header: list[str], body: Sequence[tuple[int, Sequence[str]]]
) -> list[str]:
    """The header without unnamed columns at its end in which no row has a cell."""
    used = max((place for _, cells in body for place, cell in enumerate(cells) if cell), default=-1)
    named = max((place for place, name in enumerate(header) if name), default=0)
    return header[: max(used, named) + 1]


def _columns(header: list[str], body: list[list[str]], mistakes: Mistakes) -> list[str]:
    seen: dict[str, str] = {}
    for place, name in enumerate(header):
        if not name and any(len(cells) > place and cells[place] for cells in body):
            mistakes.table(f"column {place + 1} has cells and no name")
        if name and name.casefold() in seen:
            mistakes.table(f"column {shown(name)} stands twice")
        seen.setdefault(name.casefold(), name)
    return header


def _row(
    number: int, cells: list[str], columns: list[str], delimiter: str, mistakes: Mistakes
) -> Row | None:
    while len(cells) > len(columns) and not cells[-1]:
        cells = cells[:-1]
    if len(cells) != len(columns):
        hint = " (a decimal comma?)" if delimiter == "," and len(cells) > len(columns) else ""
        mistakes.row(
            number, f"{count_of(len(cells), 'cell')} where the header has {len(columns)}{hint}"
        )
        return None
    if all(_name(cell).casefold() == c.casefold() for cell, c in zip(cells, columns, strict=True)):
        mistakes.row(number, "the header stands here again")
        return None
    return Row(number, {c: _bare(cell) for c, cell in zip(columns, cells, strict=True) if c})


def _bare(cell: str) -> str:
    """A cell without the apostrophe before a formula."""
    is_marked = len(cell) > 1 and cell[0] == TEXT_MARK and cell[1] in FORMULA_STARTS
    return cell[1:] if is_marked else cell
