"""What may be wrong with rows of a diary that can nevertheless be right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from psgpipe.diary.night import DiaryNight
from psgpipe.diary.times import DAY

TWICE = (
    "the minutes awake are those between the final awakening and getting up: the final awakening "
    "may be counted twice"
)
MANY = "more awakenings than minutes awake: are the two columns exchanged?"
LONG_H = 13.0
FAR, FEWEST_NIGHTS = dt.timedelta(days=180), 3
"""A night so far from all others of its subject has perhaps another year."""


def notes_on_answers(
    values: Mapping[str, float | None], awakenings: float | None
) -> tuple[str, ...]:
    """Notes on the answers of one night."""
    notes = []
    waso, after, tib = values["waso_min"], values["after_waking_min"], values["tib_min"]
    if waso and waso == after and awakenings in (None, 1):
        notes.append(TWICE)
    if waso and awakenings and awakenings > waso:
        notes.append(MANY)
    if tib is not None and tib > 60 * LONG_H:
        notes.append(f"{tib / 60:.1f} h in bed: are these the times of a 12-hour clock?")
    return tuple(notes)


def with_notes_on_dates(nights: Sequence[DiaryNight]) -> Iterator[DiaryNight]:
    """The nights, with notes on dates that may be wrong."""
    dates: dict[str, set[dt.date]] = {}
    for night in nights:
        dates.setdefault(night.subject, set()).add(night.date)
    for night in nights:
        notes = (*_late(night, dates[night.subject]), *_far(night, dates[night.subject]))
        yield replace(night, notes=(*night.notes, *notes)) if notes else night


def _late(night: DiaryNight, dates: set[dt.date]) -> Iterator[str]:
    """A night that begins after midnight, behind a date without a row, may be that date's."""
    begin = next(iter(night.times.moments.values()), None)
    is_late = night.times.is_placed and begin is not None and begin.date() > night.date
    before = night.date - DAY
    if is_late and night.date != min(dates) and before not in dates:
        yield f"begins after midnight, and {before} has no row: is {night.date} its evening?"


def _far(night: DiaryNight, dates: set[dt.date]) -> Iterator[str]:
    away = [abs(night.date - other) for other in dates if other != night.date]
    if len(dates) >= FEWEST_NIGHTS and min(away) > FAR:
        yield f"lies {min(away).days} days from the other nights: is the year right?"
