"""EEG in an EMG: how much of a chin derivation the channels of EEG and EOG explain.

A chin electrode against the common reference records this reference, which stands in every other
channel as well. An EMG between two electrodes of the chin has next to nothing in common with them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from psgpipe.quality.duplicates import RowSource, band_spectra, some_epochs
from psgpipe.quality.spectrum import TINY_UV2
from psgpipe.signals.quantiles import median


def explained_share(
    emg: tuple[RowSource, int],
    others: Sequence[tuple[RowSource, int]],
    epochs: npt.NDArray[np.int_],
) -> float | None:
    """Share of the EMG's power at 0.5-35 Hz that a sum of the others explains; None without any.

    The median over up to 20 evenly spaced epochs of R squared.

    Parameters
    ----------
    emg, others
        Rows of signals on one clock; the rates may differ.
    epochs
        Numbers of epochs in which none of them is artefact.
    """
    if not others or not len(epochs):
        return None
    some = some_epochs(epochs)
    spectra = [band_spectra(source, row, some) for source, row in (emg, *others)]
    n_freqs = min(spectrum.shape[1] for spectrum in spectra)
    # Real and imaginary parts in turn: a sum of signals has real weights.
    parts = np.stack([np.ascontiguousarray(s[:, :n_freqs]).view(np.float64) for s in spectra])
    wanted, known = parts[0], parts[1:]
    shares = []
    for number, signal in enumerate(wanted):
        weights, *_rest = np.linalg.lstsq(known[:, number].T, signal, rcond=None)
        left = signal - weights @ known[:, number]
        shares.append(1 - (left @ left) / (signal @ signal + TINY_UV2))
    return median(np.array(shares))
