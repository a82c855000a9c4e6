"""Sleep stages of 30-s epochs: one stage each (Hypnogram) or five probabilities (Hypnodensity)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from psgpipe.messages import count_of
from psgpipe.model.arrays import read_only

if TYPE_CHECKING:
    import pandas as pd
    import yasa

EPOCH_S = 30.0
EPOCH_MIN = EPOCH_S / 60


class SleepStage(StrEnum):
    """An AASM stage, or why an epoch has none."""

    W = "W"
    N1 = "N1"
    N2 = "N2"
    N3 = "N3"
    R = "R"
    ART = "ART"
    """Artefact: there is signal and it cannot be staged."""
    UNS = "UNS"
    """Unscored: no signal (a gap, a tail) or outside the staging window."""


SCORED = (SleepStage.W, SleepStage.N1, SleepStage.N2, SleepStage.N3, SleepStage.R)
SLEEP = SCORED[1:]
NREM = (SleepStage.N1, SleepStage.N2, SleepStage.N3)


@dataclass(frozen=True, eq=False)
class Hypnogram:
    """Stages of consecutive 30-s epochs, from the start of the recording.

    Attributes
    ----------
    in_bed
        Bool, shape (n_epochs,): at least half of the epoch lies between lights off and lights on.
        All true where it is not given.
    start, start_clock
        Naive local date and time, and time of day, of the first epoch.
    sedation
        Bool, shape (n_epochs,): some of the epoch lies within the sedation window of a dose; None
        where no dose is known.
    """

    stages: tuple[SleepStage, ...]
    in_bed: npt.NDArray[np.bool_] = None  # type: ignore[assignment]  # filled in below
    start: dt.datetime | None = None
    start_clock: dt.time | None = None
    sedation: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "stages", tuple(SleepStage(stage) for stage in self.stages))
        in_bed = np.ones(len(self.stages), bool) if self.in_bed is None else self.in_bed
        set_field(self, "in_bed", read_only(in_bed, np.bool_))
        if len(self.in_bed) != len(self.stages):
            raise ValueError(
                f"{count_of(len(self.in_bed), 'in-bed mark')} for "
                f"{count_of(len(self.stages), 'epoch')}"
            )
        if self.sedation is not None:
            set_field(self, "sedation", read_only(self.sedation, np.bool_))

    def __len__(self) -> int:
        return len(self.stages)

    @property
    def in_bed_stages(self) -> tuple[SleepStage, ...]:
        """The stages of the epochs in bed."""
        return tuple(s for s, bed in zip(self.stages, self.in_bed, strict=True) if bed)

    @property
    def sedated_in_bed(self) -> int:
        """Epochs in bed that may be sedation, not sleep."""
        return 0 if self.sedation is None else int((self.sedation & self.in_bed).sum())

    def is_any(self, stages: Sequence[SleepStage]) -> npt.NDArray[np.bool_]:
        """Bool, shape (n_epochs,): the epoch's stage is one of `stages`."""
        return np.array([stage in stages for stage in self.stages], dtype=bool)

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Bool, shape (n_epochs,): the epoch has a stage."""
        return self.is_any(SCORED)

    @property
    def minutes(self) -> dict[str, float]:
        """Minutes of each stage in bed, in the order W N1 N2 N3 R ART UNS."""
        in_bed = self.in_bed_stages
        return {stage.value: in_bed.count(stage) * EPOCH_MIN for stage in SleepStage}

    def to_frame(self) -> pd.DataFrame:
        """A row for each epoch: ``epoch onset_s clock stage in_bed valid``.

        ``clock`` is the naive local date and time, or the time of day where the date is not known.
        """
        from psgpipe.model.conversions.to_frame import frame_of

        marks = zip(self.stages, self.in_bed.tolist(), self.valid.tolist(), strict=True)
        return frame_of(
            {
                "epoch": epoch,
                "onset_s": epoch * EPOCH_S,
                "clock": self._clock(epoch),
                "stage": stage.value,
                "in_bed": in_bed,
                "valid": valid,
            }
            for epoch, (stage, in_bed, valid) in enumerate(marks)
        )

    def _clock(self, epoch: int) -> dt.datetime | dt.time | None:
        later = dt.timedelta(seconds=epoch * EPOCH_S)
        if self.start is not None:
            return self.start + later
        if self.start_clock is None:
            return None
        return (dt.datetime.combine(dt.date(2000, 1, 1), self.start_clock) + later).time()

    def __repr__(self) -> str:
        begin = self.start or self.start_clock
        parts = ", ".join(f"{name} {time:g}" for name, time in self.minutes.items() if time)
        since = f" from {begin}" if begin else ""
        return f"<Hypnogram: {count_of(len(self), 'epoch')}{since}; min in bed: {parts or 'none'}>"

    def _repr_html_(self) -> str:
        from psgpipe.model.conversions.html_table import html_table

        rows = [(name, f"{time:g}") for name, time in self.minutes.items()]
        return html_table(
            rows, ("stage", "min in bed"), f"Hypnogram, {count_of(len(self), 'epoch')} of 30 s"
        )

    def to_yasa(self) -> yasa.Hypnogram:
        """The same stages as :class:`yasa.Hypnogram` (30-s epochs, five stages, ART and UNS)."""
        from psgpipe.model.conversions.to_yasa import to_yasa_hypnogram

        return to_yasa_hypnogram(self)


@dataclass(frozen=True, eq=False)
class Hypnodensity:
    """The stager's probability of each stage in each epoch; not calibrated.

    Attributes
    ----------
    probabilities
        float64, shape (n_epochs, 5), in the order W N1 N2 N3 R; rows of NaN where the epoch was not
        staged.
    """

    probabilities: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        values: npt.NDArray[Any] = read_only(self.probabilities, np.float64)
        if values.ndim != 2 or values.shape[1] != len(SCORED):
            raise ValueError(f"hypnodensity of shape {values.shape}, wanted (n_epochs, 5)")
        object.__setattr__(self, "probabilities", values)

    def __len__(self) -> int:
        return len(self.probabilities)

    @property
    def confidence(self) -> npt.NDArray[np.float64]:
        """Largest probability of each epoch, shape (n_epochs,); NaN where not staged."""
        best: npt.NDArray[np.float64] = self.probabilities.max(axis=1)
        return best

    def __repr__(self) -> str:
        n_staged = int(np.isfinite(self.confidence).sum())
        epochs = count_of(len(self), "epoch")
        return f"<Hypnodensity: {epochs}, {n_staged} with probabilities W N1 N2 N3 R>"

    def to_frame(self) -> pd.DataFrame:
        """A row for each epoch: ``epoch p_w p_n1 p_n2 p_n3 p_r``."""
        from psgpipe.model.conversions.to_frame import frame_of

        names = [f"p_{stage.value.lower()}" for stage in SCORED]
        return frame_of(
            {"epoch": epoch, **dict(zip(names, row, strict=True))}
            for epoch, row in enumerate(self.probabilities.tolist())
        )

    def stages(self) -> tuple[SleepStage, ...]:
        """The most probable stage of each epoch; UNS where not staged."""
        best = np.nan_to_num(self.probabilities).argmax(axis=1)
        best[~np.isfinite(self.probabilities.sum(axis=1))] = len(SCORED)
        return tuple((*SCORED, SleepStage.UNS)[index] for index in best)
