"""A night: identity, condition, lights, and its staged result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from psgpipe.messages import short_repr
from psgpipe.model.hypnogram import Hypnodensity, Hypnogram
from psgpipe.model.microstructure.records import Microstructure
from psgpipe.model.scoring import GivenScoring
from psgpipe.model.summary import ArchitectureSummary, QualityReport

if TYPE_CHECKING:
    import pandas as pd

LightsSource = Literal["option", "table", "diary", "annotation", "scoring", "recording"]
Sex = Literal["F", "M"]
StagesBy = Literal["auto", "expert", "corrected"]
"""Whose stages a night has: the stager's, a scorer's, or the stager's corrected by hand."""


@dataclass(frozen=True)
class Night:
    """Identity of a night and what is known besides the signal.

    Attributes
    ----------
    condition
        ``baseline``, ``treatment``, ... or None where not said.
    lights_off, lights_on
        Local clock time (``22:41``, ``22:41:30``), ISO date-time, or seconds from the start of the
        recording (``+300``); or None.
    age_y
        Years, 0 to 120, or None.
    dose_end
        When the dose before or in this night ended, local ISO date-time, or None.
    timezone
        The name of the time zone of every clock time (``Europe/Paris``), or None.
    spindle_threshold_uv, slow_wave_threshold_uv
        Thresholds of events from the subject's baseline nights; None for those of the night.
    further_parts
        Files that continue the recording, in order; none where the night is in one file.
    scoring
        The scoring by a person, or the correction, that was given with the night.
    lights_source
        ``diary`` where the study table declares that its lights are the diary's.
    sleep_period
        Which of several nights or naps in the recording this is, from 1; None where there is one.
    extra
        Further columns of the study table, carried to the results unchanged.
    """

    subject: str
    night: str
    condition: str | None = None
    lights_off: str | None = None
    lights_on: str | None = None
    age_y: float | None = None
    sex: Sex | None = None
    dose_end: str | None = None
    timezone: str | None = None
    sleep_period: int | None = None
    lights_source: Literal["diary"] | None = None
    spindle_threshold_uv: float | None = None
    slow_wave_threshold_uv: float | None = None
    further_parts: tuple[Path, ...] = ()
    scoring: GivenScoring | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    __repr__ = short_repr


@dataclass(frozen=True)
class Lights:
    """Lights off and lights on, in seconds from the start of the recording.

    ``off_source`` and ``on_source`` say where each came from: ``annotation`` is one of the
    recording, ``scoring`` one of the scoring given with it; ``recording`` means that it is not
    known and the start or end of the recording is used instead.
    """

    off_s: float
    on_s: float
    off_source: LightsSource
    on_source: LightsSource

    @property
    def known(self) -> bool:
        """Whether an option, a table or an annotation gave both."""
        return "recording" not in (self.off_source, self.on_source)

    @property
    def source(self) -> str:
        """One word where both ends agree, else ``off/on``."""
        if self.off_source == self.on_source:
            return self.off_source
        return f"{self.off_source}/{self.on_source}"


@dataclass(frozen=True, eq=False)
class ExpertStages:
    """The stages that a person gave to a night, beside its automatic stages.

    `n_epochs`, `accuracy` and `kappa` are of the epochs that both have staged; the last two are
    None where they do not exist.
    """

    hypnogram: Hypnogram
    summary: ArchitectureSummary
    n_epochs: int
    accuracy: float | None
    kappa: float | None

    __repr__ = short_repr


@dataclass(frozen=True)
class StagedNight:
    """The results of one night.

    Attributes
    ----------
    lights
        In seconds from the start of the recording.
    disagreement
        Shape (n_epochs,), share of the EEG derivations whose own stage is another, or None where
        one derivation was staged.
    stages_by
        Whose stages `hypnogram` has, and `summary` describes.
    expert
        An expert's stages beside automatic ones, where a scoring was given.
    automatic
        The stager's stages, where `hypnogram` has them corrected.
    provenance
        What the manifest holds: recording, pipeline, steps, engine, derivations.
    microstructure
        Spectra and their endpoints; None where the pipeline has no such step.
    prediction_intervals
        Of calibrated nights, by endpoint: where the value of the laboratory's scorer lies.
    """

    night: Night
    hypnogram: Hypnogram
    hypnodensity: Hypnodensity
    summary: ArchitectureSummary
    quality: QualityReport
    lights: Lights
    disagreement: npt.NDArray[np.float64] | None = None
    stages_by: StagesBy = "auto"
    expert: ExpertStages | None = None
    automatic: Hypnogram | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    microstructure: Microstructure | None = None
    prediction_intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __repr__(self) -> str:
        from psgpipe.model.conversions.html_table import number_text

        night, found = self.night, self.summary
        condition = f", {night.condition}" if night.condition else ""
        flags = ", ".join(dict.fromkeys(flag.code for flag in self.quality.flags))
        return (
            f"<night {night.subject[:30]} {night.night[:30]}{condition[:30]}: TST "
            f"{number_text(found.tst_min)} min, SE {number_text(found.se_pct)} %, REM "
            f"{number_text(found.rem_pct)} % of TST; flags: {flags[:60] or 'none'}>"
        )

    def to_frame(self) -> pd.DataFrame:
        """A row for each epoch: the hypnogram, and the probability of each stage."""
        probabilities = self.hypnodensity.to_frame().drop(columns="epoch")
        return self.hypnogram.to_frame().join(probabilities)
