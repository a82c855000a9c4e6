"""The band around 50 Hz of a whole night, cut at 50 Hz as MNE's resampling cuts it.

The band is a slowly turning complex envelope z at 12.5 samples a second: the signal around
50 Hz is the real part of ``z(t) exp(2 pi i 50 t)``, t in seconds from the first sample. MNE's cut
at 50 Hz is then a cut of z at zero, over the same padded and repeating night.
"""

from functools import lru_cache
from math import erfc, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.staging.fast.band_pass import FS_HZ, Signal
from psgpipe.staging.fast.resampling import Resampling

CUT_HZ = FS_HZ / 2
DECIMATION = 8
RATE_HZ = FS_HZ / DECIMATION
"""The sampling rate of the envelope."""
HALF_WIDTH_HZ = 1.3
"""Where half of the signal is counted as near 50 Hz and half is left in the blocks."""
SOFTNESS_HZ = 0.23
"""Width of that division: its ringing is 1e-7 after 4 s, and all is over 2.6 Hz from 50 Hz."""
INTERPOLATION_HZ = 4.4
"""Where the interpolated envelope ends: above what it holds, below its first mirror image."""

_REACH, _BETA = 16, 16.0
"""Values to each side from which one in between is found, and the shape of Kaiser's window."""

Complex = npt.NDArray[np.complex128]
Index = npt.NDArray[np.int64]


class Envelope(NamedTuple):
    """The envelope over MNE's padded night: 12.5 values a second.

    The first value has the index `first`, counted from the signal's first sample (negative). `grid`
    is how MNE pads and resamples the signal.
    """

    values: Complex
    first: int
    grid: Resampling
    fs_hz: float

    def stretches(self, first: Index, n: int) -> Complex:
        """`n` values from each `first` index on; behind the last value comes the first again."""
        begins = (first - self.first).tolist()
        if min(begins) >= 0 and max(begins) + n <= len(self.values):
            return np.stack([self.values[begin : begin + n] for begin in begins])
        return self.values[(np.array(begins)[:, None] + np.arange(n)) % len(self.values)]

    def late_by(self, samples: Index) -> Signal:
        """See :meth:`Resampling.late_by`."""
        return self.grid.late_by(samples, self.fs_hz)


def empty_envelope(grid: Resampling, fs_hz: float) -> Envelope:
    """An envelope of zeros for a padded night."""
    n = round(grid.n_padded * RATE_HZ / fs_hz)
    first = -int(grid.n_before * RATE_HZ / fs_hz)
    return Envelope(np.zeros(n, np.complex128), first, grid, fs_hz)


@lru_cache(maxsize=8)
def share_near_50_hz(n_out: int) -> Signal:
    """How much of each frequency, 43.75 to 56.25 Hz, counts as near 50 Hz: shape (n_slow + 1,)."""
    n_slow = n_out // DECIMATION
    away_hz = np.abs(np.arange(n_slow + 1) - n_slow // 2) * (FS_HZ / n_out)
    return _fading(away_hz, HALF_WIDTH_HZ)


def _fading(hz: Signal, half_hz: float) -> Signal:
    return np.array([0.5 * erfc((f - half_hz) / (SOFTNESS_HZ * sqrt(2))) for f in hz.tolist()])


def envelope_rows(spectra: Complex, n_in: int, n_out: int) -> Complex:
    """The envelope of blocks, shape (n_blocks, n_slow), from their spectra at the signal's rate."""
    n_slow, centre = n_out // DECIMATION, n_out // 2
    band = spectra[:, centre - n_slow // 2 : centre + n_slow // 2]
    band = band * (share_near_50_hz(n_out)[:-1] * (2 * n_slow / n_in))
    return np.fft.ifft(np.fft.ifftshift(band, axes=1))


def put(envelope: Envelope, first: Index, rows: Complex) -> None:
    """Write rows into the envelope, each from its `first` index on."""
    for at, row in zip((first - envelope.first).tolist(), rows, strict=True):
        begin, end = max(at, 0), min(at + len(row), len(envelope.values))
        if begin < end:
            envelope.values[begin:end] = row[begin - at : end - at]


def mirror_into_pads(envelope: Envelope, n_samples: int) -> None:
    """Continue the envelope as MNE continues the signal: by its point reflection at both ends."""
    values, first = envelope.values, envelope.first
    before = np.arange(first, 0)
    values[before - first] = -values[-before - first].conj()
    end_s = (n_samples - 1) / envelope.fs_hz
    after = np.arange(int(end_s * RATE_HZ) + 1, first + len(values))
    mirrored = np.asarray(2 * end_s * RATE_HZ - after - first, dtype=np.float64)
    there = _between(values, mirrored)
    values[after - first] = -there.conj() * np.exp(-4j * np.pi * CUT_HZ * end_s)


def _between(values: Complex, positions: Signal) -> Complex:
    """The envelope at positions that descend by one and lie equally far between two values."""
    if len(positions) == 0:
        return values[:0]
    away = np.arange(-_REACH, _REACH) + float(positions[0] % 1)
    taps = np.sinc(away) * np.i0(_BETA * np.sqrt(1 - (away / _REACH) ** 2)) / np.i0(_BETA)
    highest = int(positions[0]) + _REACH
    needed = values[highest - len(positions) - 2 * _REACH + 2 : highest + 1]
    between: Complex = np.convolve(needed, taps, mode="valid")[::-1]
    return between


def cut(envelope: Envelope) -> Envelope:
    """The envelope without what lies above MNE's last frequency, which is 50 Hz or just beside."""
    grid, n = envelope.grid, len(envelope.values)
    last_kept_hz = (grid.n_padded_new // 2) * envelope.fs_hz / grid.n_padded
    # The last frequency kept lies on the envelope's own grid of frequencies after this turn.
    offset_hz = last_kept_hz - CUT_HZ
    turn = (
        np.exp(2j * np.pi * offset_hz / RATE_HZ * (np.arange(n) + envelope.first))
        if offset_hz
        else 1.0
    )
    spectrum = np.fft.fft(envelope.values * np.conj(turn))
    spectrum[1 : n // 2] = 0
    return envelope._replace(values=np.fft.ifft(spectrum) * turn)


def spectra_below_50_hz(envelope: Envelope, begins: Index, n_out: int) -> Complex:
    """What the envelope adds to the spectra of blocks at 100 Hz, from 50 Hz downwards.

    Shape (n_blocks, n_slow // 2 + 1); the first column is 50 Hz.
    """
    n_slow = n_out // DECIMATION
    index = begins[:, None] // DECIMATION + np.arange(n_slow)
    # At 100 samples a second a wave of 50 Hz is +1, -1, +1...: what is left of it is the real
    # part of the envelope, turned by as much as MNE's samples come late.
    turn = np.exp(1j * np.pi * envelope.late_by(index * DECIMATION))
    real = (envelope.stretches(begins // DECIMATION, n_slow) * turn).real
    spectra = np.fft.rfft(real) * (_interpolation(n_slow) * DECIMATION)
    late = envelope.late_by(begins[:, None] + n_out // 2)
    spectra *= np.exp(2j * np.pi / n_out * late * np.arange(n_slow // 2 + 1))
    return spectra.conj()


@lru_cache(maxsize=8)
def _interpolation(n_slow: int) -> Signal:
    hz = np.asarray(np.arange(n_slow // 2 + 1) * (RATE_HZ / n_slow), dtype=np.float64)
    return _fading(hz, INTERPOLATION_HZ)
