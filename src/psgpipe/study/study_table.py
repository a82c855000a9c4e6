"""The study table: one row for each recording, checked whole before any recording is opened."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PureWindowsPath
from typing import cast

from psgpipe.model.ids import look_alike_key, one_person_key, one_spelling
from psgpipe.model.listed_night import CONDITIONS, ListedNight
from psgpipe.model.night import Night, Sex
from psgpipe.tables.cells import (
    Numbers,
    clock_or_date_time,
    date_time,
    is_missing,
    known_or_none,
    lights_in_order,
    likely_word,
    same_letters,
    yes_or_no,
)
from psgpipe.tables.delimited import Mistakes, Row, Table, read_table, shown

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
# A table of nights often ends with its own statistics.
_SUMMARIES = {
    "mean", "average", "median", "total", "sum", "sd", "std", "sem", "mean (sd)", "mean ± sd",
    "mittelwert", "summe", "moyenne", "promedio", "gemiddelde",
}  # fmt: skip
MOST_BYTES_IN_A_NAME, MOST_BYTES_IN_A_PATH = 255, 3000
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
    measures: Sequence[str] = (),
    named: Iterable[str] = (),
) -> Table:
    """The table with known columns in their spelling, and every one of them that is optional.

    A column that is probably a known one misspelled is a mistake if that one is not there; so is
    a required one that is absent. Optional columns and measures that are absent are added, blank.

    Parameters
    ----------
    measures : other tools have other words for what they measure, so that only the same letters
        with other marks or another spelling of the unit are a misspelling of one.
    named : columns that are wanted as they are.
    """
    known = (*required, *optional, *measures)
    names = {c: c.casefold() if c.casefold() in known else c for c in table.columns}
    absent = [c for c in known if c not in names.values()]
    explained = set()
    for column in (c for c in names.values() if c not in known and c not in named):
        likely = likely_word(column, [c for c in absent if c not in measures]) or same_letters(
            column, [c for c in absent if c in measures]
        )
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

    With `by_condition` nights may be numbered anew in each condition, and no folders are made
    whose names must differ.
    """
    keys = (one_person_key,) if by_condition else (one_person_key, look_alike_key)
    subjects, nights = _Ids(keys), _Ids(keys)
    for row in table.rows:
        usable = [_usable_id(row, column, mistakes) for column in ("subject", "night")]
        if not all(usable):
            continue
        subject, night = row.cells["subject"], row.cells["night"]
        first, first_row = subjects.first_like(subject, row.number)
        if first != subject:
            mistakes.row(
                row.number,
                f"column subject: {_apart(subject, first)} {_clash(subject, first)} of row "
                f"{first_row}",
            )
            continue
        condition = one_spelling(row.cells["condition"]) if by_condition else ""
        earlier, earlier_row = nights.first_like(night, row.number, (subject, condition))
        if earlier_row != row.number:
            what = "stands twice" if earlier == night else _clash(night, earlier)
            mistakes.row(
                row.number,
                f"column night: {_apart(night, earlier)} of subject {shown(subject)} {what}; see "
                f"row {earlier_row}",
            )


class _Ids:
    """Ids seen so far, found again by any of several keys."""

    def __init__(self, keys: Sequence[Callable[[str], str]]) -> None:
        self._keys = keys
        self._first: dict[tuple[object, ...], tuple[str, int]] = {}

    def first_like(self, name: str, row: int, of: tuple[str, ...] = ()) -> tuple[str, int]:
        """The first id like this one, and its row; this one itself where there was none."""
        keys = [(*of, number, key(name)) for number, key in enumerate(self._keys)]
        found = next((self._first[k] for k in keys if k in self._first), (name, row))
        for key in keys:
            self._first.setdefault(key, found)
        return found


def _clash(name: str, other: str) -> str:
    alike = one_person_key(name) == one_person_key(other)
    return f"{'is too like' if alike else 'would share a folder with'} {_apart(other, name)}"


def _apart(name: str, other: str) -> str:
    """An id as it may stand in a message, so that it can be told from one that looks the same."""
    return ascii(name) if one_spelling(name) == one_spelling(other) != name else shown(name)


def _usable_id(row: Row, column: str, mistakes: Mistakes) -> bool:
    cell = row.cells[column]
    problem = (
        "an id" if not cell
        else "an id that does not mean 'not known'" if is_missing(cell)
        else "an id of printable characters" if not cell.isprintable()
        else "an id, not a row of means or totals" if one_spelling(cell) in _SUMMARIES
        else None
    )  # fmt: skip
    if problem:
        mistakes.cell(row.number, column, problem, cell)
    return problem is None


def condition_of(row: Row, allowed: Sequence[str], mistakes: Mistakes) -> str | None:
    """The condition in one spelling; a misspelled or missing one is a mistake."""
    word = one_spelling(row.cells["condition"])
    if is_missing(word):
        wanted = f"one of {', '.join(CONDITIONS)}"
        mistakes.cell(row.number, "condition", wanted, row.cells["condition"])
        return None
    if word in CONDITIONS or word in {one_spelling(a) for a in allowed}:
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
    _check_design(row, numbers, mistakes)
    lights_off = clock_or_date_time(row, "lights_off", mistakes)
    lights_on = clock_or_date_time(row, "lights_on", mistakes)
    lights_in_order(row, lights_off, lights_on, mistakes)
    night = Night(
        subject=cells["subject"],
        night=cells["night"],
        condition=condition_of(row, conditions, mistakes),
        lights_off=lights_off,
        lights_on=lights_on,
        age_y=numbers.within(row, "age", (0, 120), "years from 0 to 120"),
        sex=_sex(row, mistakes),
        dose_end=date_time(row, "dose_end", mistakes),
        extra={c: t for c, t in cells.items() if c not in _ON_THE_NIGHT and not is_missing(t)},
    )
    return ListedNight(
        night=night,
        recording=_path(row, "recording", folder, mistakes) or folder / cells["recording"],
        scoring=_path(row, "scoring", folder, mistakes),
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


def _path(row: Row, column: str, folder: Path, mistakes: Mistakes) -> Path | None:
    """A path relative to the table; None where it is missing or longer than any disk allows."""
    cell = row.cells[column]
    if is_missing(cell):
        if column in REQUIRED:
            mistakes.cell(row.number, column, f"the path of a {column}", cell)
        return None
    longest = max(len(os.fsencode(name)) for name in re.split(r"[/\\]", cell))
    if longest > MOST_BYTES_IN_A_NAME or len(os.fsencode(cell)) > MOST_BYTES_IN_A_PATH:
        mistakes.cell(row.number, column, f"the path of a {column}, of a possible length", cell)
        return None
    return _beside(folder, cell)


def _beside(folder: Path, text: str) -> Path:
    """A path relative to the table; one written on Windows is understood elsewhere."""
    path = folder / text
    if "\\" not in text or os.sep != "/":
        return path
    # Where backslashes are letters the text is one name, and may be too long to be asked for.
    if len(os.fsencode(text)) > MOST_BYTES_IN_A_NAME or not path.exists():
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
