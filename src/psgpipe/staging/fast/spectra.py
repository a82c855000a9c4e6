"""YASA's spectral features of an epoch: Welch's spectrum, the power in bands, and ratios.

Welch as ``scipy.signal.welch(epochs, 100, window="hamming", nperseg=500, average="median")``: the
median over eleven half-overlapping segments of 5 s. Integration as in yasa 0.8.1: Simpson's rule in
bands, the trapezoidal rule for the total.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.staging.fast.band_pass import EPOCH_SAMPLES, FS_HZ, HIGH_HZ, LOW_HZ
from psgpipe.staging.fast.median_network import median_of_rows

SEGMENT_S = 5
SEGMENT_SAMPLES = int(SEGMENT_S * FS_HZ)
BIN_HZ = 1 / SEGMENT_S
BANDS_HZ = {
    "sdelta": (0.4, 1),
    "fdelta": (1, 4),
    "theta": (4, 8),
    "alpha": (8, 12),
    "sigma": (12, 16),
    "beta": (16, 30),
}

Power = npt.NDArray[np.float64]

N_SEGMENTS = EPOCH_SAMPLES * 2 // SEGMENT_SAMPLES - 1
FIRST_BIN = round(LOW_HZ / BIN_HZ)
N_BINS = round(HIGH_HZ / BIN_HZ) - FIRST_BIN + 1


class Scratch(NamedTuple):
    """Memory for what is made of a few epochs, used again for the next few.

    Asking the system for fresh memory each time costs as much as the arithmetic.
    """

    samples: Power
    more_samples: Power
    segments: Power
    spectra: npt.NDArray[np.complex128]
    power: Power
    power_imag: Power


def scratch_for(n_epochs: int) -> Scratch:
    """Memory for what is made of up to `n_epochs` epochs at a time."""
    shape = (N_SEGMENTS, n_epochs)
    return Scratch(
        samples=np.empty((n_epochs, EPOCH_SAMPLES)),
        more_samples=np.empty((n_epochs, EPOCH_SAMPLES)),
        segments=np.empty((*shape, SEGMENT_SAMPLES)),
        spectra=np.empty((*shape, SEGMENT_SAMPLES // 2 + 1), np.complex128),
        power=np.empty((*shape, N_BINS)),
        power_imag=np.empty((*shape, N_BINS)),
    )


def spectral_features(epochs: Power, kind: str, scratch: Scratch) -> dict[str, Power]:
    """Total power for all; relative band powers unless EMG; their ratios for EEG."""
    power = welch_median(epochs, scratch)
    integrals = power @ _integrals()
    found = {"abspow": integrals[:, -1]}
    if kind != "emg":
        relative = integrals[:, :-2] / integrals[:, -2:-1]
        found |= dict(zip(BANDS_HZ, relative.T, strict=True))
    if kind == "eeg":
        found |= _ratios(found)
    return found


def _ratios(band: dict[str, Power]) -> dict[str, Power]:
    delta = band["sdelta"] + band["fdelta"]
    return {
        "dt": delta / band["theta"],
        "ds": delta / band["sigma"],
        "db": delta / band["beta"],
        "at": band["alpha"] / band["theta"],
    }


def welch_median(epochs: Power, scratch: Scratch) -> Power:
    """Power spectral density from 0.4 to 30 Hz, shape (n_epochs, 149), uV^2/Hz.

    The mean of a segment is not taken out first: the window spreads it no further than the first
    bin beside 0 Hz, and the first bin used is the second.
    """
    n = len(epochs)
    segments, spectra = scratch.segments[:, :n], scratch.spectra[:, :n]
    power, power_imag = scratch.power[:, :n], scratch.power_imag[:, :n]
    np.multiply(_half_overlapping(epochs), _window(), out=segments)
    np.fft.rfft(segments, out=spectra)
    used = spectra[:, :, FIRST_BIN : FIRST_BIN + N_BINS]
    np.multiply(used.real, used.real, out=power)
    np.multiply(used.imag, used.imag, out=power_imag)
    power += power_imag
    median = median_of_rows(power)
    median *= 2 / (FS_HZ * (_window() ** 2).sum()) / _median_bias(N_SEGMENTS)
    return median


def _half_overlapping(epochs: Power) -> Power:
    """A view of the 5-s segments, shape (11, n_epochs, 500)."""
    every = np.lib.stride_tricks.sliding_window_view(epochs, SEGMENT_SAMPLES, axis=1)
    return np.moveaxis(every[:, :: SEGMENT_SAMPLES // 2], 1, 0)


@lru_cache(maxsize=1)
def _window() -> Power:
    angle = np.linspace(-np.pi, np.pi, SEGMENT_SAMPLES + 1)[:-1]
    window: Power = 0.54 + (1 - 0.54) * np.cos(angle)
    return window


def _median_bias(n: int) -> float:
    """The median of `n` exponential values over their mean (Allen et al. 2012, appendix B)."""
    odd = 2.0 * np.arange(1, (n - 1) // 2 + 1)
    return float(1 + np.sum(1 / (odd + 1) - 1 / odd))


@lru_cache(maxsize=1)
def _integrals() -> Power:
    """Weights that turn a spectrum into band powers, their sum and the total power.

    Shape (149, 8): the bands, Simpson over all of 0.4-30 Hz, trapezoids over all of it.
    """
    bins = np.arange(FIRST_BIN, FIRST_BIN + N_BINS)
    edges = [*BANDS_HZ.values(), (LOW_HZ, HIGH_HZ)]
    columns = [_simpson(bins, round(low / BIN_HZ), round(high / BIN_HZ)) for low, high in edges]
    trapezoids = np.full(len(bins), BIN_HZ)
    trapezoids[[0, -1]] /= 2
    return np.stack([*columns, trapezoids], axis=1)


def _simpson(bins: npt.NDArray[np.int64], first: int, last: int) -> Power:
    """Weights of scipy's ``simpson`` over the bins `first` to `last`, both included.

    An even number of points has an odd one out at the end, which gets Cartwright's correction.
    """
    weights = np.zeros(len(bins))
    inside = weights[first - bins[0] : last - bins[0] + 1]
    n_odd = len(inside) - 1 + len(inside) % 2
    inside[:n_odd] = 2 / 3
    inside[1:n_odd:2] = 4 / 3
    inside[[0, n_odd - 1]] = 1 / 3
    if n_odd < len(inside):
        inside[-3:] += np.array([-1 / 12, 2 / 3, 5 / 12])
    inside *= BIN_HZ
    return weights
