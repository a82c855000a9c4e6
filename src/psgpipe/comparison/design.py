"""Beside the main table: crossover, dose and time since dose, the tipping point for REM."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from psgpipe.comparison.contrasts import Analysed
from psgpipe.comparison.endpoint_values import EndpointNights, endpoint_nights, value_of
from psgpipe.comparison.selection import Selection, count_of
from psgpipe.comparison.statistics.crossover import CrossoverEffect, hills_armitage
from psgpipe.comparison.statistics.paired import changes, sign_flip_p, t_interval
from psgpipe.comparison.statistics.tipping_point import tipping_sensitivity
from psgpipe.errors import NightsNotComparable
from psgpipe.model.comparison import (
    ComparisonSpec,
    CrossoverRow,
    DoseSlope,
    MeasuredNight,
    StratumContrast,
)
from psgpipe.sleep.sedation import interval_of, within_subject_slope


def design_of(selection: Selection, spec: ComparisonSpec) -> str:
    """``crossover`` where it is declared, or where both orders of the conditions occur.

    Raises
    ------
    psgpipe.errors.NightsNotComparable : a crossover is declared and the nights are none.
    """
    first = [_treated_first(selection, s) for s in selection.baseline]
    both_orders = True in first and False in first
    if spec.design == "crossover" and not both_orders:
        raise NightsNotComparable(
            "the spec declares a crossover; wanted subjects with one period for each condition, in "
            "both orders, found none or one order",
            "Fill the column period, or declare design = 'before-after'.",
        )
    if spec.design != "auto":
        return spec.design
    return "crossover" if both_orders and None not in first else "before-after"


def sequence_warnings(selection: Selection, design: str) -> list[str]:
    """What periods and sequences of the table do not fit the design."""
    return [
        *_mixed_sequences(selection),
        *_lost_crossover(selection, design),
        *_nights_without_period(selection),
    ]


def _nights_without_period(selection: Selection) -> list[str]:
    """Nights whose period is not stated, where that of others is."""
    nights = selection.analysed
    blank = sum(not n.period for n in nights)
    if blank in (0, len(nights)):
        return []
    return [
        f"period is not stated on {count_of(blank, 'analysed night')} of {len(nights)}: a mixed "
        "model of such nights is without period"
    ]


def _mixed_sequences(selection: Selection) -> list[str]:
    """Sequences of the table in which subjects had the conditions in both orders."""
    orders: dict[str, set[bool]] = {}
    for subject, nights in selection.baseline.items():
        first = _treated_first(selection, subject)
        if first is not None and nights[0].sequence:
            orders.setdefault(nights[0].sequence, set()).add(first)
    mixed = sorted(name for name, found in orders.items() if len(found) > 1)
    return [f"sequence {name} holds subjects with both orders of periods" for name in mixed]


def _lost_crossover(selection: Selection, design: str) -> list[str]:
    """Signs of a crossover in a table that is not analysed as one."""
    first = [_treated_first(selection, s) for s in selection.baseline]
    not_clear = (
        f"in {first.count(None)} of {len(first)} subjects the period of each condition is not clear"
    )
    if design == "crossover":
        return [f"{not_clear}: Hills-Armitage is without them"] if None in first else []
    if any(n.sequence for n in selection.analysed) and not any(
        n.period for n in selection.analysed
    ):
        return ["sequence is given and period is not: this is not analysed as a crossover"]
    sequences = {n.sequence for n in selection.analysed if n.sequence}
    both_orders = len(sequences) > 1 or (True in first and False in first)
    if both_orders and None in first:
        return [f"{not_clear}: this is not analysed as a crossover"]
    return []


def _treated_first(selection: Selection, subject: str) -> bool | None:
    """Whether the treatment period came before the baseline period; None where it is not clear."""
    periods = [
        {n.period for n in group[subject]} for group in (selection.baseline, selection.treatment)
    ]
    if any(len(found) != 1 or None in found for found in periods):
        return None
    before, under = (str(next(iter(found))) for found in periods)
    return None if before == under else _order(under) < _order(before)


def _order(period: str) -> tuple[float, str]:
    """Periods in the order of their numbers, else of their names."""
    digits = "".join(c for c in period if c.isdigit())
    return (float(digits) if digits else 0.0, period)


def freed_from_period(
    selection: Selection, analysed: Sequence[Analysed]
) -> dict[str, CrossoverEffect]:
    """Hills-Armitage by endpoint, on the differences that were flipped: ranks where censored."""
    order = {s: _treated_first(selection, s) for s in selection.baseline}
    found = {}
    for a in analysed:
        clear = [i for i, s in enumerate(a.nights.subjects) if order[s] is not None]
        first = [bool(order[a.nights.subjects[i]]) for i in clear]
        effect = hills_armitage(a.differences[clear], first) if clear else None
        if effect is not None:
            found[a.nights.endpoint] = effect
    return found


def crossover_rows(
    analysed: Sequence[Analysed], effects: Mapping[str, CrossoverEffect]
) -> tuple[CrossoverRow, ...]:
    """The effects of the endpoints whose differences are in their unit, not ranks."""
    return tuple(
        CrossoverRow(
            a.nights.endpoint,
            a.nights.unit,
            effect.n_treated_first,
            effect.n_treated_second,
            effect.difference,
            effect.low,
            effect.high,
            effect.df,
            effect.p,
            effect.period_difference,
            effect.period_p,
        )
        for a in analysed
        if a.contrast.difference is not None
        and (effect := effects.get(a.nights.endpoint)) is not None
    )


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
