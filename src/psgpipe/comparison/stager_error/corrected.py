"""Differences between conditions of stage minutes that a confusion of stages has corrected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.statistics.confusion import correction_matrix
from psgpipe.comparison.statistics.paired import t_interval
from psgpipe.model.comparison.measured_night import MeasuredNight

MINUTES = ("wake_min", "n1_min", "n2_min", "n3_min", "rem_min")
Minutes = npt.NDArray[np.float64]


class CorrectedDifference(NamedTuple):
    """Treatment minus baseline after correction, over subjects."""

    n_subjects: int
    difference: float
    low: float | None
    high: float | None


def _share(of: slice | int) -> Callable[[Minutes], float | None]:
    def share(minutes: Minutes) -> float | None:
        tst = minutes[1:].sum()
        return float(100 * np.sum(minutes[of]) / tst) if tst > 0 else None

    return share


def _total(of: slice | int) -> Callable[[Minutes], float | None]:
    return lambda minutes: float(np.sum(minutes[of]))


_NREM = slice(1, 4)
VALUES: Mapping[str, Callable[[Minutes], float | None]] = {
    "tst_min": _total(slice(1, 5)),
    "nrem_min": _total(_NREM),
    "nrem_pct": _share(_NREM),
    **{name: _total(number) for number, name in enumerate(MINUTES)},
    **{
        f"{name.removesuffix('_min')}_pct": _share(number)
        for number, name in enumerate(MINUTES)
        if number
    },
}
"""The endpoints that follow from the minutes of the five stages."""


def corrected_differences(
    selection: NightSelection, baseline: npt.ArrayLike, treatment: npt.ArrayLike
) -> dict[str, CorrectedDifference]:
    """By endpoint of `VALUES`; blank where a confusion cannot be undone.

    Parameters
    ----------
    baseline, treatment
        Confusion of the stages in nights of each condition.
    """
    undo = [correction_matrix(confusion) for confusion in (baseline, treatment)]
    if undo[0] is None or undo[1] is None:
        return {}
    both = (selection.baseline, selection.treatment)
    result = {}
    for endpoint, value in VALUES.items():
        means = [
            {s: _mean(nights, matrix, value) for s, nights in of.items()}
            for of, matrix in zip(both, undo, strict=True)
            if matrix is not None
        ]
        changes = [
            t - b
            for subject, b in means[0].items()
            if b is not None and (t := means[1].get(subject)) is not None
        ]
        if changes:
            found = t_interval(changes)
            result[endpoint] = CorrectedDifference(len(changes), found.mean, found.low, found.high)
    return result


def _mean(
    nights: Sequence[MeasuredNight], undo: Minutes, value: Callable[[Minutes], float | None]
) -> float | None:
    """The mean over a subject's nights; None where no night has the minutes of all stages."""
    values = []
    for night in nights:
        minutes = [night.values.get(name) for name in MINUTES]
        known = [m for m in minutes if m is not None]
        found = value(undo @ np.array(known)) if len(known) == len(minutes) else None
        if found is not None:
            values.append(found)
    return float(np.mean(values)) if values else None
