"""Tables of stages or events of any program: columns by their names, times in any form."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from psgpipe.errors import ScoringInvalid
from psgpipe.model.header import Annotation
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.scoring import ScoredStage, Scoring
from psgpipe.scorings.formats.scoring_format import ReadOptions
from psgpipe.scorings.second_zero import counted_from_first_stage
from psgpipe.scorings.sources.text_rows import FoundTable
from psgpipe.scorings.stage_texts import StageText, stages_among_events, stages_in_column
from psgpipe.scorings.tables.row_times import RowTimes
from psgpipe.scorings.tables.table_columns import Columns
from psgpipe.scorings.tables.table_rows import TableRow, TableRules, Times

SHORTEST_STAGE_S = 5.0
SAME_S = 1e-3
_UNITS_BELOW = re.compile(r"\[\s*([^\]]*)\s*\]")


def read_table(found: FoundTable, rules: TableRules, options: ReadOptions, file: str) -> Scoring:
    """The stages of a table, and its other events as annotations.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        A line that has a stage has no time, or a column of stages holds something else.
    """
    columns, rows = _with_units_below(found)
    columns = _with_best_events(columns, rows, options)
    row_times = RowTimes(columns, rules, file, found.rows.delimiter != ",")
    reader = _TableReader(row_times, options)
    has_events = "event" in columns.place
    if not columns.stages or (has_events and reader.has_stages_among_events(rows)):
        return reader.events(rows)
    scoring = reader.stages(rows)
    if has_events and reader.has_several_events(rows) and not _is_tiled(scoring.stages):
        raise ScoringInvalid(
            f"{file}: a list of events, each with the stage at its time; it is not the hypnogram",
            "Export the stage of every epoch.",
        )
    return scoring


def _with_units_below(found: FoundTable) -> tuple[Columns, list[TableRow]]:
    """The columns with the units of the row below them, if there is one; the other rows."""
    columns, first = found.columns, found.columns.line + 1
    header = found.rows.cells[columns.line] if columns.line >= 0 else None
    rows = [
        TableRow(line, cells)
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


def _with_best_events(columns: Columns, rows: Sequence[TableRow], options: ReadOptions) -> Columns:
    """The columns with that one for the events that names most stages."""
    if len(columns.events) < 2:
        return columns

    def n_stages(place: int) -> int:
        return len(stages_among_events((row.at(place) for row in rows), options))

    return columns._replace(place={**columns.place, "event": max(columns.events, key=n_stages)})


def _with_blank_epochs(
    rows: Sequence[TableRow], staged: Sequence[TableRow], reader: RowTimes
) -> list[TableRow]:
    """The rows with a stage, and those with a time alone: between them, and right behind them."""
    lines = {row.line for row in staged}
    begin, last = (
        next(i for i, r in enumerate(rows) if r.line == s.line) for s in (staged[0], staged[-1])
    )
    between = [row for row in rows[begin : last + 1] if row.line in lines or reader.has_time(row)]
    behind = itertools.takewhile(reader.is_timed, rows[last + 1 :])
    return [*between, *behind]


def _is_tiled(stages: Sequence[ScoredStage]) -> bool:
    """Whether each stage begins where the one before it ends, as epochs do and events do not."""
    by_scorer: dict[str | None, list[ScoredStage]] = {}
    for stage in stages:
        by_scorer.setdefault(stage.scorer, []).append(stage)
    steps_s = [
        (b.onset_s - a.onset_s, a.duration_s)
        for own in by_scorer.values()
        for a, b in itertools.pairwise(own)
    ]
    usual_s = steps_s[0][0] if steps_s else 0.0
    return usual_s >= SHORTEST_STAGE_S and all(
        abs(step_s - (duration_s or usual_s)) <= SAME_S for step_s, duration_s in steps_s
    )


@dataclass(frozen=True)
class _TableReader:
    row_times: RowTimes
    options: ReadOptions

    def has_stages_among_events(self, rows: Sequence[TableRow]) -> bool:
        texts = (self.row_times.cell(row, "event") for row in rows)
        return bool(stages_among_events(texts, self.options))

    def has_several_events(self, rows: Sequence[TableRow]) -> bool:
        """Whether the column of events says something."""
        return len({self.row_times.cell(row, "event") for row in rows}) > 1

    def events(self, rows: Sequence[TableRow]) -> Scoring:
        """The stages among the events of a table."""
        reader = self.row_times
        stages = stages_among_events((reader.cell(row, "event") for row in rows), self.options)
        timed = [row for row in rows if reader.has_time(row)]
        for row in rows:
            if reader.cell(row, "event") in stages and not reader.has_time(row):
                raise reader.invalid(row.line, "a stage without a time")
            if reader.is_in_order() and reader.cell(row, "event") not in stages:
                raise reader.invalid(row.line, "an event among stages, and no column of times")
        times = reader.times(timed)
        scored, others = [], []
        for row, onset_s in zip(timed, times.onsets_s, strict=True):
            text, duration_s = reader.cell(row, "event"), reader.duration_s(row, onset_s, times)
            is_short = duration_s is not None and 0 < duration_s < SHORTEST_STAGE_S
            if text in stages and not is_short:
                scorer = reader.cell(row, "scorer") or None
                scored.append(ScoredStage(onset_s, duration_s, stages[text], text, scorer))
            elif text:
                others.append(Annotation(onset_s, duration_s, text))
        return counted_from_first_stage(self._scoring(scored, times, tuple(others)))

    def stages(self, rows: Sequence[TableRow]) -> Scoring:
        """The stages of a table that has a column of stages, or one for each scorer."""
        reader, columns = self.row_times, self.row_times.columns.stages
        used = [row for row in rows if any(row.at(place) for place in columns.values())]
        lasts_to_next = reader.lasts_to_next()
        if lasts_to_next and used:
            used = _with_blank_epochs(rows, used, reader)
        elif reader.is_in_order() and used:
            used = [row for row in rows if row.line <= used[-1].line]
        times = reader.times(used)
        scored: list[ScoredStage] = []
        for name, place in columns.items():
            timed = list(zip(used, times.onsets_s, strict=True))
            texts = [StageText(row.line, row.at(place)) for row, _ in timed if row.at(place)]
            named = iter(stages_in_column(texts, self.options, reader.file))
            for row, onset_s in timed:
                text = row.at(place)
                if not text and not lasts_to_next:
                    continue
                stage = next(named) if text else SleepStage.UNS  # it ends the stage before it
                scorer = name if len(columns) > 1 else reader.cell(row, "scorer") or None
                duration_s = reader.duration_s(row, onset_s, times)
                scored.append(ScoredStage(onset_s, duration_s, stage, text, scorer))
        return self._scoring(scored, times)

    def _scoring(
        self, scored: Sequence[ScoredStage], times: Times, others: tuple[Annotation, ...] = ()
    ) -> Scoring:
        return Scoring(
            file=self.row_times.file,
            format=self.row_times.rules.name,
            recognised_by=self.options.recognised_by,
            stages=tuple(scored),
            start=times.start,
            start_clock=times.start_clock,
            epoch_s=self.row_times.rules.epoch_s,
            annotations=others,
            findings=times.findings,
        )
