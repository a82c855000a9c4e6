"""The times of the rows of a table: seconds, times of day, numbers of epochs, or their order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from psgpipe.errors import ScoringInvalid
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.scorings.sources.clock_times import (
    Moment,
    clock_times,
    read_date,
    read_moment,
)
from psgpipe.scorings.sources.number_text import number, seconds, whole_number
from psgpipe.scorings.tables.table_columns import Columns, Role
from psgpipe.scorings.tables.table_rows import (
    NO_EPOCH_LENGTH,
    TableRow,
    TableRules,
    Times,
    refuse_blank_lines,
)

LEAST_ROWS_FOR_A_STEP = 3
DAY_S = 86_400.0
LONGEST_FIRST_S = 60.0
"""Times since the start may begin at 0, or at the end of the first epoch."""
_CLOCK_ROLES: tuple[Role, ...] = ("start", "time")
_MISSING = {"", "-", "--", "n/a", "na", "nan", "none", "null"}


@dataclass(frozen=True)
class RowTimes:
    """Reads the times of the rows of one table; errors name the line."""

    columns: Columns
    rules: TableRules
    file: str
    has_decimal_comma: bool

    def times(self, rows: Sequence[TableRow]) -> Times:
        """The onset of every row, by the column that tells most."""
        if not rows:
            return Times([])
        times = self._times_of_rows(rows)
        if times.start_clock is not None or self.rules.start is None:
            return times
        clock = clock_times([self.rules.start], [0], self.file, self.rules.order)
        return times._replace(start=clock.start, start_clock=clock.start_clock)

    def _times_of_rows(self, rows: Sequence[TableRow]) -> Times:
        if "onset" in self.columns.place:
            return self._elapsed(rows)
        role = self._clock_role()
        if role is not None:
            if all(number(self.cell(row, role)) is not None for row in rows):
                return self._numbers(rows, role)
            return self._clock(rows, role)
        if "epoch" in self.columns.place:
            return self._epochs(rows)
        return self._in_order(rows)

    def has_time(self, row: TableRow) -> bool:
        """Whether the cell with the time of a row is filled."""
        roles: tuple[Role, ...] = ("onset", *_CLOCK_ROLES, "epoch")
        here = [role for role in roles if role in self.columns.place]
        return not here or self.cell(row, here[0]).casefold() not in _MISSING

    def is_in_order(self) -> bool:
        """Whether no column tells the time of a row: rows follow one another."""
        return not {"onset", *_CLOCK_ROLES, "epoch"} & self.columns.place.keys()

    def is_timed(self, row: TableRow) -> bool:
        """Whether the cell with the time of a row holds a time or a number."""
        roles: tuple[Role, ...] = ("onset", *_CLOCK_ROLES)
        cell = next((self.cell(row, role) for role in roles if role in self.columns.place), "")
        return number(cell) is not None or read_moment(cell) is not None

    def lasts_to_next(self) -> bool:
        """Whether rows have a time, and neither a duration nor an end."""
        return bool({"onset", *_CLOCK_ROLES} & self.columns.place.keys()) and not (
            {"duration", "end"} & self.columns.place.keys()
        )

    def duration_s(self, row: TableRow, onset_s: float, times: Times) -> float | None:
        """How long a row lasts; None where the table does not say."""
        if "duration" in self.columns.place:
            text = self.cell(row, "duration")
            if text.casefold() in _MISSING:
                return None
            duration_s = self._seconds(text, self.columns.unit.get("duration", ""))
            if duration_s is None or duration_s < 0:
                raise self.invalid(row.line, "a duration that is none")
            return duration_s
        if "end" in self.columns.place and self.cell(row, "end").casefold() not in _MISSING:
            return self._until_end_s(row, onset_s, times)
        return times.epoch_s

    def cell(self, row: TableRow, role: Role) -> str:
        """The cell of a row in the column of this meaning; empty where there is none."""
        place = self.columns.place.get(role)
        return "" if place is None else row.at(place)

    def invalid(self, line: int, what: str) -> ScoringInvalid:
        """The error for a line."""
        return ScoringInvalid(
            f"{self.file}: line {line}: {what}", "Export the scoring again, or correct the line."
        )

    def _clock_role(self) -> Role | None:
        return next((role for role in _CLOCK_ROLES if role in self.columns.place), None)

    def _elapsed(self, rows: Sequence[TableRow]) -> Times:
        """Seconds since the start; a clock beside them tells the clock of second 0."""
        moments = [read_moment(self.cell(row, "onset")) for row in rows]
        if all(m is not None and (m.date or m.unclear) for m in moments):
            return self._clock(rows, "onset")
        onsets_s = self._all_seconds(rows, "onset", "an onset that is no number")
        role = self._clock_role()
        if role is None or self._moment(rows[0], role) is None:
            return Times(onsets_s)
        clock = self._clock(rows[:1], role)
        back = dt.timedelta(seconds=onsets_s[0])
        any_day = dt.datetime.combine(dt.date(2001, 1, 2), clock.start_clock or dt.time())
        start = clock.start and clock.start - back
        return Times(onsets_s, start, (any_day - back).time(), findings=clock.findings)

    def _numbers(self, rows: Sequence[TableRow], role: Role) -> Times:
        """Seconds since the start, where they can be nothing else."""
        values = [number(self.cell(row, role)) or 0.0 for row in rows]
        steps = {round(b - a, 6) for a, b in pairwise(values)}
        has_unit = bool(self.columns.unit.get(role))
        if not has_unit and len(values) >= LEAST_ROWS_FOR_A_STEP and steps == {1.0}:
            raise ScoringInvalid(
                f"{self.file}: its times count 1, 2, 3 and may be seconds or epochs",
                "Call the column epoch, or onset if it counts seconds.",
            )
        return Times(self._all_seconds(rows, role, "a time in an unknown unit"))

    def _all_seconds(self, rows: Sequence[TableRow], role: Role, problem: str) -> list[float]:
        onsets_s = []
        for row in rows:
            onset_s = self._seconds(self.cell(row, role), self.columns.unit.get(role, ""))
            if onset_s is None:
                raise self.invalid(row.line, problem)
            onsets_s.append(onset_s)
        return onsets_s

    def _clock(self, rows: Sequence[TableRow], role: Role) -> Times:
        moments = []
        for row in rows:
            moment = self._moment(row, role)
            if moment is None:
                raise self.invalid(row.line, "a time that is none")
            moments.append(moment)
        first = moments[0]
        if len(rows) > 1 and all(moment == first for moment in moments):
            return self._from_one_time(rows, first)
        is_dated = first.date is not None or first.unclear is not None
        may_be_elapsed = first.of_day_s <= LONGEST_FIRST_S and not is_dated
        if may_be_elapsed and not self.rules.is_clock and len(rows) > 1:
            raise ScoringInvalid(
                f"{self.file}: its times begin at 00:{first.of_day_s // 60:02.0f}:"
                f"{first.of_day_s % 60:02.0f} and may be times of day or times since the start",
                "Call the column onset if they count from the start, or add dates.",
            )
        clock = clock_times(moments, [row.line for row in rows], self.file, self.rules.order)
        return Times(clock.onsets_s, clock.start, clock.start_clock, findings=clock.findings)

    def _from_one_time(self, rows: Sequence[TableRow], moment: Moment) -> Times:
        """The onsets of numbered epochs, where the column of times holds the start in every row."""
        if "epoch" not in self.columns.place:
            raise ScoringInvalid(
                f"{self.file}: all its times are the same",
                "Export the time of every epoch, or a column with the number of the epoch.",
            )
        clock = clock_times([moment], [rows[0].line], self.file, self.rules.order)
        times = self._epochs(rows)
        return times._replace(
            start=clock.start,
            start_clock=clock.start_clock,
            findings=(*times.findings, *clock.findings),
        )

    def _epochs(self, rows: Sequence[TableRow]) -> Times:
        """The onsets of numbered epochs, which count from 1, or from 0 where there is a 0."""
        numbers = []
        for row in rows:
            value = whole_number(self.cell(row, "epoch"))
            if value is None or value < 0:
                raise self.invalid(row.line, "a number of an epoch that is none")
            numbers.append(value)
        first = 0 if 0 in numbers else 1
        declared_s = self.rules.epoch_s or self._only_duration_s(rows)
        return self._of_epochs([float(n - first) for n in numbers], declared_s)

    def _in_order(self, rows: Sequence[TableRow]) -> Times:
        """The onsets of rows that follow one another, each scorer's for themselves."""
        if "end" in self.columns.place and "duration" not in self.columns.place:
            raise ScoringInvalid(
                f"{self.file}: each stage has an end, and no start",
                "Export the onset of every stage, too.",
            )
        refuse_blank_lines([row.line for row in rows], self.file)
        has_durations = "duration" in self.columns.place
        length_s = self.rules.epoch_s or EPOCH_S
        reached_s: dict[str, float] = {}
        onsets_s = []
        for row in rows:
            scorer = self.cell(row, "scorer")
            onsets_s.append(reached_s.get(scorer, 0.0))
            lasts_s = self.duration_s(row, 0.0, Times([])) if has_durations else length_s
            if lasts_s is None:
                raise self.invalid(row.line, "a stage without a duration, and no column of times")
            reached_s[scorer] = round(onsets_s[-1] + lasts_s, 6)
        is_known = has_durations or self.rules.epoch_s
        return Times(onsets_s, epoch_s=length_s, findings=() if is_known else (NO_EPOCH_LENGTH,))

    def _of_epochs(self, counts: Sequence[float], declared_s: float | None) -> Times:
        epoch_s = declared_s or EPOCH_S
        findings = () if declared_s else (NO_EPOCH_LENGTH,)
        return Times([count * epoch_s for count in counts], epoch_s=epoch_s, findings=findings)

    def _only_duration_s(self, rows: Sequence[TableRow]) -> float | None:
        """The length of an epoch by a column of durations; the last epoch may be cut."""
        if "duration" not in self.columns.place:
            return None
        lengths_s = [self.duration_s(row, 0.0, Times([])) for row in rows]
        first_s, last_s = lengths_s[0], lengths_s[-1]
        if any(length_s != first_s for length_s in lengths_s[:-1]):
            raise ScoringInvalid(
                f"{self.file}: numbered epochs with different durations: their times are not clear",
                "Export the onset of every stage in seconds, or epochs of one length.",
            )
        is_cut = last_s is None or (first_s is not None and last_s <= first_s)
        return first_s if is_cut else None

    def _until_end_s(self, row: TableRow, onset_s: float, times: Times) -> float:
        """The duration by a column of ends."""
        text = self.cell(row, "end")
        role = self._clock_role()
        begin = self._moment(row, role) if role and times.start_clock is not None else None
        if begin is None:
            end_s = self._seconds(text, self.columns.unit.get("end", ""))
            if end_s is None or end_s < onset_s:
                raise self.invalid(row.line, "an end that is none")
            return end_s - onset_s
        end = read_moment(text)
        if end is None:
            raise self.invalid(row.line, "an end that is none")
        return round((end.of_day_s - begin.of_day_s) % DAY_S, 6)

    def _moment(self, row: TableRow, role: Role) -> Moment | None:
        moment = read_moment(self.cell(row, role))
        if moment is None or "date" not in self.columns.place:
            return moment
        date = read_date(self.cell(row, "date"))
        if date is None or moment.date or moment.unclear:
            return moment
        return moment._replace(date=date.date, unclear=date.unclear)

    def _seconds(self, text: str, unit: str) -> float | None:
        if "," in text and not self.has_decimal_comma:
            return None
        return seconds(text, "" if unit == "hh:mm:ss" else unit)
