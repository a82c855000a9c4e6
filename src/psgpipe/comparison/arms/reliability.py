"""Reliability of an endpoint in a comparison of arms: SDs within the arms, and what it detects."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.endpoints.analysis import ArmValues
from psgpipe.comparison.statistics.arms.ancova import ancova
from psgpipe.comparison.statistics.reliability import smallest_detectable_shift
from psgpipe.model.comparison.results import EndpointReliability

Values = npt.NDArray[np.float64]


def with_effect_of_arms(row: EndpointReliability, arms: ArmValues) -> EndpointReliability:
    """The row with the SDs between subjects of an arm, and the range of the difference."""
    differences = _leave_one_out(arms)
    a = ancova(arms.baseline, arms.outcome, arms.treated)
    row = replace(
        row,
        sd_baseline=_sd_within(arms.baseline, arms.treated),
        sd_treatment=_sd_within(arms.outcome, arms.treated),
        sd_change=_sd_within(arms.outcome - arms.baseline, arms.treated),
        leave_one_out_low=min(differences),
        leave_one_out_high=max(differences),
    )
    if a.se is None or a.df is None:
        return row
    return replace(row, smallest_detectable=smallest_detectable_shift(a.df) * a.se)


def _sd_within(values: Values, treated: npt.NDArray[np.bool_]) -> float:
    """SD between the subjects of an arm, from both arms together."""
    squares = sum(float(((v - v.mean()) ** 2).sum()) for v in (values[treated], values[~treated]))
    return math.sqrt(squares / (values.size - 2))


def _leave_one_out(arms: ArmValues) -> list[float]:
    """The difference where one subject is left out, for each subject."""
    others = ~np.eye(arms.treated.size, dtype=bool)
    return [
        ancova(arms.baseline[left], arms.outcome[left], arms.treated[left]).difference
        for left in others
    ]
