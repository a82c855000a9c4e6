"""Tables of stages or events of any program: columns by their names, times in any form."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from psgpipe.errors import ScoringInvalid
from psgpipe.model.header import Annotation, Finding
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.clock_times import (
    DateOrder,
    Moment,
    clock_times,
    read_date,
    read_moment,
)
from psgpipe.scorings.formats.scoring_format import ReadOptions
from psgpipe.scorings.number_text import number, seconds, whole_number
from psgpipe.scorings.second_zero import counted_from_first_stage
from psgpipe.scorings.stage_texts import StageText, stages_among_events, stages_in_column
from psgpipe.scorings.table_columns import Columns, Role
from psgpipe.scorings.text_rows import FoundTable

SHORTEST_STAGE_S = 5.0
LEAST_ROWS_FOR_A_STEP = 3
NO_EPOCH_LENGTH = Finding(
    "scoring-epoch-assumed", "the scoring does not say how long its epochs are: 30 s were assumed"
)
_UNITS_BELOW = re.compile(r"\[\s*([^\]]*)\s*\]")
_MISSING = {"", "-", "--", "n/a", "na", "nan", "none", "null"}


@dataclass(frozen=True)
class TableRules:
    """What a format says beyond the names of its columns.

    Attributes
    ----------
    name
        The format's name in the catalogue.
    order
        The order of day and month; None where the file has to tell it.
    is_clock
        Times without date are times of day, also where the first one is 00:00:00.
    epoch_s
        The length of an epoch as the file declares it.
    """

    name: str
    order: DateOrder | None = None
    is_clock: bool = False
    epoch_s: float | None = None


class _Row(NamedTuple):
    line: int
    cells: Sequence[str]


class _Times(NamedTuple):
    """Onsets of rows in seconds, and the clock of second 0."""

    onsets_s: list[float]
    start: dt.datetime | None = None
    start_clock: dt.time | None = None
    findings: tuple[Finding, ...] = ()


def read_table(found: FoundTable, rules: TableRules, options: ReadOptions, file: str) -> Scoring:
    """The stages of a table, and its other events as annotations.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        A line that has a stage has no time, or a column of stages holds something else.
    """
    columns, rows = _with_units_below(found)
    columns = _with_best_events(columns, rows, options)
    decimal_comma = found.rows.delimiter != ","
    reader = _TableReader(columns, rules, options, file, decimal_comma)
    if "event" in columns.place and reader.has_stages_among_events(rows):
        return reader.events(rows)
    if not columns.stages:
        return reader.events(rows)
    if "event" in columns.place and reader.has_events(rows):
        raise ScoringInvalid(
            f"{file}: a list of events, each with the stage at its time; it is not the hypnogram",
            "Export the stage of every epoch.",
        )
    return reader.stages(rows)


def _with_units_below(found: FoundTable) -> tuple[Columns, list[_Row]]:
    """The columns with the units of the row below them, if there is one; the other rows."""
    columns = found.columns
    first = columns.line + 1
    header = found.rows.cells[columns.line] if columns.line >= 0 else None
    rows = [
        _Row(line, cells)
        for line, cells in zip(found.rows.lines[first:], found.rows.cells[first:], strict=True)
        if cells != header  # on every page of some reports
    ]
    units = [_UNITS_BELOW.fullmatch(cell) for cell in rows[0].cells if cell] if rows else []
    if not units or not all(units):
        return columns, rows
    below = [match[1] if (match := _UNITS_BELOW.fullmatch(c)) else "" for c in rows[0].cells]
    unit = {
        role: below[place] or columns.unit[role]
        for role, place in columns.place.items()
        if place < len(below)
    }
    return columns._replace(unit={**columns.unit, **unit}), rows[1:]


def _with_best_events(columns: Columns, rows: Sequence[_Row], options: ReadOptions) -> Columns:
    """The columns with that one for the events that names most stages."""
    if len(columns.events) < 2:
        return columns

    def n_stages(place: int) -> int:
        return len(stages_among_events((_at(row, place) for row in rows), options))

    return columns._replace(place={**columns.place, "event": max(columns.events, key=n_stages)})


@dataclass(frozen=True)
class _TableReader:
    columns: Columns
    rules: TableRules
    options: ReadOptions
    file: str
    decimal_comma: bool

    def has_stages_among_events(self, rows: Sequence[_Row]) -> bool:
        return bool(stages_among_events((self._cell(r, "event") for r in rows), self.options))

    def has_events(self, rows: Sequence[_Row]) -> bool:
        """Whether the column of events says something."""
        return len({self._cell(row, "event") for row in rows}) > 1

    def events(self, rows: Sequence[_Row]) -> Scoring:
        """The stages among the events of a table."""
        stages = stages_among_events((self._cell(r, "event") for r in rows), self.options)
        timed = [row for row in rows if self._has_time(row)]
        for row in rows:
            if self._cell(row, "event") in stages and not self._has_time(row):
                raise self._invalid(row.line, "a stage without a time")
        times = self._times(timed)
        scored, others = [], []
        for row, onset_s in zip(timed, times.onsets_s, strict=True):
            text, duration_s = self._cell(row, "event"), self._duration_s(row, onset_s, times)
            is_short = duration_s is not None and 0 < duration_s < SHORTEST_STAGE_S
            if text in stages and not is_short:
                scorer = self._cell(row, "scorer") or None
                scored.append(ScoredStage(onset_s, duration_s, stages[text], text, scorer))
            elif text:
                others.append(Annotation(onset_s, duration_s, text))
        return counted_from_first_stage(self._scoring(scored, times, tuple(others)))

    def stages(self, rows: Sequence[_Row]) -> Scoring:
        """The stages of a table that has a column of stages, or one for each scorer."""
        scored: list[ScoredStage] = []
        several = len(self.columns.stages) > 1
        used = [row for row in rows if any(_at(row, p) for p in self.columns.stages.values())]
        times = self._times(used)
        for name, place in self.columns.stages.items():
            own = [(r, s) for r, s in zip(used, times.onsets_s, strict=True) if _at(r, place)]
            texts = [StageText(row.line, _at(row, place)) for row, _ in own]
            for (row, onset_s), text, stage in zip(
                own, texts, stages_in_column(texts, self.options, self.file), strict=True
            ):
                scorer = name if several else self._cell(row, "scorer") or None
                duration_s = self._duration_s(row, onset_s, times)
                scored.append(ScoredStage(onset_s, duration_s, stage, text.text, scorer))
        return self._scoring(scored, times)

    def _scoring(
        self, scored: Sequence[ScoredStage], times: _Times, others: tuple[Annotation, ...] = ()
    ) -> Scoring:
        return Scoring(
            file=self.file,
            format=self.rules.name,
            recognised_by=self.options.recognised_by,
            stages=tuple(scored),
            start=times.start,
            start_clock=times.start_clock,
            epoch_s=self.rules.epoch_s,
            annotations=others,
            findings=times.findings,
        )

    def _times(self, rows: Sequence[_Row]) -> _Times:
        """The onset of every row, by the column that tells most."""
        if not rows:
            return _Times([])
        if "onset" in self.columns.place:
            return self._elapsed_times(rows)
        role = self._time_role()
        if role is not None:
            if all(number(self._cell(row, role)) is not None for row in rows):
                return self._numbered_times(rows, role)
            return self._clock_times(rows, role)
        if "epoch" in self.columns.place:
            return self._epoch_times(rows)
        epoch_s = self.rules.epoch_s or EPOCH_S
        findings = () if self.rules.epoch_s else (NO_EPOCH_LENGTH,)
        return _Times([epoch_s * i for i in range(len(rows))], findings=findings)

    def _time_role(self) -> Role | None:
        roles: tuple[Role, ...] = ("start", "time")
        return next((role for role in roles if role in self.columns.place), None)

    def _has_time(self, row: _Row) -> bool:
        roles: tuple[Role, ...] = ("onset", "start", "time", "epoch")
        here = [role for role in roles if role in self.columns.place]
        return not here or self._cell(row, here[0]).casefold() not in _MISSING

    def _elapsed_times(self, rows: Sequence[_Row]) -> _Times:
        """Seconds since the start; a clock beside them tells the clock of second 0."""
        texts = [self._cell(row, "onset") for row in rows]
        moments = [read_moment(text) for text in texts]
        if all(m is not None and (m.date or m.unclear) for m in moments):
            return self._clock_times(rows, "onset")
        onsets_s = []
        for row, text in zip(rows, texts, strict=True):
            onset_s = self._seconds(row, text, self.columns.unit.get("onset", ""))
            if onset_s is None:
                raise self._invalid(row.line, "an onset that is no number")
            onsets_s.append(onset_s)
        role = self._time_role()
        if role is None or self._moment(rows[0], role) is None:
            return _Times(onsets_s)
        clock = self._clock_times(rows[:1], role)
        back = dt.timedelta(seconds=onsets_s[0])
        start = clock.start and clock.start - back
        midday = dt.datetime.combine(dt.date(2000, 1, 2), clock.start_clock or dt.time())
        return _Times(onsets_s, start, (midday - back).time(), clock.findings)

    def _numbered_times(self, rows: Sequence[_Row], role: Role) -> _Times:
        """Seconds since the start, where they can be nothing else."""
        unit = self.columns.unit.get(role, "")
        values = [number(self._cell(row, role)) or 0.0 for row in rows]
        steps = {round(b - a, 6) for a, b in pairwise(values)}
        if not unit and len(values) >= LEAST_ROWS_FOR_A_STEP and steps == {1.0}:
            raise ScoringInvalid(
                f"{self.file}: its times count 1, 2, 3 and may be seconds or epochs",
                "Call the column epoch, or onset if it counts seconds.",
            )
        onsets_s = [seconds(self._cell(row, role), unit) for row in rows]
        for row, onset_s in zip(rows, onsets_s, strict=True):
            if onset_s is None:
                raise self._invalid(row.line, "a time in an unknown unit")
        return _Times([s for s in onsets_s if s is not None])

    def _clock_times(self, rows: Sequence[_Row], role: Role) -> _Times:
        moments = []
        for row in rows:
            moment = self._moment(row, role)
            if moment is None:
                raise self._invalid(row.line, "a time that is none")
            moments.append(moment)
        first = moments[0]
        if len(rows) > 1 and all(moment == first for moment in moments):
            return self._from_one_time(rows, first)
        is_dated = first.date is not None or first.unclear is not None
        if first.of_day_s == 0.0 and not is_dated and not self.rules.is_clock and len(rows) > 1:
            raise ScoringInvalid(
                f"{self.file}: its times begin at 00:00:00 and may be times of day or times since "
                "the start",
                "Call the column onset if they count from the start, or add dates.",
            )
        times = clock_times(moments, [row.line for row in rows], self.file, self.rules.order)
        return _Times(times.onsets_s, times.start, times.start_clock, times.findings)

    def _from_one_time(self, rows: Sequence[_Row], moment: Moment) -> _Times:
        """The onsets of numbered epochs, where the column of times holds the start in every row."""
        if "epoch" not in self.columns.place:
            raise ScoringInvalid(
                f"{self.file}: all its times are the same",
                "Export the time of every epoch, or a column with the number of the epoch.",
            )
        clock = clock_times([moment], [rows[0].line], self.file, self.rules.order)
        times = self._epoch_times(rows)
        findings = (*times.findings, *clock.findings)
        return _Times(times.onsets_s, clock.start, clock.start_clock, findings)

    def _epoch_times(self, rows: Sequence[_Row]) -> _Times:
        """The onsets of numbered epochs, which count from 1, or from 0 where there is a 0."""
        numbers = []
        for row in rows:
            value = whole_number(self._cell(row, "epoch"))
            if value is None or value < 0:
                raise self._invalid(row.line, "a number of an epoch that is none")
            numbers.append(value)
        first = 0 if 0 in numbers else 1
        epoch_s = self.rules.epoch_s or self._epoch_s(rows)
        findings = () if epoch_s else (NO_EPOCH_LENGTH,)
        length_s = epoch_s or EPOCH_S
        return _Times([(n - first) * length_s for n in numbers], findings=findings)

    def _epoch_s(self, rows: Sequence[_Row]) -> float | None:
        """The length of an epoch by a column of durations, if they are all the same."""
        if "duration" not in self.columns.place:
            return None
        unit = self.columns.unit.get("duration", "")
        lengths = {self._seconds(r, self._cell(r, "duration"), unit) for r in rows}
        return lengths.pop() if len(lengths) == 1 else None

    def _duration_s(self, row: _Row, onset_s: float, times: _Times) -> float | None:
        if "duration" in self.columns.place:
            text = self._cell(row, "duration")
            if text.casefold() in _MISSING:
                return None
            duration_s = self._seconds(row, text, self.columns.unit.get("duration", ""))
            if duration_s is None or duration_s < 0:
                raise self._invalid(row.line, "a duration that is none")
            return duration_s
        if "end" not in self.columns.place or self._cell(row, "end").casefold() in _MISSING:
            return None
        return self._until_end_s(row, onset_s, times)

    def _until_end_s(self, row: _Row, onset_s: float, times: _Times) -> float:
        """The duration by a column of ends."""
        text = self._cell(row, "end")
        if times.start_clock is None:
            end_s = seconds(text, self.columns.unit.get("end", ""))
            if end_s is None or end_s < onset_s:
                raise self._invalid(row.line, "an end that is none")
            return end_s - onset_s
        role = self._time_role()
        begin, end = self._moment(row, role) if role else None, read_moment(text)
        if begin is None or end is None:
            raise self._invalid(row.line, "an end that is none")
        return round((end.of_day_s - begin.of_day_s) % 86_400, 6)

    def _moment(self, row: _Row, role: Role) -> Moment | None:
        moment = read_moment(self._cell(row, role))
        if moment is None or "date" not in self.columns.place:
            return moment
        date = read_date(self._cell(row, "date"))
        if date is None or moment.date or moment.unclear:
            return moment
        return moment._replace(date=date.date, unclear=date.unclear)

    def _seconds(self, row: _Row, text: str, unit: str) -> float | None:
        if "," in text and not self.decimal_comma:
            return None
        return seconds(text, "" if unit == "hh:mm:ss" else unit)

    def _cell(self, row: _Row, role: Role) -> str:
        place = self.columns.place.get(role)
        return "" if place is None else _at(row, place)

    def _invalid(self, line: int, what: str) -> ScoringInvalid:
        return ScoringInvalid(
            f"{self.file}: line {line}: {what}", "Export the scoring again, or correct the line."
        )


def _at(row: _Row, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""
