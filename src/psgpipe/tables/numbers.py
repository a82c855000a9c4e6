"""Numbers in tables, with decimal points or decimal commas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from psgpipe.tables.delimited import Mistakes, Row, Table

_MISSING = {"", "na", "n/a", "#n/a", "nan", "null", "."}
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
# No measured value lies beyond these limits, and the squares of values beyond would overflow.
_SMALLEST, _LARGEST = 1e-100, 1e100
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
# Codes of statistics programs for an unknown value: -9, -99, 999, 9999.
_NINES = re.compile(r"(-9+|9{3,})([.,]0*)?")


def is_missing(cell: str) -> bool:
    """Whether a cell has no value: blank, NA, N/A, NaN, null or a dot."""
    return cell.casefold() in _MISSING


def looks_like_number(cell: str) -> bool:
    """Whether the cell has the form of a number, with a decimal point or a decimal comma."""
    return _NUMBER.fullmatch(_plain(cell)) is not None


class Numbers:
    """Reads numbers of one table, whose decimal mark is the same everywhere.

    A comma is a decimal mark only where it does not separate cells. ``1,234`` alone could mean a
    thousand. It is read as a decimal where the file is semicolon-separated, as in countries with a
    decimal comma, or where another cell shows that commas are decimal. Where both marks occur, the
    rarer one is a mistake. In the columns `measures` a number of nines far from all other values is
    a code, not a value.
    """

    def __init__(
        self, table: Table, columns: Iterable[str], mistakes: Mistakes, measures: Iterable[str] = ()
    ) -> None:
        # The same text stands in many cells of a large table; each text is looked at once.
        cells = Counter(row.cells[c] for c in columns for row in table.rows)
        numbers = Counter[str]()
        for cell, times in cells.items():
            if looks_like_number(cell):
                numbers[_plain(cell)] += times
        certain = numbers if table.delimiter == ";" else [
            n for n in numbers if not _THOUSANDS.fullmatch(n)]  # fmt: skip
        self._may_be_comma = table.delimiter != ","
        commas = sum(numbers[n] for n in certain if "," in n) if self._may_be_comma else 0
        points = sum(times for n, times in numbers.items() if "." in n)
        self._commas = commas > 0
        self._strange_marks = _rarer(commas, points)
        self._codes = {c: _codes({row.cells[c] for row in table.rows}) for c in measures}
        self._values: dict[str, float] = {}
        self._mistakes = mistakes

    def read(self, row: Row, column: str, wanted: str = "a number") -> float | None:
        """The number in a cell; None where it is missing or a mistake, which is noted."""
        text = row.cells[column]
        is_code = text in self._codes.get(column, ())
        if text in self._values and not is_code:
            return self._values[text]
        cell = _plain(text)
        if is_missing(cell):
            return None
        problem = self._problem(cell)
        if problem is None and is_code:
            problem = ", or a blank cell where nothing was measured"
        if problem is not None:
            self._mistakes.cell(row.number, column, f"{wanted}{problem}", row.cells[column])
            return None
        value = _value(cell)
        if value and not _SMALLEST <= abs(value) < _LARGEST:
            self._mistakes.cell(row.number, column, wanted, row.cells[column])
            return None
        self._values[text] = value
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
        """What is wrong with a number, to follow what was wanted; None if nothing."""
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
    """The rarer decimal mark; both where they are equally frequent, none where one is alone."""
    if not commas or not points:
        return ""
    return ",." if commas == points else "," if commas < points else "."


def _codes(cells: Iterable[str]) -> set[str]:
    """Numbers of nines that lie far from every other number of a column."""
    numbers = {cell: _value(cell) for cell in cells if looks_like_number(cell)}
    nines = {cell for cell in numbers if _NINES.fullmatch(_plain(cell))}
    others = [value for cell, value in numbers.items() if cell not in nines]
    if not others:
        return set()
    low, far = min(others), 2 * max(abs(value) for value in others)
    return {c for c in nines if abs(numbers[c]) > far or (numbers[c] < 0 <= low)}


def _plain(cell: str) -> str:
    """The cell with hyphens for minus signs."""
    return cell.replace("−", "-")


def _value(cell: str) -> float:
    return float(_plain(cell).replace(",", "."))
