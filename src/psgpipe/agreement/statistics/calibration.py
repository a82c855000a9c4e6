"""Calibration of the stager's probabilities against an expert's stages."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.agreement.statistics.resampling import percentile_intervals, subject_sums
from psgpipe.model.hypnogram import SCORED

N_BINS = 10
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ReliabilityBin:
    """Epochs whose largest probability lies from `low` to below `high` (the last bin: to 1).

    `confidence` is the mean of that probability, `accuracy` the share of epochs whose most probable
    stage is the expert's; both None where the bin is empty.
    """

    low: float
    high: float
    n_epochs: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class StageCalibration:
    """Of all epochs: the mean probability of a stage, and the share that the expert gave it."""

    mean_probability: float
    frequency: float


@dataclass(frozen=True)
class Calibration:
    """How far probabilities can be taken at their word.

    Attributes
    ----------
    brier
        Mean over epochs of the squared distance between the five probabilities and the expert's
        stage, 0 to 2 (Brier 1950).
    ece
        Expected calibration error: mean distance of confidence and accuracy over the bins, weighted
        by their epochs.
    """

    n_epochs: int
    brier: float
    brier_interval: tuple[float, float] | None
    ece: float
    ece_interval: tuple[float, float] | None
    bins: tuple[ReliabilityBin, ...]
    stages: dict[str, StageCalibration]


def calibration(
    probabilities: Values, expert: npt.NDArray[np.int_], subjects: Sequence[Hashable]
) -> Calibration | None:
    """Brier score, ECE and reliability; intervals by resampling subjects.

    Parameters
    ----------
    probabilities
        Shape (n_epochs, 5), rows that add up to 1.
    expert
        Shape (n_epochs,), the number of the expert's stage in W N1 N2 N3 R.
    subjects
        The subject of each epoch.
    """
    n = len(expert)
    if n == 0:
        return None
    is_stage = np.eye(len(SCORED))[expert]
    errors = ((probabilities - is_stage) ** 2).sum(axis=1)
    confidence = probabilities.max(axis=1)
    hits = probabilities.argmax(axis=1) == expert
    number = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    # of each epoch: 1 and its error, and by bin 1, its confidence and whether it is a hit
    rows = np.zeros((n, 2 + 3 * N_BINS))
    rows[:, 0], rows[:, 1] = 1.0, errors
    for offset, column in enumerate((np.ones(n), confidence, hits.astype(float))):
        rows[np.arange(n), 2 + offset * N_BINS + number] = column
    by_subject = subject_sums(subjects, rows)
    total = by_subject.sum(axis=0)
    intervals = percentile_intervals(
        lambda sums: {"brier": _brier(sums), "ece": _ece(sums)}, by_subject
    )
    return Calibration(
        n_epochs=n,
        brier=_brier(total),
        brier_interval=intervals["brier"],
        ece=_ece(total),
        ece_interval=intervals["ece"],
        bins=_bins(total),
        stages={
            str(stage): StageCalibration(float(p), float(f))
            for stage, p, f in zip(
                SCORED, probabilities.mean(axis=0), is_stage.mean(axis=0), strict=True
            )
        },
    )


def _brier(sums: Values) -> float:
    return float(sums[1] / sums[0])


def _ece(sums: Values) -> float:
    _, confidence, hits = sums[2:].reshape(3, N_BINS)
    return float(np.abs(confidence - hits).sum() / sums[0])


def _bins(sums: Values) -> tuple[ReliabilityBin, ...]:
    counts, confidence, hits = sums[2:].reshape(3, N_BINS)
    return tuple(
        ReliabilityBin(
            low=number / N_BINS,
            high=(number + 1) / N_BINS,
            n_epochs=int(n),
            confidence=float(confidence[number] / n) if n else None,
            accuracy=float(hits[number] / n) if n else None,
        )
        for number, n in enumerate(counts)
    )
