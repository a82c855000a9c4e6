"""Agreement of two scorings of a night, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import SCORED, Hypnogram

MOST_SHIFTED_EPOCHS = 20
LEAST_KAPPA, LEAST_GAIN = 0.4, 0.1
"""A shift counts if kappa is then at least this, and this much higher."""


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


@dataclass(frozen=True)
class BetterShift:
    """A shift of the expert's stages, in epochs (later is positive), that agrees better."""

    epochs: int
    kappa: float


def better_shift(expert: Hypnogram, automatic: Hypnogram) -> BetterShift | None:
    """The shift by up to 10 min at which kappa is highest; None where that is hardly higher.

    Stages last for many epochs: a scoring that is some epochs off still agrees, but less. Both
    hypnograms count their epochs from the start of the same recording.
    """
    codes, others = _codes(expert), _codes(automatic)
    kappas = {
        n: Agreement(_confusion(codes[max(-n, 0) :], others[max(n, 0) :])).kappa
        for n in range(-MOST_SHIFTED_EPOCHS, MOST_SHIFTED_EPOCHS + 1)
    }
    known = {n: kappa for n, kappa in kappas.items() if kappa is not None}
    if not known:
        return None
    best = max(known, key=lambda n: (known[n], -abs(n)))
    if known[best] < LEAST_KAPPA or known[best] < known.get(0, 0.0) + LEAST_GAIN:
        return None
    return BetterShift(best, known[best])


def agreement(expert: Hypnogram, automatic: Hypnogram) -> Agreement:
    """Agreement over the epochs that both cover, from the first on.

    Both must count their epochs from the start of the same recording.
    """
    return Agreement(_confusion(_codes(expert), _codes(automatic)))


def _codes(hypnogram: Hypnogram) -> npt.NDArray[np.int_]:
    """The number of each stage among W N1 N2 N3 R; -1 where there is none."""
    numbers = {stage: number for number, stage in enumerate(SCORED)}
    return np.array([numbers.get(stage, -1) for stage in hypnogram.stages], dtype=int)


def _confusion(
    expert: npt.NDArray[np.int_], automatic: npt.NDArray[np.int_]
) -> npt.NDArray[np.int_]:
    """Epochs by both stages, shape (5, 5), as far as both go."""
    n, n_stages = min(len(expert), len(automatic)), len(SCORED)
    both = (expert[:n] >= 0) & (automatic[:n] >= 0)
    pairs = expert[:n][both] * n_stages + automatic[:n][both]
    return np.bincount(pairs, minlength=n_stages**2).reshape(n_stages, n_stages)
