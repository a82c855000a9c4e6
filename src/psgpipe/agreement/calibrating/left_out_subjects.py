"""A calibration tested on each subject in turn, fitted on all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from psgpipe.agreement.calibrating.fitted_nights import FittedNight
from psgpipe.agreement.endpoints import COMPARED, night_endpoints
from psgpipe.agreement.statistics.by_stage import false_positive_rate, sensitivity
from psgpipe.agreement.statistics.calibration import calibration
from psgpipe.agreement.statistics.limits import LimitsOfAgreement, limits_of_agreement
from psgpipe.agreement.statistics.resampling import LEVEL
from psgpipe.model.calibration import EndpointError, StagerErrors
from psgpipe.model.hypnogram import SCORED, Hypnodensity, Hypnogram, SleepStage
from psgpipe.sleep.agreement import Agreement, agreement
from psgpipe.staging.calibration.chain import known_epochs
from psgpipe.staging.calibration.lab_file import ENDPOINTS
from psgpipe.staging.calibration.softmax import Values

Use = Callable[[Values], Values]
"""Turns the probabilities of a night into calibrated ones."""
STAGE_OF = {"rem": SleepStage.R, "n3": SleepStage.N3}


@dataclass(frozen=True, eq=False)
class Performance:
    """How well stages and probabilities of some nights follow the scorers'.

    Attributes
    ----------
    agreement
        Of all epochs.
    nights
        Of each night.
    brier, ece
        As of `psgpipe.agreement.statistics.calibration.Calibration`.
    bias
        By endpoint, automatic minus the scorer's; absent where no night has both.
    """

    agreement: Agreement
    nights: tuple[Agreement, ...]
    brier: float
    ece: float
    bias: Mapping[str, LimitsOfAgreement]

    @property
    def macro_f1(self) -> float | None:
        """Mean F1 of the stages that occur."""
        known = [value for value in self.agreement.f1.values() if value is not None]
        return sum(known) / len(known) if known else None


def left_out_performance(
    nights: Sequence[FittedNight], fit: Callable[[Sequence[FittedNight]], Use], *, is_chain: bool
) -> Performance:
    """The performance on each subject's nights, with what was fitted on all other subjects."""
    found: dict[int, Values] = {}
    for subject in dict.fromkeys(night.night.subject for night in nights):
        use = fit([night for night in nights if night.night.subject != subject])
        for number, night in enumerate(nights):
            if night.night.subject == subject:
                found[number] = use(night.probabilities)
    calibrated = [found[number] for number in range(len(nights))]
    return performance(nights, calibrated, is_chain=is_chain)


def performance(
    nights: Sequence[FittedNight], probabilities: Sequence[Values], *, is_chain: bool
) -> Performance:
    """The performance of stages that are the most probable ones of `probabilities`."""
    staged = [_staged(night, p) for night, p in zip(nights, probabilities, strict=True)]
    agreements = tuple(
        agreement(_scored(night), hypnogram)
        for night, hypnogram in zip(nights, staged, strict=True)
    )
    pairs = [(p, night.labels) for night, p in zip(nights, probabilities, strict=True)]
    values, labels = known_epochs(pairs)
    found = calibration(values, labels, ["all"] * len(labels))
    if found is None:
        raise ValueError("no epoch has both probabilities and a scorer's stage")
    return Performance(
        agreement=Agreement(np.sum([one.confusion for one in agreements], axis=0)),
        nights=agreements,
        brier=found.brier,
        ece=found.ece,
        bias=_bias(nights, staged, is_chain=is_chain),
    )


def _staged(night: FittedNight, probabilities: Values) -> Hypnogram:
    """The stages by these probabilities; artefacts stay what they are."""
    stages = [
        stage if stage in SCORED else old
        for stage, old in zip(
            Hypnodensity(probabilities).stages(), night.night.automatic.stages, strict=True
        )
    ]
    return replace(night.night.automatic, stages=tuple(stages))


def _scored(night: FittedNight) -> Hypnogram:
    """The scorer's stages where they have a label."""
    return Hypnogram(tuple(SCORED[n] if n >= 0 else SleepStage.UNS for n in night.labels))


def _bias(
    nights: Sequence[FittedNight], staged: Sequence[Hypnogram], *, is_chain: bool
) -> dict[str, LimitsOfAgreement]:
    both = [
        night_endpoints(
            replace(
                night.night,
                automatic=hypnogram,
                origin=replace(night.night.origin, is_chain=is_chain),
            )
        )
        for night, hypnogram in zip(nights, staged, strict=True)
    ]
    result = {}
    for name in COMPARED:
        complete = [
            (float(a) - float(e), one.subject)
            for one in both
            if (a := one.automatic[name]) is not None and (e := one.expert[name]) is not None
        ]
        if complete:
            result[name] = limits_of_agreement([d for d, _ in complete], [s for _, s in complete])
    return result


def stager_errors(found: Performance) -> dict[str, StagerErrors]:
    """Sensitivity and false positive rate for REM and N3, with their SD between nights."""
    result = {}
    for name, stage in STAGE_OF.items():
        hits, wrong = (
            sensitivity(found.agreement)[stage],
            false_positive_rate(found.agreement)[stage],
        )
        if hits is None or wrong is None or hits <= wrong:
            continue
        result[name] = StagerErrors(
            hits,
            wrong,
            _sd([sensitivity(one)[stage] for one in found.nights]),
            _sd([false_positive_rate(one)[stage] for one in found.nights]),
        )
    return result


def _sd(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.std(known, ddof=1)) if len(known) > 1 else None


def endpoint_errors(found: Performance) -> dict[str, EndpointError]:
    """The error of one night's `ENDPOINTS`, for prediction intervals."""
    from scipy.special import stdtrit

    result = {}
    for name in ENDPOINTS:
        limits = found.bias.get(name)
        if limits is None or limits.sd is None or limits.bias_interval is None:
            continue
        df = limits.n_subjects - 1
        half = limits.bias_interval[1] - limits.bias
        se = half / float(stdtrit(df, (1 + LEVEL) / 2))
        result[name] = EndpointError(limits.bias, se, limits.sd, df)
    return result
