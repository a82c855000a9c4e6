"""One endpoint on the nights that entered: in its unit, on its scale, censored where it must be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.selection import Selection, lights_unknown
from psgpipe.comparison.statistics.composition import BALANCES, stage_balances, without_zeros
from psgpipe.model.comparison import ComparisonSpec, MeasuredNight
from psgpipe.model.summary import LIGHTS_DEPENDENT

CENSORED = ("rem_latency_min", "rem_latency_from_lights_off_min")
LOG_OFFSET = 0.5
_UNITS = {
    "_per_h": "per h",
    "_min": "min",
    "_pct": "%",
    "_hz": "Hz",
    "_uv2": "uV2",
    "_uv": "uV",
    "_bpm": "per min",
    "_h": "h",
    "_s": "s",
}
_UNITS_BY_NAME = {
    "awakenings": "count",
    "stage_shifts": "count",
    "cycles": "count",
    "mean_confidence": "probability",
    **dict.fromkeys(BALANCES, "ilr"),
}

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class EndpointNights:
    """Values of one endpoint, night by night, for the subjects that have it in both conditions.

    Attributes
    ----------
    endpoint
        Its name.
    unit
        Of the values as they stand here: ``ln(min)`` where transformed.
    transform
        ``none`` or ``log``.
    offset
        What was added before the logarithm.
    baseline, treatment
        Values of each subject's nights; infinite where censored.
    periods
        Of the same nights, or None where any is not stated.
    cohort_baseline
        Values of all usable baseline nights, unpaired subjects' too.
    lacking
        Analysed nights that do not have the endpoint.
    unmatched
        Analysed nights that have it, of subjects that lack it in the other condition.
    lights_unknown
        Nights here whose lights are not known.
    censored
        Nights here without REM, of a REM latency.
    raw_baseline_mean
        Mean of the subjects' baseline means before any transformation.
    """

    endpoint: str
    unit: str
    transform: str
    offset: float
    baseline: Mapping[str, Values]
    treatment: Mapping[str, Values]
    periods: Mapping[str, tuple[str, ...]] | None
    cohort_baseline: Mapping[str, Values]
    lacking: int
    unmatched: int
    lights_unknown: int
    censored: int
    raw_baseline_mean: float | None = None

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects with the endpoint in both conditions."""
        return tuple(self.baseline)

    @property
    def n_baseline(self) -> int:
        """Baseline nights."""
        return sum(v.size for v in self.baseline.values())

    @property
    def n_treatment(self) -> int:
        """Treatment nights."""
        return sum(v.size for v in self.treatment.values())

    def as_measured(self, value: float) -> float:
        """A value on the analysed scale in the endpoint's own unit."""
        return math.exp(value) - self.offset if self.transform == "log" else value


def unit_of(endpoint: str) -> str:
    """The unit that an endpoint's name carries; blank where it carries none."""
    if endpoint in _UNITS_BY_NAME:
        return _UNITS_BY_NAME[endpoint]
    return next((unit for suffix, unit in _UNITS.items() if endpoint.endswith(suffix)), "")


def endpoint_nights(
    selection: Selection,
    endpoint: str,
    spec: ComparisonSpec,
    *,
    scale_of: Selection | None = None,
) -> EndpointNights:
    """The values of `endpoint` on the analysed nights, on the scale that the spec declares.

    Parameters
    ----------
    scale_of
        What `selection` is a part of, so that all parts are on one scale.
    """
    have = {
        which: {s: [n for n in nights if value_of(n, endpoint, spec) is not None]
                for s, nights in group.items()}
        for which, group in (("b", selection.baseline), ("t", selection.treatment))
    }  # fmt: skip
    both = [s for s in selection.baseline if have["b"][s] and have["t"][s]]
    used = [n for s in both for n in (*have["b"][s], *have["t"][s])]
    with_it = sum(len(nights) for group in have.values() for nights in group.values())
    scale = _Scale.of(endpoint, spec, scale_of or selection)
    return EndpointNights(
        endpoint=endpoint,
        unit=scale.unit,
        transform=scale.transform,
        offset=scale.offset,
        baseline={s: scale.values(have["b"][s], endpoint, spec) for s in both},
        treatment={s: scale.values(have["t"][s], endpoint, spec) for s in both},
        periods=_periods(have, both) if all(n.period for n in used) else None,
        cohort_baseline={
            s: scale.values(nights, endpoint, spec)
            for s, nights in selection.cohort_baseline.items()
        },
        lacking=len(selection.analysed) - with_it,
        unmatched=with_it - len(used),
        lights_unknown=sum(lights_unknown(n) for n in used),
        censored=sum(value_of(n, endpoint, spec) == math.inf for n in used),
        raw_baseline_mean=_mean_of_means(endpoint, (have["b"][s] for s in both)),
    )


def _mean_of_means(endpoint: str, subjects: Iterable[Sequence[MeasuredNight]]) -> float | None:
    """Mean over subjects of the mean of their nights, those without a number left out."""
    values = (
        [v for n in nights if (v := n.values.get(endpoint)) is not None] for nights in subjects
    )
    means = [fmean(found) for found in values if found]
    return fmean(means) if means else None


def _periods(
    have: Mapping[str, Mapping[str, Sequence[MeasuredNight]]], both: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    return {s: tuple(str(n.period) for n in (*have["b"][s], *have["t"][s])) for s in both}


@dataclass(frozen=True)
class _Scale:
    """The scale on which an endpoint is analysed."""

    unit: str
    transform: str
    offset: float

    @classmethod
    def of(cls, endpoint: str, spec: ComparisonSpec, selection: Selection) -> _Scale:
        unit = unit_of(endpoint)
        if spec.transform.get(endpoint, "none") != "log":
            return cls(unit, "none", 0.0)
        cohort = (n for nights in selection.cohort_baseline.values() for n in nights)
        values = (value_of(n, endpoint, spec) for n in (*selection.analysed, *cohort))
        # A latency of 0 has no logarithm; half a minute is the length of an epoch.
        offset = LOG_OFFSET if any(v == 0 for v in values) else 0.0
        return cls(f"ln({unit} + {offset:g})" if offset else f"ln({unit})", "log", offset)

    def values(
        self, nights: Sequence[MeasuredNight], endpoint: str, spec: ComparisonSpec
    ) -> Values:
        found = np.array(
            [v for n in nights if (v := value_of(n, endpoint, spec)) is not None], dtype=float
        )
        return np.log(found + self.offset) if self.transform == "log" else found


def value_of(night: MeasuredNight, endpoint: str, spec: ComparisonSpec) -> float | None:
    """The night's value; infinite where it is censored, None where there is none."""
    if spec.missing_lights == "withhold" and endpoint in LIGHTS_DEPENDENT and lights_unknown(night):
        return None
    value = night.values.get(endpoint)
    return math.inf if value is None and endpoint in CENSORED and _without_rem(night) else value


def _without_rem(night: MeasuredNight) -> bool:
    """Whether the subject slept and no REM was seen: its REM latency is longer than the night."""
    rem = [night.values.get(e) for e in ("rem_min", "rem_pct")]
    return 0 in rem and night.values.get("tst_min") != 0


def with_balances(nights: Sequence[MeasuredNight]) -> tuple[MeasuredNight, ...]:
    """The nights with the three balances of their stage composition as further endpoints."""
    return tuple(
        replace(night, values={**night.values, **_balances(night.values)}) for night in nights
    )


def _balances(values: Mapping[str, float | None]) -> dict[str, float | None]:
    minutes = _stage_minutes(values)
    if minutes is None:
        return dict.fromkeys(BALANCES)
    return dict(zip(BALANCES, stage_balances(*without_zeros(minutes)), strict=True))


def _stage_minutes(values: Mapping[str, float | None]) -> tuple[float, ...] | None:
    """Minutes of N1, N2, N3, REM; from percentages and TST where minutes are not given."""
    stages = ("n1", "n2", "n3", "rem")
    minutes = [values.get(f"{stage}_min") for stage in stages]
    tst = values.get("tst_min")
    if None in minutes and tst is not None:
        shares = [values.get(f"{stage}_pct") for stage in stages]
        minutes = [None if s is None else s * tst / 100 for s in shares]
    known = tuple(m for m in minutes if m is not None)
    return known if len(known) == len(stages) and sum(known) >= 1 else None
