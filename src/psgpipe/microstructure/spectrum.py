"""Power spectra of epochs: Welch's method, and the power in frequency bands.

As ``scipy.signal.welch(epoch, fs, window="hann", nperseg=4 * fs)`` with its mean over windows, and
``yasa.bandpower(..., relative=False)`` of the same spectrum (Simpson's rule, both edges included).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from psgpipe.model.derived_signal import DerivedSignal
from psgpipe.model.sampled_signal import Band, SampledSignal
from psgpipe.signals.epoch_grid import covered_grid

WINDOW_S = 4.0
HIGHEST_HZ = 45.0
"""Mains begin above."""

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

# Shape (n_epochs, n_freqs) of each signal; NaN where an epoch was not asked for.
_REMEMBERED: WeakKeyDictionary[DerivedSignal, Floats] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Spectra:
    """Power spectral density of some epochs.

    Attributes
    ----------
    freqs_hz
        Shape (n_freqs,), from 0 to 45 Hz or half of the sampling rate.
    density_uv2_hz
        Shape (n_epochs, n_freqs), uV^2/Hz. The bins of 0 and 0.25 Hz contain the epoch's offset
        and belong to no band.
    """

    freqs_hz: Floats
    density_uv2_hz: Floats

    def of(self, epochs: Marks | npt.NDArray[np.int_]) -> Spectra:
        """Those of the marked, or numbered, epochs."""
        return Spectra(self.freqs_hz, self.density_uv2_hz[epochs])

    def holds(self, band: Band) -> bool:
        """Whether the spectra reach to the upper edge of a band."""
        return bool(band.high_hz <= self.freqs_hz[-1] + self._bin_hz / 4)

    def band_uv2(self, band: Band) -> Floats:
        """Power in a band, shape (n_epochs,), uV^2; the spectra must hold it."""
        inside = self.bins(band)
        return self.density_uv2_hz[:, inside] @ _simpson(int(inside.sum())) * self._bin_hz

    def bins(self, band: Band) -> Marks:
        """The bins of a band, shape (n_freqs,): both edges are in it.

        At a sampling rate that is no whole number an edge is the bin next to it.
        """
        near = self._bin_hz / 4 if self._bin_hz * WINDOW_S != 1 else 0.0
        inside: Marks = (self.freqs_hz >= band.low_hz - near) & (
            self.freqs_hz <= band.high_hz + near
        )
        return inside

    @property
    def _bin_hz(self) -> float:
        return float(self.freqs_hz[1])


def epoch_spectra(signal: SampledSignal, epochs: Marks, row: int = 0) -> Spectra:
    """The spectra of the marked epochs, each of which must be covered.

    Parameters
    ----------
    signal
        Not filtered by psgpipe.
    epochs
        Shape (n_epochs,): on the signal's grid of 30-s epochs.
    """
    freqs_hz, pieces = frequencies(signal.fs_hz), []
    for piece in covered_grid(signal, epochs).pieces():
        epochs_uv = piece.take(lambda columns: signal.samples_uv(columns, row))
        pieces.append(density(epochs_uv, signal.fs_hz))
    return Spectra(freqs_hz, np.concatenate([np.empty((0, len(freqs_hz))), *pieces]))


def remembered_spectra(signal: DerivedSignal, epochs: Marks) -> Spectra:
    """As :func:`epoch_spectra`, but an epoch is transformed once as long as the signal exists.

    The endpoints and the picture of a night show the spectra of the same derivation.
    """
    freqs_hz, density_uv2_hz = frequencies(signal.fs_hz), _REMEMBERED.get(signal)
    if density_uv2_hz is None:
        density_uv2_hz = np.full((len(epochs), len(freqs_hz)), np.nan)
        _REMEMBERED[signal] = density_uv2_hz
    missing = epochs & np.isnan(density_uv2_hz[:, 0])
    density_uv2_hz[missing] = epoch_spectra(signal, missing).density_uv2_hz
    return Spectra(freqs_hz, density_uv2_hz[epochs])


def frequencies(fs_hz: float) -> Floats:
    """The frequencies of the bins, shape (n_freqs,)."""
    n_window = int(WINDOW_S * fs_hz)
    every = np.arange(n_window // 2 + 1).astype(np.float64) * (fs_hz / n_window)
    return every[every <= HIGHEST_HZ + fs_hz / n_window / 4]


def density(epochs_uv: Floats, fs_hz: float) -> Floats:
    """Power spectral density, shape (n_epochs, n_freqs), uV^2/Hz.

    Half-overlapping Hann windows of 4 s, the mean of their power (Welch 1967). A window's mean is
    not taken out first: a Hann window spreads it over the first two bins alone.

    Parameters
    ----------
    epochs_uv
        Shape (n_epochs, n_samples), microvolt; at least 4 s.
    """
    n_window, n_freqs = int(WINDOW_S * fs_hz), len(frequencies(fs_hz))
    taper = _hann(n_window)
    windows = np.lib.stride_tricks.sliding_window_view(epochs_uv, n_window, axis=1)
    windows = windows[:, :: n_window - n_window // 2]
    total = np.zeros((len(epochs_uv), n_freqs))
    for number in range(windows.shape[1]):
        spectrum = np.fft.rfft(windows[:, number] * taper)[:, :n_freqs]
        total += spectrum.real**2
        total += spectrum.imag**2
    total *= 2 / (fs_hz * float((taper**2).sum()) * windows.shape[1])
    if n_window == 2 * (n_freqs - 1):  # half of the rate has no counterpart at negative frequencies
        total[:, -1] /= 2
    return total


def band_powers(spectra: Spectra, bands: Mapping[str, Band]) -> dict[str, Floats]:
    """Power of each epoch in each band that the spectra hold, uV^2."""
    return {name: spectra.band_uv2(band) for name, band in bands.items() if spectra.holds(band)}


@lru_cache(maxsize=8)
def _hann(n_window: int) -> Floats:
    window: Floats = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_window) / n_window)
    return window


@lru_cache(maxsize=64)
def _simpson(n_points: int) -> Floats:
    """Weights of scipy's ``simpson`` for points one apart.

    An even number of points has an odd one out at the end, which gets Cartwright's correction.
    """
    if n_points < 3:
        return np.full(n_points, 1 / max(n_points, 1)) * (n_points - 1)
    weights = np.zeros(n_points)
    n_odd = n_points - 1 + n_points % 2
    weights[:n_odd] = 2 / 3
    weights[1:n_odd:2] = 4 / 3
    weights[[0, n_odd - 1]] = 1 / 3
    if n_odd < n_points:
        weights[-3:] += np.array([-1 / 12, 2 / 3, 5 / 12])
    return weights
