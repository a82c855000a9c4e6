"""Contrasts: treatment minus baseline of each endpoint, with its tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis, without_numbers
from psgpipe.comparison.endpoints.endpoint_values import EndpointNights, long_format, subject_means
from psgpipe.comparison.endpoints.ranked import analyse_ranks
from psgpipe.comparison.statistics.hodges_lehmann import hodges_lehmann
from psgpipe.comparison.statistics.paired import changes, cohen_dz, hedges_g_av, t_interval
from psgpipe.comparison.statistics.sign_flip import sign_flip_p
from psgpipe.model.comparison.contrast import Contrast, EndpointRole
from psgpipe.model.comparison.spec import ComparisonSpec


def analyse_endpoint(
    nights: EndpointNights, role: EndpointRole, spec: ComparisonSpec
) -> EndpointAnalysis:
    """Paired analysis and mixed model of one endpoint."""
    empty = without_numbers(nights, role)
    if not nights.subjects:
        remark = "no subject has this endpoint in both conditions"
        return EndpointAnalysis(nights, replace(empty, remarks=(remark,)), np.empty(0))
    if nights.censored or nights.transform == "rank":
        return analyse_ranks(nights, empty, spec)
    return _paired(nights, empty, spec)


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
