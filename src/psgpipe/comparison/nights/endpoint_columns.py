"""The columns of a table of nights that hold endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from psgpipe.comparison.nights.night_row import (
    DESIGN_COLUMNS,
    REASON_COLUMNS,
    RECIPE_COLUMNS,
    REQUIRED_COLUMNS,
)
from psgpipe.model.ids import one_spelling
from psgpipe.model.microstructure.names import MICROSTRUCTURE_ENDPOINTS, NIGHT_ENDPOINTS
from psgpipe.model.summary import ALWAYS_WRITTEN
from psgpipe.tables.delimited import Row, Table
from psgpipe.tables.numbers import is_missing, looks_like_number

_DESCRIPTIVE = {
    *REQUIRED_COLUMNS, *DESIGN_COLUMNS, *REASON_COLUMNS,
    *(c for names in RECIPE_COLUMNS.values() for c in names),
    "recording", "route", "infusion_no", "age", "age_y", "sex", "scoring", "remedy", "engine",
    "exit_code", "folder", "fingerprint", "psgpipe", "row", "start_clock", "duration_s", "span_s",
    "warnings", "flags", "seconds", "visit", "session", "week", "day", "order", "run", "arm",
    "date", "time", "id", "scorer", "stages", "kappa", "accuracy",
    "timezone", "sleep_period", "part", "rater", "year", "month",
}  # fmt: skip
# Dates and keys are numbers that differ between nights but measure nothing.
_NO_MEASURE = ("_date", "_id", "_no", "_nr", "_number", "_sha256", "_year", "_clock")


class EndpointColumns(NamedTuple):
    """The columns that are analysed, and those that could be endpoints by their names but are not.

    Attributes
    ----------
    constant
        Their numbers are the same on all nights of each subject.
    not_numbers
        They do not hold numbers.
    """

    endpoints: tuple[str, ...]
    constant: tuple[str, ...] = ()
    not_numbers: tuple[str, ...] = ()


def endpoint_columns(
    table: Table, present: set[str], conditions: Sequence[str], wanted: Sequence[str]
) -> EndpointColumns:
    """The columns of a table that hold endpoints.

    Parameters
    ----------
    present
        The columns of the file, in lower case.
    conditions
        Words of the spec for baseline and treatment: the nights among which an endpoint must vary.
    wanted
        Columns that the spec names as endpoints.
    """
    known = [c for c in NIGHT_ENDPOINTS if c in present and (c in wanted or _is_measured(table, c))]
    further = [c for c in table.columns if c not in NIGHT_ENDPOINTS and c.casefold() in present]
    named = [c for c in further if c in wanted]
    if set(ALWAYS_WRITTEN) <= set(known):
        return EndpointColumns((*known, *named))
    others = [c for c in further if c not in named and not _describes(c.casefold())]
    measured = [c for c in others if _mostly_numbers(table, c)]
    compared = [row for row in table.rows if one_spelling(row.cells["condition"]) in conditions]
    varying = [c for c in measured if _varies(compared or table.rows, c)]
    return EndpointColumns(
        (*known, *named, *varying),
        tuple(c for c in measured if c not in varying),
        tuple(c for c in others if c not in measured),
    )


def _is_measured(table: Table, column: str) -> bool:
    """Whether an endpoint counts: one of spectra or events only where any night has it."""
    return column not in MICROSTRUCTURE_ENDPOINTS or any(
        not is_missing(row.cells[column]) for row in table.rows
    )


def _describes(column: str) -> bool:
    """Whether a column describes the night or how it was made, and measures nothing."""
    return (
        column in _DESCRIPTIVE
        or column.endswith(_NO_MEASURE)
        or column.startswith(("dose", "expert_"))
    )


def _mostly_numbers(table: Table, column: str) -> bool:
    """Whether at least half of the cells that are not blank are numbers."""
    cells = [row.cells[column] for row in table.rows if not is_missing(row.cells[column])]
    numbers = sum(looks_like_number(cell) for cell in cells)
    return numbers > 0 and numbers * 2 >= len(cells)


def _varies(rows: Sequence[Row], column: str) -> bool:
    seen: dict[str, str] = {}
    return any(
        seen.setdefault(row.cells["subject"], row.cells[column]) != row.cells[column]
        for row in rows
    )
