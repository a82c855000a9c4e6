"""From the nights of one endpoint to its row of contrasts.tsv, before any adjustment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.endpoint_values import EndpointNights, unit_of
from psgpipe.comparison.statistics.censored import (
    latency_change_min,
    median_latency_min,
    worst_rank_differences,
)
from psgpipe.comparison.statistics.mixed_model import fit_mixed_model
from psgpipe.comparison.statistics.multiplicity import benjamini_hochberg, holm
from psgpipe.comparison.statistics.paired import (
    HodgesLehmann,
    changes,
    cohen_dz,
    hedges_g_av,
    hodges_lehmann,
    max_t_sign_flip_p,
    sign_flip_p,
    t_interval,
)
from psgpipe.comparison.statistics.reliable_change import (
    OWN_NIGHTS_NEEDED,
    WithinSubjectSd,
    pooled_within_sd,
    reliable_change,
)
from psgpipe.model.comparison import ComparisonSpec, Contrast, Role, SubjectChange

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Analysed:
    """One endpoint with its contrast.

    Attributes
    ----------
    nights
        What was analysed.
    contrast
        What came of it.
    differences
        Of the subjects in `nights`, as they were flipped: ranks where censored.
    remarks
        What must be said about this row, in order of weight.
    """

    nights: EndpointNights
    contrast: Contrast
    differences: Values
    remarks: tuple[str, ...] = field(default=())


def analyse(nights: EndpointNights, role: Role, spec: ComparisonSpec) -> Analysed:
    """Paired analysis and mixed model of one endpoint."""
    empty = Contrast(
        nights.endpoint, role, nights.unit, len(nights.subjects), nights.n_baseline,
        nights.n_treatment,
    )  # fmt: skip
    if not nights.subjects:
        remark = "no subject has this endpoint in both conditions"
        return Analysed(nights, empty, np.empty(0), (remark,))
    if nights.censored:
        return _censored(nights, empty, spec)
    return _paired(nights, empty, spec)


def _paired(nights: EndpointNights, empty: Contrast, spec: ComparisonSpec) -> Analysed:
    baseline, treatment = _means(nights.baseline), _means(nights.treatment)
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
    contrast, remarks = _with_mixed_model(nights, contrast)
    if t.sd == 0:
        alike = "all subjects changed by the same amount" if t.mean else "no subject changed"
        remarks = (f"{alike}: no t, no interval", *remarks)
    return Analysed(nights, contrast, d, remarks)


def _means(values: Mapping[str, Values]) -> Values:
    return np.array([v.mean() for v in values.values()])


def _with_mixed_model(
    nights: EndpointNights, contrast: Contrast
) -> tuple[Contrast, tuple[str, ...]]:
    """The contrast with the mixed model of its nights, or with the reason why it has none."""
    if len(nights.subjects) < 3:
        return contrast, ("no mixed model below 3 subjects",)
    y, subject, treated = long_format(nights)
    periods = [p for s in nights.subjects for p in nights.periods[s]] if nights.periods else []
    if len(y) == 2 * len(nights.subjects):
        # With periods that vary under a condition, a model would say what Hills-Armitage says.
        one_period_each = len({*zip(periods, treated, strict=False)}) <= 2
        same = ", the paired t says the same" if one_period_each else ""
        return contrast, (f"one night a condition: no mixed model{same}",)
    model, remarks = None, tuple[str, ...]()
    if len(set(periods)) > 1:
        model = fit_mixed_model(y, subject, treated, periods)
        remarks = () if model else ("period and condition cannot be told apart: mixed model "
                                    "without period",)  # fmt: skip
    model = model or fit_mixed_model(y, subject, treated)
    if model is None:
        return contrast, ("no mixed model: nights of a subject in one condition do not differ",)
    fitted = replace(
        contrast,
        kr_difference=model.difference,
        kr_se=model.se,
        kr_df=model.df,
        kr_p=model.p,
    )
    return fitted, remarks


def long_format(nights: EndpointNights) -> tuple[Values, list[str], list[bool]]:
    """Value, subject and whether treated, night by night."""
    values, subject, treated = [], [], []
    for name in nights.subjects:
        for under, found in ((False, nights.baseline[name]), (True, nights.treatment[name])):
            values.append(found)
            subject += [name] * found.size
            treated += [under] * found.size
    return np.concatenate(values), subject, treated


def _censored(nights: EndpointNights, empty: Contrast, spec: ComparisonSpec) -> Analysed:
    """Worst-rank analysis where some nights have no REM: no means, ranks and medians."""
    y, subject, treated = long_format(nights)
    ranks = worst_rank_differences(y, subject, treated)
    d = np.array([ranks[name] for name in nights.subjects])
    before = [median_latency_min(v) for v in nights.baseline.values()]
    under = [median_latency_min(v) for v in nights.treatment.values()]
    later = [latency_change_min(b, t) for b, t in zip(before, under, strict=True)]
    hl = hodges_lehmann(later)
    contrast = replace(
        empty,
        p_sign_flip=sign_flip_p(d, spec.seed),
        hodges_lehmann=_finite(hl.estimate),
        hl_low=_finite(hl.low),
        hl_high=_finite(hl.high),
        hl_coverage=hl.coverage,
    )
    remark = (
        f"{nights.censored} of {y.size} nights have no REM; they are ranked behind all others "
        f"(worst rank) and a mean does not exist; median of subjects {_latency(nights, before)} -> "
        f"{_latency(nights, under)} {unit_of(nights.endpoint)}"
    )
    return Analysed(nights, contrast, d, (remark, *_beyond_the_night(hl)))


def _beyond_the_night(hl: HodgesLehmann) -> tuple[str, ...]:
    """Which parts of a Hodges-Lehmann shift of latencies are longer than any night."""
    parts = (("estimate", hl.estimate), ("lower limit", hl.low), ("upper limit", hl.high))
    beyond = [name for name, value in parts if value is not None and np.isinf(value)]
    return (f"Hodges-Lehmann {', '.join(beyond)} beyond the length of a night",) if beyond else ()


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _latency(nights: EndpointNights, medians: Sequence[float]) -> str:
    middle = median_latency_min(medians)
    return f"{nights.as_measured(middle):.3g}" if np.isfinite(middle) else "not reached"


def adjust(analysed: Sequence[Analysed], spec: ComparisonSpec) -> tuple[Analysed, ...]:
    """The same rows with the sign-flip p adjusted within their family.

    The primary endpoint stands alone; Holm over the secondary ones; Benjamini-Hochberg, or the
    largest |t| where the spec wants it, over the rest.
    """
    adjusted: dict[str, Analysed] = {}
    for role in ("primary", "secondary", "exploratory"):
        family = [a for a in analysed if a.contrast.role == role and a.differences.size]
        if family:
            method, p = _adjusted(role, family, spec)
            adjusted |= {
                a.nights.endpoint: replace(
                    a, contrast=replace(a.contrast, p_adjusted=float(value), adjustment=method)
                )
                for a, value in zip(family, p, strict=True)
            }
    return tuple(adjusted.get(a.nights.endpoint, a) for a in analysed)


def _adjusted(role: str, family: Sequence[Analysed], spec: ComparisonSpec) -> tuple[str, Values]:
    p = np.array([a.contrast.p_sign_flip for a in family], dtype=float)
    if role == "primary":
        return "none", p
    if role == "secondary":
        return "holm", holm(p)
    if spec.max_t:
        return "max-t", max_t_sign_flip_p(_matrix(family), spec.seed)
    return "benjamini-hochberg", benjamini_hochberg(p)


def _matrix(family: Sequence[Analysed]) -> Values:
    """Differences, subjects in rows and endpoints in columns; NaN where a subject lacks one."""
    subjects = sorted({s for a in family for s in a.nights.subjects})
    matrix = np.full((len(subjects), len(family)), np.nan)
    for column, a in enumerate(family):
        matrix[[subjects.index(s) for s in a.nights.subjects], column] = a.differences
    return matrix


def subject_changes(nights: EndpointNights) -> tuple[SubjectChange, ...]:
    """Each subject's change in one endpoint, against the night-to-night variation."""
    cohort = {s: v for s, v in nights.cohort_baseline.items() if np.isfinite(v).all()}
    within = None if nights.censored else pooled_within_sd(cohort.values())
    found = (_subject_change(nights, s, within, cohort) for s in nights.subjects)
    if nights.transform == "none":
        return tuple(found)
    scale = f"in {nights.unit}"
    return tuple(replace(c, note="; ".join(filter(None, (scale, c.note)))) for c in found)


def _subject_change(
    nights: EndpointNights,
    subject: str,
    within: WithinSubjectSd | None,
    cohort: Mapping[str, Values],
) -> SubjectChange:
    b, t = nights.baseline[subject], nights.treatment[subject]
    before, under = (float(v.mean()) if np.isfinite(v).all() else None for v in (b, t))
    difference = None if before is None or under is None else float(changes([before], [under])[0])
    change = SubjectChange(subject, nights.endpoint, before, under, difference, b.size, t.size)
    if difference is None:
        return replace(change, note="a night without REM: no mean, no reliable change")
    if within is None:
        why = "nights without REM in the cohort" if nights.censored else (
            "no subject has two baseline nights that differ")  # fmt: skip
        return replace(change, note=f"no night-to-night SD: {why}")
    own = cohort.get(subject, b).size
    rci = reliable_change(difference, b.size, t.size, within)
    measured = replace(change, within_sd=within.sd, rci_t=rci.t, mdc95=rci.mdc95)
    if within.df == own - 1 and own < OWN_NIGHTS_NEEDED:
        return replace(
            measured,
            note=f"the SD rests on this subject's own {own} baseline nights: no verdict below "
            f"{OWN_NIGHTS_NEEDED}",
        )
    beyond = abs(difference) > rci.mdc95
    note = "beyond MDC does not say: caused by the treatment" if beyond else ""
    return replace(measured, beyond_mdc=beyond, note=note)
