"""Accuracy, kappa, MCC and F1 of the epochs of many nights, with intervals over subjects."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.agreement.statistics.resampling import percentile_intervals, subject_sums
from psgpipe.model.hypnogram import SCORED
from psgpipe.sleep.agreement import Agreement

Interval = tuple[float, float] | None


@dataclass(frozen=True)
class PooledAgreement:
    """The agreement over all epochs of some nights, and its intervals.

    Attributes
    ----------
    f1_intervals
        By stage.
    """

    n_subjects: int
    n_nights: int
    agreement: Agreement
    accuracy_interval: Interval
    kappa_interval: Interval
    mcc_interval: Interval
    f1_intervals: dict[str, Interval]


def pooled(agreements: Sequence[Agreement], subjects: Sequence[Hashable]) -> PooledAgreement:
    """The epochs of all nights together; an interval is None with few subjects."""
    sums = subject_sums(subjects, np.array([a.confusion for a in agreements], dtype=float))
    intervals = percentile_intervals(lambda sample: _statistics(_agreement_of(sample)), sums)
    return PooledAgreement(
        n_subjects=len(sums),
        n_nights=len(agreements),
        agreement=_agreement_of(sums.sum(axis=0)),
        accuracy_interval=intervals["accuracy"],
        kappa_interval=intervals["kappa"],
        mcc_interval=intervals["mcc"],
        f1_intervals={str(stage): intervals[str(stage)] for stage in SCORED},
    )


def _agreement_of(confusion: npt.NDArray[np.float64]) -> Agreement:
    return Agreement(confusion.round().astype(int))


def _statistics(found: Agreement) -> dict[str, float | None]:
    return {"accuracy": found.accuracy, "kappa": found.kappa, "mcc": found.mcc, **found.f1}


def sensitivity(agreement: Agreement) -> dict[str, float | None]:
    """Share of the expert's epochs of each stage that the stager found."""
    confusion = agreement.confusion
    return _shares(np.diag(confusion), confusion.sum(axis=1))


def false_positive_rate(agreement: Agreement) -> dict[str, float | None]:
    """Share of the epochs of other stages that the stager took for this one."""
    confusion = agreement.confusion
    found, truly = confusion.sum(axis=0), confusion.sum(axis=1)
    return _shares(found - np.diag(confusion), confusion.sum() - truly)


def _shares(part: npt.NDArray[np.int_], whole: npt.NDArray[np.int_]) -> dict[str, float | None]:
    return {
        str(stage): float(a / b) if b else None
        for stage, a, b in zip(SCORED, part, whole, strict=True)
    }
