"""A calibration of the stager to the scorers of one laboratory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from psgpipe.agreement.calibrating.fitted_nights import FittedNight, fitted_nights
from psgpipe.agreement.calibrating.left_out_subjects import (
    Performance,
    Use,
    endpoint_errors,
    left_out_performance,
    performance,
    stager_errors,
)
from psgpipe.agreement.night_origin import NightOrigin
from psgpipe.agreement.scored_nights import LeftOutNight, scored_nights
from psgpipe.agreement.scoring_files import scoring_files
from psgpipe.errors import NightsNotComparable
from psgpipe.model.calibration import EndpointError, StagerErrors
from psgpipe.model.hypnogram import SleepStage
from psgpipe.results.status import study_nights
from psgpipe.staging.calibration.chain import ChainWeights, fit_chain, known_epochs, posterior
from psgpipe.staging.calibration.lab_file import TEMPERATURES
from psgpipe.staging.calibration.softmax import Values, Weights, fit_weights, with_weights


@dataclass(frozen=True, eq=False)
class LabCalibration:
    """A calibration that was fitted, and how it does on subjects that it was not fitted on.

    Attributes
    ----------
    transitions
        Shape (5, 5); None without a chain.
    before, after
        Of the stager's own stages, and of calibrated ones of each subject left out in turn.
    conditions
        Nights of each condition.
    """

    weights: Weights
    transitions: Values | None
    before: Performance
    after: Performance
    origin: NightOrigin
    de_weighted: bool
    n_subjects: int
    n_epochs: int
    recordings: tuple[str, ...]
    conditions: Mapping[str, int]
    errors: Mapping[str, StagerErrors]
    prediction: Mapping[str, EndpointError]
    left_out: tuple[LeftOutNight, ...] = ()

    @property
    def temperature(self) -> float:
        """Above 1, the stager is surer than it may be."""
        return 1 / self.weights.slope


def calibrate(
    out: Path,
    scorings: Path | None = None,
    *,
    chain: bool = False,
    mapping: Mapping[str, SleepStage] | None = None,
    scorer: str | None = None,
) -> LabCalibration:
    """Fit a calibration to the scored nights of `out`, and test it on subjects left out.

    Parameters
    ----------
    scorings
        A folder with scoring files; None takes the scorings that the study table gives.
    chain
        Let the stages of neighbouring epochs count.
    mapping, scorer
        The stage of each spelling in the files, and whose stages are meant where they have several.

    Raises
    ------
    psgpipe.errors.UsageError
        Too few subjects have scored nights.
    psgpipe.errors.NightsNotComparable
        The nights are not alike, or their probabilities do not follow the scorers' stages.
    """
    listed = study_nights(out)
    found = scored_nights(listed, scoring_files(scorings, mapping, scorer))
    nights = fitted_nights(found.nights, found.left_out, listed)
    weights, transitions = _fitted(nights, chain=chain)
    before = performance(nights, [night.probabilities for night in nights], is_chain=False)
    after = left_out_performance(
        nights, lambda others: _use(*_fitted(others, chain=chain)), is_chain=chain
    )
    first = nights[0].night
    return LabCalibration(
        weights=weights,
        transitions=transitions,
        before=before,
        after=after,
        origin=first.origin,
        de_weighted=first.de_weighted,
        n_subjects=len({night.night.subject for night in nights}),
        n_epochs=after.agreement.n_epochs,
        recordings=tuple(sorted({night.night.origin.recording for night in nights} - {""})),
        conditions=Counter(n.night.condition for n in nights if n.night.condition),
        errors=stager_errors(after),
        prediction=endpoint_errors(after),
        left_out=tuple(found.left_out),
    )


def _fitted(nights: Sequence[FittedNight], *, chain: bool) -> tuple[Weights, Values | None]:
    pairs = [night.pair for night in nights]
    fitted = (
        fit_chain(pairs) if chain else ChainWeights(fit_weights(*known_epochs(pairs)), np.empty(0))
    )
    low, high = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    if not low < fitted.epochs.slope < high:
        raise NightsNotComparable(
            "the stager's probabilities hardly follow the scorers' stages (slope "
            f"{fitted.epochs.slope:.3g}): no calibration helps",
            "Look at psgpipe agree: are the scorings of these recordings, and by their clock?",
        )
    return fitted.epochs, fitted.transitions if chain else None


def _use(weights: Weights, transitions: Values | None) -> Use:
    if transitions is None:
        return lambda probabilities: with_weights(probabilities, weights)
    chain = ChainWeights(weights, transitions)
    return lambda probabilities: posterior(probabilities, chain)
