"""Epochs with artefacts: power far above that of the epochs around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.microstructure.spectrum import Spectra
from psgpipe.model.sampled_signal import Band

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

MOVEMENT_HZ = Band(0.6, 4.6)
MUSCLE_HZ = (Band(30, 45), Band(16, 30))
"""The first that the sampling rate holds. Higher bands would hold mains."""


@dataclass(frozen=True)
class ArtefactRule:
    """How far an epoch may stand out from those around it; both are ratios, free of gain.

    Attributes
    ----------
    movement_ratio, muscle_ratio
        Power of 0.6-4.6 Hz and of 30-45 Hz over its mean in the epochs around.
    around_epochs
        How many epochs are looked at, the epoch itself included.

    References
    ----------
    Buckelmueller J et al. (2006). Neuroscience 138:351-356: 2.5 for delta, 2 for high frequencies
    of 20-s epochs.
    """

    movement_ratio: float = 2.5
    muscle_ratio: float = 2.0
    around_epochs: int = 15

    def __post_init__(self) -> None:
        for name in ("movement_ratio", "muscle_ratio"):
            if not getattr(self, name) > 1:
                raise ValueError(f"{name} {getattr(self, name):g} is not above 1")
        if self.around_epochs < 3:
            raise ValueError(f"around_epochs {self.around_epochs} is below 3")


ARTEFACT_RULE = ArtefactRule()


def artefact_epochs(spectra: Spectra, epochs: npt.NDArray[np.int_], rule: ArtefactRule) -> Marks:
    """Which of these epochs stand out from those around them, shape (n_epochs,).

    Parameters
    ----------
    spectra
        Of the epochs.
    epochs
        Their numbers, increasing; an epoch that is not among them does not count.
    """
    muscle = next(band for band in MUSCLE_HZ if spectra.holds(band))
    marks = np.zeros(len(epochs), bool)
    for band, ratio in ((MOVEMENT_HZ, rule.movement_ratio), (muscle, rule.muscle_ratio)):
        power_uv2 = spectra.band_uv2(band)
        marks |= power_uv2 > ratio * _mean_around(power_uv2, epochs, rule.around_epochs)
    return marks


def _mean_around(values: Floats, epochs: npt.NDArray[np.int_], n_around: int) -> Floats:
    """The mean of the values whose epochs are within a window centred on each epoch."""
    half = n_around // 2
    first = np.searchsorted(epochs, epochs - half)
    end = np.searchsorted(epochs, epochs + half, side="right")
    sums = np.concatenate([[0.0], np.cumsum(values)])
    mean: Floats = (sums[end] - sums[first]) / np.maximum(end - first, 1)
    return mean
