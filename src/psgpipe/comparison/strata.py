"""Dose, hours after dose and further columns as strata of the comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from psgpipe.comparison.contrasts import Analysed
from psgpipe.comparison.endpoint_values import EndpointNights, endpoint_nights, value_of
from psgpipe.comparison.selection import Selection
from psgpipe.comparison.statistics.dose_response import interval_of, within_subject_slope
from psgpipe.comparison.statistics.paired import changes, sign_flip_p, t_interval
from psgpipe.comparison.statistics.tipping_point import tipping_sensitivity
from psgpipe.model.comparison import ComparisonSpec, DoseSlope, MeasuredNight, StratumContrast


def strata(
    selection: Selection, analysed: Sequence[Analysed], spec: ComparisonSpec
) -> tuple[StratumContrast, ...]:
    """Baseline against the treatment nights of each dose and each interval since the dose."""
    rows: list[StratumContrast] = []
    if spec.dose_strata:
        rows += _strata_by("dose_mg_per_kg", _dose_stratum, selection, analysed, spec)
    if spec.hours_strata:
        rows += _strata_by(
            "hours_since_dose",
            lambda n: _hours_stratum(n, spec.hours_strata),
            selection, analysed, spec,
        )  # fmt: skip
    return tuple(rows)


# Where a stratum stands among its like, and what it is called; None for a night in no stratum.
_Stratum = tuple[float, str] | None


def _dose_stratum(night: MeasuredNight) -> _Stratum:
    if night.dose_mg_per_kg is None:
        return None
    label = f"{night.dose_mg_per_kg:g}"
    return (float(label), label)


def _hours_stratum(night: MeasuredNight, edges: tuple[float, ...]) -> _Stratum:
    hours = night.hours_since_dose
    interval = None if hours is None else interval_of(hours, edges)
    return None if interval is None else (interval[0], f"{interval[0]:g}-{interval[1]:g}")


def _strata_by(
    by: str,
    stratum_of: Callable[[MeasuredNight], _Stratum],
    selection: Selection,
    analysed: Sequence[Analysed],
    spec: ComparisonSpec,
) -> list[StratumContrast]:
    found = {stratum_of(n) for nights in selection.treatment.values() for n in nights}
    if len(found) == 1:  # one stratum of all nights is the whole comparison over again
        return []
    rows = []
    for stratum in sorted(s for s in found if s is not None):
        part = _restricted(selection, lambda n, s=stratum: stratum_of(n) == s)  # type: ignore[misc]
        for a in analysed:
            nights = endpoint_nights(part, a.nights.endpoint, spec, scale_of=selection)
            rows.append(_stratum_row(by, stratum[1], nights, spec))
    return [row for row in rows if row is not None]


def _restricted(selection: Selection, wanted: Callable[[MeasuredNight], bool]) -> Selection:
    """The selection with only the wanted treatment nights, and the subjects that have any."""
    kept = {s: [n for n in nights if wanted(n)] for s, nights in selection.treatment.items()}
    subjects = [s for s in selection.baseline if kept[s]]
    return replace(
        selection,
        baseline={s: selection.baseline[s] for s in subjects},
        treatment={s: kept[s] for s in subjects},
    )


def _stratum_row(
    by: str, stratum: str, nights: EndpointNights, spec: ComparisonSpec
) -> StratumContrast | None:
    if not nights.subjects or nights.censored:
        return None
    d = changes(_means(nights.baseline), _means(nights.treatment))
    t = t_interval(d)
    return StratumContrast(
        by, stratum, nights.endpoint, nights.unit, d.size, nights.n_treatment, t.mean, t.low,
        t.high, sign_flip_p(d, spec.seed),
    )  # fmt: skip


def _means(values: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.array([v.mean() for v in values.values()])


def dose_slopes(
    selection: Selection, analysed: Sequence[Analysed], spec: ComparisonSpec
) -> tuple[DoseSlope, ...]:
    """Mean within-subject slope on dose, over the subjects treated with two or more doses."""
    dosed = _restricted(selection, lambda n: n.dose_mg_per_kg is not None)
    rows = []
    for a in analysed:
        nights = endpoint_nights(dosed, a.nights.endpoint, spec, scale_of=selection)
        if nights.censored:  # a latency longer than the night has no slope
            continue
        slopes = [
            within_subject_slope(_doses(dosed.treatment[s], nights.endpoint, spec), values)
            for s, values in nights.treatment.items()
        ]
        found = np.array([slope for slope in slopes if slope is not None])
        if found.size:
            t = t_interval(found)
            rows.append(
                DoseSlope(
                    a.nights.endpoint, f"{nights.unit} per mg/kg".strip(), found.size, t.mean,
                    t.low, t.high, sign_flip_p(found, spec.seed),
                )
            )  # fmt: skip
    return tuple(rows)


def _doses(nights: Sequence[MeasuredNight], endpoint: str, spec: ComparisonSpec) -> list[float]:
    """The doses of the nights that have the endpoint."""
    return [n.dose_mg_per_kg or 0.0 for n in nights if value_of(n, endpoint, spec) is not None]


def tipping_sentence(selection: Selection, spec: ComparisonSpec) -> str | None:
    """The REM sensitivity under treatment that alone would explain the difference in REM."""
    plain = replace(spec, transform={})
    nights = endpoint_nights(selection, "rem_pct", plain)
    if not nights.subjects:
        return None
    before, under = float(_means(nights.baseline).mean()), float(_means(nights.treatment).mean())
    usual, false = spec.rem_sensitivity, spec.rem_false_positive_rate
    needed = tipping_sensitivity(before, under, usual, false)
    head = f"Tipping point: REM {before:.1f} -> {under:.1f} % of TST"
    if needed is None:
        return f"{head}; REM at baseline is no more than the stager's false positives would give."
    if not 0 <= needed <= 1:
        return f"{head}; no REM sensitivity of the stager would explain it without a true change."
    return (
        f"{head} would be seen without any true change if the drug moved the stager's REM "
        f"sensitivity from {usual:.2f} to {needed:.2f}."
    )
