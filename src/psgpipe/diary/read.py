"""Reads a diary: a table with a row a night, checked as a study table is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from psgpipe.diary.columns import (
    COUNTS,
    DATE,
    MINUTES,
    MORNING_DATE,
    OPTIONAL,
    SCALES,
    TIMES,
    YES_NO,
    note_columns_a_day,
    with_usual_names,
)
from psgpipe.diary.night import DiaryNight, endpoints
from psgpipe.diary.notes import notes_on_answers, with_notes_on_dates
from psgpipe.diary.times import DAY, minutes_between, night_date, read_day, read_times
from psgpipe.model.ids import composed
from psgpipe.sleep.local_clock import wanted_zone
from psgpipe.tables.cells import checked_text, yes_or_no
from psgpipe.tables.columns import check_ids, condition_of, with_known_names
from psgpipe.tables.delimited import Mistakes, Row, Table, read_table
from psgpipe.tables.numbers import Numbers, is_missing

MOST_MINUTES, MOST_AWAKENINGS, MOST_HOURS = 960, 99, 5.0
_YES, _NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0"}
_ON_THE_NIGHT = {"subject", "night", DATE, MORNING_DATE, *OPTIONAL}


@dataclass(frozen=True)
class Diary:
    """The nights of a diary, in its order; `file` is its name without folders."""

    file: str
    nights: tuple[DiaryNight, ...]


def read_diary(path: Path, conditions: Iterable[str] = ()) -> Diary:
    """The nights of a diary.

    Parameters
    ----------
    conditions
        Words of a comparison spec, beside the usual ones.

    Raises
    ------
    psgpipe.errors.StudyTableInvalid
        A column, row or cell is wrong; the message names each.
    """
    mistakes = Mistakes(path.name)
    table = with_usual_names(read_table(path), mistakes)
    dates = [column for column in (DATE, MORNING_DATE) if column in table.columns]
    if not dates:
        note_columns_a_day(table.columns, mistakes)
    table = with_known_names(table, ["subject", *(dates or [DATE])], OPTIONAL, mistakes)
    mistakes.refuse()
    if not table.rows:
        mistakes.table("no night is listed under the header")
    _check_subjects(table, mistakes)
    numbers = Numbers(table, [*MINUTES, *COUNTS, *SCALES], mistakes)
    nights = [_night(row, dates, numbers, [*conditions], mistakes) for row in table.rows]
    known = [night for night in nights if night is not None]
    _check_nights(known, mistakes)
    _check_for_hours(known, mistakes)
    mistakes.refuse()
    return Diary(path.name, tuple(with_notes_on_dates(known)))


def _check_subjects(table: Table, mistakes: Mistakes) -> None:
    """The checks of ids; the nights of a diary are dates, which are checked elsewhere."""
    rows = [
        Row(row.number, {**row.cells, "night": f"row{row.number}", "condition": ""})
        for row in table.rows
    ]
    check_ids(Table(table.file, table.columns, tuple(rows), table.delimiter), mistakes)


def _night(
    row: Row, dates: Sequence[str], numbers: Numbers, conditions: Sequence[str], mistakes: Mistakes
) -> DiaryNight | None:
    days = {column: read_day(row, column, mistakes) for column in dates}
    evening, morning = days.get(DATE), days.get(MORNING_DATE)
    timezone = checked_text(row, "timezone", wanted_zone, mistakes)
    times = read_times(row, evening, morning, timezone, mistakes)
    answers = _answers(row, numbers, mistakes)
    values, absent = endpoints(times, answers, timezone)
    date = _date(evening, morning, times.is_placed, next(iter(times.moments.values()), None))
    if date is None:
        return None
    if evening and morning and morning not in (evening, evening + DAY):
        wanted = f"{evening + DAY}, the day after the date"
        mistakes.cell(row.number, MORNING_DATE, wanted, row.cells[MORNING_DATE])
    period = minutes_between(times, "tried_to_sleep", "final_awakening", timezone)
    _check_minutes(row, values, period, mistakes)
    given = not is_missing(row.cells["condition"])
    return DiaryNight(
        subject=composed(row.cells["subject"]),
        date=date,
        row=row.number,
        times=times,
        values=values,
        absent=absent,
        condition=condition_of(row, conditions, mistakes) if given else None,
        excluded=yes_or_no(row, "exclude", mistakes),
        notes=notes_on_answers(values, answers["awakenings"]),
        extra={c: t for c, t in row.cells.items() if c not in _ON_THE_NIGHT and not is_missing(t)},
    )


def _date(
    evening: dt.date | None, morning: dt.date | None, is_placed: bool, begin: dt.datetime | None
) -> dt.date | None:
    if is_placed and begin is not None:
        return night_date(begin)
    return evening or (morning - DAY if morning else None)


def _answers(row: Row, numbers: Numbers, mistakes: Mistakes) -> dict[str, float | None]:
    answers: dict[str, float | None] = {
        name: numbers.within(row, name, (0, MOST_MINUTES), f"minutes from 0 to {MOST_MINUTES}")
        for name in MINUTES
    }
    for name, (low, high) in {"awakenings": (0, MOST_AWAKENINGS), **SCALES}.items():
        wanted = f"a whole number from {low} to {high}"
        value = numbers.within(row, name, (low, high), wanted)
        if value is not None and value != int(value):
            mistakes.cell(row.number, name, wanted, row.cells[name])
        answers[name] = value
    for name in YES_NO:
        answers[name] = _yes_no(row, name, mistakes)
    _check_answers(row, answers, mistakes)
    return answers


def _yes_no(row: Row, column: str, mistakes: Mistakes) -> float | None:
    """1 for yes, 0 for no; a blank cell is neither."""
    cell = row.cells[column].casefold()
    if is_missing(cell):
        return None
    if cell not in _YES | _NO:
        mistakes.cell(row.number, column, "yes or no", row.cells[column])
        return None
    return float(cell in _YES)


def _check_answers(row: Row, answers: dict[str, float | None], mistakes: Mistakes) -> None:
    if answers["awakenings"] == 0 and answers["awakenings_total_min"]:
        wanted = "0, as no awakening is counted (the final awakening is not one of them)"
        mistakes.cell(row.number, "awakenings_total_min", wanted, row.cells["awakenings_total_min"])
    if answers["dream_recall"] == 0 and answers["nightmare"]:
        wanted = "no, as no dream is recalled"
        mistakes.cell(row.number, "nightmare", wanted, row.cells["nightmare"])


def _check_minutes(
    row: Row, values: dict[str, float | None], period: float | None, mistakes: Mistakes
) -> None:
    """Note more minutes awake than lie between the try to sleep and the final awakening."""
    if period is None:
        return
    sol, waso = values["sol_min"] or 0.0, values["waso_min"] or 0.0
    column = "minutes_to_fall_asleep" if sol > period else "awakenings_total_min"
    if sol + waso > period:
        wanted = f"with the other minutes awake at most {period:.0f} min, from the try to sleep to "
        mistakes.cell(row.number, column, f"{wanted}the final awakening", row.cells[column])


def _check_for_hours(nights: Sequence[DiaryNight], mistakes: Mistakes) -> None:
    """Note a column of minutes whose answers look like hours: 0.5, 1 and 1.5, and none above 5."""
    for column, endpoint in zip(MINUTES, ("sol_min", "waso_min"), strict=True):
        answers = [(night.row, value) for night in nights if (value := night.values[endpoint])]
        fractions = [(row, value) for row, value in answers if value != int(value)]
        if len(answers) > 1 and fractions and max(value for _, value in answers) <= MOST_HOURS:
            wanted = f"minutes (no answer is above {MOST_HOURS:g}: are they hours?)"
            mistakes.cell(fractions[0][0], column, wanted, f"{fractions[0][1]:g}")


def _check_nights(nights: Sequence[DiaryNight], mistakes: Mistakes) -> None:
    """Note dates that stand twice, and nights that overlap."""
    first: dict[tuple[str, dt.date], int] = {}
    by_subject: dict[str, list[DiaryNight]] = {}
    for night in nights:
        earlier = first.setdefault((night.subject, night.date), night.row)
        if earlier != night.row:
            problem = f"column date: the night of {night.date} stands twice; see row {earlier}"
            mistakes.row(night.row, problem)
        by_subject.setdefault(night.subject, []).append(night)
    for of_subject in by_subject.values():
        placed = [n for n in of_subject if n.times.is_placed and n.times.moments]
        placed.sort(key=lambda n: min(n.times.moments.values()))
        for before, after in pairwise(placed):
            last, begin = max(before.times.moments.values()), min(after.times.moments.values())
            if begin < last and before.date != after.date:
                column = next(c for c in TIMES if c in after.times.moments)
                mistakes.row(
                    after.row,
                    f"column {column}: the night begins at {begin}, before that of row "
                    f"{before.row} ends at {last}",
                )
