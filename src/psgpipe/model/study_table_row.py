"""A night of a study, as its table lists it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psgpipe.model.night import Night


@dataclass(frozen=True)
class StudyTableRow:
    """One row of a study table: a night, its recording, and whether it is excluded.

    Design columns (dose, period, ...) and unknown columns are in ``night.extra``. `recording` can
    be opened as it is. `scoring` is an expert's. `row` counts as a spreadsheet does, the header
    being row 1.
    """

    night: Night
    recording: Path
    scoring: Path | None = None
    excluded: bool = False
    exclude_reason: str | None = None
    row: int = 0
