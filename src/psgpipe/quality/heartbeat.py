"""Heartbeat in a signal: an ECG lead in the place of an EEG, or ECG artefact in an EEG."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.signals.quantiles import quantile

MOST_EPOCHS = 60
# This many epochs stay in the processor's cache.
EPOCHS_AT_ONCE = 6
QRS_HZ = (8.0, 30.0)
ENVELOPE_HZ = 25.0
BEAT_S = (0.4, 1.5)


class Heartbeat(NamedTuple):
    """How regular and how sharp short bursts are.

    Attributes
    ----------
    regularity
        0 to 1, median over epochs: the autocorrelation of the energy of 8-30 Hz at its best lag
        between 0.4 and 1.5 s, above the deepest trough before it.
    kurtosis
        Median over epochs, of 8-30 Hz; 3 for noise, far above for sharp peaks.
    """

    regularity: float
    kurtosis: float


def heartbeat(epochs_uv: npt.NDArray[np.float64], fs_hz: float) -> Heartbeat | None:
    """Regularity and sharpness of bursts in up to 60 evenly spaced epochs; None without epochs.

    Parameters
    ----------
    epochs_uv
        Finite, shape (n_epochs, n_samples).
    """
    if not len(epochs_uv):
        return None
    some = epochs_uv[spread_evenly(len(epochs_uv))]
    pieces = (some[at : at + EPOCHS_AT_ONCE] for at in range(0, len(some), EPOCHS_AT_ONCE))
    beats = np.hstack([_beats(piece, fs_hz) for piece in pieces])
    return Heartbeat(*(quantile(values, 0.5) for values in beats))


def _beats(epochs_uv: npt.NDArray[np.float64], fs_hz: float) -> npt.NDArray[np.float64]:
    """Regularity and kurtosis of each epoch, shape (2, n_epochs)."""
    bursts = _band(epochs_uv, fs_hz)
    energy = bursts**2
    variance = energy.mean(axis=1) + 1e-12
    # The square of the square: a fourth power is a hundred times slower.
    kurtosis = (energy**2).mean(axis=1) / variance**2
    return np.stack([_regularity(energy, fs_hz), kurtosis])


def spread_evenly(n_epochs: int) -> npt.NDArray[np.int_]:
    """Numbers of 60 evenly spaced epochs, or of all of them if there are fewer."""
    epochs = np.linspace(0, n_epochs - 1, MOST_EPOCHS).astype(int)
    # Not np.unique, which imports numpy.ma.
    return epochs[np.diff(epochs, prepend=-1) > 0]


def without_drift(epochs_uv: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The epochs without the straight line from first to last sample, before a transform.

    A drift gives a step where the epoch wraps around; a step holds all frequencies, and looks like
    a beat.
    """
    first_uv, last_uv = epochs_uv[:, :1], epochs_uv[:, -1:]
    level_uv: npt.NDArray[np.float64] = epochs_uv - first_uv
    return level_uv - (last_uv - first_uv) * np.linspace(0, 1, epochs_uv.shape[1])


def _band(epochs_uv: npt.NDArray[np.float64], fs_hz: float) -> npt.NDArray[np.float64]:
    """The epochs, band-passed to the frequencies of a QRS complex."""
    n_samples = epochs_uv.shape[1]
    freqs_hz = np.fft.rfftfreq(n_samples, 1 / fs_hz)
    spectrum = np.fft.rfft(without_drift(epochs_uv), axis=1)
    spectrum[:, : np.searchsorted(freqs_hz, QRS_HZ[0])] = 0
    spectrum[:, np.searchsorted(freqs_hz, QRS_HZ[1], side="right") :] = 0
    return np.fft.irfft(spectrum, n_samples, axis=1)


def _regularity(energy: npt.NDArray[np.float64], fs_hz: float) -> npt.NDArray[np.float64]:
    per_bin = max(1, round(fs_hz / ENVELOPE_HZ))
    n_bins = energy.shape[1] // per_bin
    binned = energy[:, : n_bins * per_bin].reshape(len(energy), n_bins, per_bin)
    # The root keeps one large beat, or one movement, from dominating the sum.
    envelope = np.sqrt(binned @ np.full(per_bin, 1 / per_bin))
    envelope -= envelope.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(envelope, 2 * n_bins, axis=1)) ** 2
    lags = np.fft.irfft(power, axis=1)[:, :n_bins]
    correlation = lags / (lags[:, :1] + 1e-12)
    first, last = (round(lag_s * fs_hz / per_bin) for lag_s in BEAT_S)
    trough = np.minimum.accumulate(correlation[:, : last + 1], axis=1)
    rise: npt.NDArray[np.float64] = (correlation[:, : last + 1] - trough)[:, first:].max(axis=1)
    return rise
