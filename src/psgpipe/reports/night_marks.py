"""The marks of a night's picture: lights, doses and the sedation window, with labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.night import StagedNight
from psgpipe.reports.stage_panels import Panel
from psgpipe.reports.svg_path import px
from psgpipe.reports.time_axis import TimeAxis
from psgpipe.sleep.local_clock import LocalClock
from psgpipe.sleep.sedation import dose_end_s

ROW, LETTER = 17.0, 8.2
"""The height of a row of labels, and about the width of a letter."""


@dataclass(frozen=True)
class Mark:
    """A label above the panels, and the x of its line through them; None for a label alone."""

    kind: str
    label: str
    x: float | None
    at: float
    is_late: bool
    row: int = 0

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where the label goes, about."""
        length = LETTER * len(self.label)
        return (self.at - length, self.at + 8) if self.is_late else (self.at - 8, self.at + length)


def night_marks(staged: StagedNight, axis: TimeAxis, clock: LocalClock) -> list[Mark]:
    """Lights, the end of a dose and the sedation window, with labels that do not overlap."""
    lights, hypnogram = staged.lights, staged.hypnogram
    marks = [
        _light("off", lights.off_s, lights.off_source, axis, clock),
        _light("on", lights.on_s, lights.on_source, axis, clock),
    ]
    end_s = dose_end_s(staged.night, hypnogram.start, hypnogram.start_clock)
    if end_s is not None and 0 <= end_s <= axis.recorded_s:
        marks.append(_mark("dose", f"dose ends {_hh_mm(clock, end_s)}", end_s, axis))
    if hypnogram.sedation is not None and hypnogram.sedation.any():
        first_s = float(np.flatnonzero(hypnogram.sedation)[0]) * EPOCH_S
        mark = _mark("sedation", "shaded: may be sedation after a dose, not sleep", first_s, axis)
        marks.append(replace(mark, x=None))
    return _in_rows(marks)


def _light(word: str, seconds: float, source: str, axis: TimeAxis, clock: LocalClock) -> Mark:
    if source != "recording":
        return _mark("lights", f"lights {word} {_hh_mm(clock, seconds)}", seconds, axis)
    is_off = word == "off"
    label = f"lights {word} not known: {'start' if is_off else 'end'} of the recording counts"
    return Mark("lights", label, None, axis.left if is_off else axis.right, not is_off)


def _mark(kind: str, label: str, seconds: float, axis: TimeAxis) -> Mark:
    x = min(max(axis.x(seconds), axis.left), axis.right)
    is_late = x > (axis.left + axis.right) / 2
    return Mark(kind, label, x, x - 5 if is_late else x + 5, is_late)


def _hh_mm(clock: LocalClock, seconds: float) -> str:
    shown = clock.clock_at(seconds)
    return shown[:5] if shown else f"{seconds / 60:.0f} min after the start"


def _in_rows(marks: list[Mark]) -> list[Mark]:
    """Each label in the first row where it covers no other."""
    placed: list[Mark] = []
    for mark in marks:
        row = 0
        while any(other.row == row and _overlap(mark, other) for other in placed):
            row += 1
        placed.append(replace(mark, row=row))
    return placed


def _overlap(mark: Mark, other: Mark) -> bool:
    return mark.reach[0] < other.reach[1] and other.reach[0] < mark.reach[1]


def mark_lines(marks: Sequence[Mark], places: Sequence[Panel], top: float) -> list[dict[str, str]]:
    """The lines of the marks: beside its label and through every panel; none crosses a text."""
    lines = []
    for mark in marks:
        if mark.x is not None:
            label = top + ROW * mark.row
            y = [(label + 3, label + ROW)]
            y += [(place.top, place.bottom) for place in places]
            path = "".join(f"M{px(mark.x)} {px(a)}V{px(b)}" for a, b in y)
            lines.append({"kind": mark.kind, "path": path})
    return lines


def mark_labels(marks: Sequence[Mark], top: float) -> list[dict[str, str]]:
    """The labels, in rows from `top` downwards."""
    return [
        {"kind": mark.kind, "x": px(mark.at), "y": px(top + ROW * mark.row + 13),
         "anchor": "end" if mark.is_late else "start", "label": mark.label}
        for mark in marks
    ]  # fmt: skip
