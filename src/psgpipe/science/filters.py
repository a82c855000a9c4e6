"""Filters for spectra, quality and figures; the stager wants the unfiltered signal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from psgpipe.model.recording import Band, Recording, segment_slices

ORDER = 4

Signal = npt.NDArray[np.float64]


def band_pass(recording: Recording, low_hz: float, high_hz: float) -> Recording:
    """Band-pass every derivation, forwards and backwards, so nothing shifts in time.

    Butterworth of order 4, each way. Every unbroken stretch is filtered on its own, so that nothing
    rings over a gap; a sample that is not finite is a gap of its row and stays as it was.

    Parameters
    ----------
    low_hz : 0 for a low-pass.
    high_hz : at half of the sampling rate or above it: a high-pass, since there is nothing to take
        away, and the band left stays open above.

    Returns
    -------
    The recording with ``band_hz`` narrowed, without ``digital_limits_uv``: a filtered sample does
    not show whether it was railed.

    Raises
    ------
    ValueError : the edges are negative, not in order, or `low_hz` is not below half of the rate.
    """
    nyquist_hz = recording.fs_hz / 2
    if not 0 <= low_hz < high_hz or low_hz >= nyquist_hz:
        raise ValueError(
            f"band of {low_hz:g}-{high_hz:g} Hz at a rate of {recording.fs_hz:g} Hz, "
            f"wanted 0 <= low < high and low below {nyquist_hz:g} Hz"
        )
    left = Band(low_hz, high_hz if high_hz < nyquist_hz else float("inf"))
    sos = _butterworth(left, recording.fs_hz)
    pad = round(recording.fs_hz / low_hz) if low_hz else 0  # one period of the slowest wave kept
    filtered = recording.signals_uv.copy()
    if sos is not None:
        for row in filtered:
            for stretch in _finite_stretches(row, recording):
                row[stretch] = _both_ways(sos, row[stretch], pad)
    band_hz = recording.band_hz & left
    return replace(recording, signals_uv=filtered, digital_limits_uv=(), band_hz=band_hz)


def _butterworth(band: Band, fs_hz: float) -> Signal | None:
    """Second-order sections, or None where nothing is to be taken away."""
    from scipy.signal import butter

    edges = [edge for edge in band if 0 < edge < np.inf]
    if not edges:
        return None
    kind = "bandpass" if len(edges) == 2 else "highpass" if band.low_hz > 0 else "lowpass"
    sos: Signal = butter(ORDER, np.squeeze(edges), kind, fs=fs_hz, output="sos")
    return sos


def _both_ways(sos: Signal, signal_uv: Signal, pad: int) -> Signal:
    from scipy.signal import sosfiltfilt

    # A stretch shorter than the padding cannot mirror more samples than it has.
    default = 3 * (2 * len(sos) + 1)
    padlen = min(max(pad, default), len(signal_uv) - 1)
    filtered: Signal = sosfiltfilt(sos, signal_uv, padlen=padlen)
    return filtered


def _finite_stretches(row: Signal, recording: Recording) -> Iterator[slice]:
    """The columns of every unbroken stretch of finite samples."""
    for columns in segment_slices(recording.segments):
        finite = np.isfinite(row[columns])
        if finite.all():
            if columns.stop > columns.start:
                yield columns
            continue
        edges = np.flatnonzero(np.diff(finite, prepend=False, append=False)).reshape(-1, 2)
        for first, end in (edges + columns.start).tolist():
            yield slice(first, end)
