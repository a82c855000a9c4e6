"""The probabilities of a night, calibrated; and what one night's endpoints may be off."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from psgpipe.model.calibration import Calibration
from psgpipe.staging.calibration.chain import ChainWeights, posterior
from psgpipe.staging.calibration.softmax import Values, Weights, with_weights

LEVEL = 0.95


def calibrated(probabilities: Values, calibration: Calibration) -> Values:
    """The probabilities of a night's epochs, shape (n_epochs, 5); NaN stays where it is."""
    epochs = Weights(1 / calibration.temperature, np.array(calibration.offsets))
    if not calibration.is_chain:
        return with_weights(probabilities, epochs)
    return posterior(probabilities, ChainWeights(epochs, np.array(calibration.transitions)))


def prediction_intervals(
    values: Mapping[str, float | int | None], calibration: Calibration
) -> dict[str, tuple[float, float]]:
    """By endpoint, where the scorer's percentage of this night lies in 95 of 100 nights.

    A t interval from the errors on scored nights, around the automatic value less its bias.
    """
    from scipy.special import stdtrit

    intervals = {}
    for endpoint, error in calibration.prediction.items():
        value = values.get(endpoint)
        if value is None:
            continue
        half = float(stdtrit(error.df, (1 + LEVEL) / 2)) * math.hypot(error.sd, error.bias_se)
        centre = value - error.bias
        intervals[endpoint] = (
            min(max(centre - half, 0.0), 100.0),
            max(0.0, min(centre + half, 100.0)),
        )
    return intervals
