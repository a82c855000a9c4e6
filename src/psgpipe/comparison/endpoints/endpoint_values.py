"""Values of one endpoint on the analysed nights: unit, transformation, censoring."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import numpy.typing as npt

from psgpipe.comparison.endpoints.latencies import latency_or_censored
from psgpipe.comparison.endpoints.units import unit_of
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.nights.selection_rules import lights_unknown
from psgpipe.comparison.statistics.groups import means
from psgpipe.messages import count_of
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.comparison.spec import ComparisonSpec, Transform
from psgpipe.model.summary import LIGHTS_DEPENDENT

LOG_OFFSET = 0.5

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The scale on which an endpoint is analysed."""

    unit: str
    transform: Transform
    offset: float = 0.0


@dataclass(frozen=True)
class EndpointNights:
    """Values of one endpoint, night by night, for the subjects that have it in both conditions.

    Attributes
    ----------
    unit
        Of the values here: ``ln(min)`` where transformed.
    offset
        Added before the logarithm.
    baseline, treatment
        Values of each subject's nights; infinite where censored.
    periods
        Of the same nights; None where any is not stated.
    cohort_baseline
        Values of all usable baseline nights, also of unpaired subjects.
    n_absent
        Analysed nights that do not have the endpoint.
    n_unpaired
        Analysed nights that have it, of subjects who do not have it in the other condition.
    censored
        Number of nights whose latency is longer than the night.
    raw_baseline_mean
        Mean of the subjects' baseline means before any transformation.
    """

    endpoint: str
    unit: str
    transform: Transform
    offset: float
    baseline: Mapping[str, Values]
    treatment: Mapping[str, Values]
    periods: Mapping[str, tuple[str, ...]] | None
    cohort_baseline: Mapping[str, Values]
    n_absent: int
    n_unpaired: int
    n_lights_unknown: int
    censored: int
    raw_baseline_mean: float | None = None

    @property
    def scale(self) -> Scale:
        """The scale of the values."""
        return Scale(self.unit, self.transform, self.offset)

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
        """A value of the analysed scale in the endpoint's own unit."""
        return math.exp(value) - self.offset if self.transform == "log" else value


def endpoint_nights(
    selection: NightSelection,
    endpoint: str,
    spec: ComparisonSpec,
    *,
    scale: Scale | None = None,
) -> EndpointNights:
    """The values of `endpoint` on the analysed nights, on the scale that the spec declares.

    Parameters
    ----------
    scale
        That of the whole selection which `selection` is a part of.
    """
    values = _values_by_row(selection, endpoint, spec)
    baseline, treatment = (
        {s: [n for n in group if n.row in values] for s, group in nights_of.items()}
        for nights_of in (selection.baseline, selection.treatment)
    )
    subjects = [s for s in baseline if baseline[s] and treatment[s]]
    used = {s: [*baseline[s], *treatment[s]] for s in subjects}
    nights = [n for s in subjects for n in used[s]]
    n_present = sum(map(len, (*baseline.values(), *treatment.values())))
    scale = scale or _scale(endpoint, spec, values.values())
    of_baseline = {s: _scaled(baseline[s], values, scale) for s in subjects}
    return EndpointNights(
        endpoint=endpoint,
        unit=scale.unit,
        transform=scale.transform,
        offset=scale.offset,
        baseline=of_baseline,
        treatment={s: _scaled(treatment[s], values, scale) for s in subjects},
        periods={s: tuple(str(n.period) for n in used[s]) for s in subjects}
        if all(n.period for n in nights)
        else None,
        # Most subjects' nights are those above: half of the memory of a large study.
        cohort_baseline={
            s: of_baseline[s]
            if s in of_baseline and group == selection.baseline[s]
            else _scaled(group, values, scale)
            for s, group in selection.cohort_baseline.items()
        },
        n_absent=len(selection.analysed) - n_present,
        n_unpaired=n_present - len(nights),
        n_lights_unknown=sum(lights_unknown(n) for n in nights),
        censored=sum(values[n.row] == math.inf for n in nights),
        raw_baseline_mean=_mean_of_means(endpoint, (baseline[s] for s in subjects)),
    )


def _values_by_row(
    selection: NightSelection, endpoint: str, spec: ComparisonSpec
) -> dict[int, float]:
    """The values of all usable nights that have the endpoint, by row of the table."""
    return {
        n.row: value
        for nights_of in (selection.baseline, selection.treatment, selection.cohort_baseline)
        for group in nights_of.values()
        for n in group
        if (value := value_of(n, endpoint, spec)) is not None
    }


def subject_means(values: Mapping[str, Values]) -> Values:
    """The mean of each subject's nights, shape (n_subjects,)."""
    return means([*values.values()])


def _mean_of_means(endpoint: str, subjects: Iterable[Sequence[MeasuredNight]]) -> float | None:
    """Mean over subjects of the mean of their nights; censored nights do not count."""
    values = (
        [v for n in nights if (v := n.values.get(endpoint)) is not None] for nights in subjects
    )
    means = [fmean(numbers) for numbers in values if numbers]
    return fmean(means) if means else None


def _scale(endpoint: str, spec: ComparisonSpec, values: Iterable[float]) -> Scale:
    unit = unit_of(endpoint)
    transform = spec.transform.get(endpoint, "none")
    if transform != "log":
        return Scale(unit, transform)
    # A latency of 0 has no logarithm; half a minute is the length of an epoch.
    offset = LOG_OFFSET if any(v == 0 for v in values) else 0.0
    return Scale(f"ln({unit} + {offset:g})" if offset else f"ln({unit})", "log", offset)


def _scaled(nights: Sequence[MeasuredNight], values: Mapping[int, float], scale: Scale) -> Values:
    """The values of the nights that have the endpoint, on the scale of the analysis."""
    present = np.array([values[n.row] for n in nights if n.row in values], dtype=float)
    return np.log(present + scale.offset) if scale.transform == "log" else present


def value_of(night: MeasuredNight, endpoint: str, spec: ComparisonSpec) -> float | None:
    """The night's value; infinite where it is censored, None where there is none."""
    if spec.missing_lights == "withhold" and endpoint in LIGHTS_DEPENDENT and lights_unknown(night):
        return None
    return latency_or_censored(night, endpoint)


def absent_nights(nights: EndpointNights) -> str | None:
    """A remark on nights that lack the endpoint, or a counterpart in the other condition."""
    if not nights.n_absent:
        return None
    absent, unpaired = count_of(nights.n_absent, "night"), count_of(nights.n_unpaired, "night")
    if not nights.n_unpaired:
        return f"absent in {absent}"
    return f"absent in {absent}; {unpaired} with it left out: none in the other condition"


def unknown_lights(nights: EndpointNights) -> str | None:
    """A remark on nights whose lights are not known, where the endpoint depends on them."""
    if nights.endpoint not in LIGHTS_DEPENDENT or not nights.n_lights_unknown:
        return None
    return f"depends on lights, not known in {count_of(nights.n_lights_unknown, 'night')}"


def long_format(nights: EndpointNights) -> tuple[Values, list[str], list[bool]]:
    """Value, subject and whether treated, night by night."""
    values, subject, treated = [], [], []
    for name in nights.subjects:
        for is_treated, group in ((False, nights.baseline), (True, nights.treatment)):
            values.append(group[name])
            subject += [name] * group[name].size
            treated += [is_treated] * group[name].size
    return np.concatenate(values), subject, treated


def finite_or_none(value: float | None) -> float | None:
    """The value; None where it is infinite, as the latency of a censored night is."""
    return value if value is not None and np.isfinite(value) else None
