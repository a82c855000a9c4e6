"""Typed cells of a table: yes or no, clock times, dates. A doubtful cell is a mistake."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable

from psgpipe.tables.delimited import FORMULA_STARTS, TEXT_MARK, Mistakes, Row
from psgpipe.tables.numbers import is_missing, looks_like_number

_CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?",
    re.ASCII,
)
_NUMBER = re.compile(r"\d{1,7}(\.\d{1,6})?", re.ASCII)
_SECONDS = re.compile(rf"\+ ?{_NUMBER.pattern}( ?s)?|{_NUMBER.pattern} ?s", re.ASCII)
_UNIT_SPELLINGS = ((r"%|percent(age)?", "pct"), (r"min(ute)?s?\b", "min"))
# Spreadsheets count days from 1899-12-30 and show a bare time of day as that day.
_SPREADSHEET_YEARS = range(1890, 1910)
# Dates that were shifted for anonymity may lie in earlier centuries.
_FIRST_YEAR = 1800


def known_or_none(cell: str) -> str | None:
    """The cell's text, or None where it is missing."""
    return None if is_missing(cell) else cell


def checked_text(
    row: Row, column: str, wanted: Callable[[str], str | None], mistakes: Mistakes
) -> str | None:
    """The cell's text, or None where it is missing or wrong.

    Parameters
    ----------
    wanted
        What the cell must be, where a text is wrong; None where it is right.
    """
    cell = known_or_none(row.cells[column])
    instead = None if cell is None else wanted(cell)
    if instead is None:
        return cell
    mistakes.cell(row.number, column, instead, row.cells[column])
    return None


def without_formula(cell: str) -> str:
    """The cell behind an apostrophe where a spreadsheet would compute it as a formula.

    :func:`psgpipe.tables.delimited.read_table` removes the apostrophe.
    """
    is_formula = len(cell) > 1 and cell[0] in FORMULA_STARTS and not looks_like_number(cell)
    return f"{TEXT_MARK}{cell}" if is_formula else cell


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


def lights_time(row: Row, column: str, mistakes: Mistakes) -> str | None:
    """A clock time, a date-time, or seconds from the start of the recording, as in the cell."""
    cell = row.cells[column]
    if _SECONDS.fullmatch(cell):
        return cell
    if is_missing(cell) or _CLOCK.fullmatch(cell):
        return known_or_none(cell)
    wanted = "HH:MM, HH:MM:SS, YYYY-MM-DDTHH:MM"
    bare = f"or, for seconds from the start, +{cell}" if _NUMBER.fullmatch(cell) else "or +SECONDS"
    return date_time(row, column, mistakes, f"{wanted} {bare}")


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
    """Note lights on before lights off, where both have a date."""
    dated = off and on and "-" in off and "-" in on
    if dated and dt.datetime.fromisoformat(on or "") <= dt.datetime.fromisoformat(off or ""):
        mistakes.cell(row.number, "lights_on", f"a time after lights_off, {off}", on or "")


def _exists(text: str) -> bool:
    """Whether the calendar has the day: 31 June does not exist."""
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def same_letters(word: str, known: Iterable[str]) -> str | None:
    """The known column that differs from `word` only in marks or the spelling of its unit."""
    plain = {_with_unit_behind(k): k for k in known}
    return plain.get(_with_unit_behind(word))


def _with_unit_behind(column: str) -> str:
    """``rempct`` for ``REM %``, ``%REM``, ``rem (pct)``, ``REM_percent``."""
    text = column.casefold()
    for spelled, unit in _UNIT_SPELLINGS:
        text = re.sub(spelled, unit, text)
    bare = re.sub(r"[^a-z0-9]", "", text)
    return bare.removeprefix("pct") + "pct" if bare.startswith("pct") else bare
