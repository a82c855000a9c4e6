"""Signals of the body in a simulated night: heart, breath, oxygen, position; and the room."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import EPOCH_S, SCORED
from psgpipe.simulation.electrodes import add_events, hump, roll
from psgpipe.simulation.noise import slow_modulation
from psgpipe.simulation.scene import HOP_S, Floats, Scene, Stream

# Beats a minute above or below the subject's own rate.
HEART_BY_STAGE = {"W": 6.0, "N1": 1.0, "N2": -1.0, "N3": -1.0, "R": 2.0}

BEATS_AT_ONCE = 1000
ENVELOPE_HZ = 16


class Wave(NamedTuple):
    """One wave of the heartbeat: its time after the R peak, width and height."""

    at_s: float
    width_s: float
    height_uv: float


# Lead II, rounded from textbook heights: P, Q, R, S, T.
ECG_WAVES = (
    Wave(-0.16, 0.025, 120),
    Wave(-0.03, 0.010, -100),
    Wave(0.0, 0.011, 1100),
    Wave(0.03, 0.010, -220),
    Wave(0.27, 0.045, 280),
)


def heart_rate(scene: Scene) -> Floats:
    """Beats a minute at every second, shape (duration_s,)."""
    rng = scene.key.rng(Stream.HEART)
    own = scene.traits.heart_per_min + scene.stage_share @ np.array(
        [HEART_BY_STAGE[stage] for stage in SCORED]
    )
    rate = own * slow_modulation(rng, scene.n_frames, 60, 0.04)
    return _at(rate, scene, np.arange(scene.duration_s, dtype=np.float64))


def beat_times(scene: Scene) -> Floats:
    """Times of the R peaks in seconds, shape (n_beats,)."""
    beats = np.concatenate([[0.0], np.cumsum(heart_rate(scene) / 60)])
    times: Floats = np.interp(np.arange(1, int(beats[-1]) + 1), beats, np.arange(len(beats)))
    return times


def ecg(scene: Scene, fs_hz: int) -> Floats:
    """Electrocardiogram, microvolt."""
    signal = scene.key.rng(Stream.SITE + 31).normal(0, 6, scene.duration_s * fs_hz)
    peaks_s = beat_times(scene)
    for wave in ECG_WAVES:
        _add_waves(signal, peaks_s + wave.at_s, wave, fs_hz)
    add_events(signal, scene.events["movement"], fs_hz, roll, 250)
    return signal


def _add_waves(signal: Floats, at_s: Floats, wave: Wave, fs_hz: int) -> None:
    """Add Gaussian waves at these times, on the samples within four widths of each."""
    widest = int(4 * wave.width_s * fs_hz) + 1
    reach = np.arange(-widest, widest + 1)
    for some_s in np.array_split(at_s, len(at_s) // BEATS_AT_ONCE + 1):
        sample = np.round(some_s * fs_hz).astype(np.int64)[:, None] + reach
        away_s = sample / fs_hz - some_s[:, None]
        inside = (sample >= 0) & (sample < len(signal))
        height_uv = wave.height_uv * np.exp(-0.5 * (away_s / wave.width_s) ** 2)
        np.add.at(signal, sample[inside], height_uv[inside])


def reference(scene: Scene, fs_hz: int) -> Floats:
    """Potential of the system's common reference, microvolt: drift, hum, heart."""
    rng = scene.key.rng(Stream.REFERENCE)
    seconds = _times(scene, fs_hz)
    steps_uv = rng.normal(0, 12, scene.duration_s + 1)
    signal: Floats = np.interp(seconds, np.arange(scene.duration_s + 1), steps_uv)
    # At 100 Hz or less the amplifier has filtered the hum away.
    if fs_hz > 100:
        signal += 4.0 * np.sin(2 * np.pi * 50 * seconds)
    _add_waves(signal, beat_times(scene), Wave(0, 0.012, 6.0), fs_hz)
    return signal


def breath_phase(scene: Scene, fs_hz: int) -> Floats:
    """Breaths since the start of the recording at every sample."""
    rng = scene.key.rng(Stream.BREATH)
    rate = scene.traits.breaths_per_min * slow_modulation(rng, scene.n_frames, 12, 0.08)
    at = _times(scene, fs_hz)
    phase: Floats = np.cumsum(_at(rate, scene, at)) / 60 / fs_hz
    return phase


def breathing(
    scene: Scene, number: int, fs_hz: int, height: float, lag: float, steepness: float
) -> Floats:
    """Flow or effort: `height` at its usual peak, `lag` of a breath late, with harmonics."""
    rng = scene.key.rng(Stream.SITE + number)
    phase = 2 * np.pi * (breath_phase(scene, fs_hz) - lag)
    depth = _at(slow_modulation(rng, scene.n_frames, 15, 0.15), scene, _times(scene, fs_hz))
    wave = np.sin(phase) + steepness * np.sin(2 * phase)
    signal = height * (depth * wave + rng.normal(0, 0.02, len(phase)))
    add_events(signal, scene.events["movement"], fs_hz, roll, height)
    return signal


def snore(scene: Scene, fs_hz: int) -> Floats:
    """Microphone: quiet, with snores on a quarter of the breaths in N2 and N3, microvolt."""
    rng = scene.key.rng(Stream.SITE + 37)
    slow = _times(scene, ENVELOPE_HZ)
    breath = breath_phase(scene, ENVELOPE_HZ)
    loud = rng.random(int(breath[-1]) + 2) < 0.25
    asleep = _at(scene.stage_share[:, 2:4].sum(axis=1), scene, slow)
    breathing_in = np.maximum(np.sin(2 * np.pi * breath), 0.0) ** 2
    level_uv = 2.0 + 40.0 * breathing_in * loud[breath.astype(np.int64)] * asleep
    signal: Floats = rng.standard_normal(scene.duration_s * fs_hz)
    signal *= np.interp(_times(scene, fs_hz), slow, level_uv)
    return signal


def oxygen_pct(scene: Scene, fs_hz: int) -> Floats:
    """Saturation, whole per cent."""
    rng = scene.key.rng(Stream.SITE + 38)
    slow = np.log(slow_modulation(rng, scene.n_frames, 120, 0.8))
    at = _times(scene, fs_hz)
    saturation: Floats = np.clip(np.round(96.3 + 0.6 * _at(slow, scene, at)), 85, 100)
    return saturation


def pulse_per_min(scene: Scene, fs_hz: int) -> Floats:
    """The oximeter's pulse rate, whole beats a minute."""
    pulse: Floats = heart_rate(scene).repeat(fs_hz).round()
    return pulse


def position(scene: Scene, fs_hz: int) -> Floats:
    """Body position: 0 upright, 1 left, 2 supine, 3 right, 4 prone; it changes with movements."""
    rng = scene.key.rng(Stream.POSTURE)
    at = _times(scene, fs_hz)
    turns = scene.events["movement"].onset_s
    turns = turns[rng.random(len(turns)) < 0.3]
    lying = rng.choice([1.0, 2.0, 3.0, 4.0], len(turns) + 1, p=[0.3, 0.4, 0.27, 0.03])
    return np.where(_in_bed(scene, at), lying[np.searchsorted(turns, at, side="right")], 0.0)


def light(scene: Scene, fs_hz: int) -> Floats:
    """Light in the room, per cent of the lamp."""
    at = _times(scene, fs_hz)
    return np.where(_in_bed(scene, at), 1.0, 85.0)


def sound_db(scene: Scene, fs_hz: int) -> Floats:
    """Sound level in the room, dB."""
    rng = scene.key.rng(Stream.SITE + 39)
    level = 32 + rng.normal(0, 0.7, scene.duration_s * fs_hz)
    add_events(level, scene.events["movement"], fs_hz, hump, 8)
    return level


def _in_bed(scene: Scene, at_s: Floats) -> npt.NDArray[np.bool_]:
    in_bed: npt.NDArray[np.bool_] = scene.in_bed[(at_s // EPOCH_S).astype(np.int64)]
    return in_bed


def _times(scene: Scene, fs_hz: int) -> Floats:
    times: Floats = np.arange(scene.duration_s * fs_hz) / fs_hz
    return times


def _at(per_frame: Floats, scene: Scene, at_s: Floats) -> Floats:
    """Values of the frames, which are centred every 2 s, at these times."""
    values: Floats = np.interp(at_s, np.arange(scene.n_frames) * HOP_S, per_frame)
    return values
