"""Strata of the comparison by dose and by hours since dose, and slopes on dose."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.endpoints.endpoint_values import (
    EndpointNights,
    endpoint_nights,
    subject_means,
    value_of,
)
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.statistics.dose_response import interval_of, within_subject_slope
from psgpipe.comparison.statistics.paired import changes, t_interval
from psgpipe.comparison.statistics.sign_flip import sign_flip_p
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.comparison.results import DoseSlope, StratumContrast
from psgpipe.model.comparison.spec import ComparisonSpec

LAST_DAY = 14


@dataclass(frozen=True, order=True)
class _Stratum:
    """One dose or one interval of hours; strata are ordered by their lower limit."""

    low: float
    label: str


def strata(
    selection: NightSelection, analyses: Sequence[EndpointAnalysis], spec: ComparisonSpec
) -> tuple[StratumContrast, ...]:
    """Baseline against the treatment nights of each dose, interval and day since the dose."""
    nights = [n for group in selection.treatment.values() for n in group]
    rows: list[StratumContrast] = []
    if spec.dose_strata:
        by_dose = {n.row: _dose_stratum(n) for n in nights}
        rows += _contrasts_by("dose_mg_per_kg", by_dose, selection, analyses, spec)
    if spec.hours_strata:
        by_hours = {n.row: _hours_stratum(n, spec.hours_strata) for n in nights}
        rows += _contrasts_by("hours_since_dose", by_hours, selection, analyses, spec)
    if spec.day_strata:
        by_day = {n.row: _day_stratum(n) for n in nights}
        rows += _contrasts_by("days_since_dose", by_day, selection, analyses, spec)
    return tuple(rows)


def _day_stratum(night: MeasuredNight) -> _Stratum | None:
    """The day of a night: day 0 begins within 24 h after the dose."""
    hours = night.hours_since_dose
    day = -1 if hours is None else math.floor(hours / 24)
    return _Stratum(day, f"day {day}") if 0 <= day <= LAST_DAY else None


def _dose_stratum(night: MeasuredNight) -> _Stratum | None:
    if night.dose_mg_per_kg is None:
        return None
    label = f"{night.dose_mg_per_kg:g}"
    return _Stratum(float(label), label)


def _hours_stratum(night: MeasuredNight, edges: tuple[float, ...]) -> _Stratum | None:
    hours = night.hours_since_dose
    interval = None if hours is None else interval_of(hours, edges)
    return None if interval is None else _Stratum(interval[0], f"{interval[0]:g}-{interval[1]:g}")


def _contrasts_by(
    by: str,
    stratum_of_row: Mapping[int, _Stratum | None],
    selection: NightSelection,
    analyses: Sequence[EndpointAnalysis],
    spec: ComparisonSpec,
) -> list[StratumContrast]:
    if len(set(stratum_of_row.values())) == 1:  # it would repeat the whole comparison
        return []
    nights_in: dict[_Stratum, list[MeasuredNight]] = {}
    for night in (n for nights in selection.treatment.values() for n in nights):
        stratum = stratum_of_row[night.row]
        if stratum is not None:
            nights_in.setdefault(stratum, []).append(night)
    contrasts = []
    for stratum in sorted(nights_in):
        part = _restricted(selection, nights_in[stratum])
        for analysis in analyses:
            nights = endpoint_nights(
                part, analysis.nights.endpoint, spec, scale=analysis.nights.scale
            )
            contrasts.append(_stratum_contrast(by, stratum.label, nights, spec))
    return [contrast for contrast in contrasts if contrast is not None]


def _restricted(selection: NightSelection, treated: Iterable[MeasuredNight]) -> NightSelection:
    """These treatment nights, which stand in the order of the selection, and their subjects.

    The part has no cohort: only the whole selection says how much nights vary.
    """
    treatment: dict[str, list[MeasuredNight]] = {}
    for night in treated:
        treatment.setdefault(night.subject, []).append(night)
    baseline = {subject: selection.baseline[subject] for subject in treatment}
    return replace(selection, baseline=baseline, treatment=treatment, cohort_baseline={})


def _stratum_contrast(
    by: str, stratum: str, nights: EndpointNights, spec: ComparisonSpec
) -> StratumContrast | None:
    if not nights.subjects or nights.censored:
        return None
    d = changes(subject_means(nights.baseline), subject_means(nights.treatment))
    t = t_interval(d)
    return StratumContrast(
        by, stratum, nights.endpoint, nights.unit, d.size, nights.n_treatment, t.mean, t.low,
        t.high, sign_flip_p(d, spec.seed),
    )  # fmt: skip


def dose_slopes(
    selection: NightSelection, analyses: Sequence[EndpointAnalysis], spec: ComparisonSpec
) -> tuple[DoseSlope, ...]:
    """Mean within-subject slope on dose, over the subjects treated with two or more doses."""
    treated = (n for nights in selection.treatment.values() for n in nights)
    part = _restricted(selection, (n for n in treated if n.dose_mg_per_kg is not None))
    rows = []
    for analysis in analyses:
        nights = endpoint_nights(part, analysis.nights.endpoint, spec, scale=analysis.nights.scale)
        if nights.censored:  # a latency longer than the night has no slope
            continue
        slopes = [
            within_subject_slope(_doses(part.treatment[s], nights.endpoint, spec), values)
            for s, values in nights.treatment.items()
        ]
        known = np.array([slope for slope in slopes if slope is not None])
        if known.size:
            t = t_interval(known)
            rows.append(
                DoseSlope(
                    nights.endpoint, f"{nights.unit} per mg/kg".strip(), known.size, t.mean,
                    t.low, t.high, sign_flip_p(known, spec.seed),
                )
            )  # fmt: skip
    return tuple(rows)


def _doses(nights: Sequence[MeasuredNight], endpoint: str, spec: ComparisonSpec) -> list[float]:
    """The doses of the nights that have the endpoint."""
    return [n.dose_mg_per_kg or 0.0 for n in nights if value_of(n, endpoint, spec) is not None]
