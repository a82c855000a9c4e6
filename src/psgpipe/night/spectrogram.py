"""The spectrogram of a night's EEG, epoch by epoch, for its picture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from psgpipe.microstructure.spectrum import remembered_spectra
from psgpipe.model.derived_signal import DerivedSignal
from psgpipe.reports.spectrogram_image import Spectrogram
from psgpipe.signals.epochs import covered_epochs

LOWEST_HZ, HIGHEST_HZ = 0.5, 30.0
LEAST_UV2_HZ = 1e-6
"""Shown in the place of less, which has no logarithm."""


def night_spectrogram(signals: Iterable[DerivedSignal], n_epochs: int) -> Spectrogram | None:
    """The spectra of the first EEG derivation, unfiltered; None where there is none.

    Welch's method as in :func:`psgpipe.microstructure.spectrum.density`. Below 0.5 Hz the spectrum
    contains the offset of the epoch.
    """
    eeg = next((signal for signal in signals if signal.derivation.role == "eeg"), None)
    if eeg is None:
        return None
    covered = covered_epochs(eeg)[:n_epochs]
    spectra = remembered_spectra(eeg, covered)
    is_shown = (spectra.freqs_hz >= LOWEST_HZ) & (spectra.freqs_hz <= HIGHEST_HZ)
    power_db = np.full((int(is_shown.sum()), n_epochs), np.nan)
    density = np.maximum(spectra.density_uv2_hz[:, is_shown], LEAST_UV2_HZ)
    power_db[:, np.flatnonzero(covered)] = 10 * np.log10(density).T
    return Spectrogram(spectra.freqs_hz[is_shown], power_db, eeg.derivation.name)
