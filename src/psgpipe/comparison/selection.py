"""Which nights enter a comparison: every listed night has one fate, with its reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from psgpipe.comparison.dose_times import hours_since_dose, in_bed_h
from psgpipe.messages import count_of
from psgpipe.model.comparison import ComparisonSpec, FlowStep, MeasuredNight, NightFate
from psgpipe.sleep.sedation import in_sedation

ANALYSED = "analysed"
OTHER_CONDITION = "other condition"
FATES = (
    "excluded",
    "failed",
    "refused by quality",
    "not finished",
    "adaptation",
    OTHER_CONDITION,
    "sedation",
    "outside hours since dose",
    "lights not known",
    "first night in laboratory",
    "unpaired",
    ANALYSED,
)
_OF_STATE = {
    "excluded": "excluded",
    "failed": "failed",
    "refused": "refused by quality",
    "unfinished": "not finished",
}


@dataclass(frozen=True)
class Selection:
    """The nights of a table, sorted by what became of them.

    Attributes
    ----------
    baseline, treatment
        Analysed nights, by subject.
    cohort_baseline
        Baseline nights that could be analysed, of unpaired subjects too, by subject.
    fates
        One for each listed night, in the table's order.
    warnings
        What a reader must know about the nights that stayed.
    """

    baseline: dict[str, list[MeasuredNight]]
    treatment: dict[str, list[MeasuredNight]]
    cohort_baseline: dict[str, list[MeasuredNight]]
    fates: tuple[NightFate, ...]
    warnings: tuple[str, ...] = ()

    @property
    def analysed(self) -> list[MeasuredNight]:
        """All analysed nights, subject by subject."""
        return [n for s in self.baseline for n in (*self.baseline[s], *self.treatment[s])]


@dataclass
class _Sorter:
    """Collects fates while the rules are applied one after the other."""

    left: list[MeasuredNight]
    fates: dict[int, NightFate] = field(default_factory=dict)

    def sort_out(self, rule: Callable[[MeasuredNight], tuple[str, str | None] | None]) -> None:
        """Give every night left for which `rule` has a fate that fate."""
        kept = []
        for night in self.left:
            decided = rule(night)
            if decided is None:
                kept.append(night)
            else:
                self.settle(night, *decided)
        self.left = kept

    def settle(self, night: MeasuredNight, fate: str, reason: str | None = None) -> None:
        self.fates[night.row] = NightFate(night.subject, night.night, night.condition, fate, reason)


def select_nights(nights: Sequence[MeasuredNight], spec: ComparisonSpec) -> Selection:
    """Sort the nights of a table by the rules of the spec, one after the other.

    In this order: excluded, failed or unfinished nights; adaptation and other conditions; nights
    within the sedation window of a dose; hours since dose and lights as the spec wants them; the
    first night in the laboratory; subjects without a night left in one of the conditions.
    """
    timed = [replace(n, hours_since_dose=hours_since_dose(n)) for n in nights]
    sorter = _Sorter(timed)
    sorter.sort_out(lambda n: (_OF_STATE[n.state], n.reason) if n.state in _OF_STATE else None)
    sorter.sort_out(lambda n: _by_condition(n, spec))
    sorter.sort_out(lambda n: _by_sedation(n, spec))
    sorter.sort_out(lambda n: _by_hours(n, spec))
    sorter.sort_out(lambda n: _by_lights(n, spec))
    sorter.sort_out(_first_night_rule(sorter.left, spec))
    cohort = _by_subject(n for n in sorter.left if n.condition in spec.baseline)
    sorter.sort_out(_pairing_rule(sorter.left, spec))
    for night in sorter.left:
        sorter.settle(night, ANALYSED)
    return Selection(
        baseline=_by_subject(n for n in sorter.left if n.condition in spec.baseline),
        treatment=_by_subject(n for n in sorter.left if n.condition in spec.treatment),
        cohort_baseline=cohort,
        fates=tuple(sorter.fates[n.row] for n in nights),
        warnings=_warnings(sorter.left, spec),
    )


def flow(fates: Sequence[NightFate]) -> tuple[FlowStep, ...]:
    """Nights and subjects listed, lost for each reason, and analysed; nights add up."""
    listed = FlowStep("listed", len(fates), len({f.subject for f in fates}))
    steps = (
        FlowStep(name, sum(f.fate == name for f in fates), len(_subjects(fates, name)))
        for name in FATES
    )
    return (listed, *steps)


def _subjects(fates: Sequence[NightFate], name: str) -> set[str]:
    return {f.subject for f in fates if f.fate == name}


def _by_subject(nights: Iterable[MeasuredNight]) -> dict[str, list[MeasuredNight]]:
    """Nights by subject, in the order of ids: drawn sign patterns must not follow the table's."""
    found: dict[str, list[MeasuredNight]] = {}
    for night in sorted(nights, key=lambda n: (n.subject, n.night)):
        found.setdefault(night.subject, []).append(night)
    return found


def _by_condition(night: MeasuredNight, spec: ComparisonSpec) -> tuple[str, str | None] | None:
    if night.condition in {*spec.baseline, *spec.treatment}:
        return None
    if night.condition == "adaptation":
        return "adaptation", "adaptation nights never enter"
    return OTHER_CONDITION, f"condition {night.condition}"


def _by_sedation(night: MeasuredNight, spec: ComparisonSpec) -> tuple[str, str | None] | None:
    hours = night.hours_since_dose
    if hours is None or not in_sedation(hours, spec.sedation_window_h, in_bed_h(night)):
        return None
    when = (
        f"lights off {hours:.1f} h after the dose"
        if hours >= 0
        else f"the dose ended {-hours:.1f} h after lights off"
    )
    return "sedation", (
        f"{when}; within {spec.sedation_window_h:g} h the epochs may be sedation, not sleep"
    )


def _by_hours(night: MeasuredNight, spec: ComparisonSpec) -> tuple[str, str | None] | None:
    if spec.hours_since_dose is None or night.condition in spec.baseline:
        return None
    low, high = spec.hours_since_dose
    if night.hours_since_dose is None:
        return "outside hours since dose", "hours since the dose are not known"
    if low <= night.hours_since_dose < high:
        return None
    return "outside hours since dose", (
        f"{night.hours_since_dose:.1f} h after the dose, wanted {low:g} to {high:g} h"
    )


def _by_lights(night: MeasuredNight, spec: ComparisonSpec) -> tuple[str, str | None] | None:
    if spec.missing_lights == "drop" and lights_unknown(night):
        return "lights not known", "the recording's start or end stands in for lights"
    return None


def lights_unknown(night: MeasuredNight) -> bool:
    """Whether the recording's own start or end stands in for lights off or on."""
    return "recording" in night.recipe.get("lights_source", "")


def _first_night_rule(
    nights: Sequence[MeasuredNight], spec: ComparisonSpec
) -> Callable[[MeasuredNight], tuple[str, str | None] | None]:
    """A first laboratory night has longer SOL and REM latency, more WASO and N1, less TST.

    In the baseline it flatters the treatment; it goes where another baseline night exists.
    """
    reason = "another baseline night exists and treatment has no first night"
    dropped = {n.row for n in nights if n.night_in_lab == 1}
    if spec.first_night == "keep":
        return lambda _: None
    if spec.first_night == "drop":
        reason = "the spec drops it"
    else:
        baseline = [n for n in nights if n.condition in spec.baseline]
        others = {n.subject for n in baseline if n.row not in dropped}
        others -= _first_under(spec.treatment, nights)
        dropped &= {n.row for n in baseline if n.subject in others}
    return lambda n: ("first night in laboratory", reason) if n.row in dropped else None


def _first_under(words: Sequence[str], nights: Sequence[MeasuredNight]) -> set[str]:
    """The subjects whose first laboratory night is under one of these conditions."""
    return {n.subject for n in nights if n.night_in_lab == 1 and n.condition in words}


def _pairing_rule(
    nights: Sequence[MeasuredNight], spec: ComparisonSpec
) -> Callable[[MeasuredNight], tuple[str, str | None] | None]:
    conditions: dict[str, set[str]] = {}
    for night in nights:
        which = "baseline" if night.condition in spec.baseline else "treatment"
        conditions.setdefault(night.subject, set()).add(which)

    def rule(night: MeasuredNight) -> tuple[str, str | None] | None:
        missing = {"baseline", "treatment"} - conditions[night.subject]
        return ("unpaired", f"the subject has no valid {missing.pop()} night") if missing else None

    return rule


def _warnings(analysed: Sequence[MeasuredNight], spec: ComparisonSpec) -> tuple[str, ...]:
    """What a reader must know about the nights that entered, and only about these."""
    return (
        *_warnings_of_dose_times([n for n in analysed if n.condition in spec.treatment]),
        *_warnings_of_carry_over([n for n in analysed if n.condition in spec.baseline], spec),
        *_warnings_of_first_nights(analysed, spec),
        *_warnings_of_lights(analysed),
    )


def _warnings_of_dose_times(treated: Sequence[MeasuredNight]) -> Iterable[str]:
    """A night after a dose whose time is not known may be sedation; one before it is no effect."""
    before = [n for n in treated if n.hours_since_dose is not None and n.hours_since_dose < 0]
    unknown = [
        n for n in treated if n.hours_since_dose is None and (n.dose_mg_per_kg or n.dose_end)
    ]
    if before:
        yield f"{count_of(len(before), 'treatment night')} ended before the dose stated for it"
    if unknown:
        yield (
            f"{count_of(len(unknown), 'treatment night')} after a dose without a known time from "
            "its end to lights off: sedation cannot be ruled out"
        )


def _warnings_of_carry_over(
    baseline: Sequence[MeasuredNight], spec: ComparisonSpec
) -> Iterable[str]:
    """A baseline night after a dose is one only if the dose is washed out; a dose of 0 is none."""
    washed_out_h = math.inf if spec.washout_days is None else 24 * spec.washout_days
    since = [n.hours_since_dose for n in baseline if n.dose_mg_per_kg != 0]
    early = [h for h in since if h is not None and 0 <= h < washed_out_h]
    if early:
        yield (
            f"{count_of(len(early), 'baseline night')} came after a dose ({min(early):.0f} h or "
            "more): carry-over cannot be ruled out"
        )


def _warnings_of_first_nights(
    analysed: Sequence[MeasuredNight], spec: ComparisonSpec
) -> Iterable[str]:
    if spec.first_night == "keep":
        first = sum(n.night_in_lab == 1 for n in analysed)
        if first:
            yield f"{count_of(first, 'first laboratory night')} kept, as the spec wants"
        return
    baseline, treated = (_first_under(w, analysed) for w in (spec.baseline, spec.treatment))
    if baseline - treated:
        yield (
            f"in {count_of(len(baseline - treated), 'subject')} the only baseline night is the "
            "first in the laboratory: the bias flatters the treatment (first nights have longer "
            "SOL and REM latency, more WASO and N1, less TST, SE and REM)"
        )
    if treated - baseline:
        yield (
            f"in {count_of(len(treated - baseline), 'subject')} the first laboratory night is a "
            "treatment night: the bias works against the treatment"
        )


def _warnings_of_lights(analysed: Sequence[MeasuredNight]) -> Iterable[str]:
    unknown = sum(lights_unknown(n) for n in analysed)
    if unknown:
        yield (
            f"lights are not known in {count_of(unknown, 'analysed night')}; the recording's ends "
            "stand in: TIB, SE, SOL, LPS, WASO and REM latency from lights off depend on that"
        )
