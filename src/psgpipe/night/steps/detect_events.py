"""The step *detect_events*: spindles, slow waves and rapid eye movements, by yasa."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from psgpipe.microstructure import events as detect
from psgpipe.model.derived_signal import DerivedSignal, derive_signal
from psgpipe.model.digital_recording import DigitalRecording, merge_by_rate
from psgpipe.model.hypnogram import EPOCH_MIN, SleepStage
from psgpipe.model.microstructure.records import EpochPower, Events, Microstructure
from psgpipe.model.montage import Derivation
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.staging import Staging
from psgpipe.night.parts import read_missing
from psgpipe.night.steps.step import Step
from psgpipe.signals.epochs import first_columns, samples_per_epoch
from psgpipe.staging.fast.resampling import resample

Floats = npt.NDArray[np.float64]

GROUPS = {"N2": (SleepStage.N2,), "N2+N3": (SleepStage.N2, SleepStage.N3)}
"""The stages in which spindles are counted."""
ALL_NREM = "spindles N2+N3"


@dataclass(frozen=True)
class EventsParams:
    """How events are detected: with yasa's defaults, at 100 Hz.

    Attributes
    ----------
    least_min
        Minutes of a stage without artefact that a rate needs.
    """

    least_min: float = 10.0

    def __post_init__(self) -> None:
        if not self.least_min > 0:
            raise ValueError(f"least_min {self.least_min:g} is not above 0")


def detect_events(
    opened: OpenedNight,
    recorded: tuple[DigitalRecording, ...],
    referenced: tuple[DerivedSignal, ...],
    staged: Staging,
    microstructure: Microstructure,
    params: EventsParams,
) -> Events:
    """The events of the EEG derivation whose spectra were measured, and of two EOGs."""
    signal = next(r for r in referenced if r.derivation.name == microstructure.derivation)
    hypnogram, epochs = staged.hypnogram, microstructure.epochs
    if hypnogram.sedated_in_bed:
        return _nothing(microstructure.absent["swa_ln"])
    stages = detect.stage_samples(hypnogram, epochs.is_used)
    eeg_uv = _at_100_hz(signal, np.arange(len(hypnogram)))
    minutes = {name: _minutes(staged, epochs, group) for name, group in GROUPS.items()}
    absent = {
        f"spindles {name}": _too_few(name, group_min, params.least_min)
        for name, group_min in minutes.items()
        if group_min < params.least_min
    }
    if not detect.can_detect(eeg_uv):
        reason = "the amplitude of the EEG is beyond what yasa takes"
        absent |= dict.fromkeys((f"spindles {name}" for name in GROUPS), reason)
    found, waves = None, None
    if ALL_NREM in absent:
        absent["slow_waves"] = absent[ALL_NREM]
    else:
        night = opened.night
        found = detect.detect_spindles(
            eeg_uv, stages, _sigma_ln(epochs, staged), night.spindle_threshold_uv
        )
        waves = detect.detect_slow_waves(eeg_uv, stages, night.slow_wave_threshold_uv)
    rems_per_min, no_rems = _rem_density(opened, recorded, staged, epochs, stages, params)
    if no_rems:
        absent["rems_per_min"] = no_rems
    return Events(
        spindles={
            name: spindles
            for name, spindles in (found.by_stage if found else {}).items()
            if f"spindles {name}" not in absent
        },
        spindle_threshold_uv=found.threshold_uv if found else None,
        slow_waves=waves.by_yasa if waves else None,
        large_slow_waves=waves.large if waves else None,
        large_slow_wave_uv=waves.large_uv if waves else None,
        rems_per_min=rems_per_min,
        thresholds_from="night" if opened.night.spindle_threshold_uv is None else "baseline",
        yasa=_yasa_version(),
        absent=absent,
    )


def _yasa_version() -> str:
    # A night without events does not need this slow import.
    from importlib import metadata

    return metadata.version("yasa")


def with_events(found: Microstructure, events: Events | None) -> Microstructure:
    """The microstructure with its events, and the endpoint that rests on them."""
    if events is None:
        return found
    name, n2 = "spindles_n2_per_min", events.spindles.get("N2")
    absent = {key: why for key, why in found.absent.items() if key != name or n2 is None}
    if n2 is None:
        absent[name] = events.absent["spindles N2"]
    value = None if n2 is None else n2.per_min
    endpoints = {**found.endpoints, name: value}
    return replace(found, endpoints=endpoints, absent=absent, events=events)


def _rem_density(
    opened: OpenedNight,
    recorded: tuple[DigitalRecording, ...],
    staged: Staging,
    epochs: EpochPower,
    stages: npt.NDArray[np.int64],
    params: EventsParams,
) -> tuple[float | None, str | None]:
    """Rapid eye movements per minute of R, or the reason why there is no number."""
    pair = _two_eogs(opened)
    if pair is None:
        return None, "two EOGs are needed, one of each eye (E1 and E2), and both cannot be built"
    rem_min = _minutes(staged, epochs, (SleepStage.R,))
    if rem_min < params.least_min:
        return None, _too_few("R", rem_min, params.least_min)
    present = {label for recording in recorded for label in recording.labels}
    wanted = dict.fromkeys(label for derivation in pair for label in derivation.labels)
    missing = [label for label in wanted if label not in present]
    if missing:
        recorded = merge_by_rate((*recorded, *read_missing(opened, missing)))
    # R and an epoch on both sides: longer than the filters of yasa remember.
    in_rem = staged.hypnogram.is_any((SleepStage.R,)) & epochs.is_used
    near = np.flatnonzero(np.convolve(in_rem, np.ones(3), "same") > 0)
    eyes = [_at_100_hz(derive_signal(d, recorded), near) for d in pair]
    near_stages = stages.reshape(len(in_rem), -1)[near].ravel()
    number, minutes = detect.count_rems(eyes[0], eyes[1], near_stages)
    return number / minutes, None


def _two_eogs(opened: OpenedNight) -> tuple[Derivation, Derivation] | None:
    """An EOG of each eye, against one reference where both can be built so."""
    eogs = opened.candidates.of("eog")
    pairs = [
        (left, right)
        for left in eogs
        for right in eogs
        if left.name.startswith("E1-") and right.name.startswith("E2-")
    ]
    alike = (p for p in pairs if p[0].name.split("-")[1] == p[1].name.split("-")[1])
    return next(alike, pairs[0] if pairs else None)


def _at_100_hz(signal: DerivedSignal, epochs: npt.NDArray[np.int_]) -> Floats:
    """These epochs at 100 Hz, one after the other; 0 where nothing was recorded."""
    per_epoch, columns = samples_per_epoch(signal.fs_hz), first_columns(signal)
    whole = np.zeros((len(epochs), per_epoch))
    for row, first in zip(whole, columns[epochs].tolist(), strict=True):
        if first >= 0:
            row[:] = signal.samples_uv(slice(first, first + per_epoch))
    samples = np.nan_to_num(whole.ravel(), nan=0.0, posinf=0.0, neginf=0.0)
    n_wanted = len(epochs) * round(30 * detect.FS_HZ)
    if signal.fs_hz == detect.FS_HZ:
        return samples
    # The rate that makes 30 s of a whole number of samples: what is left out is below one sample.
    at_100_hz = resample(samples, per_epoch / 30)
    return np.pad(at_100_hz, (0, max(0, n_wanted - len(at_100_hz))))[:n_wanted]


def _sigma_ln(epochs: EpochPower, staged: Staging) -> dict[str, float | None]:
    """Log power of sigma in the epochs in which spindles are counted, by group of stages."""
    logs: dict[str, float | None] = {}
    for name, stages in GROUPS.items():
        power = epochs.power_uv2["sigma"][epochs.is_used & staged.hypnogram.is_any(stages)]
        logs[name] = float(np.log(power.mean())) if len(power) and power.mean() > 0 else None
    return logs


def _minutes(staged: Staging, epochs: EpochPower, stages: tuple[SleepStage, ...]) -> float:
    return int((epochs.is_used & staged.hypnogram.is_any(stages)).sum()) * EPOCH_MIN


def _too_few(stage: str, minutes: float, least_min: float) -> str:
    return f"{stage}: {minutes:g} min without artefact, {least_min:g} are needed"


def _nothing(reason: str) -> Events:
    names = (*(f"spindles {name}" for name in GROUPS), "slow_waves", "rems_per_min")
    absent = dict.fromkeys(names, reason)
    return Events({}, None, None, None, None, None, absent=absent)


STEP = Step(
    "detect_events",
    "1",
    ("opened", "recorded", "referenced", "staged", "microstructure"),
    "events",
    EventsParams,
    detect_events,
)
