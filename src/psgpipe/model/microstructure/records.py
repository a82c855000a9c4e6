"""The microstructure of a night: power by stage, cycle and hour, and its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from psgpipe.messages import short_repr
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.sampled_signal import Band

BANDS_HZ: Mapping[str, Band] = {
    "swa": Band(0.5, 4),
    "swa_06": Band(0.6, 4),
    "delta_1": Band(1, 4),
    "theta": Band(4, 8),
    "alpha": Band(8, 12),
    "below_sigma": Band(8, 11),
    "sigma": Band(12, 15),
    "above_sigma": Band(16, 20),
    "beta": Band(16, 30),
    "high": Band(30, 45),
}
"""The bands of ``power.tsv``; both edges are in a band."""
LEVEL_BANDS = ("delta_1", "theta", "alpha", "beta", "high")
"""Their mean log power is the level of the EEG; sigma is left to the spindles."""
NREM_STAGES = (SleepStage.N2, SleepStage.N3)
"""NREM sleep of the spectra: N1 is too short and too uncertain."""


@dataclass(frozen=True)
class MeanPower:
    """Mean power of some epochs.

    Attributes
    ----------
    minutes
        Of the epochs without artefact.
    power_uv2
        By band; None where there are too few minutes, and `reason` says so.
    """

    minutes: float
    power_uv2: Mapping[str, float] | None
    reason: str | None = None


@dataclass(frozen=True)
class StageSpectrum:
    """The spectrum of one stage, or of NREM (N2 and N3).

    Attributes
    ----------
    slope_2_30, slope_30_45
        Of log power against log frequency.
    sigma_peak_hz
        Where the power of 11 to 16 Hz stands out most above the slope.
    absent
        Why one of these is None.
    """

    mean: MeanPower
    slope_2_30: float | None = None
    slope_30_45: float | None = None
    sigma_peak_hz: float | None = None
    absent: Mapping[str, str] = field(default_factory=dict)

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class EpochPower:
    """Power of every epoch of a recording.

    Attributes
    ----------
    power_uv2
        By band, shape (n_epochs,) each; NaN where the epoch was not measured.
    is_used
        Bool, shape (n_epochs,): in bed, staged, and without artefact.
    """

    power_uv2: Mapping[str, npt.NDArray[np.float64]]
    is_used: npt.NDArray[np.bool_]

    __repr__ = short_repr


@dataclass(frozen=True)
class Spindles:
    """The spindles of one stage, or of N2 and N3 together.

    `amplitude_uv` is the peak-to-peak amplitude of the signal of 12-15 Hz, and `sigma_ln` the log
    power of the same epochs beside it. Means are None where there is no spindle.
    """

    minutes: float
    number: int
    per_min: float | None
    duration_s: float | None = None
    frequency_hz: float | None = None
    amplitude_uv: float | None = None
    sigma_ln: float | None = None


@dataclass(frozen=True)
class SlowWaves:
    """The slow waves of N2 and N3.

    Attributes
    ----------
    amplitude_uv, slope_uv_per_s
        Means of peak-to-peak amplitude, and of the slope from the negative peak to the crossing.
    threshold_uv
        Of the peak-to-peak amplitude.
    rule
        ``yasa``: a fixed amplitude; ``baseline``: a percentile of the subject's baseline nights.
    gain_dependent
        Always: a threshold in microvolt counts more waves where the gain is higher.
    """

    minutes: float
    number: int
    per_min: float | None
    amplitude_uv: float | None = None
    slope_uv_per_s: float | None = None
    threshold_uv: float | None = None
    rule: str = "yasa"
    gain_dependent: bool = True


@dataclass(frozen=True)
class Events:
    """Spindles, slow waves and rapid eye movements.

    Attributes
    ----------
    spindles
        By ``N2`` and ``N2+N3``.
    spindle_threshold_uv
        Of the moving root mean square of 12-15 Hz.
    slow_waves
        By yasa's fixed amplitudes: their number depends on the gain.
    large_slow_waves
        Those above the 75th percentile of the subject's baseline nights; None without such nights.
    large_slow_wave_uv
        The 75th percentile of this night.
    rems_per_min
        Rapid eye movements per minute of R.
    thresholds_from
        ``night``, or ``baseline``: the subject's baseline nights.
    absent
        Why a number is None.
    """

    spindles: Mapping[str, Spindles]
    spindle_threshold_uv: float | None
    slow_waves: SlowWaves | None
    large_slow_waves: SlowWaves | None
    large_slow_wave_uv: float | None
    rems_per_min: float | None
    thresholds_from: str = "night"
    yasa: str = ""
    absent: Mapping[str, str] = field(default_factory=dict)

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class Microstructure:
    """Spectra of the derivation that was staged, and their endpoints.

    Attributes
    ----------
    endpoints
        By name, in the order of `MICROSTRUCTURE_ENDPOINTS`.
    absent
        Why an endpoint is None.
    stages
        By ``W N1 N2 N3 R NREM``.
    cycles
        N2 and N3 of each NREM-REM cycle.
    hours_from_lights_off, hours_from_sleep_onset
        N2 and N3 of each hour; the first is None where lights off is not known.
    low_confidence_pct
        Share of the staged epochs in bed whose largest probability is below a half.
    """

    derivation: str
    fs_hz: float
    epochs: EpochPower
    endpoints: Mapping[str, float | None]
    absent: Mapping[str, str]
    stages: Mapping[str, StageSpectrum]
    cycles: tuple[MeanPower, ...]
    hours_from_lights_off: tuple[MeanPower, ...] | None
    hours_from_sleep_onset: tuple[MeanPower, ...]
    artefact_min: float
    low_confidence_pct: float | None = None
    events: Events | None = None

    __repr__ = short_repr
