"""YASA's band-pass filter: MNE's default FIR, 0.4-30 Hz at 100 Hz, sample for sample.

The arithmetic of ``mne.filter.filter_data(x, 100, 0.4, 30)`` (MNE 1.13): a zero-phase FIR of 825
taps designed by windowing, applied by overlap-add after the signal was mirrored about its first
and last sample. Blocks have MNE's own length and are added in MNE's own order, so that even the
rounding is MNE's: of a flat signal only rounding errors remain, and YASA stages those too.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]

FS_HZ = 100.0
EPOCH_S = 30
EPOCH_SAMPLES = int(EPOCH_S * FS_HZ)
LOW_HZ = 0.4
HIGH_HZ = 30.0
LOW_TRANSITION_HZ = 0.4
HIGH_TRANSITION_HZ = 7.5
HAMMING_LENGTH_FACTOR = 3.3
"""Taps times transition width, over sampling rate, of a Hamming-windowed design."""

_BLOCKS_AT_ONCE = 64


@lru_cache(maxsize=1)
def band_pass_taps() -> Signal:
    """The impulse response, shape (825,), symmetric about its middle."""
    taps = -_low_pass(LOW_HZ - LOW_TRANSITION_HZ / 2, LOW_TRANSITION_HZ)
    upper = _low_pass(HIGH_HZ + HIGH_TRANSITION_HZ / 2, HIGH_TRANSITION_HZ)
    first = (len(taps) - len(upper)) // 2
    taps[first : first + len(upper)] += upper
    taps.flags.writeable = False
    return taps


def _low_pass(cutoff_hz: float, transition_hz: float) -> Signal:
    """A low-pass FIR by the window method, scaled to a gain of one at 0 Hz."""
    n_taps = round(HAMMING_LENGTH_FACTOR * FS_HZ / transition_hz)
    n_taps += 1 - n_taps % 2
    cutoff = cutoff_hz / (FS_HZ / 2)
    middle = np.arange(n_taps) - (n_taps - 1) / 2
    window = 0.54 + (1 - 0.54) * np.cos(np.linspace(-np.pi, np.pi, n_taps))
    taps: Signal = cutoff * np.sinc(cutoff * middle) * window
    taps /= taps.sum()
    return taps


def mirrored(signal: Signal, n_before: int, n_after: int, scale: float = 1.0) -> Signal:
    """The signal times `scale`, extended at both ends by its point reflection, then by zeros.

    MNE's ``reflect_limited``: at most ``len(signal) - 1`` samples can be reflected.
    """
    out = np.zeros(n_before + len(signal) + n_after)
    stop = n_before + len(signal)
    inside = np.multiply(signal, scale, out=out[n_before:stop])
    n_left = min(n_before, len(signal) - 1)
    n_right = min(n_after, len(signal) - 1)
    np.subtract(2 * inside[0], inside[n_left:0:-1], out=out[n_before - n_left : n_before])
    np.subtract(2 * inside[-1], inside[-2 : -n_right - 2 : -1], out=out[stop : stop + n_right])
    return out


def band_pass(signal: Signal) -> Signal:
    """A signal at 100 Hz, at least 825 samples long, band-passed 0.4-30 Hz without delay."""
    taps = band_pass_taps()
    n_edge = len(taps) - 1
    extended = mirrored(signal, n_edge, n_edge)
    n_fft = _block_length(len(extended), len(taps))
    n_new = n_fft - n_edge
    n_blocks = -(-len(extended) // n_new)
    extended = np.concatenate([extended, np.zeros(n_blocks * n_new - len(extended))])
    out = np.zeros((n_blocks + 1) * n_new)
    _overlap_add(extended.reshape(n_blocks, n_new), taps, n_fft, out)
    delay = n_edge // 2 + n_edge
    return out[delay : delay + len(signal)]


def _overlap_add(blocks: Signal, taps: Signal, n_fft: int, out: Signal) -> None:
    """Add every block's response into `out`, earlier blocks first."""
    response = np.fft.rfft(taps, n_fft)
    n_new = blocks.shape[1]
    n_tail = n_fft - n_new
    padded = np.zeros((min(len(blocks), _BLOCKS_AT_ONCE), n_fft))
    for first in range(0, len(blocks), _BLOCKS_AT_ONCE):
        some = blocks[first : first + _BLOCKS_AT_ONCE]
        padded[: len(some), :n_new] = some
        spectra = np.fft.rfft(padded[: len(some)])
        spectra *= response
        answers = np.fft.irfft(spectra, n_fft)
        rows = out[first * n_new : (first + len(some) + 1) * n_new].reshape(-1, n_new)
        rows[:-1] += answers[:, :n_new]
        rows[1:, :n_tail] += answers[:, n_new:]


def _block_length(n_samples: int, n_taps: int) -> int:
    """The power of two that MNE takes for the FFT of a block, by its own estimate of cost."""
    shortest = 2 * n_taps - 1
    lengths = 2 ** np.arange(
        np.ceil(np.log2(shortest)), np.ceil(np.log2(n_samples)) + 1, dtype=np.int64
    )
    n_blocks = np.ceil(n_samples / (lengths - n_taps + 1.0))
    cost = n_blocks * lengths * (np.log2(lengths) + 1) + 4e-5 * lengths * n_samples
    return int(lengths[np.argmin(cost)])
