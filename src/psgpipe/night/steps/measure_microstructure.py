"""The step *measure_microstructure*: spectra of the EEG derivation that was staged."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from psgpipe.microstructure.artefacts import ArtefactRule
from psgpipe.microstructure.measure import SpectralRules, microstructure, withheld
from psgpipe.microstructure.shape import (
    HIGH_SLOPE_FS_HZ,
    HIGH_SLOPE_LOW_PASS_HZ,
    SLOPE_LOW_PASS_HZ,
)
from psgpipe.microstructure.spectrum import remembered_spectra
from psgpipe.model.derived_signal import DerivedSignal
from psgpipe.model.microstructure.records import Microstructure
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.staging import Staging
from psgpipe.model.summary import ArchitectureSummary
from psgpipe.night.steps.step import Step
from psgpipe.signals.epochs import covered_epochs
from psgpipe.sleep.cycles import CYCLE_RULE, CycleRule

# As EDF+ writes it: "HP:0.1Hz LP:75Hz N:50Hz"; some recorders put spaces or a decimal comma in it.
_LOW_PASS = re.compile(r"\bLP\s*:?\s*(\d+(?:[.,]\d+)?)\s*Hz", re.IGNORECASE)


@dataclass(frozen=True)
class MicrostructureParams:
    """How spectra and events are measured.

    Attributes
    ----------
    movement_ratio, muscle_ratio, around_epochs
        See :class:`psgpipe.microstructure.artefacts.ArtefactRule`.
    least_min
        Minutes without artefact that a mean needs.
    cycles
        The cycle rule of ``[summarize]``; it is no key of the table.
    """

    movement_ratio: float = 2.5
    muscle_ratio: float = 2.0
    around_epochs: int = 15
    least_min: float = 10.0
    cycles: CycleRule = CYCLE_RULE

    def __post_init__(self) -> None:
        _ = self.artefacts
        if not self.least_min > 0:
            raise ValueError(f"least_min {self.least_min:g} is not above 0")

    @property
    def artefacts(self) -> ArtefactRule:
        """The rule for epochs with artefacts."""
        return ArtefactRule(self.movement_ratio, self.muscle_ratio, self.around_epochs)


def measure_microstructure(
    opened: OpenedNight,
    referenced: tuple[DerivedSignal, ...],
    staged: Staging,
    summary: ArchitectureSummary,
    params: MicrostructureParams,
) -> Microstructure:
    """Spectra of the first EEG derivation, from the unfiltered signal that was staged."""
    signal = next(r for r in referenced if r.derivation.role == "eeg")
    hypnogram, lights = staged.hypnogram, opened.lights
    measured = covered_epochs(signal) & hypnogram.valid & hypnogram.in_bed
    low_pass_hz = _low_pass_hz(signal, opened)
    rules = SpectralRules(
        artefacts=params.artefacts,
        least_min=params.least_min,
        no_slope=_filtered(low_pass_hz, SLOPE_LOW_PASS_HZ),
        no_high_slope=_no_high_slope(signal, low_pass_hz),
        lights_off_epoch=int(np.argmax(hypnogram.in_bed))
        if lights.off_source != "recording" and hypnogram.in_bed.any()
        else None,
        cycles=params.cycles,
    )
    spectra = remembered_spectra(signal, measured)
    found = microstructure(
        signal.derivation.name, signal.fs_hz, spectra, measured, hypnogram, staged.hypnodensity,
        rules,
    )  # fmt: skip
    if hypnogram.sedated_in_bed:
        return withheld(found, summary.absent["tst_min"])
    return found


def _no_high_slope(signal: DerivedSignal, low_pass_hz: float) -> str | None:
    """Why the slope of 30-45 Hz cannot be measured in this recording, or None."""
    if signal.fs_hz < HIGH_SLOPE_FS_HZ:
        return f"sampled at {signal.fs_hz:g} Hz, below {HIGH_SLOPE_FS_HZ:g} Hz"
    return _filtered(low_pass_hz, HIGH_SLOPE_LOW_PASS_HZ)


def _filtered(low_pass_hz: float, needed_hz: float) -> str | None:
    """A reason where the recorder's low-pass is below what a measure needs."""
    return f"the recorder's low-pass is at {low_pass_hz:g} Hz" if low_pass_hz < needed_hz else None


def _low_pass_hz(signal: DerivedSignal, opened: OpenedNight) -> float:
    """The lowest low-pass that the header states for the channels of a signal; else infinite."""
    labels = signal.derivation.labels
    prefilters = (c.prefilter for c in opened.header.channels if c.label in labels)
    edges_hz = [float(e.replace(",", ".")) for p in prefilters for e in _LOW_PASS.findall(p)]
    return min(edges_hz, default=math.inf)


STEP = Step(
    "measure_microstructure",
    "2",
    ("opened", "referenced", "staged", "summary"),
    "microstructure",
    MicrostructureParams,
    measure_microstructure,
)
