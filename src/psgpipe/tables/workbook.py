"""Workbooks (``.xlsx``): the text that their cells would be in a tab-separated file.

A table of a workbook is read as the same table saved as text: dates, times and numbers become the
text that the table's reader expects. What has no sure text is a mistake with the name of its cell.
"""

from __future__ import annotations

import datetime as dt
import io
import logging
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from psgpipe.errors import StudyTableInvalid, UsageError
from psgpipe.messages import are, listed, quoted, without_controls

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LOGGER = logging.getLogger("psgpipe")
OLD_MARK = b"\xd0\xcf\x11\xe0"
MOST_BYTES = 500_000_000
"""Of the unpacked workbook."""
USUAL_SHEETS = ("nights", "study")
IDS = frozenset({"subject", "night", "condition", "arm", "period", "sequence", "session", "part"})
"""Columns in which a number is a name: it is read as the sheet shows it."""
MOST_DIGITS = 10**15
"""A spreadsheet keeps 15 digits of a number."""
MISTAKES_SHOWN = 5
ROUNDED = dt.timedelta(milliseconds=5)
"""Times are fractions of a day: a whole second may come out this much beside it."""
_ZEROS = re.compile(r"0+")
_DECIMALS = re.compile(r"0\.(0+)")

Record = tuple[int, list[str]]


def workbook_records(content: bytes, file: str) -> list[Record]:
    """Every row of the sheet that is not empty, with its number: each cell as text.

    The sheet is the one named ``nights`` or ``study``, else the first that has cells; where there
    are several, the log names it.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        The workbook cannot be read, or cells have no sure text.
    """
    sheet, formulas = _sheet(content, file)
    mistakes = [f"cells {block} are merged" for block in sheet.merged_cells.ranges]
    records: list[Record] = []
    header: list[str] = []
    for row in sheet.iter_rows():
        cells = [_text(cell, header, mistakes) for cell in row]
        for place, cell in enumerate(row):
            if cell.value is None and cell.coordinate in formulas:
                mistakes.append(f"cell {cell.coordinate} holds a formula without its result")
                cells[place] = "?"
        if any(cells):
            records.append((row[0].row, cells))
            header = header or [name.casefold() for name in cells]
    if mistakes:
        raise _wrong_cells(file, sheet.title, mistakes)
    if not records:
        raise StudyTableInvalid(f"{file}: the table is empty", "Give a header and one row a night.")
    _name_hidden_rows(sheet, records, file)
    return records


def _name_hidden_rows(sheet: Worksheet, records: Sequence[Record], file: str) -> None:
    """A row that a filter hides is a row of the table; who filtered may think otherwise."""
    hidden = [str(n) for n, _ in records if sheet.row_dimensions[n].hidden]
    if hidden:
        rows, verb = "row" if len(hidden) == 1 else "rows", are(len(hidden))
        LOGGER.info(
            f"! {file}: {rows} {listed(hidden, 5)} of sheet {quoted(sheet.title)} "
            f"{verb} hidden and {verb} read, too; delete what you do not want"
        )


def workbook_bytes(sheets: Iterable[tuple[str, Iterable[Sequence[Any]]]]) -> bytes:
    """A workbook of sheets, each a name and its rows, the header first.

    Text stays text: a cell that begins with ``=`` is no formula.
    """
    openpyxl = import_openpyxl("write a workbook")
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for row in rows:
            cells = []
            for value in row:
                cell = WriteOnlyCell(
                    sheet, without_controls(value) if isinstance(value, str) else value
                )
                if isinstance(value, str):
                    cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def import_openpyxl(wish: str) -> Any:
    """The package openpyxl, or the error that says how to get it."""
    try:
        import openpyxl
    except ImportError as error:
        raise UsageError(
            f"to {wish}, psgpipe needs openpyxl, which is not installed",
            "Install it: pip install 'psgpipe[excel]'. Or save the table as tab-separated text.",
        ) from error
    return openpyxl


def _sheet(content: bytes, file: str) -> tuple[Worksheet, frozenset[str]]:
    """The sheet with the table, and its cells that hold a formula."""
    if content.startswith(OLD_MARK):
        raise StudyTableInvalid(
            f"{file}: a workbook with a password or in the old format (.xls)",
            "Save it as .xlsx without a password, or as tab-separated text.",
        )
    openpyxl = import_openpyxl(f"read the workbook {file}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MOST_BYTES:
                raise StudyTableInvalid(
                    f"{file}: too large, wanted at most {MOST_BYTES // 1_000_000} MB unpacked",
                    "Give the right file.",
                )
            has_formulas = any(
                b"<f" in packed.read(name)
                for name in packed.namelist()
                if name.startswith("xl/worksheets/") and name.endswith(".xml")
            )
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
        sheet = _chosen(book.worksheets, file)
        formulas: frozenset[str] = frozenset()
        if has_formulas:
            raw = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            cells = (cell for row in raw[sheet.title].iter_rows() for cell in row)
            formulas = frozenset(cell.coordinate for cell in cells if cell.data_type == "f")
    except StudyTableInvalid:
        raise
    except Exception as error:  # openpyxl fails in many ways on a damaged or foreign file
        raise StudyTableInvalid(
            f"{file}: cannot be read as a workbook ({type(error).__name__})",
            "Save it again as .xlsx, or as tab-separated text.",
        ) from error
    return sheet, formulas


def _chosen(sheets: Sequence[Worksheet], file: str) -> Worksheet:
    """The sheet of the table; the log names it where there are others."""
    shown = [s for s in sheets if s.sheet_state == "visible" and _has_cells(s)]
    if not shown:
        raise StudyTableInvalid(f"{file}: the table is empty", "Give a header and one row a night.")
    named = [sheet for sheet in shown if sheet.title.strip().casefold() in USUAL_SHEETS]
    sheet = named[0] if len(named) == 1 else shown[0]
    others = [other.title for other in shown if other is not sheet]
    if others:
        LOGGER.info(
            f"! {file}: sheet {quoted(sheet.title)} is read, not {listed(map(quoted, others), 5)}; "
            "psgpipe reads a sheet named 'nights' or 'study', else the first"
        )
    return sheet


def _has_cells(sheet: Worksheet) -> bool:
    return any(value is not None for row in sheet.iter_rows(values_only=True) for value in row)


def _text(cell: Any, header: Sequence[str], mistakes: list[str]) -> str:
    """A cell as the text of a table."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        mistakes.append(f"cell {cell.coordinate} holds the error {value}")
        return "?"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        place = cell.column - 1
        is_id = place < len(header) and header[place] in IDS
        if abs(value) >= MOST_DIGITS:
            mistakes.append(f"cell {cell.coordinate} holds a number of more than 15 digits")
        return _number(value, cell.number_format, is_id=is_id)
    if isinstance(value, dt.datetime):
        moment = _whole_second(value)
        # A date alone is a day, not its midnight.
        has_time = moment.time() != dt.time(0) or "h" in str(cell.number_format).casefold()
        return moment.isoformat() if has_time else moment.date().isoformat()
    if isinstance(value, dt.time):
        return _whole_second(dt.datetime.combine(dt.date(2000, 1, 1), value)).time().isoformat()
    if isinstance(value, dt.timedelta):
        return _duration(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value).strip()


def _number(value: float, number_format: str, *, is_id: bool) -> str:
    """A number in full; an id as the sheet shows it: ``007``, ``1.10``."""
    if "%" in number_format:
        return f"{100 * value:.15g}%"
    if is_id and _ZEROS.fullmatch(number_format) and float(value).is_integer():
        return f"{int(value):0{len(number_format)}d}"
    decimals = _DECIMALS.fullmatch(number_format)
    if is_id and decimals:
        return f"{value:.{len(decimals[1])}f}"
    if float(value).is_integer():
        return str(int(value))
    return f"{value:.15g}" if is_id else repr(value)


def _whole_second(moment: dt.datetime) -> dt.datetime:
    """The moment, or the whole second that it is beside."""
    whole = (moment + dt.timedelta(milliseconds=500)).replace(microsecond=0)
    return whole if abs(whole - moment) <= ROUNDED else moment


def _duration(value: dt.timedelta) -> str:
    """A time of day that the sheet holds as a length of time; a longer one as its hours."""
    seconds = round(value.total_seconds())
    hours, rest = divmod(seconds, 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def _wrong_cells(file: str, sheet: str, mistakes: Sequence[str]) -> StudyTableInvalid:
    return StudyTableInvalid(
        f"{file}, sheet {quoted(sheet)}: {'; '.join(_shown(mistakes))}",
        "Give each cell its own value: unmerge cells, paste formulas as values, store long ids as "
        "text.",
    )


def _shown(mistakes: Sequence[str]) -> Iterator[str]:
    yield from mistakes[:MISTAKES_SHOWN]
    if len(mistakes) > MISTAKES_SHOWN:
        yield f"and {len(mistakes) - MISTAKES_SHOWN} more"
