"""Agreement of two scorings of a night, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import SCORED, Hypnogram


@dataclass(frozen=True, eq=False)
class Agreement:
    """Agreement of automatic stages with an expert's.

    Attributes
    ----------
    confusion
        Epochs by the expert's stage (rows) and the automatic stage (columns), shape (5, 5), in the
        order W N1 N2 N3 R; epochs without a stage in either are not counted.
    """

    confusion: npt.NDArray[np.int_]

    @property
    def n_epochs(self) -> int:
        """Epochs that both have staged."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float | None:
        """Share of epochs with the same stage; None without epochs."""
        return float(np.trace(self.confusion) / self.n_epochs) if self.n_epochs else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa (Cohen 1960); None where chance alone would agree everywhere."""
        n = self.n_epochs
        if n == 0:
            return None
        by_chance = float((self.confusion.sum(axis=0) * self.confusion.sum(axis=1)).sum()) / n**2
        observed = float(np.trace(self.confusion) / n)
        return (observed - by_chance) / (1 - by_chance) if by_chance < 1 else None

    @property
    def mcc(self) -> float | None:
        """Matthews' correlation for several classes (Gorodkin 2004); None where undefined."""
        c, n = self.confusion.astype(float), float(self.n_epochs)
        expert, automatic = c.sum(axis=1), c.sum(axis=0)
        spread = (n**2 - (automatic**2).sum()) * (n**2 - (expert**2).sum())
        agreement = np.trace(c) * n - (expert * automatic).sum()
        return float(agreement / np.sqrt(spread)) if spread > 0 else None

    @property
    def f1(self) -> dict[str, float | None]:
        """F1 of each stage: twice the hits over the epochs of either; None where neither has it."""
        either = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        hits = np.diag(self.confusion)
        return {
            str(stage): 2 * float(h) / float(e) if e else None
            for stage, h, e in zip(SCORED, hits, either, strict=True)
        }

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(self.confusion + other.confusion)


def agreement(expert: Hypnogram, automatic: Hypnogram) -> Agreement:
    """Agreement over the epochs that both cover, from the first on.

    Both must count their epochs from the start of the same recording.
    """
    confusion = np.zeros((len(SCORED), len(SCORED)), dtype=int)
    for true, stage in zip(expert.stages, automatic.stages, strict=False):
        if true in SCORED and stage in SCORED:
            confusion[SCORED.index(true), SCORED.index(stage)] += 1
    return Agreement(confusion)
