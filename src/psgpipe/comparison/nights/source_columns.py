"""A table of nights by the endpoints of one source: the diary's or actigraphy's."""

from __future__ import annotations

from pathlib import Path

from psgpipe.errors import StudyTableInvalid
from psgpipe.model.comparison.measured_night import SOURCE_NAMES, MeasuredBy
from psgpipe.results.replace_folder import CONCORDANCE
from psgpipe.tables.delimited import Row, Table
from psgpipe.tables.numbers import is_missing

_NO_ENDPOINTS = ("_begin", "_end", "_absent", "_window")
_KEPT = {
    "subject", "night", "date", "condition", "exclude", "exclude_reason", "night_in_lab", "period",
    "sequence", "dose_mg_per_kg", "dose_end", "hours_since_dose", "start", "comedication", "arm",
    "alike_ok",
}  # fmt: skip


def source_table(out: Path, source: MeasuredBy) -> Path:
    """The table of nights that ``psgpipe concord`` wrote in a folder of results.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        There is none.
    """
    path = out / CONCORDANCE / "nights.tsv"
    if not path.is_file():
        raise StudyTableInvalid(
            f"{out.name}: wanted {CONCORDANCE}/nights.tsv with the nights by {source}, found none",
            f"Run psgpipe concord on this folder, with the {source}, first.",
        )
    return path


def with_columns_of(table: Table, source: MeasuredBy) -> Table:
    """The table with the endpoints of one source alone, and what describes the nights.

    A night without the source is missing. Nights without a condition are left out.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        The table has no endpoint of the source.
    """
    prefix = f"{source}_"
    columns = tuple(column for column in table.columns if _is_kept(column.casefold(), prefix))
    measured = [column for column in columns if column.casefold().startswith(prefix)]
    if not measured:
        raise StudyTableInvalid(
            f"{table.file}: wanted columns such as {prefix}tst_min, found none",
            f"Run psgpipe concord with the {source}, or give a table with such columns.",
        )
    names = {column.casefold(): column for column in columns}
    condition = names.get("condition")
    rows = [
        Row(row.number, {**{c: row.cells[c] for c in columns}, **_state(row, measured, source)})
        for row in table.rows
        if condition is None or not is_missing(row.cells[condition])
    ]
    return Table(table.file, (*columns, "state", "reason"), tuple(rows), table.delimiter)


def _is_kept(column: str, prefix: str) -> bool:
    is_measured = column.startswith(prefix) and not column.endswith(_NO_ENDPOINTS)
    return column in _KEPT or is_measured


def _state(row: Row, measured: list[str], source: MeasuredBy) -> dict[str, str]:
    has_values = any(not is_missing(row.cells[column]) for column in measured)
    absent = row.cells.get(f"{source}_absent", "")
    return {
        "state": "done" if has_values else "missing",
        "reason": "" if has_values else absent or f"no measure by {SOURCE_NAMES[source]}",
    }


def source_statement(source: MeasuredBy) -> str:
    """What a reader of every table must know about the source."""
    name = SOURCE_NAMES[source]
    return (
        f"Every number is by {name}, none by polysomnography. An effect by {name} never stands for "
        "an effect by polysomnography."
    )
