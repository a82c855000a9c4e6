"""Spindles, slow waves and rapid eye movements, as yasa detects them.

Signals are unfiltered, at 100 Hz, in microvolt. yasa is imported when a function is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.model.conversions.to_yasa import import_yasa
from psgpipe.model.hypnogram import EPOCH_S, SCORED, Hypnogram, SleepStage
from psgpipe.model.microstructure.records import SlowWaves, Spindles

if TYPE_CHECKING:
    import pandas as pd

FS_HZ = 100.0
SPINDLE_HZ = (12.0, 15.0)
SPINDLE_SDS = 1.5
"""yasa's threshold: mean plus this many SD of the moving root mean square."""
HIGHEST_SPINDLE_RMS_UV = 10.0
"""yasa's own limit of the threshold."""
YASA_PTP_UV = 75.0
QUIET = "CRITICAL"
"""yasa warns where it finds nothing: here that is a number, 0."""
ANY_WAVE: Mapping[str, tuple[float, float]] = {
    "amp_neg": (5, 1000),
    "amp_pos": (5, 1000),
    "amp_ptp": (10, 2000),
}
"""Amplitudes of yasa's rule opened wide: the shape of a slow wave of any size."""
LARGE_WAVE_PERCENTILE = 75.0

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SPINDLE_GROUPS: Mapping[str, tuple[int, ...]] = {"N2": (2,), "N2+N3": (2, 3)}


class FoundSpindles(NamedTuple):
    """The spindles by group of stages, and the threshold that they passed."""

    by_stage: Mapping[str, Spindles]
    threshold_uv: float


def can_detect(eeg_uv: Floats) -> bool:
    """Whether yasa takes a signal: by its amplitude without the extremes, in microvolt."""
    return bool(0.1 < import_yasa().others.trimbothstd(eeg_uv, cut=0.05) < 1e3)


def stage_samples(hypnogram: Hypnogram, is_used: npt.NDArray[np.bool_]) -> Integers:
    """The stage of each sample at 100 Hz in yasa's integers; -1 where the epoch does not count."""
    number = {stage: position for position, stage in enumerate(SCORED)}
    per_epoch = [
        number.get(stage, -1) if used else -1
        for stage, used in zip(hypnogram.stages, is_used, strict=True)
    ]
    return np.repeat(np.array(per_epoch, np.int64), round(EPOCH_S * FS_HZ))


def detect_spindles(
    eeg_uv: Floats,
    stages: Integers,
    sigma_ln: Mapping[str, float | None],
    threshold_uv: float | None = None,
) -> FoundSpindles:
    """Spindles of N2, and of N2 and N3; ``yasa.spindles_detect`` with its defaults.

    Parameters
    ----------
    eeg_uv, stages
        Shape (n_samples,) each.
    sigma_ln
        Log power of 12-15 Hz by group, told beside the amplitude.
    threshold_uv
        Of the moving root mean square of 12-15 Hz; None for that of yasa, which the night gives.
    """
    yasa = import_yasa()
    mean, sd = _moving_rms(eeg_uv, stages)
    own_uv = min(mean + SPINDLE_SDS * sd, HIGHEST_SPINDLE_RMS_UV)
    thresh = None
    if threshold_uv is not None and sd > 0:
        # yasa takes the threshold in SD of this night above its mean.
        thresh = {"rms": (threshold_uv - mean) / sd}
    found = yasa.spindles_detect(
        eeg_uv, FS_HZ, hypno=stages, include=(1, 2, 3), thresh=thresh, verbose=QUIET
    )
    events = None if found is None else found.summary()
    by_stage = {
        name: _spindles(events, stages, group, sigma_ln.get(name))
        for name, group in SPINDLE_GROUPS.items()
    }
    applied_uv = own_uv if threshold_uv is None else min(threshold_uv, HIGHEST_SPINDLE_RMS_UV)
    return FoundSpindles(by_stage, applied_uv)


def _moving_rms(eeg_uv: Floats, stages: Integers) -> tuple[float, float]:
    """Mean and trimmed SD of the moving root mean square of 12-15 Hz in N1, N2 and N3."""
    from mne.filter import filter_data

    yasa = import_yasa()
    sigma_uv = filter_data(
        eeg_uv, FS_HZ, *SPINDLE_HZ, l_trans_bandwidth=1.5, h_trans_bandwidth=1.5, method="fir",
        verbose=False,
    )  # fmt: skip
    _, rms = yasa.others.moving_transform(
        x=sigma_uv, sf=FS_HZ, window=0.3, step=0.1, method="rms", interp=True
    )
    inside = rms[np.isin(stages, (1, 2, 3))]
    return float(inside.mean()), float(yasa.others.trimbothstd(inside, cut=0.10))


def _spindles(
    events: pd.DataFrame | None, stages: Integers, group: Iterable[int], sigma_ln: float | None
) -> Spindles:
    minutes = _minutes(stages, group)
    if events is None or not (inside := events["Stage"].isin([*group])).any():
        return Spindles(minutes, 0, 0.0 if minutes else None, sigma_ln=sigma_ln)
    own = events[inside]
    return Spindles(
        minutes=minutes,
        number=len(own),
        per_min=len(own) / minutes,
        duration_s=float(own["Duration"].mean()),
        frequency_hz=float(own["Frequency"].mean()),
        amplitude_uv=float(own["AmpFiltered"].mean()),
        sigma_ln=sigma_ln,
    )


class FoundSlowWaves(NamedTuple):
    """Slow waves by yasa's fixed amplitudes, and those that are large for the subject.

    `large_uv` is the 75th percentile of the peak-to-peak amplitudes of this night; None without a
    wave.
    """

    by_yasa: SlowWaves
    large: SlowWaves | None
    large_uv: float | None


def detect_slow_waves(
    eeg_uv: Floats, stages: Integers, large_from_uv: float | None = None
) -> FoundSlowWaves:
    """Slow waves of N2 and N3; ``yasa.sw_detect`` with its defaults.

    Parameters
    ----------
    large_from_uv
        Peak-to-peak amplitude from which a wave is large for this subject, from baseline nights.
    """
    yasa, minutes = import_yasa(), _minutes(stages, (2, 3))
    given = {"hypno": stages, "include": (2, 3), "verbose": QUIET}
    fixed = yasa.sw_detect(eeg_uv, FS_HZ, **given)
    every = yasa.sw_detect(eeg_uv, FS_HZ, **given, **ANY_WAVE)
    by_yasa = _slow_waves(None if fixed is None else fixed.summary(), minutes, YASA_PTP_UV, "yasa")
    events = None if every is None else every.summary()
    large = None
    if large_from_uv is not None:
        waves = None if events is None else events[events["PTP"] >= large_from_uv]
        large = _slow_waves(waves, minutes, large_from_uv, "baseline")
    own_uv = None if events is None else float(np.percentile(events["PTP"], LARGE_WAVE_PERCENTILE))
    return FoundSlowWaves(by_yasa, large, own_uv)


def _slow_waves(
    events: pd.DataFrame | None, minutes: float, threshold_uv: float, rule: str
) -> SlowWaves:
    if events is None or not len(events):
        return SlowWaves(minutes, 0, 0.0 if minutes else None, None, None, threshold_uv, rule)
    return SlowWaves(
        minutes=minutes,
        number=len(events),
        per_min=len(events) / minutes,
        amplitude_uv=float(events["PTP"].mean()),
        slope_uv_per_s=float(events["Slope"].mean()),
        threshold_uv=threshold_uv,
        rule=rule,
    )


def count_rems(left_uv: Floats, right_uv: Floats, stages: Integers) -> tuple[int, float]:
    """The number of rapid eye movements in R, and the minutes of R; ``yasa.rem_detect``."""
    minutes = _minutes(stages, (SCORED.index(SleepStage.R),))
    found = import_yasa().rem_detect(
        left_uv, right_uv, FS_HZ, hypno=stages, include=4, verbose=QUIET
    )
    return (0 if found is None else len(found.summary())), minutes


def _minutes(stages: Integers, wanted: Iterable[int]) -> float:
    return int(np.isin(stages, [*wanted]).sum()) / (60 * FS_HZ)
