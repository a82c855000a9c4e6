"""Noise whose spectrum follows the sleep stage.

It is made in frames of 4 s that overlap by half. A frame's spectrum is a sum of components with
random amplitudes and phases; the stage gives their strength. Sine windows keep the power of the
overlapped sum even. Random numbers are drawn for frequencies, not for samples, so that a night at
two sampling rates is the same night.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import SCORED, SleepStage
from psgpipe.simulation.scene import HOP_S, Floats, Scene, Stream

Spectra = npt.NDArray[np.complex128]

FRAME_S = 2 * HOP_S
EEG_TOP_HZ = 60
EMG_TOP_HZ = 100
FRAMES_AT_ONCE = 256


@dataclass(frozen=True)
class Component:
    """A component of a spectrum: a peak at `centre_hz`, or 1/f to the power of `slope`.

    Attributes
    ----------
    wax_s, wax_sd
        Time constant of the slow modulation of its amplitude, and standard deviation of the
        logarithm.
    """

    centre_hz: float = 0.0
    width_hz: float = 0.0
    slope: float = 0.0
    knee_hz: float = 0.5
    wax_s: float = 30.0
    wax_sd: float = 0.15

    def share(self, hz: Floats) -> Floats:
        """Share of the power in each frequency bin, summing to 1."""
        if self.width_hz:
            shape = np.exp(-0.5 * ((hz - self.centre_hz) / self.width_hz) ** 2)
        else:
            shape = 1.0 / (self.knee_hz**self.slope + hz**self.slope)
        # A sleep amplifier does not pass frequencies below about 0.3 Hz.
        shape = shape / (1.0 + (0.3 / np.maximum(hz, 1e-3)) ** 4)
        share: Floats = shape / shape.sum()
        return share


EEG_COMPONENTS: Mapping[str, Component] = {
    "pink": Component(slope=1.0, wax_s=60, wax_sd=0.08),
    "red": Component(slope=2.0, knee_hz=0.7, wax_s=30, wax_sd=0.12),
    "slow_wave": Component(0.9, 0.45, wax_s=40, wax_sd=0.18),
    "delta": Component(2.2, 0.9, wax_s=40, wax_sd=0.15),
    "theta": Component(5.5, 1.1, wax_s=20, wax_sd=0.2),
    "alpha": Component(10.0, 0.8, wax_s=6, wax_sd=0.35),
    "sigma": Component(13.0, 1.0, wax_s=20, wax_sd=0.25),
    "beta": Component(20.0, 6.0, wax_s=60, wax_sd=0.15),
}
ALPHA, SIGMA, BETA = (list(EEG_COMPONENTS).index(name) for name in ("alpha", "sigma", "beta"))

# Standard deviation of each component at C4 in microvolt, alpha with eyes closed. Chosen so that
# the sums look like published spectra of adults: slow waves of N3 beyond 75 uV peak to peak,
# alpha in relaxed wake of some 25 uV, mixed frequencies of low amplitude in N1 and R.
EEG_UV: Mapping[str, tuple[float, ...]] = {
    #     pink  red  slow  delta theta alpha sigma beta
    "W": (5.0, 6.0, 1.0, 2.0, 3.0, 8.0, 1.0, 3.5),
    "N1": (3.2, 6.5, 3.0, 4.0, 5.0, 2.4, 0.9, 1.8),
    "N2": (2.6, 9.0, 7.0, 7.0, 4.6, 1.9, 1.8, 1.1),
    "N3": (2.2, 13.0, 30.0, 14.0, 5.0, 1.9, 1.5, 0.8),
    "R": (3.2, 6.0, 3.0, 4.0, 4.6, 2.2, 0.7, 1.6),
}


def bins_hz(top_hz: int) -> Floats:
    """Frequencies of the bins from 0 to below `top_hz`, shape (n_bins,)."""
    return np.arange(top_hz * FRAME_S) / FRAME_S


def unit_noise(rng: np.random.Generator, n_frames: int, n_bins: int) -> Spectra:
    """Complex normal numbers, one for each frame and bin, shape (n_frames, n_bins)."""
    pairs = rng.standard_normal((n_frames, n_bins, 2))
    noise: Spectra = pairs.view(np.complex128)[..., 0]
    return noise


def cortex_noise(scene: Scene) -> Spectra:
    """The noise that all electrodes of the head share, shape (n_frames, n_bins)."""
    return unit_noise(scene.key.rng(Stream.CORTEX), scene.n_frames, EEG_TOP_HZ * FRAME_S)


def shaped_noise(
    power: Floats,
    shares: Floats,
    rng: np.random.Generator,
    fs_hz: int,
    common: Spectra | None = None,
    in_common: float = 0.0,
) -> Floats:
    """Noise of the given spectrum, shape (n_samples,).

    Parameters
    ----------
    power
        Of each component in each frame, shape (n_frames, n_components).
    shares
        Of each component in each bin, shape (n_components, n_bins).
    rng
        Of the noise of this signal alone.
    common, in_common
        Noise shared with other signals, and its share of the power.
    """
    n_frames, half = len(power), HOP_S * fs_hz
    window = np.sin(np.pi * (np.arange(2 * half) + 0.5) / (2 * half)) * half
    hops = np.zeros((n_frames + 1, half))
    # Blocks that stay in the processor's cache; their size does not change the numbers.
    for first in range(0, n_frames, FRAMES_AT_ONCE):
        frames = slice(first, min(first + FRAMES_AT_ONCE, n_frames))
        spectra = unit_noise(rng, frames.stop - first, shares.shape[1])
        if common is not None:
            spectra *= np.sqrt(1 - in_common)
            spectra += np.sqrt(in_common) * common[frames]
        spectra *= np.sqrt(power[frames] @ shares)
        # The bins at 0 Hz and at half the rate are left out: no wave of random phase fits them.
        spectra[:, 0] = 0
        waves = np.fft.irfft(spectra[:, :half], 2 * half, axis=1)
        waves *= window
        hops[frames] += waves[:, :half]
        hops[first + 1 : frames.stop + 1] += waves[:, half:]
    # The first frame begins 2 s before the recording, the last one ends 2 s after it.
    return hops[1:-1].ravel()


def slow_modulation(rng: np.random.Generator, n_frames: int, wax_s: float, wax_sd: float) -> Floats:
    """A slow positive factor of mean square 1, shape (n_frames,)."""
    from scipy.signal import lfilter

    keep = np.exp(-HOP_S / wax_s)
    steps = rng.standard_normal(n_frames)
    steps[1:] *= np.sqrt(1 - keep**2)
    factor: Floats = np.exp(wax_sd * lfilter([1.0], [1.0, -keep], steps) - wax_sd**2)
    return factor


def movement_share(scene: Scene) -> Floats:
    """Share of each frame with body movement, shape (n_frames,)."""
    events = scene.events["movement"]
    share = np.zeros(scene.n_frames)
    first = (events.onset_s / HOP_S).astype(int)
    np.add.at(share, first + 1, np.minimum(events.duration_s / FRAME_S, 1.0))
    return np.minimum(share, 1.0)


def eeg_power(scene: Scene) -> Floats:
    """Power of each component in each frame at C4, microvolt squared, (n_frames, n_components)."""
    rng = scene.key.rng(Stream.RHYTHMS)
    power = scene.stage_share @ np.array([EEG_UV[stage] for stage in SCORED]) ** 2
    for number, part in enumerate(EEG_COMPONENTS.values()):
        power[:, number] *= slow_modulation(rng, scene.n_frames, part.wax_s, part.wax_sd) ** 2
    power[:, ALPHA] *= (1 - 0.85 * scene.eyes_open) * scene.traits.alpha_gain**2
    # Muscle shows in the EEG while the body moves.
    power[:, BETA] *= 1 + 15 * movement_share(scene)
    moved: Floats = power * scene.traits.eeg_gain**2
    return moved


def eeg_nrem_part(scene: Scene) -> Floats:
    """The part of each component's power that is of N2 and N3, shape (n_frames, n_components)."""
    uv2 = np.array([EEG_UV[stage] for stage in SCORED]) ** 2
    nrem = [SCORED.index(stage) for stage in (SleepStage.N2, SleepStage.N3)]
    part: Floats = (scene.stage_share[:, nrem] @ uv2[nrem]) / (scene.stage_share @ uv2)
    return part


def eeg_shares(scene: Scene) -> Floats:
    """Share of each component's power in each bin, shape (n_components, n_bins)."""
    parts = dict(EEG_COMPONENTS)
    parts["alpha"] = replace(parts["alpha"], centre_hz=scene.traits.alpha_hz)
    parts["sigma"] = replace(parts["sigma"], centre_hz=scene.traits.spindle_hz)
    return np.array([part.share(bins_hz(EEG_TOP_HZ)) for part in parts.values()])
