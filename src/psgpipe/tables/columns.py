"""Columns that tables of nights share: names, ids, conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from psgpipe.messages import likely_word
from psgpipe.model.ids import look_alike_key, one_person_key, one_spelling
from psgpipe.tables.cells import same_letters
from psgpipe.tables.delimited import Mistakes, Row, Table, shown
from psgpipe.tables.numbers import is_missing

CONDITIONS = ("baseline", "treatment", "followup", "washout", "adaptation")

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

    With `by_condition` each condition may have its own numbering of nights, and ids may give equal
    folder names.
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
    """The ids of earlier rows, by several keys."""

    def __init__(self, keys: Sequence[Callable[[str], str]]) -> None:
        self._keys = keys
        self._first: dict[tuple[object, ...], tuple[str, int]] = {}

    def first_like(self, name: str, row: int, of: tuple[str, ...] = ()) -> tuple[str, int]:
        """The first id like this one, and its row; this id where there is none."""
        keys = [(*of, number, key(name)) for number, key in enumerate(self._keys)]
        found = next((self._first[k] for k in keys if k in self._first), (name, row))
        for key in keys:
            self._first.setdefault(key, found)
        return found


def _clash(name: str, other: str) -> str:
    alike = one_person_key(name) == one_person_key(other)
    return f"{'is too like' if alike else 'would share a folder with'} {_apart(other, name)}"


def _apart(name: str, other: str) -> str:
    """An id for a message, escaped where another one looks the same."""
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
