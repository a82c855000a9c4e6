"""Columns that tables of nights share: names, ids, conditions."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from psgpipe.messages import likely_word, without_controls
from psgpipe.model.ids import folder_key, one_person_key, one_spelling
from psgpipe.tables.cells import same_letters, yes_or_no
from psgpipe.tables.delimited import Mistakes, Row, Table, shown
from psgpipe.tables.numbers import is_missing
from psgpipe.tables.spreadsheet_ids import rounded_numbers

ALIKE_OK = "alike_ok"
"""The column that says of a row: its ids look like others, and are right."""
ALIKE_REMEDY = (
    f"Give one person (or night) one id; where they are two, rename one, or write yes in a column "
    f"{ALIKE_OK} of the row."
)
FOLDER_REMEDY = "Rename one id: on some disks both have the same folder."
CONDITIONS = ("baseline", "treatment", "followup", "washout", "adaptation")

_NAMES = ("subject", "night", "condition", "recording", "scoring")
"""Columns whose cells must stay as they are: a control character in an id is a mistake."""
# A table of nights often ends with its own statistics.
_SUMMARIES = {
    "mean", "average", "median", "total", "sum", "sd", "std", "sem", "mean (sd)", "mean ± sd",
    "mittelwert", "summe", "moyenne", "promedio", "gemiddelde",
}  # fmt: skip


def with_known_names(
    table: Table,
    required: Sequence[str],
    optional: Sequence[str],
    mistakes: Mistakes,
    *,
    measures: Sequence[str] = (),
    named: Iterable[str] = (),
) -> Table:
    """The table with known columns in their usual spelling, and with all optional columns.

    Cells have no control characters, except where they would change what the cell names: a night, a
    condition, a file.

    A column that looks like a misspelled known one is a mistake if the known one is absent. So is
    an absent required column. Absent optional columns and measures are added, blank. Columns in
    `named` are never a misspelling.

    Other tools have other names for measures: a column counts as a misspelled measure only if it
    has the same letters with other marks or another spelling of the unit.
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
    mistakes.absent.update(c for c in required if c in absent)
    missing = [c for c in required if c in absent and c not in explained]
    if missing:
        found = ", ".join(table.columns[:12])
        mistakes.table(f"wanted column {', '.join(missing)}, found {found}")
    blank = dict.fromkeys(absent, "")
    rows = [
        Row(row.number, {**{names[c]: _clean(names[c], t) for c, t in row.cells.items()}, **blank})
        for row in table.rows
    ]
    return Table(table.file, (*names.values(), *absent), tuple(rows), table.delimiter)


def _clean(column: str, cell: str) -> str:
    return cell if column in _NAMES else without_controls(cell)


def check_ids(table: Table, mistakes: Mistakes, *, by_condition: bool = False) -> None:
    """Note ids that are blank, unprintable, used twice, or alike but not the same.

    With `by_condition` each condition may have its own numbering of nights, and ids may give equal
    folder names. Ids in rows whose column `ALIKE_OK` says yes may look like others; they may not
    share a folder.
    """
    rows = [row for row in table.rows if _has_usable_ids(row, mistakes)]
    is_sure = {row.number: yes_or_no(row, ALIKE_OK, mistakes) for row in table.rows}
    sure = {row.cells["subject"] for row in rows if is_sure[row.number]}
    subjects, nights = _Ids(by_condition), _Ids(by_condition)
    first_rows: dict[str, int] = {}
    alike: set[str] = set()
    for row in rows:
        subject, night = row.cells["subject"], row.cells["night"]
        first, first_row = subjects.first_like(subject, row.number, is_sure=subject in sure)
        first_rows.setdefault(subject, row.number)
        if first != subject:
            if subject not in alike:
                _note_alike(row, "subject", subject, first, first_row, mistakes)
            alike.add(subject)
            continue
        condition = one_spelling(row.cells["condition"]) if by_condition else ""
        earlier, earlier_row = nights.first_like(
            night, row.number, (subject, condition), is_sure=is_sure[row.number]
        )
        if earlier_row != row.number and earlier == night:
            twice = f"{_apart(night, earlier)} of subject {shown(subject)} stands twice"
            mistakes.row(row.number, f"column night: {twice}; see row {earlier_row}")
        elif earlier_row != row.number:
            _note_alike(row, "night", night, earlier, earlier_row, mistakes)
    _note_rounded(first_rows, sure, mistakes)


def _note_alike(
    row: Row, column: str, name: str, other: str, other_row: int, mistakes: Mistakes
) -> None:
    is_alike = one_person_key(name) == one_person_key(other)
    of = f" of subject {shown(row.cells['subject'])}" if column == "night" else ""
    what = "is too like" if is_alike else "would share a folder with"
    mistakes.row(
        row.number,
        f"column {column}: {_apart(name, other)}{of} {what} {_apart(other, name)} of row "
        f"{other_row}",
        ALIKE_REMEDY if folder_key(name) != folder_key(other) else FOLDER_REMEDY,
    )


def _note_rounded(rows: Mapping[str, int], sure: Container[str], mistakes: Mistakes) -> None:
    """Note subjects that a spreadsheet may have written as rounded numbers."""
    for name, other in rounded_numbers(rows):
        if name not in sure and other not in sure:
            mistakes.row(
                rows[name],
                f"column subject: {shown(name)} may be {shown(other)} of row {rows[other]}, "
                "written as a number by a spreadsheet",
                ALIKE_REMEDY,
            )


class _Ids:
    """The ids of earlier rows, by their spelling and by their folder."""

    def __init__(self, folders_may_be_equal: bool) -> None:
        self._keys = (one_person_key,) if folders_may_be_equal else (one_person_key, folder_key)
        self._first: dict[tuple[object, ...], tuple[str, int]] = {}

    def first_like(
        self, name: str, row: int, of: tuple[str, ...] = (), *, is_sure: bool = False
    ) -> tuple[str, int]:
        """The first id like this one, and its row; this id where there is none.

        An id that is sure is only like itself, and like one with its folder.
        """
        keys = [(*of, key, key(name)) for key in self._keys]
        if is_sure:
            keys[0] = (*of, name)
        found = next((self._first[k] for k in keys if k in self._first), (name, row))
        for key in keys:
            self._first.setdefault(key, found)
        return found


def _apart(name: str, other: str) -> str:
    """An id for a message, escaped where another one looks the same."""
    return ascii(name) if one_spelling(name) == one_spelling(other) != name else shown(name)


def _has_usable_ids(row: Row, mistakes: Mistakes) -> bool:
    subject, night = (_usable_id(row, column, mistakes) for column in ("subject", "night"))
    return subject and night


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
    if not word.isprintable():
        wanted = "a word of printable characters"
        mistakes.cell(row.number, "condition", wanted, row.cells["condition"])
        return None
    if word in CONDITIONS or word in {one_spelling(a) for a in allowed}:
        return word
    likely = likely_word(word, CONDITIONS)
    if likely:
        mistakes.cell(row.number, "condition", f"{likely!r}, perhaps", row.cells["condition"])
        return None
    return word
