"""Spectral measures of each epoch: amplitude, slope, muscle, mains, likeness to EEG."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt

WINDOW_S = 5.0
CHUNK_EPOCHS = 64
TINY_UV2 = 1e-12

PerEpoch = npt.NDArray[np.float64]
Power = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class EpochSpectra:
    """Measures of each epoch's power spectrum, shape (n_epochs,) each.

    Attributes
    ----------
    sd_uv
        SD of 0.5-35 Hz, the band that a stager uses, without electrode drift and mains.
    slope
        Of log power against log frequency, 2-25 Hz without 7-16 Hz, where alpha and spindles stand
        out. White noise 0, pink noise -1. It stops short of 30 Hz, where amplifiers may low-pass.
    high_share
        20-47 Hz in 0.5-47 Hz.
    mains_share
        48-52 and 58-62 Hz in everything above 0.5 Hz.
    eeg_likeness
        log10 of the power of 8-16 Hz over that of 0.5-2 Hz: eye movements are slow.
    """

    sd_uv: PerEpoch
    slope: PerEpoch
    high_share: PerEpoch
    mains_share: PerEpoch
    eeg_likeness: PerEpoch

    def of(self, epochs: npt.NDArray[np.bool_]) -> EpochSpectra:
        """The measures of the marked epochs."""
        return EpochSpectra(*(getattr(self, field.name)[epochs] for field in fields(self)))


def epoch_power(epochs_uv: npt.NDArray[np.float64], fs_hz: float) -> Power:
    """Power of each epoch in each frequency bin, relative, shape (n_epochs, n_freqs).

    Hann windows of 5 s without overlap, mean over the epoch (Welch 1967).

    Parameters
    ----------
    epochs_uv
        Shape (n_epochs, n_samples), microvolt. An epoch that is not finite gives power that is not.
    """
    n_window = int(WINDOW_S * fs_hz)
    n_windows = epochs_uv.shape[1] // n_window
    windows = epochs_uv[:, : n_windows * n_window].reshape(len(epochs_uv), n_windows, n_window)
    # Single precision is half the time and 1e-7 of the amplitude, once the offset is gone.
    with np.errstate(invalid="ignore"):
        centred = np.empty(windows.shape, np.float32)
        np.subtract(windows, windows.mean(axis=2, keepdims=True), out=centred, casting="same_kind")
        centred *= _taper(n_window)
        # Any other norm multiplies by an integer, and numpy then transforms in double precision.
        spectrum = np.fft.rfft(centred, axis=2, norm="forward")
        # Real and imaginary parts in turn.
        parts = spectrum.view(np.float32)
        squared = np.square(parts, out=parts).mean(axis=1)
        power: Power = squared[:, ::2] + squared[:, 1::2]
    return power


def epoch_spectra(power: Power, fs_hz: float) -> EpochSpectra:
    """Spectral measures of finite epochs from their power (:func:`epoch_power`)."""
    n_window = int(WINDOW_S * fs_hz)
    freqs_hz = np.fft.rfftfreq(n_window, 1 / fs_hz).astype(np.float64)
    to_uv2 = 2 * n_window / float((_taper(n_window) ** 2).sum())
    chunks = [
        _measures(power[first : first + CHUNK_EPOCHS].astype(np.float64) * to_uv2, freqs_hz)
        for first in range(0, len(power), CHUNK_EPOCHS)
    ]
    names = [field.name for field in fields(EpochSpectra)]
    nothing = [np.empty((len(names), 0))]
    return EpochSpectra(**dict(zip(names, np.hstack(chunks or nothing), strict=True)))


@lru_cache(maxsize=8)
def _taper(n_window: int) -> Power:
    return np.hanning(n_window).astype(np.float32)


def _measures(power_uv2: PerEpoch, freqs_hz: PerEpoch) -> npt.NDArray[np.float64]:
    """The fields of EpochSpectra in order, shape (5, n_epochs)."""

    def between(low_hz: float, high_hz: float) -> PerEpoch:
        inside = (freqs_hz >= low_hz) & (freqs_hz < high_hz)
        total: PerEpoch = power_uv2[:, inside].sum(axis=1) + TINY_UV2
        return total

    fitted = (freqs_hz >= 2) & (freqs_hz <= 25) & ~((freqs_hz > 7) & (freqs_hz < 16))
    log_hz = np.log(freqs_hz[fitted])
    log_hz -= log_hz.mean()
    slope = np.log(power_uv2[:, fitted] + TINY_UV2) @ log_hz / (log_hz @ log_hz)
    mains_uv2 = between(48, 52) + between(58, 62)
    return np.array(
        [
            np.sqrt(between(0.5, 35)),
            slope,
            between(20, 47) / between(0.5, 47),
            mains_uv2 / between(0.5, np.inf),
            np.log10(between(8, 16) / between(0.5, 2)),
        ]
    )
