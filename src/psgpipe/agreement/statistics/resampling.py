"""Intervals by resampling subjects: the nights of one subject stay together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

LEVEL = 0.95
N_RESAMPLES = 2000
SEED = 20250101
FEWEST_SUBJECTS = 5
"""With fewer subjects the resamples are too alike to say how far another study may differ."""
_MOST_UNDEFINED = 0.05


def subject_sums(
    subjects: Sequence[Hashable], values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The sum of the rows of each subject, shape (n_subjects, ...), subjects in their order."""
    order = {subject: row for row, subject in enumerate(dict.fromkeys(subjects))}
    sums = np.zeros((len(order), *values.shape[1:]))
    np.add.at(sums, [order[subject] for subject in subjects], values)
    return sums


def resampled(sums: npt.NDArray[np.float64], seed: int = SEED) -> npt.NDArray[np.float64]:
    """Sums over as many subjects as there are, drawn with replacement; one row a resample."""
    n = len(sums)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    drawn: npt.NDArray[np.float64] = np.tensordot(draws.astype(float), sums, axes=1)
    return drawn


def percentile_intervals(
    statistics: Callable[[npt.NDArray[np.float64]], Mapping[str, float | None]],
    sums: npt.NDArray[np.float64],
) -> dict[str, tuple[float, float] | None]:
    """The percentile interval of each statistic of sums over subjects, by name.

    None with fewer than `FEWEST_SUBJECTS`, or where too many resamples do not have the statistic.
    """
    if len(sums) < FEWEST_SUBJECTS:
        return dict.fromkeys(statistics(sums.sum(axis=0)))
    values = [statistics(sample) for sample in resampled(sums)]
    return {name: _interval([value[name] for value in values]) for name in values[0]}


def _interval(values: Sequence[float | None]) -> tuple[float, float] | None:
    known = [value for value in values if value is not None]
    if len(known) < (1 - _MOST_UNDEFINED) * len(values):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
