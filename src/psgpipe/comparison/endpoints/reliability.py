"""Reliability of each endpoint in the study itself: a table of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.endpoints.endpoint_values import subject_means
from psgpipe.comparison.statistics.paired import standard_deviation
from psgpipe.comparison.statistics.reliability import (
    dz_interval,
    g_av_interval,
    leave_one_out,
    one_night_reliability,
    smallest_detectable_effect,
)
from psgpipe.model.comparison.results import EndpointReliability

FEWEST_SUBJECTS = 3


def reliability_rows(
    analyses: Sequence[EndpointAnalysis], stamp: str | None = None
) -> tuple[EndpointReliability, ...]:
    """One row for each endpoint that any subject has in both conditions.

    With arms, SDs between subjects are within the arms.

    Parameters
    ----------
    stamp
        What every row states about the lock of the spec.
    """
    rows = (_row(a) for a in analyses if a.nights.subjects)
    return tuple(replace(r, note="; ".join(filter(None, (r.note, stamp)))) for r in rows)


def _row(a: EndpointAnalysis) -> EndpointReliability:
    row = EndpointReliability(a.nights.endpoint, a.nights.unit)
    if a.contrast.difference is None:
        return replace(row, note="analysed by ranks: no mean, no SD")
    return _with_effect(_with_one_night(row, a), a)


def _with_one_night(row: EndpointReliability, a: EndpointAnalysis) -> EndpointReliability:
    """The row with the reliability of one night, from all usable baseline nights."""
    cohort = [v[np.isfinite(v)] for v in a.nights.cohort_baseline.values()]
    one = one_night_reliability([values for values in cohort if values.size])
    if one is None:
        return replace(row, note="no subject has two baseline nights that differ: no ICC")
    return replace(
        row,
        n_subjects=one.n_subjects,
        n_nights=one.n_nights,
        icc=one.icc,
        icc_low=one.low,
        icc_high=one.high,
        within_sd=one.within_sd,
        between_sd=one.between_sd,
        mdc95=one.mdc95,
    )


def _with_effect(row: EndpointReliability, a: EndpointAnalysis) -> EndpointReliability:
    """The row with the spread of both conditions and the intervals of the effect sizes."""
    baseline, treatment = subject_means(a.nights.baseline), subject_means(a.nights.treatment)
    n = a.differences.size
    if n < FEWEST_SUBJECTS:
        return row
    if a.arms is not None:
        # A comparison within subjects needs none of this.
        from psgpipe.comparison.arms.reliability import with_effect_of_arms

        return with_effect_of_arms(row, a.arms)
    low, high = leave_one_out(a.differences)
    sd = standard_deviation(a.differences)
    row = replace(
        row,
        sd_baseline=standard_deviation(baseline),
        sd_treatment=standard_deviation(treatment),
        sd_change=sd,
        leave_one_out_low=low,
        leave_one_out_high=high,
    )
    if a.contrast.dz is None:
        return row
    limits = dz_interval(a.contrast.dz, n)
    g_av = g_av_interval(baseline, treatment, limits)
    return replace(
        row,
        dz=a.contrast.dz,
        dz_low=limits[0],
        dz_high=limits[1],
        g_av=a.contrast.g_av,
        g_av_low=g_av[0] if g_av else None,
        g_av_high=g_av[1] if g_av else None,
        smallest_detectable=smallest_detectable_effect(n) * sd,
    )
