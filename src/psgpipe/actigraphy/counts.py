"""Activity counts: what a watch has recorded, one number for each of its epochs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from psgpipe.messages import short_repr

Maker = Literal["actigraph", "actiwatch", "condor", "motionwatch"]
Counts = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ActivityCounts:
    """The counts of a watch by its own clock.

    Attributes
    ----------
    start
        Local time of the first epoch by the clock of the watch.
    counts
        Shape (n_epochs,), of the axis that scoring uses; NaN where nothing was recorded.
    maker
        Whose counts they are; None where the file does not say.
    movement
        Counts of all axes together, where the watch has several: they tell whether it was worn.
    off_wrist
        Epochs in which the watch says that nobody wore it, or a person has excluded them.
    markers
        Times at which the wearer pressed the button.
    notes
        What may be wrong with the file.
    """

    start: dt.datetime
    epoch_s: float
    counts: Counts
    maker: Maker | None = None
    movement: Counts | None = None
    off_wrist: Flags | None = None
    markers: tuple[dt.datetime, ...] = ()
    format: str = ""
    notes: tuple[str, ...] = ()

    __repr__ = short_repr

    def __len__(self) -> int:
        return self.counts.size

    @property
    def times(self) -> list[dt.datetime]:
        """The start of each epoch."""
        step = dt.timedelta(seconds=self.epoch_s)
        return [self.start + number * step for number in range(len(self))]

    @property
    def recorded(self) -> Flags:
        """Epochs with a count."""
        return np.isfinite(self.counts)

    @property
    def marked_off_wrist(self) -> Flags:
        """Epochs that the file marks as not worn; none where it has no marks."""
        return np.zeros(len(self), bool) if self.off_wrist is None else self.off_wrist
