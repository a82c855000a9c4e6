"""A small hypnogram: the stages of a night as paths, one unit wide for each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psgpipe.model.hypnogram import SCORED, SleepStage
from psgpipe.reports.colours import CONVENTIONAL_ORDER
from psgpipe.reports.svg_path import runs_of, step_path

EPOCHS_PER_PX = 4
"""30 pixels an hour, the same for all nights: a short night looks short."""
LEVELS = {str(stage): 3.0 + 8.0 * level for level, stage in enumerate(CONVENTIONAL_ORDER)}
HEIGHT = 38


@dataclass(frozen=True)
class SmallHypnogram:
    """The paths of a small hypnogram.

    Attributes
    ----------
    line, rem
        All stages, and REM again for a thicker line; blank where there is none.
    without_stage, out_of_bed
        First epoch and number of epochs of each run.
    """

    epochs: int
    line: str
    rem: str
    without_stage: tuple[tuple[int, int], ...] = ()
    out_of_bed: tuple[tuple[int, int], ...] = ()

    @property
    def width_px(self) -> float:
        """The width of the picture; that of a very short night can still be seen."""
        return max(self.epochs / EPOCHS_PER_PX, 2.0)


def small_hypnogram(stages: Sequence[str], in_bed: Sequence[bool]) -> SmallHypnogram:
    """The small hypnogram of consecutive epochs."""
    heights = [LEVELS.get(stage) for stage in stages]
    rem = [LEVELS["R"] if stage == SleepStage.R else None for stage in stages]
    scored = {str(stage) for stage in SCORED}
    return SmallHypnogram(
        len(stages),
        step_path(heights, 0, 1),
        step_path(rem, 0, 1),
        _lengths([stage not in scored for stage in stages]),
        _lengths([not bed for bed in in_bed]),
    )


def _lengths(marks: Sequence[bool]) -> tuple[tuple[int, int], ...]:
    return tuple((first, end - first) for first, end in runs_of(marks))
