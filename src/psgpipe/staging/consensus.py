"""The consensus of several EEG derivations: mean probabilities and disagreement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import SCORED, SleepStage

Probabilities = npt.NDArray[np.float64]

CLASS_WEIGHTS = {
    SleepStage.W: 1.0,
    SleepStage.N1: 2.2,
    SleepStage.N2: 1.0,
    SleepStage.N3: 1.2,
    SleepStage.R: 1.4,
}
"""The class weights of YASA's training (Vallat and Walker 2021, eLife 10:e70092)."""


def de_weighted(probabilities: Probabilities) -> Probabilities:
    """Probabilities (n_epochs, 5) without the weights of training: ``p' ~ p / weight``, sum one."""
    plain = probabilities / np.array([CLASS_WEIGHTS[stage] for stage in SCORED])
    summed: Probabilities = plain / plain.sum(axis=1, keepdims=True)
    return summed


def mean_probabilities(scored: Sequence[Probabilities]) -> Probabilities:
    """The mean over derivations, shape (n_epochs, 5); one derivation stays unchanged."""
    if len(scored) == 1:
        return scored[0]
    mean: Probabilities = np.mean(np.stack(scored), axis=0)
    return mean


def disagreement(scored: Sequence[Probabilities]) -> npt.NDArray[np.float64]:
    """Share of the derivations whose own stage is not that of the mean, shape (n_epochs,)."""
    consensus = mean_probabilities(scored).argmax(axis=1)
    differs = np.stack([p.argmax(axis=1) != consensus for p in scored])
    share: npt.NDArray[np.float64] = differs.mean(axis=0)
    return share
