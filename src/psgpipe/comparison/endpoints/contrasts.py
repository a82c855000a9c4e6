"""Contrasts: treatment minus baseline of each endpoint, its p values, and subjects' changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.endpoints.endpoint_values import (
    EndpointNights,
    Values,
    finite_or_none,
    long_format,
    subject_means,
)
from psgpipe.comparison.endpoints.latencies import EVENTS
from psgpipe.comparison.endpoints.units import unit_of
from psgpipe.comparison.statistics.hodges_lehmann import HodgesLehmann, hodges_lehmann
from psgpipe.comparison.statistics.multiplicity import benjamini_hochberg, holm
from psgpipe.comparison.statistics.paired import (
    change_of_each,
    changes,
    cohen_dz,
    hedges_g_av,
    t_interval,
)
from psgpipe.comparison.statistics.reliable_change import (
    OWN_NIGHTS_NEEDED,
    WithinSubjectSd,
    pooled_within_sd,
    reliable_change,
)
from psgpipe.comparison.statistics.sign_flip import max_t_sign_flip_p, sign_flip_p
from psgpipe.model.comparison import Contrast, EndpointRole, SubjectChange
from psgpipe.model.comparison_spec import ComparisonSpec


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


def analyse_endpoint(
    nights: EndpointNights, role: EndpointRole, spec: ComparisonSpec
) -> EndpointAnalysis:
    """Paired analysis and mixed model of one endpoint."""
    empty = without_numbers(nights, role)
    if not nights.subjects:
        remark = "no subject has this endpoint in both conditions"
        return EndpointAnalysis(nights, replace(empty, remarks=(remark,)), np.empty(0))
    if nights.censored or nights.transform == "rank":
        return _ranked(nights, empty, spec)
    return _paired(nights, empty, spec)


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


def _paired(nights: EndpointNights, empty: Contrast, spec: ComparisonSpec) -> EndpointAnalysis:
    baseline, treatment = subject_means(nights.baseline), subject_means(nights.treatment)
    d = changes(baseline, treatment)
    t, hl = t_interval(d), hodges_lehmann(d)
    contrast = replace(
        empty,
        baseline_mean=float(baseline.mean()),
        treatment_mean=float(treatment.mean()),
        difference=t.mean,
        ci_low=t.low,
        ci_high=t.high,
        t=t.t,
        df=t.df,
        p_t=t.p,
        p_sign_flip=sign_flip_p(d, spec.seed),
        hodges_lehmann=hl.estimate,
        hl_low=hl.low,
        hl_high=hl.high,
        hl_coverage=hl.coverage,
        dz=cohen_dz(d),
        g_av=hedges_g_av(baseline, treatment),
    )
    contrast = _with_mixed_model(nights, contrast)
    if t.sd == 0:
        alike = "all subjects changed by the same amount" if t.mean else "no subject changed"
        remark = f"{alike}: no t, no interval"
        contrast = replace(contrast, remarks=(remark, *contrast.remarks))
    return EndpointAnalysis(nights, contrast, d)


def _with_mixed_model(nights: EndpointNights, contrast: Contrast) -> Contrast:
    """The contrast with the mixed model of its nights, or with the reason why it has none."""
    if len(nights.subjects) < 3:
        return replace(contrast, remarks=("no mixed model below 3 subjects",))
    y, subject, treated = long_format(nights)
    periods = [p for s in nights.subjects for p in nights.periods[s]] if nights.periods else []
    if len(y) == 2 * len(nights.subjects):
        # With periods that vary under a condition, a model would repeat Hills-Armitage.
        one_period_each = len({*zip(periods, treated, strict=False)}) <= 2
        same = ", the paired t says the same" if one_period_each else ""
        return replace(contrast, remarks=(f"one night a condition: no mixed model{same}",))
    # One night in each condition needs none of this.
    from psgpipe.comparison.statistics.mixed_model import fit_mixed_model

    model, remarks = None, tuple[str, ...]()
    if len(set(periods)) > 1:
        model = fit_mixed_model(y, subject, treated, periods)
        remarks = () if model else ("period and condition cannot be told apart: mixed model "
                                    "without period",)  # fmt: skip
    model = model or fit_mixed_model(y, subject, treated)
    if model is None:
        remark = "no mixed model: nights of a subject in one condition do not differ"
        return replace(contrast, remarks=(remark,))
    return replace(
        contrast,
        kr_difference=model.difference,
        kr_se=model.se,
        kr_df=model.df,
        kr_p=model.p,
        remarks=remarks,
    )


def _ranked(nights: EndpointNights, empty: Contrast, spec: ComparisonSpec) -> EndpointAnalysis:
    """Ranks and medians instead of means; a latency longer than its night has the worst rank."""
    # Endpoints that have a mean need none of this.
    from psgpipe.comparison.statistics.censored import latency_change_min, worst_rank_differences

    y, subject, treated = long_format(nights)
    ranks = worst_rank_differences(y, subject, treated)
    d = np.array([ranks[name] for name in nights.subjects])
    before, under = subject_medians(nights.baseline), subject_medians(nights.treatment)
    later = [latency_change_min(b, t) for b, t in zip(before, under, strict=True)]
    hl = hodges_lehmann(later)
    remark = f"{why_ranks(nights)}; median of subjects {medians_shown(nights, before, under)}"
    contrast = replace(
        with_shift(empty, hl),
        p_sign_flip=sign_flip_p(d, spec.seed),
        remarks=ranked_remarks(nights, remark, hl),
    )
    return EndpointAnalysis(nights, contrast, d)


def why_ranks(nights: EndpointNights) -> str:
    """Why an endpoint is tested by ranks."""
    if not nights.censored:
        return "tested by the ranks of all nights, as declared"
    return (
        f"{nights.censored} of {nights.n_baseline + nights.n_treatment} nights have no "
        f"{EVENTS[nights.endpoint]}; they are ranked behind all others (worst rank) and a mean "
        "does not exist"
    )


def subject_medians(nights: Mapping[str, Values]) -> list[float]:
    """The median of each subject's nights; infinite where half of them are censored."""
    from psgpipe.comparison.statistics.censored import median_latency_min

    return [median_latency_min(values) for values in nights.values()]


def medians_shown(nights: EndpointNights, before: Sequence[float], under: Sequence[float]) -> str:
    """The median over subjects in both conditions, in the endpoint's own unit."""
    shown = f"{_latency(nights, before)} -> {_latency(nights, under)} {unit_of(nights.endpoint)}"
    return shown.rstrip()


def with_shift(contrast: Contrast, hl: HodgesLehmann) -> Contrast:
    """The contrast with a Hodges-Lehmann shift; infinite numbers do not exist."""
    return replace(
        contrast,
        hodges_lehmann=finite_or_none(hl.estimate),
        hl_low=finite_or_none(hl.low),
        hl_high=finite_or_none(hl.high),
        hl_coverage=hl.coverage,
    )


def ranked_remarks(nights: EndpointNights, remark: str, hl: HodgesLehmann) -> tuple[str, ...]:
    """The remarks on ranked nights: in plain words where no change in minutes can be given."""
    if nights.censored == nights.n_baseline + nights.n_treatment:
        return (f"no night has {EVENTS[nights.endpoint]}, so there is nothing to compare",)
    beyond = _beyond_the_night(hl)
    if finite_or_none(hl.estimate) is None:
        return ("too few nights reached it for a change in minutes", remark, *beyond)
    return (remark, *beyond)


def _beyond_the_night(hl: HodgesLehmann) -> tuple[str, ...]:
    """A remark where parts of a Hodges-Lehmann shift of latencies are infinite."""
    parts = (("estimate", hl.estimate), ("lower limit", hl.low), ("upper limit", hl.high))
    beyond = [name for name, value in parts if value is not None and np.isinf(value)]
    return (f"Hodges-Lehmann {', '.join(beyond)} beyond the length of a night",) if beyond else ()


def _latency(nights: EndpointNights, medians: Sequence[float]) -> str:
    from psgpipe.comparison.statistics.censored import median_latency_min

    middle = median_latency_min(medians)
    return f"{nights.as_measured(middle):.3g}" if np.isfinite(middle) else "not reached"


def adjust(
    analyses: Sequence[EndpointAnalysis], spec: ComparisonSpec, primary_p: float | None = None
) -> tuple[EndpointAnalysis, ...]:
    """The same endpoints with the sign-flip p adjusted within each family.

    The primary endpoint is not adjusted. The secondary endpoints are adjusted by Holm and, unless
    the spec calls them supportive, never below the p of the primary endpoint; the exploratory ones
    by Benjamini-Hochberg or, where the spec says so, by the largest |t|.

    Parameters
    ----------
    primary_p
        The p on which the claim of the primary endpoint rests.

    References
    ----------
    Dmitrienko A, Tamhane AC (2007), Pharm Stat 6:171-180 (serial gatekeeping).
    """
    gate = primary_p if spec.secondary_rule == "hierarchical" else None
    adjusted: dict[str, EndpointAnalysis] = {}
    for role in ("primary", "secondary", "exploratory"):
        family = [a for a in analyses if a.contrast.role == role and a.differences.size]
        if family:
            method, p = _adjusted_p(role, family, spec)
            for a, value in zip(family, p, strict=True):
                adjusted[a.nights.endpoint] = _with_adjusted_p(a, float(value), method, gate)
    return tuple(adjusted.get(a.nights.endpoint, a) for a in analyses)


def _with_adjusted_p(
    a: EndpointAnalysis, p: float, method: str, gate: float | None
) -> EndpointAnalysis:
    """The endpoint with its adjusted p; of a secondary one, not below the gate."""
    if a.contrast.role != "secondary" or gate is None:
        return replace(a, contrast=replace(a.contrast, p_adjusted=p, adjustment=method))
    contrast = replace(a.contrast, p_adjusted=max(p, gate), adjustment=f"hierarchical-{method}")
    return replace(a, contrast=contrast, p_within_family=p)


def _adjusted_p(
    role: str, family: Sequence[EndpointAnalysis], spec: ComparisonSpec
) -> tuple[str, Values]:
    """The method and the adjusted p of each endpoint of the family."""
    p = np.array([a.contrast.p_of_verdict for a in family], dtype=float)
    if role == "primary":
        return "none", p
    if role == "secondary":
        return "holm", holm(p)
    if spec.max_t and family[0].arms is not None:
        return "max-t", _max_t_of_arms(family, spec.seed)
    if spec.max_t:
        return "max-t", max_t_sign_flip_p(_matrix(family), spec.seed)
    return "benjamini-hochberg", benjamini_hochberg(p)


def _matrix(family: Sequence[EndpointAnalysis]) -> Values:
    """Differences, subjects in rows and endpoints in columns; NaN where a subject lacks one."""
    subjects = sorted({s for a in family for s in a.nights.subjects})
    place = {subject: row for row, subject in enumerate(subjects)}
    matrix = np.full((len(subjects), len(family)), np.nan)
    for column, a in enumerate(family):
        matrix[[place[s] for s in a.nights.subjects], column] = a.differences
    return matrix


def _max_t_of_arms(family: Sequence[EndpointAnalysis], seed: int) -> Values:
    """The p of each endpoint, adjusted for all of the family by the largest |t| of the arms."""
    # A comparison within subjects needs none of this.
    from psgpipe.comparison.statistics.arms.permutation import max_t_permutation_p

    arms = [(a.nights.subjects, a.arms) for a in family if a.arms is not None]
    treated = {s: bool(is_in) for names, of in arms
               for s, is_in in zip(names, of.treated, strict=True)}  # fmt: skip
    place = {subject: row for row, subject in enumerate(sorted(treated))}
    baseline, outcome = (np.full((len(place), len(arms)), np.nan) for _ in range(2))
    for column, (names, of) in enumerate(arms):
        rows = [place[s] for s in names]
        baseline[rows, column], outcome[rows, column] = of.baseline, of.outcome
    return max_t_permutation_p(baseline, outcome, [treated[s] for s in place], seed)


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
        why = f"the SD rests on this subject's own {own} baseline nights"
        return _Judgement(f"{why}: no verdict below {OWN_NIGHTS_NEEDED}", *measured)
    beyond = abs(difference) > rci.mdc95
    note = "beyond MDC does not say: caused by the treatment" if beyond else ""
    return _Judgement(note, *measured, beyond)
