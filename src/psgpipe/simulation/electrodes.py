"""The electrodes of a simulated night: what they record of brain, eyes and muscle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from psgpipe.model.hypnogram import SCORED
from psgpipe.simulation.noise import (
    EEG_COMPONENTS,
    EEG_TOP_HZ,
    EMG_TOP_HZ,
    Spectra,
    bins_hz,
    eeg_nrem_part,
    eeg_power,
    eeg_shares,
    shaped_noise,
    slow_modulation,
)
from psgpipe.simulation.scene import Events, Floats, Scene, Stream

Shape = Callable[[Floats, float, float], Floats]
"""From seconds since the onset, duration and frequency to the wave, about 1 at its peak."""


@dataclass(frozen=True)
class Site:
    """An electrode: how strongly it records each source, relative to C4 or in microvolt.

    Attributes
    ----------
    number
        Of its random stream.
    eeg
        Gain of the spectrum; ``humps`` changes single components of it.
    in_common
        Share of that power that all electrodes share.
    spindle_uv, k_complex_uv, blink_uv, gaze_uv, movement_uv
        Height of an event of usual size. ``gaze_uv`` is for rapid and slow eye movements, of
        opposite sign at the two eyes.
    """

    number: int
    eeg: float = 1.0
    humps: Mapping[str, float] = None  # type: ignore[assignment]  # filled in below
    in_common: float = 0.7
    spindle_uv: float = 0.0
    k_complex_uv: float = 0.0
    blink_uv: float = 0.0
    gaze_uv: float = 0.0
    movement_uv: float = 40.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "humps", dict(self.humps or {}))


_FRONTAL = {"slow_wave": 1.2, "alpha": 0.6, "sigma": 0.9}
_OCCIPITAL = {"slow_wave": 0.7, "alpha": 1.7, "sigma": 0.5}
_NO_RHYTHM = {"alpha": 0.4, "sigma": 0.3}

SITES: Mapping[str, Site] = {
    "C4": Site(1, spindle_uv=17, k_complex_uv=-70, blink_uv=8),
    "C3": Site(2, spindle_uv=17, k_complex_uv=-70, blink_uv=8),
    "F4": Site(3, 1.05, _FRONTAL, spindle_uv=13, k_complex_uv=-85, blink_uv=30, gaze_uv=-4),
    "F3": Site(4, 1.05, _FRONTAL, spindle_uv=13, k_complex_uv=-85, blink_uv=30, gaze_uv=4),
    "O2": Site(5, 0.9, _OCCIPITAL, spindle_uv=6, k_complex_uv=-40),
    "O1": Site(6, 0.9, _OCCIPITAL, spindle_uv=6, k_complex_uv=-40),
    "M1": Site(7, 0.18, _NO_RHYTHM, 0.9, k_complex_uv=-6, gaze_uv=3, movement_uv=15),
    "M2": Site(8, 0.18, _NO_RHYTHM, 0.9, k_complex_uv=-6, gaze_uv=-3, movement_uv=15),
    # E1 sits below the left eye, E2 above the right one: blinks too have opposite signs.
    "E1": Site(9, 0.6, _NO_RHYTHM, 0.8, 3, k_complex_uv=-38, blink_uv=-95, gaze_uv=75),
    "E2": Site(10, 0.6, _NO_RHYTHM, 0.8, 3, k_complex_uv=-42, blink_uv=115, gaze_uv=-75),
}

CHIN_UV: Mapping[str, float] = {"W": 14.0, "N1": 8.0, "N2": 5.5, "N3": 4.5, "R": 1.8}
"""Standard deviation of the chin EMG: highest awake, atonia in REM sleep."""

LEG_UV: Mapping[str, float] = {"W": 6.0, "N1": 3.5, "N2": 3.0, "N3": 2.5, "R": 2.0}

# Share of the chin EMG's power under each electrode; the ground one, above the chin, has little.
CHIN_SITES: Mapping[str, tuple[int, float]] = {
    "Chin1": (21, 0.5),
    "Chin2": (22, 0.5),
    "ChinZ": (23, 0.1),
}
LEG_SITES: Mapping[str, int] = {"left": 24, "right": 25}


def spindle(t_s: Floats, duration_s: float, hz: float) -> Floats:
    """A sleep spindle: a wave packet."""
    wave: Floats = np.sin(np.pi * t_s / duration_s) ** 2 * np.sin(2 * np.pi * hz * t_s)
    return wave


def k_complex(t_s: Floats, duration_s: float, _hz: float) -> Floats:
    """A sharp wave, then a slower one of opposite sign; its height is negative at the scalp."""
    u = t_s / duration_s
    first, second = np.exp(-0.5 * ((u - 0.25) / 0.09) ** 2), np.exp(-0.5 * ((u - 0.6) / 0.16) ** 2)
    wave: Floats = first - 0.6 * second
    return wave


def hump(t_s: Floats, duration_s: float, _hz: float) -> Floats:
    """A half wave: a blink, or the envelope of a burst of muscle."""
    wave: Floats = np.sin(np.pi * t_s / duration_s) ** 2
    return wave


def saccade(t_s: Floats, _duration_s: float, _hz: float) -> Floats:
    """A rapid eye movement as an AC amplifier records it: up within 0.1 s, then decay."""
    wave: Floats = 1.1 * (1 - np.exp(-t_s / 0.03)) * np.exp(-t_s / 0.35)
    return wave


def roll(t_s: Floats, duration_s: float, hz: float) -> Floats:
    """A slow wave: a rolling eye movement, or a body movement."""
    wave: Floats = np.sin(np.pi * t_s / duration_s) * np.sin(2 * np.pi * hz * t_s)
    return wave


def add_events(signal: Floats, events: Events, fs_hz: int, shape: Shape, height: float) -> None:
    """Add the events' waves to `signal`, in place."""
    for onset_s, duration_s, size, hz in zip(*(e.tolist() for e in events), strict=True):
        first = round(onset_s * fs_hz)
        part = signal[first : first + round(duration_s * fs_hz)]
        part += height * size * shape(np.arange(len(part)) / fs_hz, duration_s, hz)


def electrode(scene: Scene, site: Site, cortex: Spectra, fs_hz: int) -> Floats:
    """Potential of one electrode on head or face, microvolt, against a silent reference.

    `cortex` is the noise that all electrodes have in common, see ``cortex_noise``.
    """
    gains = np.array([site.humps.get(name, 1.0) for name in EEG_COMPONENTS]) * site.eeg
    power, shares = eeg_power(scene) * gains**2, eeg_shares(scene)
    if scene.effects.changes_spectrum:
        nrem = eeg_nrem_part(scene)
        power = np.concatenate([power * nrem, power * (1 - nrem)], axis=1)
        planted = shares * scene.effects.of_bins(bins_hz(EEG_TOP_HZ))
        shares = np.concatenate([planted, shares])
    signal = shaped_noise(
        power,
        shares,
        scene.key.rng(Stream.SITE + site.number),
        fs_hz,
        cortex,
        site.in_common,
    )
    _add_sources(signal, scene, site, fs_hz)
    return signal


def _add_sources(signal: Floats, scene: Scene, site: Site, fs_hz: int) -> None:
    traits, effects = scene.traits, scene.effects
    # Factors of power: amplitudes change by the root.
    spindle_uv = site.spindle_uv * traits.eeg_gain * float(np.sqrt(effects.sigma))
    k_complex_uv = site.k_complex_uv * traits.eeg_gain * float(np.sqrt(effects.swa))
    spindles = scene.events["spindle"]
    spindles = spindles._replace(hz=spindles.hz + traits.spindle_hz)
    sources: tuple[tuple[Events, Shape, float], ...] = (
        (spindles, spindle, spindle_uv),
        (scene.events["k_complex"], k_complex, k_complex_uv),
        (scene.events["blink"], hump, site.blink_uv * traits.eog_gain),
        (scene.events["rapid"], saccade, site.gaze_uv * traits.eog_gain),
        (scene.events["slow_roll"], roll, 0.8 * site.gaze_uv * traits.eog_gain),
        (scene.events["movement"], roll, site.movement_uv),
    )
    for events, shape, height in sources:
        if height:
            add_events(signal, events, fs_hz, shape, height)


def muscle(
    scene: Scene, number: int, uv_by_stage: Mapping[str, float], bursts: tuple[str, ...], fs_hz: int
) -> Floats:
    """Electromyogram of standard deviation `uv_by_stage`, threefold in `bursts`; microvolt."""
    hz = bins_hz(EMG_TOP_HZ)
    spectrum = hz**2 / (hz**2 + 15**2) / (1 + (hz / 80) ** 4)
    tone_uv = scene.stage_share @ np.array([uv_by_stage[stage] for stage in SCORED])
    tone_uv *= slow_modulation(scene.key.rng(Stream.RHYTHMS), scene.n_frames, 30, 0.15)
    power = (tone_uv * scene.traits.emg_gain)[:, None] ** 2
    rng = scene.key.rng(Stream.SITE + number)
    signal = shaped_noise(power, spectrum[None, :] / spectrum.sum(), rng, fs_hz)
    gain = np.ones(len(signal))
    for name in bursts:
        add_events(
            gain,
            scene.events[name]._replace(size=np.abs(scene.events[name].size)),
            fs_hz,
            hump,
            3.0,
        )
    signal *= gain
    return signal


def chin(scene: Scene, name: str, fs_hz: int) -> Floats:
    """Potential of one chin electrode, microvolt."""
    number, share = CHIN_SITES[name]
    tone = {stage: uv * float(np.sqrt(share)) for stage, uv in CHIN_UV.items()}
    return muscle(scene, number, tone, ("movement", "twitch"), fs_hz)


def leg(scene: Scene, side: str, fs_hz: int) -> Floats:
    """EMG of one anterior tibial muscle, microvolt."""
    bursts = ("movement", f"leg_{side}")
    return muscle(scene, LEG_SITES[side], LEG_UV, (*bursts, bursts[1], bursts[1]), fs_hz)
