"""The analysis of one endpoint: its values, its contrast, and what its tests take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.endpoints.endpoint_values import EndpointNights, Values
from psgpipe.model.comparison.contrast import Contrast, EndpointRole


@dataclass(frozen=True)
class ArmValues:
    """The values of one endpoint that the permutation test of the arms takes.

    Attributes
    ----------
    baseline, outcome
        Of each subject; means, or mean ranks.
    treated
        Whether the subject is in the treatment arm.
    difference
        Treatment minus control at the same baseline.
    """

    baseline: Values
    outcome: Values
    treated: npt.NDArray[np.bool_]
    difference: float


@dataclass(frozen=True)
class EndpointAnalysis:
    """One endpoint: its values and its contrast.

    Attributes
    ----------
    differences
        Of the subjects in `nights`, as the sign-flip test takes them: of ranks where censored.
    p_within_family
        Of a secondary endpoint: adjusted for the other ones, without regard to the primary.
    arms
        What the permutation test takes, where arms are compared; `differences` then are the
        subjects' changes, none where there is no test.
    """

    nights: EndpointNights
    contrast: Contrast
    differences: Values
    p_within_family: float | None = None
    arms: ArmValues | None = None

    @property
    def rises(self) -> bool:
        """Whether what was tested is higher under treatment: means, or ranks."""
        effect = float(self.differences.mean()) if self.arms is None else self.arms.difference
        return effect > 0


def without_numbers(nights: EndpointNights, role: EndpointRole) -> Contrast:
    """The contrast of an endpoint before it is analysed."""
    return Contrast(
        endpoint=nights.endpoint,
        role=role,
        unit=nights.unit,
        n_subjects=len(nights.subjects),
        n_baseline_nights=nights.n_baseline,
        n_treatment_nights=nights.n_treatment,
        transform=nights.transform,
        offset=nights.offset,
    )
