"""The rows of a table and their times, and what a format says of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from psgpipe.errors import ScoringInvalid
from psgpipe.model.header import Finding
from psgpipe.scorings.sources.clock_times import DateOrder, Moment

NO_EPOCH_LENGTH = Finding(
    "scoring-epoch-assumed", "the scoring does not say how long its epochs are: 30 s were assumed"
)


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
    start
        The clock of second 0 as the lines above the table give it, where rows have none.
    """

    name: str
    order: DateOrder | None = None
    is_clock: bool = False
    epoch_s: float | None = None
    start: Moment | None = None


class TableRow(NamedTuple):
    """The cells of a row, and the number of its line."""

    line: int
    cells: Sequence[str]

    def at(self, place: int) -> str:
        """A cell; empty where the row is too short."""
        return self.cells[place] if place < len(self.cells) else ""


class Times(NamedTuple):
    """Onsets of rows in seconds, and the clock of second 0.

    Attributes
    ----------
    epoch_s
        How long each row lasts, where rows are epochs.
    """

    onsets_s: list[float]
    start: dt.datetime | None = None
    start_clock: dt.time | None = None
    epoch_s: float | None = None
    findings: tuple[Finding, ...] = ()


def refuse_blank_lines(
    lines: Sequence[int], file: str, n_comments: Sequence[int] | None = None
) -> None:
    """Refuse blank lines between rows that follow one another: each may be an epoch, or none.

    A blank line behind every row is no epoch.

    Parameters
    ----------
    lines
        The number of every line with a stage.
    n_comments
        How many lines up to each of them are comments; None where none is.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
    """
    places = [line - n for line, n in zip(lines, n_comments or [0] * len(lines), strict=True)]
    steps = [b - a for a, b in pairwise(places)]
    if len(set(steps)) > 1:
        blank = lines[[step > min(steps) for step in steps].index(True)] + 1
        raise ScoringInvalid(
            f"{file}: line {blank}: a blank line among stages may be an epoch that is not scored",
            "Write ? for an epoch that is not scored, and remove the other blank lines.",
        )
