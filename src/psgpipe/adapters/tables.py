"""The study table: one row for each recording, checked whole before any recording is opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PureWindowsPath
from typing import cast

from psgpipe.adapters.cells import (
    Numbers,
    clock_or_date_time,
    date_time,
    is_missing,
    known_or_none,
    likely_word,
    yes_or_no,
)
from psgpipe.adapters.delimited import Mistakes, Row, Table, read_table, shown
from psgpipe.model.identity import look_alike_key
from psgpipe.model.night import Night, Sex
from psgpipe.model.study import CONDITIONS, ListedNight

REQUIRED = ("subject", "night", "condition", "recording")
OPTIONAL = (
    "lights_off",
    "lights_on",
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
    "exclude",
    "exclude_reason",
)
_NUMERIC = ("age", "night_in_lab", "dose_mg_per_kg", "infusion_no")
_ON_THE_NIGHT = {*REQUIRED, "lights_off", "lights_on", "age", "sex", "scoring", "exclude"}
_SEXES = {"f": "F", "female": "F", "m": "M", "male": "M"}


def study_table(path: Path, conditions: Iterable[str] = ()) -> tuple[ListedNight, ...]:
    """The nights that a study table lists, in its order.

    Unknown columns are kept in ``night.extra`` under their name; blank cells are left out there.

    Parameters
    ----------
    path : tab-, semicolon- or comma-separated.
    conditions : words allowed besides the usual five, as a comparison spec names them; without
        them any other word is allowed that is no misspelling of the five.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid : every mistake in the table, with row and column.
    """
    mistakes = Mistakes(path.name)
    table = with_known_names(read_table(path), REQUIRED, OPTIONAL, mistakes)
    if not table.rows:
        mistakes.table("no night is listed under the header")
    numbers = Numbers(table, [c for c in _NUMERIC if c in table.columns], mistakes)
    nights = tuple(
        _listed(row, path.parent, numbers, [*conditions], mistakes) for row in table.rows
    )
    check_ids(table, mistakes)
    _refuse_shared_recordings(nights, mistakes)
    mistakes.refuse()
    return nights


def with_known_names(
    table: Table,
    required: Sequence[str],
    optional: Sequence[str],
    mistakes: Mistakes,
    *,
    strict: bool = True,
) -> Table:
    """The table with known columns in their spelling, and every one of them that is optional.

    A column that is probably a known one misspelled is a mistake if that one is not there; so is
    a required one that is absent. Optional columns that are absent are added, blank. Without
    `strict` only misspellings of required columns are looked for: other tools have other words.
    """
    known = (*required, *optional)
    names = {c: c.casefold() if c.casefold() in known else c for c in table.columns}
    absent = [c for c in known if c not in names.values()]
    explained = set()
    for column in names.values():
        candidates = absent if strict else [c for c in absent if c in required]
        likely = None if column in known else likely_word(column, candidates)
        if likely:
            explained.add(likely)
            mistakes.table(f"column {shown(column)} is unknown; did you mean {likely!r}?")
    missing = [c for c in required if c in absent and c not in explained]
    if missing:
        found = ", ".join(table.columns[:12])
        mistakes.table(f"wanted column {', '.join(missing)}, found {found}")
    blank = dict.fromkeys(absent, "")
    rows = [
        Row(row.number, {**{names[c]: cell for c, cell in row.cells.items()}, **blank})
        for row in table.rows
    ]
    return Table(table.file, (*names.values(), *absent), tuple(rows), table.delimiter)


def check_ids(table: Table, mistakes: Mistakes, *, by_condition: bool = False) -> None:
    """Note ids that are blank, unprintable, used twice, or alike but not the same.

    With `by_condition` nights may be numbered anew in each condition.
    """
    subjects: dict[str, tuple[str, int]] = {}
    nights: dict[tuple[str, str, str], tuple[str, str, int]] = {}
    for row in table.rows:
        subject, night = row.cells["subject"], row.cells["night"]
        usable = [_usable_id(row, column, mistakes) for column in ("subject", "night")]
        if not all(usable):
            continue
        key = look_alike_key(subject)
        first, first_row = subjects.setdefault(key, (subject, row.number))
        if first != subject:
            mistakes.row(
                row.number,
                f"column subject: {shown(subject)} is too like {shown(first)} of row {first_row}",
            )
        condition = row.cells["condition"].casefold() if by_condition else ""
        identity = (key, look_alike_key(night), condition)
        earlier = nights.setdefault(identity, (subject, night, row.number))
        if earlier[2] != row.number:
            what = "stands twice" if earlier[1] == night else f"is too like {shown(earlier[1])}"
            mistakes.row(
                row.number,
                f"column night: {shown(night)} of subject {shown(subject)} {what}; see row "
                f"{earlier[2]}",
            )


def _usable_id(row: Row, column: str, mistakes: Mistakes) -> bool:
    cell = row.cells[column]
    if is_missing(cell) or not cell.isprintable():
        mistakes.cell(row.number, column, "an id of printable characters", cell)
        return False
    return True


def condition_of(row: Row, allowed: Sequence[str], mistakes: Mistakes) -> str | None:
    """The condition in lower case; a misspelled or missing one is a mistake."""
    word = " ".join(row.cells["condition"].casefold().split())
    if is_missing(word):
        mistakes.cell(row.number, "condition", f"one of {', '.join(CONDITIONS)}", word)
        return None
    if word in CONDITIONS or word in {a.casefold() for a in allowed}:
        return word
    likely = likely_word(word, CONDITIONS)
    if likely:
        mistakes.cell(row.number, "condition", f"{likely!r}, perhaps", row.cells["condition"])
        return None
    return word


def _listed(
    row: Row, folder: Path, numbers: Numbers, conditions: Sequence[str], mistakes: Mistakes
) -> ListedNight:
    cells = row.cells
    if is_missing(cells["recording"]):
        mistakes.cell(row.number, "recording", "the path of a recording", cells["recording"])
    _check_design(row, numbers, mistakes)
    night = Night(
        subject=cells["subject"],
        night=cells["night"],
        condition=condition_of(row, conditions, mistakes),
        lights_off=clock_or_date_time(row, "lights_off", mistakes),
        lights_on=clock_or_date_time(row, "lights_on", mistakes),
        age_y=numbers.within(row, "age", (0, 120), "years from 0 to 120"),
        sex=_sex(row, mistakes),
        dose_end=date_time(row, "dose_end", mistakes),
        extra={c: t for c, t in cells.items() if c not in _ON_THE_NIGHT and not is_missing(t)},
    )
    return ListedNight(
        night=night,
        recording=_beside(folder, cells["recording"]),
        scoring=None if is_missing(cells["scoring"]) else _beside(folder, cells["scoring"]),
        excluded=yes_or_no(row, "exclude", mistakes),
        exclude_reason=known_or_none(cells["exclude_reason"]),
        row=row.number,
    )


def _check_design(row: Row, numbers: Numbers, mistakes: Mistakes) -> None:
    """Note design cells that a comparison could not use; they are kept as text."""
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


def _beside(folder: Path, text: str) -> Path:
    """A path relative to the table; one written on Windows is understood elsewhere."""
    path = folder / text
    if "\\" in text and os.sep == "/" and not path.exists():
        return folder / PureWindowsPath(text).as_posix()
    return path


def _refuse_shared_recordings(nights: Sequence[ListedNight], mistakes: Mistakes) -> None:
    first: dict[str, int] = {}
    for listed in (n for n in nights if not n.excluded and not is_missing(n.recording.name)):
        key = os.path.normcase(os.path.normpath(listed.recording))
        row = first.setdefault(key, listed.row)
        if row != listed.row:
            mistakes.row(listed.row, f"column recording: the same recording as in row {row}")


__all__ = ["ListedNight", "Row", "Table", "read_table", "study_table"]
