"""The table of nights, ``nights.tsv``, made by psgpipe or by any other tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from psgpipe.comparison.nights.endpoint_columns import endpoint_columns
from psgpipe.comparison.nights.night_row import DESIGN_COLUMNS, REQUIRED_COLUMNS, night_in_row
from psgpipe.files.atomic import bytes_of
from psgpipe.files.hashing import sha256_of_bytes
from psgpipe.model.comparison.measured_night import OTHER_SOURCES, MeasuredBy, MeasuredNight
from psgpipe.model.microstructure.names import NIGHT_ENDPOINTS
from psgpipe.tables.columns import check_ids, with_known_names
from psgpipe.tables.delimited import Mistakes, Row, Table, read_table, shown
from psgpipe.tables.numbers import Numbers


@dataclass(frozen=True)
class NightsTable:
    """The nights of a table and the endpoints that it holds.

    Attributes
    ----------
    file
        Name without folders.
    nights
        In the table's order.
    endpoints
        Columns that hold numbers of a night: psgpipe's endpoints first.
    constant
        Columns whose numbers are the same on all nights of each subject.
    not_numbers
        Columns that could be measures by their names but do not hold numbers.
    other_source
        Columns with the endpoints of another source.
    n_without_condition
        Nights of a diary or watch that are left out, because they have no condition.
    sha256
        Of the file's bytes.
    """

    file: str
    nights: tuple[MeasuredNight, ...]
    endpoints: tuple[str, ...]
    constant: tuple[str, ...] = ()
    not_numbers: tuple[str, ...] = ()
    has_condition: bool = True
    has_arm: bool = True
    other_source: tuple[str, ...] = ()
    n_without_condition: int = 0
    sha256: str | None = None


def nights_table(
    path: Path,
    conditions: Iterable[str] = (),
    wanted: Iterable[str] = (),
    sealed: Mapping[tuple[str, str], Mapping[str, str]] = {},
    *,
    by_expert: bool = False,
    arm_column: str = "arm",
    measured_by: MeasuredBy = "psg",
) -> NightsTable:
    """The nights and endpoints of a table.

    Every endpoint of psgpipe that has a column counts. A table that lacks any of those that psgpipe
    always wrote comes from another tool; in it every other column of numbers counts, too, if it
    varies between the compared nights of any subject.

    Parameters
    ----------
    conditions
        Words of the spec for baseline and treatment.
    wanted
        Columns that the spec names as endpoints.
    sealed
        The sealed cells of a blinded study, by subject and night.
    by_expert
        Take the endpoints of a person's stages, where psgpipe has written them beside its own.
    arm_column
        The column of the arms.
    measured_by
        The source of the endpoints; those of others are left out.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        Every mistake in the table, with row and column.
    """
    raw = read_table(path)
    if sealed:
        raw = _with_sealed(raw, sealed)
    if by_expert:
        from psgpipe.comparison.nights.expert_stages import with_expert_columns

        raw = with_expert_columns(raw)
    others = tuple(c for c in raw.columns if _source_of(c) not in (None, measured_by))
    n_rows = len(raw.rows)
    if measured_by == "psg":
        raw = _without(raw, others) if others else raw
    else:
        from psgpipe.comparison.nights.source_columns import with_columns_of

        raw = with_columns_of(raw, measured_by)
    raw = raw if arm_column == "arm" else _with_arms_of(raw, arm_column)
    wanted = [*wanted]
    mistakes = Mistakes(path.name)
    table = with_known_names(
        raw, REQUIRED_COLUMNS, DESIGN_COLUMNS, mistakes, measures=NIGHT_ENDPOINTS, named=wanted
    )
    mistakes.refuse()
    present = {c.casefold() for c in raw.columns}
    has_condition = "condition" in present
    columns = endpoint_columns(table, present, [*conditions], wanted)
    endpoints = columns.endpoints
    numeric = [*endpoints, "dose_mg_per_kg", "hours_since_dose", "night_in_lab"]
    numbers = Numbers(table, numeric, mistakes, measures=endpoints)
    check_ids(table, mistakes, by_condition=has_condition)
    words = [*conditions] if has_condition else None
    nights = tuple(night_in_row(row, numbers, endpoints, words, mistakes) for row in table.rows)
    _refuse_one_night_in_two_conditions(nights, mistakes)
    if not nights:
        mistakes.table("no night is listed under the header")
    mistakes.refuse()
    return NightsTable(
        path.name, nights, *columns, has_condition, "arm" in present,
        others if measured_by == "psg" else (), n_rows - len(nights),
        sha256_of_bytes(bytes_of(path) or b""),
    )  # fmt: skip


def _without(table: Table, columns: Sequence[str]) -> Table:
    kept = tuple(column for column in table.columns if column not in columns)
    rows = tuple(Row(row.number, {c: row.cells[c] for c in kept}) for row in table.rows)
    return replace(table, columns=kept, rows=rows)


def _source_of(column: str) -> MeasuredBy | None:
    """The other source whose endpoint a column has, by its name."""
    return next((s for s in OTHER_SOURCES if column.casefold().startswith(f"{s}_")), None)


def _with_sealed(table: Table, sealed: Mapping[tuple[str, str], Mapping[str, str]]) -> Table:
    """The table with the sealed cells, under the column names that psgpipe gather uses."""
    own = {column.casefold() for column in table.columns}
    named = {
        column: f"study_{column}" if column.casefold() in own else column
        for column in dict.fromkeys(c for cells in sealed.values() for c in cells)
    }
    rows = []
    for row in table.rows:
        cells = sealed.get((row.cells.get("subject", ""), row.cells.get("night", "")), {})
        added = {name: cells.get(column, "") for column, name in named.items()}
        rows.append(replace(row, cells={**row.cells, **added}))
    return replace(table, columns=(*table.columns, *named.values()), rows=tuple(rows))


def _with_arms_of(table: Table, column: str) -> Table:
    """The table with the cells of this column under the name ``arm``."""
    own = next((c for c in table.columns if c.casefold() == column.casefold()), None)
    others = [c for c in table.columns if c != own and c.casefold() != "arm"]
    rows = [
        Row(row.number, {**{c: row.cells[c] for c in others},
                         **({} if own is None else {"arm": row.cells[own]})})
        for row in table.rows
    ]  # fmt: skip
    return replace(table, columns=(*others, *([] if own is None else ["arm"])), rows=tuple(rows))


def _refuse_one_night_in_two_conditions(
    nights: Sequence[MeasuredNight], mistakes: Mistakes
) -> None:
    """Night ids may repeat between conditions; the same values may not."""
    first: dict[tuple[str, str], MeasuredNight] = {}
    for night in nights:
        earlier = first.setdefault((night.subject, night.night), night)
        measured = any(value is not None for value in night.values.values())
        if earlier.condition != night.condition and measured and earlier.values == night.values:
            mistakes.row(
                night.row,
                f"column condition: night {shown(night.night)} of subject {shown(night.subject)} "
                f"is {night.condition} here and {earlier.condition} in row {earlier.row}, with the "
                "same values",
            )
