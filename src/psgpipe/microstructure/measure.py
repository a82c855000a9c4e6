"""The microstructure of a night from its spectra and its hypnogram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from psgpipe.microstructure.artefacts import ARTEFACT_RULE, ArtefactRule, artefact_epochs
from psgpipe.microstructure.endpoints import EndpointInput, endpoints
from psgpipe.microstructure.shape import (
    is_low_passed,
    sigma_peak_hz,
    slope_2_30,
    slope_30_45,
)
from psgpipe.microstructure.spectrum import Spectra, band_powers
from psgpipe.model.hypnogram import EPOCH_MIN, SCORED, SLEEP, Hypnodensity, Hypnogram, SleepStage
from psgpipe.model.microstructure.records import (
    BANDS_HZ,
    NREM_STAGES,
    EpochPower,
    MeanPower,
    Microstructure,
    StageSpectrum,
)
from psgpipe.sleep.cycles import CYCLE_RULE, CycleRule, sleep_cycles

LEAST_MIN = 10.0
LOW_CONFIDENCE = 0.5
UNSTATED_FILTER = (
    "power falls between 30 and 45 Hz as behind a low-pass that the header does not state"
)

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SpectralRules:
    """What decides about a night's spectra, besides its signal.

    Attributes
    ----------
    least_min
        Minutes without artefact that a mean needs.
    no_slope, no_high_slope
        Why the slope of 2-30 Hz, or of 30-45 Hz, cannot be measured in this recording, or None.
    lights_off_epoch
        The first epoch in bed; None where lights off is not known.
    """

    artefacts: ArtefactRule = ARTEFACT_RULE
    least_min: float = LEAST_MIN
    no_slope: str | None = None
    no_high_slope: str | None = None
    lights_off_epoch: int | None = None
    cycles: CycleRule = CYCLE_RULE


SPECTRAL_RULES = SpectralRules()


def microstructure(
    derivation: str,
    fs_hz: float,
    spectra: Spectra,
    measured: Marks,
    hypnogram: Hypnogram,
    hypnodensity: Hypnodensity | None = None,
    rules: SpectralRules = SPECTRAL_RULES,
) -> Microstructure:
    """Power by stage, cycle and hour, and the endpoints.

    Parameters
    ----------
    spectra
        Of the measured epochs.
    measured
        Shape (n_epochs,): which epochs of the hypnogram `spectra` has.
    """
    used = _without_artefacts(spectra, measured, hypnogram, rules.artefacts)
    powers = band_powers(spectra, BANDS_HZ)
    epochs = EpochPower({name: _put_back(p, measured) for name, p in powers.items()}, used)
    nrem = hypnogram.is_any(NREM_STAGES) & hypnogram.in_bed
    cycles = sleep_cycles(hypnogram, rules.cycles)

    def mean(marks: Marks) -> MeanPower:
        return mean_power(epochs, marks, rules.least_min)

    stages = {
        name: _stage_spectrum(spectra, measured, used & marks, mean(marks), rules)
        for name, marks in _stage_marks(hypnogram).items()
    }
    onset = _first(hypnogram.is_any(SLEEP) & hypnogram.in_bed)
    hours = _by_hour(epochs, nrem, onset, rules.least_min)
    from_lights = (
        None
        if rules.lights_off_epoch is None
        else _by_hour(epochs, nrem, rules.lights_off_epoch, rules.least_min)
    )
    of_cycles = tuple(
        mean(nrem & _in_range(range(c.first_epoch, c.rem_first_epoch), len(hypnogram)))
        for c in cycles
    )
    values, absent = endpoints(
        EndpointInput(hypnogram, epochs, stages, of_cycles, hours, onset, nrem)
    )
    candidates = measured & hypnogram.in_bed & hypnogram.valid
    return Microstructure(
        derivation=derivation,
        fs_hz=fs_hz,
        epochs=epochs,
        endpoints=values,
        absent=absent,
        stages=stages,
        cycles=of_cycles,
        hours_from_lights_off=from_lights,
        hours_from_sleep_onset=hours,
        artefact_min=int((candidates & ~used).sum()) * EPOCH_MIN,
        low_confidence_pct=_low_confidence_pct(hypnogram, hypnodensity),
    )


def mean_power(epochs: EpochPower, marks: Marks, least_min: float = LEAST_MIN) -> MeanPower:
    """Mean power of the marked epochs without artefact."""
    used = epochs.is_used & marks
    minutes = int(used.sum()) * EPOCH_MIN
    if minutes < least_min:
        reason = f"{minutes:g} min without artefact, {least_min:g} are needed"
        return MeanPower(minutes, None, reason)
    powers = {name: float(values[used].mean()) for name, values in epochs.power_uv2.items()}
    if min(powers.values()) <= 0:
        return MeanPower(minutes, None, "a band without any power")
    return MeanPower(minutes, powers)


def _stage_marks(hypnogram: Hypnogram) -> dict[str, Marks]:
    """The epochs in bed of each stage, and of NREM."""
    marks = {stage.value: hypnogram.is_any((stage,)) & hypnogram.in_bed for stage in SCORED}
    return {**marks, "NREM": hypnogram.is_any(NREM_STAGES) & hypnogram.in_bed}


def _stage_spectrum(
    spectra: Spectra, measured: Marks, marks: Marks, mean: MeanPower, rules: SpectralRules
) -> StageSpectrum:
    """Slopes and peak of the mean spectrum of the marked epochs."""
    names = ("slope_2_30", "slope_30_45", "sigma_peak_hz")
    if mean.power_uv2 is None:
        return StageSpectrum(mean, absent=dict.fromkeys(names, mean.reason or ""))
    freqs_hz = spectra.freqs_hz
    of_epochs = spectra.of(marks[measured]).density_uv2_hz
    density = of_epochs.mean(axis=0)
    reasons = {"slope_2_30": rules.no_slope, "slope_30_45": rules.no_high_slope}
    if not rules.no_high_slope and is_low_passed(freqs_hz, density):
        reasons["slope_30_45"] = UNSTATED_FILTER
    peak_hz = None if rules.no_slope else sigma_peak_hz(freqs_hz, density, len(of_epochs))
    if peak_hz is None:
        reasons["sigma_peak_hz"] = rules.no_slope or "no peak between 11 and 16 Hz"
    return StageSpectrum(
        mean,
        None if reasons["slope_2_30"] else slope_2_30(freqs_hz, density),
        None if reasons["slope_30_45"] else slope_30_45(freqs_hz, density),
        peak_hz,
        {name: reason for name, reason in reasons.items() if reason},
    )


def _without_artefacts(
    spectra: Spectra, measured: Marks, hypnogram: Hypnogram, rule: ArtefactRule
) -> Marks:
    """The epochs in bed with a stage and without artefact; wake and sleep are judged apart."""
    used = np.zeros(len(hypnogram), bool)
    numbers = np.flatnonzero(measured)
    for stages in (SLEEP, (SleepStage.W,)):
        marks = hypnogram.is_any(stages)[measured] & hypnogram.in_bed[measured]
        artefact = artefact_epochs(spectra.of(marks), numbers[marks], rule)
        used[numbers[marks]] = ~artefact
    return used


def _by_hour(
    epochs: EpochPower, nrem: Marks, first: int | None, least_min: float
) -> tuple[MeanPower, ...]:
    """Mean power of each hour from an epoch on, up to the last one with NREM sleep."""
    if first is None or not nrem[first:].any():
        return ()
    per_hour = round(60 / EPOCH_MIN)
    last = int(np.flatnonzero(nrem)[-1])
    return tuple(
        mean_power(epochs, nrem & _in_range(range(at, at + per_hour), len(nrem)), least_min)
        for at in range(first, last + 1, per_hour)
    )


def _in_range(epochs: range, n_epochs: int) -> Marks:
    marks = np.zeros(n_epochs, bool)
    marks[epochs.start : epochs.stop] = True
    return marks


def _put_back(values: Floats, measured: Marks) -> Floats:
    everywhere = np.full(len(measured), np.nan)
    everywhere[measured] = values
    return everywhere


def _first(marks: Marks) -> int | None:
    return int(np.argmax(marks)) if marks.any() else None


def _low_confidence_pct(hypnogram: Hypnogram, hypnodensity: Hypnodensity | None) -> float | None:
    if hypnodensity is None:
        return None
    confidence = hypnodensity.confidence[hypnogram.in_bed & hypnogram.valid]
    confidence = confidence[np.isfinite(confidence)]
    return 100 * float((confidence < LOW_CONFIDENCE).mean()) if len(confidence) else None


def withheld(found: Microstructure, reason: str) -> Microstructure:
    """The microstructure without any number of sleep: only the power of the epochs stays."""
    nothing: Mapping[str, None] = dict.fromkeys(found.endpoints)
    return replace(
        found,
        endpoints=nothing,
        absent=dict.fromkeys(found.endpoints, reason),
        stages={},
        cycles=(),
        hours_from_lights_off=None,
        hours_from_sleep_onset=(),
    )
