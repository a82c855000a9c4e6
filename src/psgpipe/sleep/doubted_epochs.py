"""The epochs that a stager doubted most: its two most probable stages are nearly as probable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import SCORED, SleepStage


@dataclass(frozen=True)
class DoubtedEpoch:
    """One epoch, its most probable stage, and the next one.

    `epoch` counts from 0; probabilities are 0 to 1 and not calibrated.
    """

    epoch: int
    stage: SleepStage
    probability: float
    second: SleepStage
    second_probability: float

    @property
    def margin(self) -> float:
        """How much more probable the first stage is than the second."""
        return self.probability - self.second_probability


def doubted_epochs(
    probabilities: npt.NDArray[np.float64], candidates: npt.NDArray[np.bool_]
) -> list[DoubtedEpoch]:
    """The candidates that were staged, with the smallest margin first.

    Of equal margins, the one with the less probable stage comes first.

    Parameters
    ----------
    probabilities
        Shape (n_epochs, 5), in the order W N1 N2 N3 R; rows of NaN where not staged.
    candidates
        Bool, shape (n_epochs,).
    """
    staged = np.flatnonzero(candidates & np.isfinite(probabilities).all(axis=1))
    order = np.argsort(-probabilities[staged], axis=1, kind="stable")[:, :2]
    epochs = [
        DoubtedEpoch(
            int(epoch),
            SCORED[first],
            float(probabilities[epoch, first]),
            SCORED[second],
            float(probabilities[epoch, second]),
        )
        for epoch, (first, second) in zip(staged, order, strict=True)
    ]
    # The digits that hypnogram.tsv has: a table of it gives the same order.
    return sorted(epochs, key=lambda e: (round(e.margin, 6), round(e.probability, 6), e.epoch))
