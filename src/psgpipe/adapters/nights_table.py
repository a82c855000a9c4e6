"""``nights.tsv``: one row for each night with its endpoints, from psgpipe or any other tool."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from psgpipe.adapters.cells import (
    Numbers,
    clock_or_date_time,
    date_time,
    is_missing,
    known_or_none,
    likely_word,
    looks_like_number,
    yes_or_no,
)
from psgpipe.adapters.delimited import Mistakes, Row, Table, read_table, shown
from psgpipe.adapters.tables import check_ids, condition_of, with_known_names
from psgpipe.model.comparison import MeasuredNight, NightState
from psgpipe.model.summary import ENDPOINTS

REQUIRED = ("subject", "night")
_DESIGN = (
    "condition",
    "state",
    "exclude",
    "night_in_lab",
    "period",
    "sequence",
    "dose_mg_per_kg",
    "dose_end",
    "hours_since_dose",
    "lights_off",
    "lights_on",
    "start",
    "comedication",
)
# Columns of the same meaning; the first that says something counts.
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
    "date", "time", "id", "scorer", "rater", "year", "month",
}  # fmt: skip
# Nothing in sleep is larger, and the square of a number twice as long is no number any more.
_LARGEST = 1e100
# Dates and keys are numbers that differ between nights, and no treatment moves them.
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
    file : name without folders.
    nights : in the table's order.
    endpoints : columns that hold numbers of a night, in the contract's order, others behind.
    set_aside : columns that hold numbers but the same for all nights of each subject.
    has_condition : the table has a condition column.
    """

    file: str
    nights: tuple[MeasuredNight, ...]
    endpoints: tuple[str, ...]
    set_aside: tuple[str, ...] = ()
    has_condition: bool = True


def nights_table(
    path: Path, conditions: Iterable[str] = (), wanted: Iterable[str] = ()
) -> NightsTable:
    """The nights and endpoints of a table.

    Every endpoint of psgpipe that has a column counts. In a table that does not hold all of them,
    and so comes from elsewhere, every other column of numbers does, too, if it varies between
    the nights of any subject, nights under other conditions left out.

    Parameters
    ----------
    conditions : words that the comparison spec names.
    wanted : columns that the spec names as endpoints.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid : every mistake in the table, with row and column.
    """
    raw = read_table(path)
    mistakes = Mistakes(path.name)
    table = with_known_names(raw, REQUIRED, (*_DESIGN, *ENDPOINTS), mistakes, strict=False)
    present = {c.casefold() for c in raw.columns}
    has_condition = "condition" in present
    misspelled = [c for c in raw.columns if not has_condition and likely_word(c, ["condition"])]
    for column in misspelled:
        mistakes.table(f"column {shown(column)} is unknown; did you mean 'condition'?")
    mistakes.refuse()
    endpoints, set_aside = _endpoints(table, present, [*conditions], [*wanted])
    reader = _Reader(
        Numbers(
            table, [*endpoints, "dose_mg_per_kg", "hours_since_dose", "night_in_lab"], mistakes
        ),
        endpoints,
        [*conditions] if has_condition else None,
        mistakes,
    )
    check_ids(table, mistakes, by_condition=has_condition)
    nights = tuple(reader.night(row) for row in table.rows)
    _refuse_one_night_in_two_conditions(nights, mistakes)
    if not nights:
        mistakes.table("no night is listed under the header")
    mistakes.refuse()
    return NightsTable(path.name, nights, endpoints, set_aside, has_condition)


def _endpoints(
    table: Table, present: set[str], conditions: Sequence[str], wanted: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns that are endpoints, and columns of numbers that do not vary within a subject."""
    known = [c for c in ENDPOINTS if c in present]
    there = [c for c in table.columns if c not in ENDPOINTS and c.casefold() in present]
    named = [c for c in there if c in wanted]
    if len(known) == len(ENDPOINTS):
        return (*known, *named), ()
    others = [c for c in there if c not in named and not _describes(c.casefold())]
    measured = [c for c in others if _mostly_numbers(table, c)]
    compared = [row for row in table.rows if row.cells["condition"].casefold() in conditions]
    varying = [c for c in measured if _varies(compared or table.rows, c)]
    return (*known, *named, *varying), tuple(c for c in measured if c not in varying)


def _describes(column: str) -> bool:
    """Whether a column says which night it is or how it was made, not what was measured."""
    return column in _DESCRIPTIVE or column.endswith(_NO_MEASURE)


def _mostly_numbers(table: Table, column: str) -> bool:
    """Whether a slip of the pen is likelier than a column of words."""
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
    """Nights may be numbered anew in each condition; the same night must not be in two."""
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


@dataclass(frozen=True)
class _Reader:
    """Reads rows of one table; `conditions` is None where it has no condition column."""

    numbers: Numbers
    endpoints: tuple[str, ...]
    conditions: Sequence[str] | None
    mistakes: Mistakes

    def night(self, row: Row) -> MeasuredNight:
        cells, numbers = row.cells, self.numbers
        state = self._state(row)
        dose = numbers.within(row, "dose_mg_per_kg", (0, 1000), "mg per kg, not negative")
        return MeasuredNight(
            subject=cells["subject"],
            night=cells["night"],
            condition=self._condition(row),
            values={e: self._value(row, e) for e in self.endpoints},
            state=state,
            reason=_first_said(cells, _REASONS) if state != "finished" else None,
            row=row.number,
            night_in_lab=numbers.whole(row, "night_in_lab", least=0),
            period=known_or_none(cells["period"].casefold()),
            sequence=known_or_none(cells["sequence"]),
            dose_mg_per_kg=dose,
            dose_end=date_time(row, "dose_end", self.mistakes),
            hours_since_dose=numbers.read(row, "hours_since_dose", "hours"),
            lights_off=self._lights(row, "lights_off"),
            lights_on=self._lights(row, "lights_on"),
            start=date_time(row, "start", self.mistakes),
            comedication=known_or_none(cells["comedication"]),
            flags=_codes(cells["flags"]) if "flags" in cells else None,
            recipe={f: said for f, names in _RECIPE.items() if (said := _first_said(cells, names))},
        )

    def _condition(self, row: Row) -> str | None:
        return (
            None if self.conditions is None else condition_of(row, self.conditions, self.mistakes)
        )

    def _lights(self, row: Row, column: str) -> str | None:
        """A time as psgpipe itself writes it, fractions of a second included."""
        whole = re.sub(r"(:\d\d:\d\d)\.\d+$", r"\1", row.cells[column])
        return clock_or_date_time(Row(row.number, {column: whole}), column, self.mistakes)

    def _state(self, row: Row) -> NightState:
        if yes_or_no(row, "exclude", self.mistakes):
            return "excluded"
        word = row.cells["state"].casefold()
        if word not in _STATES:
            likely = likely_word(word, [w for w in _STATES if w]) or "done, excluded or failed"
            self.mistakes.cell(row.number, "state", likely, row.cells["state"])
        state = _STATES.get(word, "failed")
        refused = state == "failed" and "QualityRefused" in row.cells.values()
        return "refused" if refused else state

    def _value(self, row: Row, endpoint: str) -> float | None:
        if endpoint not in ENDPOINTS:
            limits = (-_LARGEST, _LARGEST)
            return self.numbers.within(row, endpoint, limits, f"a number up to {_LARGEST:g}")
        if endpoint.endswith("_pct"):
            return self.numbers.within(row, endpoint, (0, 100), "a percentage from 0 to 100")
        most = 1.0 if endpoint == "mean_confidence" else _LARGEST
        return self.numbers.within(row, endpoint, (0, most), "a number, not negative")


def _codes(cell: str) -> tuple[str, ...]:
    """The quality flags in a cell, as psgpipe gather writes them."""
    return () if is_missing(cell) else tuple(cell.split())


def _first_said(cells: Mapping[str, str], columns: Sequence[str]) -> str | None:
    said = (cells.get(c, "") for c in columns)
    return next((cell for cell in said if not is_missing(cell)), None)
