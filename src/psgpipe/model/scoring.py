"""A scoring: the stages that a person or another program gave, at the times of its own clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from psgpipe.model.header import Annotation, Finding
from psgpipe.model.hypnogram import Hypnogram, SleepStage

ScoringUse = Literal["expert", "correction"]


@dataclass(frozen=True)
class GivenScoring:
    """A scoring file given with a night, and what is to be done with it.

    Attributes
    ----------
    scorer
        The one whose stages are wanted, where the file has several.
    mapping
        The stage of each spelling, or None (:func:`psgpipe.scorings.mapping.read_mapping`).
    use
        ``expert``: stages beside, or in place of, the automatic ones. ``correction``: automatic
        stages that somebody has edited.
    by
        Who edited them.
    """

    path: Path
    scorer: str | None = None
    mapping: Mapping[str, SleepStage] | None = None
    use: ScoringUse = "expert"
    by: str | None = None


@dataclass(frozen=True)
class ScoredStage:
    """One stage of a scoring, for one epoch or for many.

    Attributes
    ----------
    onset_s
        Seconds from the scoring's own zero, ``Scoring.start``.
    duration_s
        None, or 0, where the file gives none: the stage then lasts to the next one.
    text
        The stage as the file spells it. Free text: never written to an output or a log.
    scorer
        Who scored it, where the file tells scorers apart.
    """

    onset_s: float
    duration_s: float | None
    stage: SleepStage
    text: str = ""
    scorer: str | None = None


@dataclass(frozen=True)
class Scoring:
    """What a scoring file says, in its own times; nothing is moved to the epochs of a recording.

    Attributes
    ----------
    file
        File name without folders, safe to print.
    format
        The format's name in the catalogue, such as ``edf``.
    recognised_by
        Why the file counts as of this format, in words for the user.
    stages
        In the order of the file.
    start, start_clock
        Naive local date and time, and time of day, of second 0. Only the time of day may be known;
        where neither is, second 0 is the start of the recording.
    epoch_s
        The length of its epochs as the file declares it; None where it does not.
    annotations
        What else the file says, such as lights off and lights on; times as those of the stages.
    findings
        What is odd about the file.
    """

    file: str
    format: str
    recognised_by: str
    stages: tuple[ScoredStage, ...]
    start: dt.datetime | None = None
    start_clock: dt.time | None = None
    epoch_s: float | None = None
    annotations: tuple[Annotation, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def scorers(self) -> tuple[str, ...]:
        """Everybody who scored, in the order of the file; empty where the file names nobody."""
        return tuple(dict.fromkeys(s.scorer for s in self.stages if s.scorer is not None))


@dataclass(frozen=True)
class Alignment:
    """How the times of a scoring were brought to the 30-s epochs of a recording.

    Attributes
    ----------
    shift_s
        Second 0 of the scoring, in seconds from the start of the recording.
    settled_by
        ``date and clock``, ``clock``, or ``start`` where a clock is not known and second 0 counts
        as the start of the recording.
    remainder_s
        How far the scoring's epochs lie behind those of the recording, 0 to less than 30 s.
    n_epochs
        Epochs of the recording that have a stage by the scoring (ART and UNS are none).
    outside_s
        Seconds scored before the recording's start or after its end.
    ties
        Epochs, from 0, that two stages cover equally; the earlier one counts.
    n_without_duration
        Stages without duration, each taken to last to the next one.
    """

    shift_s: float
    settled_by: str
    remainder_s: float
    n_epochs: int
    outside_s: float = 0.0
    ties: tuple[int, ...] = ()
    n_without_duration: int = 0


@dataclass(frozen=True, eq=False)
class AlignedScoring:
    """A scoring on the 30-s epochs of a recording.

    `covered`, shape (n_epochs,), marks the epochs of which the scoring says something, be it that
    they have no stage. `annotations` are those of the scoring, in seconds from the start of the
    recording. `findings` are those of the scoring and of the alignment.
    """

    scoring: Scoring
    hypnogram: Hypnogram
    alignment: Alignment
    covered: npt.NDArray[np.bool_]
    annotations: tuple[Annotation, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
