"""The study table: a row for each night. It is checked before any recording is opened."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PureWindowsPath
from typing import Literal, cast, get_args

from psgpipe.files.composed_name import as_stored
from psgpipe.model.ids import composed
from psgpipe.model.night import LightsSource, Night, Sex
from psgpipe.model.scoring import GivenScoring
from psgpipe.model.study_table_row import StudyTableRow
from psgpipe.sleep.local_clock import wanted_zone
from psgpipe.study.night_parts import one_row_a_night
from psgpipe.tables.cells import (
    checked_text,
    date_time,
    known_or_none,
    lights_in_order,
    lights_time,
    yes_or_no,
)
from psgpipe.tables.columns import ALIKE_OK, check_ids, condition_of, with_known_names
from psgpipe.tables.delimited import Mistakes, Row, Table, read_table
from psgpipe.tables.numbers import Numbers, is_missing

REQUIRED = ("subject", "night", "condition", "recording")
OPTIONAL = (
    "part",
    "lights_off",
    "lights_on",
    "lights_source",
    "timezone",
    "sleep_period",
    "age",
    "sex",
    "night_in_lab",
    "period",
    "sequence",
    "dose_mg_per_kg",
    "route",
    "infusion_no",
    "dose_end",
    "comedication",
    "scoring",
    "correction",
    "exclude",
    "exclude_reason",
    ALIKE_OK,
)
_NUMERIC = ("age", "sleep_period", "night_in_lab", "dose_mg_per_kg", "infusion_no")
_ON_THE_NIGHT = {
    *REQUIRED, "part", "lights_off", "lights_on", "lights_source", "age", "sex", "scoring",
    "correction", "exclude",
}  # fmt: skip
MOST_BYTES_IN_A_NAME, MOST_BYTES_IN_A_PATH = 255, 3000
# Words of nights.tsv, which may be a study table again; they declare nothing.
_OTHER_LIGHTS = {*get_args(LightsSource)} - {"diary"}
_SEXES = {"f": "F", "female": "F", "m": "M", "male": "M"}


def study_table(path: Path, conditions: Iterable[str] = ()) -> tuple[StudyTableRow, ...]:
    """The nights of a study table, in its order.

    ``night.extra`` keeps the cells of unknown columns that are not blank. `conditions` are further
    words of a comparison spec. Any word is allowed that is no misspelling of the usual five.
    """
    mistakes = Mistakes(path.name)
    table, further = one_row_a_night(_with_known_names(read_table(path), mistakes), mistakes)
    if not table.rows:
        mistakes.table("no night is listed under the header")
    numbers = Numbers(table, [c for c in _NUMERIC if c in table.columns], mistakes)
    nights = tuple(
        _listed(row, further.get(row.number, ()), path.parent, numbers, [*conditions], mistakes)
        for row in table.rows
    )
    check_ids(table, mistakes)
    _refuse_shared_recordings(nights, mistakes)
    mistakes.refuse()
    return nights


def _with_known_names(table: Table, mistakes: Mistakes) -> Table:
    # Nights that a person scored need no recording.
    needed = [c for c in REQUIRED if c != "recording" or "scoring" not in _folded(table.columns)]
    optional = [*OPTIONAL, *(c for c in REQUIRED if c not in needed)]
    return with_known_names(table, needed, optional, mistakes)


def _folded(columns: Iterable[str]) -> set[str]:
    return {column.casefold() for column in columns}


def _listed(
    row: Row,
    further: Sequence[Row],
    folder: Path,
    numbers: Numbers,
    conditions: Sequence[str],
    mistakes: Mistakes,
) -> StudyTableRow:
    cells = row.cells
    _check_design(row, numbers, mistakes)
    lights_off = lights_time(row, "lights_off", mistakes)
    lights_on = lights_time(row, "lights_on", mistakes)
    lights_in_order(row, lights_off, lights_on, mistakes)
    scoring = _path(row, "scoring", folder, mistakes)
    given = _given_scoring(row, scoring, folder, mistakes)
    recording = _path(row, "recording", folder, mistakes, needed=scoring is None)
    night = Night(
        subject=composed(cells["subject"]),
        night=composed(cells["night"]),
        condition=condition_of(row, conditions, mistakes),
        lights_off=lights_off,
        lights_on=lights_on,
        age_y=numbers.within(row, "age", (0, 120), "years from 0 to 120"),
        sex=_sex(row, mistakes),
        dose_end=date_time(row, "dose_end", mistakes),
        timezone=checked_text(row, "timezone", wanted_zone, mistakes),
        lights_source=_lights_source(row, lights_off, lights_on, mistakes),
        sleep_period=numbers.whole(row, "sleep_period", least=1),
        further_parts=tuple(
            _path(part, "recording", folder, mistakes, needed=True)
            or folder / part.cells["recording"]
            for part in further
        ),
        scoring=given,
        extra={c: t for c, t in cells.items() if c not in _ON_THE_NIGHT and not is_missing(t)},
    )
    return StudyTableRow(
        night=night,
        recording=recording or scoring or Path(),
        scoring=scoring,
        excluded=yes_or_no(row, "exclude", mistakes),
        exclude_reason=known_or_none(cells["exclude_reason"]),
        row=row.number,
    )


def _check_design(row: Row, numbers: Numbers, mistakes: Mistakes) -> None:
    """Note design cells that a comparison cannot use; the cells are kept as text."""
    numbers.whole(row, "night_in_lab", least=0)
    numbers.whole(row, "infusion_no", least=0)
    numbers.within(row, "dose_mg_per_kg", (0, 1000), "mg per kg, not negative")


def _sex(row: Row, mistakes: Mistakes) -> Sex | None:
    cell = row.cells["sex"]
    if is_missing(cell):
        return None
    if cell.casefold() not in _SEXES:
        mistakes.cell(row.number, "sex", "F or M", cell)
        return None
    return cast(Sex, _SEXES[cell.casefold()])


def _lights_source(
    row: Row, off: str | None, on: str | None, mistakes: Mistakes
) -> Literal["diary"] | None:
    """Whether the row declares that its lights are those of a diary."""
    cell = row.cells["lights_source"]
    if is_missing(cell) or cell.casefold() in _OTHER_LIGHTS:
        return None
    if cell.casefold() != "diary":
        mistakes.cell(row.number, "lights_source", "diary, or a blank cell", cell)
        return None
    if off is None and on is None:
        wanted = "the times of the diary in lights_off and lights_on"
        mistakes.cell(row.number, "lights_off", wanted, row.cells["lights_off"])
    return "diary"


def _given_scoring(
    row: Row, scoring: Path | None, folder: Path, mistakes: Mistakes
) -> GivenScoring | None:
    """The night's scoring or its correction; both for one night are a mistake."""
    correction = _path(row, "correction", folder, mistakes)
    if correction is None:
        scorer = _named(row, "scorer")
        return None if scoring is None else GivenScoring(scoring, scorer)
    if scoring is not None:
        what = "the night has a scoring, too: one of the two cells must be blank"
        mistakes.row(row.number, f"column correction: {what}")
    return GivenScoring(correction, use="correction", by=_named(row, "corrected_by"))


def _named(row: Row, column: str) -> str | None:
    """A cell of a column that is not one of `OPTIONAL`: "score" would be a misspelled "scorer"."""
    cells = (cell for name, cell in row.cells.items() if name.casefold() == column)
    return known_or_none(next(cells, ""))


def _path(
    row: Row, column: str, folder: Path, mistakes: Mistakes, *, needed: bool = False
) -> Path | None:
    """A path relative to the table; None where it is missing or too long for any disk."""
    cell = row.cells[column]
    if is_missing(cell):
        if needed:
            mistakes.cell(row.number, column, f"the path of a {column}", cell)
        return None
    longest = max(len(os.fsencode(name)) for name in re.split(r"[/\\]", cell))
    if longest > MOST_BYTES_IN_A_NAME or len(os.fsencode(cell)) > MOST_BYTES_IN_A_PATH:
        mistakes.cell(row.number, column, f"the path of a {column}, of a possible length", cell)
        return None
    return as_stored(_beside(folder, cell))


def _beside(folder: Path, text: str) -> Path:
    """A path relative to the table; backslashes of Windows are understood elsewhere."""
    path = folder / text
    if "\\" not in text or os.sep != "/":
        return path
    # Elsewhere the text with backslashes is one name, which may be too long for the system.
    if len(os.fsencode(text)) > MOST_BYTES_IN_A_NAME or not path.exists():
        return folder / PureWindowsPath(text).as_posix()
    return path


def _refuse_shared_recordings(nights: Sequence[StudyTableRow], mistakes: Mistakes) -> None:
    """Note a recording of two nights, unless each is another of its sleep periods."""
    earlier: dict[str, dict[int | None, int]] = {}
    for listed in (n for n in nights if not n.excluded and not is_missing(n.recording.name)):
        period = listed.night.sleep_period
        for recording in (listed.recording, *listed.night.further_parts):
            rows = earlier.setdefault(os.path.normcase(os.path.normpath(recording)), {})
            alike = [r for other, r in rows.items() if other == period or None in (other, period)]
            if alike:
                also = (
                    f" and sleep period {period}" if period is not None and period in rows else ""
                )
                found = f"the same recording{also} as in row {alike[0]}"
                mistakes.row(listed.row, f"column recording: {found}")
            rows.setdefault(period, listed.row)
