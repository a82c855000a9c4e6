"""The table of nights, ``nights.tsv``, made by psgpipe or by any other tool."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from psgpipe.messages import likely_word
from psgpipe.model.comparison import (
    EEG_ONLY,
    OTHER_SOURCES,
    MeasuredBy,
    MeasuredNight,
    NightState,
)
from psgpipe.model.ids import one_spelling, whole_number
from psgpipe.model.microstructure.names import MICROSTRUCTURE_ENDPOINTS, NIGHT_ENDPOINTS
from psgpipe.model.summary import ALWAYS_WRITTEN
from psgpipe.tables.cells import (
    clock_or_date_time,
    date_time,
    known_or_none,
    lights_in_order,
    yes_or_no,
)
from psgpipe.tables.columns import ALIKE_OK, check_ids, condition_of, with_known_names
from psgpipe.tables.delimited import Mistakes, Row, Table, read_table, shown
from psgpipe.tables.numbers import Numbers, is_missing, looks_like_number

REQUIRED = ("subject", "night")
_DESIGN = (
    "condition", "state", "exclude", "night_in_lab", "period", "sequence", "dose_mg_per_kg",
    "dose_end", "hours_since_dose", "lights_off", "lights_on", "start", "comedication", "arm",
    ALIKE_OK,
)  # fmt: skip
# Columns of the same meaning; the first that is not blank counts.
_REASONS = ("reason", "exclude_reason", "problem", "failure", "kind")
_RECIPE = {
    "pipeline": ("pipeline_sha256", "pipeline"),
    "stager": ("stager",),
    "classifier": ("classifier_sha256", "classifier"),
    "derivations": ("derivations",),
    "demographics": ("demographics", "age_and_sex"),
    "window": ("window",),
    "lights_source": ("lights_source",),
}
_DESCRIPTIVE = {
    *REQUIRED, *_DESIGN, *_REASONS, *(c for names in _RECIPE.values() for c in names),
    "recording", "route", "infusion_no", "age", "age_y", "sex", "scoring", "remedy", "engine",
    "exit_code", "folder", "fingerprint", "psgpipe", "row", "start_clock", "duration_s", "span_s",
    "warnings", "flags", "seconds", "visit", "session", "week", "day", "order", "run", "arm",
    "date", "time", "id", "scorer", "stages", "kappa", "accuracy",
    "timezone", "sleep_period", "part", "rater", "year", "month",
}  # fmt: skip
INCOMPLETE = "incomplete"
"""The quality flag of a night that is not complete."""
MOST_MINUTES = 24 * 60.0
# Dates and keys are numbers that differ between nights but measure nothing.
_NO_MEASURE = ("_date", "_id", "_no", "_nr", "_number", "_sha256", "_year", "_clock")
_STATES: dict[str, NightState] = {
    "": "finished", "done": "finished", "finished": "finished", "ok": "finished",
    "excluded": "excluded", "failed": "failed", "refused": "refused",
    "missing": "unfinished", "running": "unfinished", "unfinished": "unfinished",
}  # fmt: skip


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
        raw, REQUIRED, _DESIGN, mistakes, measures=NIGHT_ENDPOINTS, named=wanted
    )
    mistakes.refuse()
    present = {c.casefold() for c in raw.columns}
    has_condition = "condition" in present
    endpoints, constant, not_numbers = _endpoints(table, present, [*conditions], wanted)
    numeric = [*endpoints, "dose_mg_per_kg", "hours_since_dose", "night_in_lab"]
    numbers = Numbers(table, numeric, mistakes, measures=endpoints)
    check_ids(table, mistakes, by_condition=has_condition)
    words = [*conditions] if has_condition else None
    nights = tuple(_night(row, numbers, endpoints, words, mistakes) for row in table.rows)
    _refuse_one_night_in_two_conditions(nights, mistakes)
    if not nights:
        mistakes.table("no night is listed under the header")
    mistakes.refuse()
    return NightsTable(
        path.name, nights, endpoints, constant, not_numbers, has_condition, "arm" in present,
        others if measured_by == "psg" else (), n_rows - len(nights),
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


def _endpoints(
    table: Table, present: set[str], conditions: Sequence[str], wanted: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Endpoint columns, columns that do not vary within a subject, columns without numbers."""
    known = [c for c in NIGHT_ENDPOINTS if c in present and (c in wanted or _is_measured(table, c))]
    further = [c for c in table.columns if c not in NIGHT_ENDPOINTS and c.casefold() in present]
    named = [c for c in further if c in wanted]
    if set(ALWAYS_WRITTEN) <= set(known):
        return (*known, *named), (), ()
    others = [c for c in further if c not in named and not _describes(c.casefold())]
    measured = [c for c in others if _mostly_numbers(table, c)]
    compared = [row for row in table.rows if one_spelling(row.cells["condition"]) in conditions]
    varying = [c for c in measured if _varies(compared or table.rows, c)]
    return (
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


def _night(
    row: Row,
    numbers: Numbers,
    endpoints: Sequence[str],
    conditions: Sequence[str] | None,
    mistakes: Mistakes,
) -> MeasuredNight:
    """The night in a row; `conditions` is None where the table has no condition column."""
    cells, state = row.cells, _state(row, mistakes)
    dose = numbers.within(row, "dose_mg_per_kg", (0, 1000), "mg per kg, not negative")
    lights_off, lights_on = (_lights(row, c, mistakes) for c in ("lights_off", "lights_on"))
    lights_in_order(row, lights_off, lights_on, mistakes)
    flags = _codes(cells["flags"]) if "flags" in cells else None
    is_incomplete = INCOMPLETE in (flags or ())
    return MeasuredNight(
        subject=cells["subject"],
        night=cells["night"],
        condition=None if conditions is None else condition_of(row, conditions, mistakes),
        values={e: _value(row, e, numbers) for e in endpoints},
        state=state,
        reason=_first_stated(cells, _REASONS) if state != "finished" or is_incomplete else None,
        row=row.number,
        night_in_lab=numbers.whole(row, "night_in_lab", least=0),
        period=_period(cells["period"]),
        sequence=known_or_none(cells["sequence"]),
        dose_mg_per_kg=dose,
        dose_end=date_time(row, "dose_end", mistakes),
        hours_since_dose=numbers.read(row, "hours_since_dose", "hours"),
        lights_off=lights_off,
        lights_on=lights_on,
        start=date_time(row, "start", mistakes),
        comedication=known_or_none(cells["comedication"]),
        arm=known_or_none(cells["arm"]),
        flags=flags,
        recipe={f: cell for f, names in _RECIPE.items() if (cell := _first_stated(cells, names))},
        by_psgpipe=_first_stated(cells, ("psgpipe",)) is not None,
        pipeline_name=_pipeline_name(cells),
        stages=known_or_none(cells.get("stages", "")),
    )


def _pipeline_name(cells: Mapping[str, str]) -> str | None:
    """The pipeline's name; in a table of psgpipe, a single derivation is EEG alone."""
    derivations = _first_stated(cells, ("derivations",))
    if _first_stated(cells, ("psgpipe",)) and derivations and "," not in derivations:
        return EEG_ONLY
    return _first_stated(cells, ("pipeline",))


def _lights(row: Row, column: str, mistakes: Mistakes) -> str | None:
    """A time as psgpipe writes it; fractions of a second are cut."""
    whole = re.sub(r"(:\d\d:\d\d)\.\d+$", r"\1", row.cells[column])
    return clock_or_date_time(Row(row.number, {column: whole}), column, mistakes)


def _state(row: Row, mistakes: Mistakes) -> NightState:
    if yes_or_no(row, "exclude", mistakes):
        return "excluded"
    word = (known_or_none(row.cells["state"]) or "").casefold()
    if word not in _STATES:
        likely = likely_word(word, [w for w in _STATES if w]) or "done, excluded or failed"
        mistakes.cell(row.number, "state", likely, row.cells["state"])
    state = _STATES.get(word, "failed")
    refused = state == "failed" and "QualityRefused" in row.cells.values()
    return "refused" if refused else state


def _value(row: Row, endpoint: str, numbers: Numbers) -> float | None:
    # Logarithms and slopes may be negative.
    if endpoint not in NIGHT_ENDPOINTS or endpoint in MICROSTRUCTURE_ENDPOINTS:
        return numbers.read(row, endpoint)
    if endpoint.endswith("_pct"):
        return numbers.within(row, endpoint, (0, 100), "a percentage from 0 to 100")
    if endpoint.endswith("_min"):
        wanted = f"a number of minutes, not negative, at most {MOST_MINUTES:.0f}"
        return numbers.within(row, endpoint, (0, MOST_MINUTES), wanted)
    if endpoint == "mean_confidence":
        return numbers.within(row, endpoint, (0, 1), "a number from 0 to 1")
    return numbers.within(row, endpoint, (0, math.inf), "a number, not negative")


def _period(cell: str) -> str | None:
    """A period in one spelling."""
    return None if is_missing(cell) else whole_number(one_spelling(cell))


def _codes(cell: str) -> tuple[str, ...]:
    """The codes of quality flags in a cell."""
    return () if is_missing(cell) else tuple(cell.split())


def _first_stated(cells: Mapping[str, str], columns: Sequence[str]) -> str | None:
    """The first of these cells that is not blank."""
    row = (cells.get(c, "") for c in columns)
    return next((cell for cell in row if not is_missing(cell)), None)
