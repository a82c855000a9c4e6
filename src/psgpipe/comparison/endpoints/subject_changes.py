"""Each subject's change in an endpoint, against the night-to-night variation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from psgpipe.comparison.endpoints.endpoint_values import (
    EndpointNights,
    Values,
    finite_or_none,
    subject_means,
)
from psgpipe.comparison.endpoints.latencies import EVENTS
from psgpipe.comparison.statistics.paired import change_of_each
from psgpipe.comparison.statistics.reliable_change import (
    OWN_NIGHTS_NEEDED,
    WithinSubjectSd,
    pooled_within_sd,
    reliable_change,
)
from psgpipe.messages import count_of
from psgpipe.model.comparison.results import SubjectChange


def subject_changes(
    nights: EndpointNights, stamp: str | None = None, arms: Mapping[str, str] = {}
) -> Iterator[SubjectChange]:
    """Each subject's change in one endpoint, against the night-to-night variation.

    `stamp` ends every note; `arms` are those of the subjects.
    """
    cohort = _finite_nights(nights.cohort_baseline)
    within = None if nights.censored else pooled_within_sd(cohort.values())
    before, under = subject_means(nights.baseline), subject_means(nights.treatment)
    exists = np.isfinite(before) & np.isfinite(under)  # of censored nights there is no mean
    differences = np.full(before.size, np.inf)
    differences[exists] = change_of_each(before[exists], under[exists])
    scale = f"in {nights.unit}" if nights.transform == "log" else ""
    means = map(finite_or_none, np.stack([before, under, differences], axis=1).ravel().tolist())
    for subject, b_mean, t_mean, difference in zip(
        nights.subjects, means, means, means, strict=True
    ):
        b, t = nights.baseline[subject], nights.treatment[subject]
        own = cohort.get(subject, b).size
        judged = _judged(nights, difference, (b.size, t.size), within, own)
        yield SubjectChange(
            subject,
            nights.endpoint,
            b_mean,
            t_mean,
            difference,
            b.size,
            t.size,
            judged.within_sd,
            judged.rci_t,
            judged.mdc95,
            judged.beyond_mdc,
            "; ".join(part for part in (scale, judged.note, stamp) if part),
            arms.get(subject),
        )


def _finite_nights(nights: Mapping[str, Values]) -> Mapping[str, Values]:
    """The subjects without a censored night."""
    if np.isfinite(np.concatenate([np.empty(0), *nights.values()])).all():
        return nights
    return {s: v for s, v in nights.items() if np.isfinite(v).all()}


class _Judgement(NamedTuple):
    """The last fields of a SubjectChange."""

    note: str
    within_sd: float | None = None
    rci_t: float | None = None
    mdc95: float | None = None
    beyond_mdc: bool | None = None


def _judged(
    nights: EndpointNights,
    difference: float | None,
    n_nights: tuple[int, int],
    within: WithinSubjectSd | None,
    own: int,
) -> _Judgement:
    """A change against the night-to-night SD; `own` counts the subject's nights in that SD."""
    if difference is None:
        event = EVENTS[nights.endpoint]
        return _Judgement(f"a night without {event}: no mean, no reliable change")
    if within is None:
        why = f"nights without {EVENTS[nights.endpoint]} in the cohort" if nights.censored else (
            "no subject has two baseline nights that differ")  # fmt: skip
        return _Judgement(f"no night-to-night SD: {why}")
    rci = reliable_change(difference, *n_nights, within)
    measured = (within.sd, rci.t, rci.mdc95)
    if within.df == own - 1 and own < OWN_NIGHTS_NEEDED:
        why = f"the SD rests on this subject's own {count_of(own, 'baseline night')}"
        return _Judgement(f"{why}: no verdict below {OWN_NIGHTS_NEEDED}", *measured)
    beyond = abs(difference) > rci.mdc95
    note = "beyond MDC does not say: caused by the treatment" if beyond else ""
    return _Judgement(note, *measured, beyond)
