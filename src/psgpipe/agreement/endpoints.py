"""Endpoints of automatic stages against those of the expert's, night by night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from psgpipe.agreement.scored_nights import ScoredNight
from psgpipe.agreement.statistics.changes import ChangeAgreement, change_agreement
from psgpipe.agreement.statistics.limits import LimitsOfAgreement, limits_of_agreement
from psgpipe.agreement.statistics.proportional_bias import ProportionalBias, proportional_bias
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.model.summary import ENDPOINTS
from psgpipe.sleep.architecture import summarize
from psgpipe.sleep.changes_of_stage import without_changes_of_stage

# Time in bed is the same by construction, and a person states no confidence.
COMPARED = tuple(name for name in ENDPOINTS if name not in ("tib_min", "mean_confidence"))
Values = Mapping[str, float | int | None]


@dataclass(frozen=True)
class NightEndpoints:
    """The endpoints of a night by automatic stages and by the expert's, of the same epochs."""

    subject: str
    night: str
    condition: str | None
    automatic: Values
    expert: Values


@dataclass(frozen=True)
class EndpointAgreement:
    """How far automatic values of an endpoint are from the expert's.

    Attributes
    ----------
    n_absent
        Nights without the endpoint in one or both scorings.
    limits
        None where no night has the endpoint in both.
    changes
        Of subjects with two nights; None where there is none.
    """

    n_absent: int
    limits: LimitsOfAgreement | None = None
    proportional_bias: ProportionalBias | None = None
    by_condition: Mapping[str, LimitsOfAgreement] = field(default_factory=dict)
    changes: ChangeAgreement | None = None


def night_endpoints(night: ScoredNight) -> NightEndpoints:
    """Every endpoint of a night, twice."""

    def endpoints(hypnogram: Hypnogram, *, is_chain: bool = False) -> Values:
        summary = summarize(hypnogram, cycle_rule=night.cycle_rule, lights_known=night.lights_known)
        if is_chain:
            summary = without_changes_of_stage(summary)
        return {name: value for name, value in summary.endpoints().items() if name in COMPARED}

    return NightEndpoints(
        night.subject,
        night.night,
        night.condition,
        endpoints(night.automatic, is_chain=night.origin.is_chain),
        endpoints(night.expert),
    )


def endpoint_agreement(name: str, nights: Sequence[NightEndpoints]) -> EndpointAgreement:
    """Bias, limits, proportional bias and changes of one endpoint."""
    complete = [
        (night, float(a), float(e))
        for night in nights
        if (a := night.automatic[name]) is not None and (e := night.expert[name]) is not None
    ]
    n_absent = len(nights) - len(complete)
    if not complete:
        return EndpointAgreement(n_absent)
    subjects = [night.subject for night, _, _ in complete]
    differences = [a - e for _, a, e in complete]
    conditions = dict.fromkeys(night.condition for night, _, _ in complete if night.condition)
    return EndpointAgreement(
        n_absent=n_absent,
        limits=limits_of_agreement(differences, subjects),
        proportional_bias=proportional_bias([e for _, _, e in complete], differences, subjects),
        by_condition={
            condition: _of_condition(condition, complete, differences) for condition in conditions
        },
        changes=_changes(complete),
    )


def _of_condition(
    condition: str,
    complete: Sequence[tuple[NightEndpoints, float, float]],
    differences: Sequence[float],
) -> LimitsOfAgreement:
    chosen = [
        (d, night.subject)
        for (night, _, _), d in zip(complete, differences, strict=True)
        if night.condition == condition
    ]
    return limits_of_agreement([d for d, _ in chosen], [subject for _, subject in chosen])


def _changes(
    complete: Sequence[tuple[NightEndpoints, float, float]],
) -> ChangeAgreement | None:
    """The change of each subject from its first night to its second, in the order of the study."""
    by_subject: dict[str, list[tuple[float, float]]] = {}
    for night, automatic, expert in complete:
        by_subject.setdefault(night.subject, []).append((automatic, expert))
    pairs = [values for values in by_subject.values() if len(values) > 1]
    if not pairs:
        return None
    return change_agreement(
        [second[0] - first[0] for first, second, *_ in pairs],
        [second[1] - first[1] for first, second, *_ in pairs],
    )
