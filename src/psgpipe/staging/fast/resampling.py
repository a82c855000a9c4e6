"""A signal at 100 Hz: MNE's FFT resampling, sample for sample.

The arithmetic of ``mne.io.Raw.resample(100, npad="auto")`` (MNE 1.13), which YASA calls: the whole
night, mirrored at both ends up to a power of two, becomes one spectrum that is cut at 50 Hz.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.model.staging import Samples
from psgpipe.staging.fast.band_pass import FS_HZ, Signal, mirrored


class Resampling(NamedTuple):
    """How MNE lays the 100-Hz grid over a signal.

    `n_before` and `n_after` samples are put around the signal at its own rate, which makes
    `n_padded`; at 100 Hz that is `n_padded_new`, rounded. The first `n_skipped` of these are
    dropped, and the next `n_new` are the result.
    """

    n_before: int
    n_after: int
    n_padded: int
    n_padded_new: int
    n_skipped: int
    n_new: int

    def stretch(self, fs_hz: float) -> float:
        """How much longer than 1/100 s MNE's step is: 1 where the padded length divides."""
        return self.n_padded / self.n_padded_new / (fs_hz / FS_HZ)

    def late_by(self, samples: npt.NDArray[np.int64], fs_hz: float) -> Signal:
        """By how many samples at 100 Hz MNE's samples come too late: shape () if all by the same.

        The padded length rarely divides: then MNE's grid is stretched by up to a part in a million,
        and in any case it begins up to half a sample early or late.
        """
        step = self.n_padded / self.n_padded_new
        if self.stretch(fs_hz) == 1:
            samples = np.zeros((), np.int64)
        positions = (samples + self.n_skipped) * step - self.n_before
        late: Signal = np.asarray(positions * (FS_HZ / fs_hz) - samples)
        return late


def resampling(n_samples: int, fs_hz: float) -> Resampling:
    """MNE's choice of padding and lengths for a signal of `n_samples` at `fs_hz`."""
    ratio = FS_HZ / fs_hz
    n_least = n_samples + 2 * min(n_samples // 8, 100)
    n_padded = 2 ** int(np.ceil(np.log2(n_least)))
    n_before = (n_padded - n_samples) // 2
    return Resampling(
        n_before=n_before,
        n_after=n_padded - n_samples - n_before,
        n_padded=n_padded,
        n_padded_new=max(round(ratio * n_padded), 1),
        n_skipped=round(ratio * n_before),
        n_new=max(round(ratio * n_samples), 1),
    )


def ratio_to_100_hz(fs_hz: float) -> Fraction | None:
    """The rate over 100 Hz as a simple fraction, or None where it is none."""
    ratio = Fraction(fs_hz).limit_denominator(1000)
    return ratio / 100 if float(ratio) == fs_hz else None


def resample(signal: Signal, fs_hz: float, scale: float = 1.0) -> Signal:
    """The signal times `scale` at 100 Hz, by one FFT over the whole of it."""
    grid = resampling(len(signal), fs_hz)
    spectrum = np.fft.rfft(mirrored(signal, grid.n_before, grid.n_after, scale))
    shorter = grid.n_padded_new < grid.n_padded
    n_kept = min(grid.n_padded, grid.n_padded_new)
    if n_kept % 2 == 0:
        spectrum[n_kept // 2] *= 2.0 if shorter else 0.5
    spectrum *= grid.n_padded_new / grid.n_padded
    padded = np.fft.irfft(spectrum, grid.n_padded_new)
    return padded[grid.n_skipped : grid.n_skipped + grid.n_new]


def as_mne_pads(signal: Samples, grid: Resampling, first: int, n: int) -> Signal:
    """`n` samples from `first` on, where MNE's transform sees a mirrored signal that repeats."""
    at = (np.arange(first, first + n) + grid.n_before) % grid.n_padded - grid.n_before
    last = len(signal) - 1
    before, after = at < 0, at > last
    piece = signal[np.where(before, -at, np.where(after, 2 * last - at, at))]
    piece[before] = 2 * signal[:1] - piece[before]
    piece[after] = 2 * signal[last:] - piece[after]
    return piece
