"""What a cell says: number, yes or no, time. It is that beyond doubt, or it is a mistake."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable

from psgpipe.tables.delimited import FORMULA_STARTS, TEXT_MARK, Mistakes, Row, Table

_MISSING = {"", "na", "n/a", "#n/a", "nan", "null", "."}
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
# Nothing that is measured lies beyond, and squares of what does are no numbers any more.
_SMALLEST, _LARGEST = 1e-100, 1e100
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
# What statistics programs write where nothing is known: -9, -99, 999, 9999.
_NINES = re.compile(r"(-9+|9{3,})([.,]0*)?")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?",
    re.ASCII,
)
_UNIT_SPELLINGS = ((r"%|percent(age)?", "pct"), (r"min(ute)?s?\b", "min"))
# Spreadsheets count days from 1899-12-30 and show a bare time of day as that day.
_SPREADSHEET_YEARS = range(1890, 1910)
# Dates that were shifted to hide them lie in any century with a hypnogram, and some before it.
_FIRST_YEAR = 1800


def is_missing(cell: str) -> bool:
    """Whether a cell means that nothing is known: blank, NA, N/A, NaN, null or a dot."""
    return cell.casefold() in _MISSING


def known_or_none(cell: str) -> str | None:
    """The cell's text, or None where it is missing."""
    return None if is_missing(cell) else cell


def looks_like_number(cell: str) -> bool:
    """Whether the cell has the form of a number, with a decimal point or a decimal comma."""
    return _NUMBER.fullmatch(cell.replace("−", "-")) is not None


def without_formula(cell: str) -> str:
    """The cell as a spreadsheet shows it and computes nothing: behind an apostrophe.

    :func:`psgpipe.tables.delimited.read_table` takes it away again.
    """
    is_formula = len(cell) > 1 and cell[0] in FORMULA_STARTS and not looks_like_number(cell)
    return f"{TEXT_MARK}{cell}" if is_formula else cell


class Numbers:
    """Reads numbers of one table, whose decimal mark is the same everywhere.

    A comma is a decimal mark only where it does not separate cells. ``1,234`` alone could be a
    thousand; it is believed where the file is semicolon-separated, as spreadsheets write it in
    countries with a decimal comma, or where another cell shows that commas are decimal. Where
    both marks occur, the rarer is the mistake.

    Parameters
    ----------
    columns : that hold numbers.
    measures : those among them in which a number of nines far from all others is no measurement.
    """

    def __init__(
        self,
        table: Table,
        columns: Iterable[str],
        mistakes: Mistakes,
        measures: Iterable[str] = (),
    ) -> None:
        cells = [row.cells[c].replace("−", "-") for c in columns for row in table.rows]
        numbers = [cell for cell in cells if _NUMBER.fullmatch(cell)]
        certain = numbers if table.delimiter == ";" else [
            n for n in numbers if not _THOUSANDS.fullmatch(n)]  # fmt: skip
        self._may_be_comma = table.delimiter != ","
        commas = sum("," in n for n in certain) if self._may_be_comma else 0
        points = sum("." in n for n in numbers)
        self._commas = commas > 0
        self._strange_marks = _rarer(commas, points)
        self._codes = {c: _codes([row.cells[c] for row in table.rows]) for c in measures}
        self._mistakes = mistakes

    def read(self, row: Row, column: str, wanted: str = "a number") -> float | None:
        """The number in a cell; None where it is missing or a mistake, which is noted."""
        cell = row.cells[column].replace("−", "-")
        if is_missing(cell):
            return None
        problem = self._problem(cell)
        if problem is None and row.cells[column] in self._codes.get(column, ()):
            problem = ", or a blank cell where nothing was measured"
        if problem is not None:
            self._mistakes.cell(row.number, column, f"{wanted}{problem}", row.cells[column])
            return None
        value = _value(cell)
        if value and not _SMALLEST <= abs(value) < _LARGEST:
            self._mistakes.cell(row.number, column, wanted, row.cells[column])
            return None
        return value

    def within(
        self, row: Row, column: str, limits: tuple[float, float], wanted: str
    ) -> float | None:
        """The number in a cell if it lies between the limits, both included."""
        value = self.read(row, column, wanted)
        if value is not None and not limits[0] <= value <= limits[1]:
            self._mistakes.cell(row.number, column, wanted, row.cells[column])
            return None
        return value

    def whole(self, row: Row, column: str, least: int) -> int | None:
        """The whole number in a cell, not below `least`."""
        wanted = f"a whole number from {least}"
        value = self.within(row, column, (least, 1e9), wanted)
        if value is not None and value != int(value):
            self._mistakes.cell(row.number, column, wanted, row.cells[column])
            return None
        return None if value is None else int(value)

    def _problem(self, cell: str) -> str | None:
        """What is wrong with a number, as an addition to what was wanted; None if nothing."""
        if not _NUMBER.fullmatch(cell):
            return ""
        if "," in cell and not self._may_be_comma:
            return " with a decimal point, because commas separate cells"
        if "," in cell and not self._commas:
            return " that cannot be a thousand"
        if any(mark in cell for mark in self._strange_marks):
            return " with the same decimal mark as everywhere in the table"
        return None


def _rarer(commas: int, points: int) -> str:
    """The decimal mark that is the exception in a table; both where neither is, none if alone."""
    if not commas or not points:
        return ""
    return ",." if commas == points else "," if commas < points else "."


def _codes(cells: Iterable[str]) -> set[str]:
    """Numbers of nines that lie far from every other number of a column."""
    numbers = {cell: _value(cell) for cell in cells if looks_like_number(cell)}
    nines = {cell for cell in numbers if _NINES.fullmatch(cell.replace("−", "-"))}
    others = [value for cell, value in numbers.items() if cell not in nines]
    if not others:
        return set()
    low, far = min(others), 2 * max(abs(value) for value in others)
    return {c for c in nines if abs(numbers[c]) > far or (numbers[c] < 0 <= low)}


def _value(cell: str) -> float:
    return float(cell.replace("−", "-").replace(",", "."))


def yes_or_no(row: Row, column: str, mistakes: Mistakes) -> bool:
    """Whether the cell says yes; missing is no."""
    cell = row.cells[column].casefold()
    if cell in {"yes", "true", "1", "y"}:
        return True
    if not is_missing(cell) and cell not in {"no", "false", "0", "n"}:
        mistakes.cell(row.number, column, "yes or no", row.cells[column])
    return False


def clock_or_date_time(row: Row, column: str, mistakes: Mistakes) -> str | None:
    """A local clock time or date-time as it stands in the cell; None where missing or wrong."""
    cell = row.cells[column]
    if is_missing(cell) or _CLOCK.fullmatch(cell):
        return known_or_none(cell)
    return date_time(row, column, mistakes, "HH:MM, HH:MM:SS or YYYY-MM-DDTHH:MM")


def date_time(
    row: Row, column: str, mistakes: Mistakes, wanted: str = "YYYY-MM-DDTHH:MM"
) -> str | None:
    """A local ISO date-time as it stands in the cell; None where missing or wrong."""
    cell = row.cells[column]
    if is_missing(cell):
        return None
    match = _DATE_TIME.fullmatch(cell)
    year = int(match[1]) if match else 0
    if year in _SPREADSHEET_YEARS:
        wanted += " (this is a spreadsheet's date for a time of day)"
    if year < _FIRST_YEAR or year in _SPREADSHEET_YEARS or not _exists(cell):
        mistakes.cell(row.number, column, wanted, cell)
        return None
    return cell


def lights_in_order(row: Row, off: str | None, on: str | None, mistakes: Mistakes) -> None:
    """Note lights that go on before they go off, where both have a date."""
    dated = off and on and "-" in off and "-" in on
    if dated and dt.datetime.fromisoformat(on or "") <= dt.datetime.fromisoformat(off or ""):
        mistakes.cell(row.number, "lights_on", f"a time after lights_off, {off}", on or "")


def _exists(text: str) -> bool:
    """Whether the calendar has the day; a 31 June has the right form."""
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def likely_word(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` is probably a misspelling of, or None."""
    plain = {re.sub(r"[^a-z0-9]", "", k): k for k in known}
    bare = re.sub(r"[^a-z0-9]", "", word.casefold())
    if bare in plain:
        return plain[bare]
    close = difflib.get_close_matches(bare, plain, n=1, cutoff=0.8)
    if close:
        return plain[close[0]]
    near = [k for k in plain if _one_slip(bare, k)]
    return plain[near[0]] if near else None


def same_letters(word: str, known: Iterable[str]) -> str | None:
    """The known column that `word` is but for blanks, marks, and how its unit is spelled."""
    plain = {_with_unit_behind(k): k for k in known}
    return plain.get(_with_unit_behind(word))


def _with_unit_behind(column: str) -> str:
    """``rempct`` for ``REM %``, ``%REM``, ``rem (pct)``, ``REM_percent``."""
    text = column.casefold()
    for spelled, unit in _UNIT_SPELLINGS:
        text = re.sub(spelled, unit, text)
    bare = re.sub(r"[^a-z0-9]", "", text)
    return bare.removeprefix("pct") + "pct" if bare.startswith("pct") else bare


def _one_slip(a: str, b: str) -> bool:
    """Whether one letter was left out, added, changed, or swapped with its neighbour."""
    if abs(len(a) - len(b)) > 1 or min(len(a), len(b)) < 3:
        return False
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    swapped = len(a) > 1 and len(b) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped
