"""Errors of the stager for REM and N3 that were measured for these very nights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from psgpipe.comparison.stager_accuracy import KnownErrors, StageErrors
from psgpipe.comparison.stager_error.agreement_file import StudyErrors
from psgpipe.messages import count_of
from psgpipe.model.calibration import StagerErrors
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.ids import one_spelling

_STAGES = {"rem": "R", "n3": "N3"}
_ORDER = ("W", "N1", "N2", "N3", "R")


def errors_of_agreement(agreement: StudyErrors, baseline: Sequence[str]) -> dict[str, KnownErrors]:
    """By ``rem`` and ``n3``; of the baseline nights where the agreement has such.

    A stage without epochs, or one that the stager does not find, is absent.
    """
    wanted = {one_spelling(word) for word in baseline}
    named = [name for name in agreement.by_condition if one_spelling(name) in wanted]
    parts = [agreement.by_condition[name] for name in named] or [agreement.pooled]
    confusion = np.sum([np.array(one.confusion) for one in parts], axis=0)
    nights = [n for n in agreement.nights if not named or n.condition in named]
    where = f"baseline of {agreement.file}" if named else agreement.file
    source = f"{where}: {count_of(sum(one.n_nights for one in parts), 'night')}"
    result = {}
    for name, stage in _STAGES.items():
        k = _ORDER.index(stage)
        truly, others = confusion[k].sum(), confusion.sum() - confusion[k].sum()
        if truly == 0 or others == 0:
            continue
        errors = StageErrors(
            float(confusion[k, k] / truly),
            float((confusion[:, k].sum() - confusion[k, k]) / others),
        )
        if errors.sensitivity > errors.false_positive_rate:
            result[name] = KnownErrors(
                errors,
                source,
                _sd([night.sensitivity.get(stage) for night in nights]),
                _sd([night.false_positive_rate.get(stage) for night in nights]),
            )
    return result


def _sd(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.std(known, ddof=1)) if len(known) > 1 else None


def errors_of_calibration(nights: Sequence[MeasuredNight]) -> dict[str, KnownErrors]:
    """By ``rem`` and ``n3``, of the calibration with which all of these nights were staged."""
    first: Mapping[str, StagerErrors] = (nights[0].stager_errors or {}) if nights else {}
    if not first or any(night.stager_errors != first for night in nights):
        return {}
    source = "the calibration, in subjects left out"
    return {
        name: KnownErrors(
            StageErrors(one.sensitivity, one.false_positive_rate),
            source,
            one.sensitivity_sd,
            one.false_positive_rate_sd,
        )
        for name, one in first.items()
    }
