"""Duplicate derivations: one electrode recorded under two names, found by correlation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Protocol

import numpy as np
import numpy.typing as npt

from psgpipe.model.sampled_signal import SampledSignal, TimedSignal
from psgpipe.quality.heartbeat import spread_evenly, without_drift
from psgpipe.quality.spectrum import TINY_UV2
from psgpipe.signals.epochs import first_columns, samples_per_epoch
from psgpipe.signals.quantiles import median

# The band that a stager uses. Drift and mains are outside: two sound derivations share them by
# their reference.
BAND_HZ = (0.5, 35.0)
ONE_IN = 3

Spectra = npt.NDArray[np.complex128]


class RowSource(TimedSignal, Protocol):
    """Rows on one clock, in microvolts."""

    def samples_uv(self, columns: slice, row: int, /) -> npt.NDArray[np.float64]:
        """Samples of one row."""


def correlations(
    signals: Sequence[SampledSignal], epochs: npt.NDArray[np.int_]
) -> Iterator[tuple[str, str, float]]:
    """Each pair of derivations by name, and their correlation at 0.5-35 Hz, -1 to 1.

    The median over up to 20 evenly spaced epochs: a copy is one all night. It is computed from the
    spectra (Parseval), so that the two may be sampled at different rates.

    Parameters
    ----------
    signals
        One row each.
    epochs
        Numbers of epochs in which none of them is artefact; without any, there is no pair.
    """
    if not len(epochs):
        return
    some = some_epochs(epochs)
    spectra = [(signal.derivations[0], band_spectra(signal, 0, some)) for signal in signals]
    for (first, a), (second, b) in combinations(spectra, 2):
        yield first, second, _correlation(a, b)


def _correlation(a: Spectra, b: Spectra) -> float:
    width = min(a.shape[1], b.shape[1])  # a rate below 70 Hz does not reach 35 Hz
    a, b = a[:, :width], b[:, :width]
    shared = (a * b.conj()).real.sum(axis=1)
    power = (np.abs(a) ** 2).sum(axis=1) * (np.abs(b) ** 2).sum(axis=1)
    return median(shared / (np.sqrt(power) + TINY_UV2))


def some_epochs(epochs: npt.NDArray[np.int_]) -> npt.NDArray[np.int_]:
    """Up to 20 of the epochs, evenly spaced; there must be one."""
    return epochs[spread_evenly(len(epochs))][::ONE_IN]


def band_spectra(signal: RowSource, row: int, epochs: npt.NDArray[np.int_]) -> Spectra:
    """Spectrum of each epoch of a row between the band's edges, shape (n_epochs, n_freqs)."""
    n_samples = samples_per_epoch(signal.fs_hz)
    columns = first_columns(signal)[epochs]
    epochs_uv = np.stack([signal.samples_uv(slice(c, c + n_samples), row) for c in columns])
    first, last = (round(hz * n_samples / signal.fs_hz) for hz in BAND_HZ)
    spectra: Spectra = (
        np.fft.rfft(without_drift(epochs_uv), axis=1)[:, first : last + 1] / n_samples
    )
    return spectra
