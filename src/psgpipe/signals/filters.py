"""The band-pass for spectra and figures; the stager gets the unfiltered signal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from psgpipe.model.arrays import true_runs
from psgpipe.model.recording import Recording
from psgpipe.model.sampled_signal import Band, segment_slices

ORDER = 4
# A Butterworth filter of order 4 forgets by exp(-2.4) in each period of its edge; a narrow band by
# its half width.
MEMORY_PERIODS = 8
BLOCK_SAMPLES = 1 << 16

Signal = npt.NDArray[np.float64]


def band_pass(recording: Recording, low_hz: float, high_hz: float) -> Recording:
    """Band-pass every derivation, forwards and backwards, so nothing shifts in time.

    Butterworth of order 4, each way. Every segment is filtered on its own, so that nothing rings
    over a gap; a sample that is not finite is a gap of its row and is not changed.

    Parameters
    ----------
    low_hz
        0 for a low-pass.
    high_hz
        At half of the sampling rate or above it the filter is a high-pass, and ``band_hz`` has no
        upper limit.

    Returns
    -------
    The recording with a narrower ``band_hz``, without ``digital_limits_uv``: a filtered sample does
    not show whether it was railed.

    Raises
    ------
    ValueError
        The edges are negative, not in order, or `low_hz` is not below half of the rate.
    """
    nyquist_hz = recording.fs_hz / 2
    if not 0 <= low_hz < high_hz or low_hz >= nyquist_hz:
        raise ValueError(
            f"band of {low_hz:g}-{high_hz:g} Hz at a rate of {recording.fs_hz:g} Hz, "
            f"wanted 0 <= low < high and low below {nyquist_hz:g} Hz"
        )
    left = Band(low_hz, high_hz if high_hz < nyquist_hz else float("inf"))
    band_hz = recording.band_hz & left
    if left == Band(0.0, float("inf")):
        return replace(recording, digital_limits_uv=(), band_hz=band_hz)
    filtered = np.array(recording.signals_uv)
    for row in filtered:
        for columns in _finite_runs(row, recording):
            row[columns] = _both_ways(row[columns], left, recording.fs_hz)
    return replace(recording, signals_uv=filtered, digital_limits_uv=(), band_hz=band_hz)


def _both_ways(signal_uv: Signal, band: Band, fs_hz: float) -> Signal:
    """One segment, filtered block by block in the frequency domain.

    A filter run forwards and backwards is a gain there, and costs a quarter of the two runs. Blocks
    overlap by the filter's memory.
    """
    slowest_hz = min(band.low_hz or band.high_hz, (band.high_hz - band.low_hz) / 2)
    memory = round(MEMORY_PERIODS * fs_hz / slowest_hz) + 1
    block = max(BLOCK_SAMPLES, 1 << (4 * memory).bit_length())
    whole = len(signal_uv) + 2 * memory
    n_fft = block if whole > block else 1 << (whole - 1).bit_length()
    gain = _gain(np.fft.rfftfreq(n_fft, 1 / fs_hz).astype(np.float64), band, fs_hz)
    padded = _continued(signal_uv, memory)
    filtered = np.empty_like(signal_uv)
    step = n_fft - 2 * memory
    for first in range(0, len(signal_uv), step):
        wanted = min(step, len(signal_uv) - first)
        # A last, shorter block is filled up with its own last value: zeros would be a step.
        samples = padded[first : first + n_fft]
        samples = np.pad(samples, (0, n_fft - len(samples)), "edge")
        samples = np.fft.irfft(np.fft.rfft(samples) * gain, n_fft)
        filtered[first : first + wanted] = samples[memory : memory + wanted]
    return filtered


def _gain(freqs_hz: Signal, band: Band, fs_hz: float) -> Signal:
    """Gain of both runs together: the squared magnitude of a digital Butterworth filter.

    By the bilinear transform a digital frequency f is the analogue tan(pi f / fs) (Oppenheim and
    Schafer, Discrete-Time Signal Processing).
    """
    # At half of the rate the analogue frequency is infinite; a large one gives the same gain.
    analogue = np.tan(np.pi * np.minimum(freqs_hz / fs_hz, 0.5 - 1e-9))
    low, high = (np.tan(np.pi * edge / fs_hz) if np.isfinite(edge) else np.inf for edge in band)
    with np.errstate(divide="ignore"):
        if np.isinf(high):
            distance = low / analogue
        elif low == 0:
            distance = analogue / high
        else:
            distance = (analogue**2 - low * high) / (analogue * (high - low))
        gain: Signal = 1 / (1 + distance ** (2 * ORDER))
    return gain


def _continued(signal_uv: Signal, n_samples: int) -> Signal:
    """The signal with `n_samples` more on both sides: turned about its ends, then held."""
    turned = min(n_samples, len(signal_uv) - 1)
    before = 2 * signal_uv[0] - signal_uv[turned:0:-1]
    after = 2 * signal_uv[-1] - signal_uv[-2 : -2 - turned : -1]
    held = n_samples - turned
    return np.pad(np.concatenate([before, signal_uv, after]), held, "edge")


def _finite_runs(row: Signal, recording: Recording) -> Iterator[slice]:
    """The columns of every run of finite samples without a gap."""
    for columns in segment_slices(recording.segments):
        for first, end in (true_runs(np.isfinite(row[columns])) + columns.start).tolist():
            yield slice(first, end)
