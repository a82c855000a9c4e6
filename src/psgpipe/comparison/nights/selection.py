"""The selection of nights for a comparison: each listed night has one fate, with a reason."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from psgpipe.comparison.nights.expert_stages import NO_SCORING
from psgpipe.comparison.nights.nights_table import INCOMPLETE
from psgpipe.messages import count_of
from psgpipe.model.comparison import FlowStep, MeasuredNight, NightFate
from psgpipe.model.comparison_spec import ComparisonSpec
from psgpipe.model.ids import one_spelling
from psgpipe.sleep.dose_time import (
    LONGEST_SINCE_DOSE_D,
    hours_since_dose,
    in_bed_h,
    in_sedation,
    is_dose_impossible,
)

MOST_NAMED = 8
ANALYSED = "analysed"
OTHER_CONDITION = "other condition"
OTHER_ARM = "other arm"
NO_ARM = "arm not stated"
UNPAIRED = "unpaired"
TOO_FEW = "too few nights"
NOT_SCORED = "without a person's stages"
UNLIKE = "made by different recipes"
FATES = (
    "excluded",
    "failed",
    "refused by quality",
    "not finished",
    NOT_SCORED,
    "adaptation",
    OTHER_CONDITION,
    OTHER_ARM,
    NO_ARM,
    "sedation",
    INCOMPLETE,
    "outside hours since dose",
    "lights not known",
    "first night in laboratory",
    UNPAIRED,
    TOO_FEW,
    UNLIKE,
    ANALYSED,
)
_OF_STATE = {
    "excluded": "excluded",
    "failed": "failed",
    "refused": "refused by quality",
    "unfinished": "not finished",
}


Fate = tuple[str, str | None]
"""A name of `FATES` and the reason."""


@dataclass(frozen=True)
class NightSelection:
    """The nights of a comparison by subject, and the fate of every listed night.

    Attributes
    ----------
    baseline, treatment
        Analysed nights.
    cohort_baseline
        All baseline nights that could be analysed, also of unpaired subjects.
    fates
        Of each listed night, in the table's order.
    warnings
        On the analysed nights.
    arms
        Of every subject of the table that states one; blank where no arms are compared.
    """

    baseline: dict[str, list[MeasuredNight]]
    treatment: dict[str, list[MeasuredNight]]
    cohort_baseline: dict[str, list[MeasuredNight]]
    fates: tuple[NightFate, ...]
    warnings: tuple[str, ...] = ()
    arms: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_subject(self) -> dict[str, list[MeasuredNight]]:
        """Analysed nights of each subject, baseline first."""
        return {s: [*self.baseline[s], *self.treatment[s]] for s in self.baseline}

    @property
    def analysed(self) -> list[MeasuredNight]:
        """All analysed nights, subject by subject."""
        return [night for nights in self.by_subject.values() for night in nights]

    @property
    def usable(self) -> list[MeasuredNight]:
        """All analysed nights and the cohort's baseline nights; a night may occur twice."""
        return [*self.analysed, *(n for group in self.cohort_baseline.values() for n in group)]


def select_nights(
    nights: Sequence[MeasuredNight], spec: ComparisonSpec, arms: Mapping[str, str] = {}
) -> NightSelection:
    """Select the nights of a table by the rules of the spec, one rule after the other.

    The rules leave out, in this order: excluded, failed and unfinished nights; adaptation nights
    and other conditions; where `arms` are compared, subjects of other arms; nights within the
    sedation window of a dose; incomplete nights; nights that do not have the hours since dose or
    the lights that the spec wants; first nights in the laboratory; subjects without a night in one
    of the conditions, or with too few.
    """
    left = [replace(n, hours_since_dose=hours_since_dose(n)) for n in nights]
    fates: dict[int, Fate] = {}
    if arms:
        left = [replace(n, arm=arms.get(n.subject)) for n in left]
    for rule in (
        _by_state,
        _by_condition,
        _by_arm,
        _by_sedation,
        _by_completeness,
        _by_hours,
        _by_lights,
    ):
        fates |= {n.row: fate for n in left if (fate := rule(n, spec))}
        left = _without_fate(left, fates)
    fates |= _first_nights(left, spec)
    left = _without_fate(left, fates)
    cohort_baseline = _by_subject(n for n in left if n.condition in spec.baseline)
    for rule_of_subjects in (_unpaired, _too_few):
        fates |= rule_of_subjects(left, spec)
        left = _without_fate(left, fates)
    return NightSelection(
        baseline=_by_subject(n for n in left if n.condition in spec.baseline),
        treatment=_by_subject(n for n in left if n.condition in spec.treatment),
        cohort_baseline=cohort_baseline,
        fates=tuple(
            NightFate(n.subject, n.night, n.condition, *fates.get(n.row, (ANALYSED, None)))
            for n in nights
        ),
        warnings=(*_warnings_of_withheld(nights, fates), *_warnings(left, spec)),
        arms=arms,
    )


def without_subjects(
    selection: NightSelection, reasons: Mapping[str, str], spec: ComparisonSpec
) -> NightSelection:
    """The selection without subjects whose nights have different recipes, by the reason of each.

    Their baseline nights still tell how nights vary.
    """
    if not reasons:
        return selection
    baseline, treatment = (
        {subject: nights for subject, nights in of.items() if subject not in reasons}
        for of in (selection.baseline, selection.treatment)
    )
    analysed = [n for of in (baseline, treatment) for nights in of.values() for n in nights]
    fates = tuple(
        replace(f, fate=UNLIKE, reason=reasons[f.subject])
        if f.fate == ANALYSED and f.subject in reasons
        else f
        for f in selection.fates
    )
    return replace(
        selection, baseline=baseline, treatment=treatment, fates=fates,
        warnings=_warnings(analysed, spec),
    )  # fmt: skip


def _without_fate(nights: Sequence[MeasuredNight], fates: dict[int, Fate]) -> list[MeasuredNight]:
    return [n for n in nights if n.row not in fates]


def flow(fates: Sequence[NightFate]) -> tuple[FlowStep, ...]:
    """Nights and subjects listed, lost for each reason, and analysed; nights add up."""
    steps = [("listed", fates), *((name, [f for f in fates if f.fate == name]) for name in FATES)]
    return tuple(FlowStep(name, len(of), len({f.subject for f in of})) for name, of in steps)


def _by_subject(nights: Iterable[MeasuredNight]) -> dict[str, list[MeasuredNight]]:
    """Nights by subject, in the order of ids: random sign flips must not depend on the table's."""
    groups: dict[str, list[MeasuredNight]] = {}
    for night in sorted(nights, key=lambda n: (n.subject, n.night)):
        groups.setdefault(night.subject, []).append(night)
    return groups


def _by_state(night: MeasuredNight, _: ComparisonSpec) -> Fate | None:
    if night.reason == NO_SCORING:
        return NOT_SCORED, night.reason
    return (_OF_STATE[night.state], night.reason) if night.state in _OF_STATE else None


def _by_condition(night: MeasuredNight, spec: ComparisonSpec) -> Fate | None:
    if night.condition in {*spec.baseline, *spec.treatment}:
        return None
    if night.condition == "adaptation":
        return "adaptation", "adaptation nights never enter"
    return OTHER_CONDITION, f"condition {night.condition}"


def _by_arm(night: MeasuredNight, spec: ComparisonSpec) -> Fate | None:
    compared = (*spec.arm_treatment, *spec.arm_control)
    if not compared or (night.arm is not None and one_spelling(night.arm) in compared):
        return None
    if night.arm is None:
        return NO_ARM, "no row of the subject states its arm"
    return OTHER_ARM, f"arm {night.arm}"


def _by_sedation(night: MeasuredNight, spec: ComparisonSpec) -> Fate | None:
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


def _by_completeness(night: MeasuredNight, spec: ComparisonSpec) -> Fate | None:
    if spec.incomplete == "warn" or not is_incomplete(night):
        return None
    return INCOMPLETE, night.reason or f"flags: {' '.join(night.flags or ())}"


def is_incomplete(night: MeasuredNight) -> bool:
    """Whether a part of the time in bed was not recorded, or cannot be staged."""
    return INCOMPLETE in (night.flags or ())


def _by_hours(night: MeasuredNight, spec: ComparisonSpec) -> Fate | None:
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


def _by_lights(night: MeasuredNight, spec: ComparisonSpec) -> Fate | None:
    if spec.missing_lights == "drop" and lights_unknown(night):
        return "lights not known", "the start or end of the recording is used instead"
    return None


def lights_unknown(night: MeasuredNight) -> bool:
    """Whether the start or end of the recording is used as lights off or lights on."""
    return "recording" in night.recipe.get("lights_source", "")


def _first_nights(nights: Sequence[MeasuredNight], spec: ComparisonSpec) -> dict[int, Fate]:
    """First laboratory nights to leave out, by row.

    A first night has longer SOL and REM latency, more WASO and N1, less TST. In the baseline it
    makes the treatment look better, so it is left out where another baseline night exists.
    """
    if spec.first_night == "keep":
        return {}
    reason = "the spec drops it"
    rows = {n.row for n in nights if n.night_in_lab == 1}
    if spec.first_night == "rule":
        reason = "another baseline night exists and treatment has no first night"
        baseline = [n for n in nights if n.condition in spec.baseline]
        subjects = {n.subject for n in baseline if n.row not in rows}
        subjects -= _first_under(spec.treatment, nights)
        rows &= {n.row for n in baseline if n.subject in subjects}
    return dict.fromkeys(rows, ("first night in laboratory", reason))


def _first_under(words: Sequence[str], nights: Sequence[MeasuredNight]) -> set[str]:
    """The subjects whose first laboratory night is under one of these conditions."""
    return {n.subject for n in nights if n.night_in_lab == 1 and n.condition in words}


def _unpaired(nights: Sequence[MeasuredNight], spec: ComparisonSpec) -> dict[int, Fate]:
    """Nights of subjects who have no night in one of the conditions, by row."""
    baseline, treatment = (
        {n.subject for n in nights if n.condition in words}
        for words in (spec.baseline, spec.treatment)
    )
    missing = dict.fromkeys(baseline - treatment, "treatment")
    missing |= dict.fromkeys(treatment - baseline, "baseline")
    return {
        n.row: (UNPAIRED, f"the subject has no valid {missing[n.subject]} night")
        for n in nights
        if n.subject in missing
    }


def _too_few(nights: Sequence[MeasuredNight], spec: ComparisonSpec) -> dict[int, Fate]:
    """Nights of subjects with fewer valid nights in a condition than the spec wants, by row."""
    short: dict[str, str] = {}
    for which, words in (("treatment", spec.treatment), ("baseline", spec.baseline)):
        counts = Counter(n.subject for n in nights if n.condition in words)
        short |= {
            subject: f"the subject has {count_of(n, f'valid {which} night')}, wanted "
            f"{spec.minimum_nights}"
            for subject, n in counts.items()
            if n < spec.minimum_nights
        }
    return {n.row: (TOO_FEW, short[n.subject]) for n in nights if n.subject in short}


def _warnings(analysed: Sequence[MeasuredNight], spec: ComparisonSpec) -> tuple[str, ...]:
    """Warnings on the analysed nights, and only on these."""
    return (
        *_warnings_of_impossible_doses(analysed),
        *_warnings_of_dose_times([n for n in analysed if n.condition in spec.treatment]),
        *_warnings_of_carry_over([n for n in analysed if n.condition in spec.baseline], spec),
        *_warnings_of_first_nights(analysed, spec),
        *_warnings_of_lights(analysed),
        *_warnings_of_doubts(analysed, spec),
    )


def _warnings_of_withheld(
    nights: Sequence[MeasuredNight], fates: Mapping[int, Fate]
) -> Iterable[str]:
    """The incomplete nights that are left out, by name and with their reason."""
    withheld = [n for n in nights if fates.get(n.row, (ANALYSED, None))[0] == INCOMPLETE]
    for night in withheld[:MOST_NAMED]:
        reason = fates[night.row][1]
        yield f"{night.subject} {night.night} is incomplete and left out: {reason}"
    if len(withheld) > MOST_NAMED:
        more = count_of(len(withheld) - MOST_NAMED, "more night")
        yield f"{more} incomplete and left out; comparison.json names each with its reason"


def _warnings_of_doubts(analysed: Sequence[MeasuredNight], spec: ComparisonSpec) -> Iterable[str]:
    """The analysed nights whose flags make their numbers doubtful, and how often by condition."""
    doubtful = [n for n in analysed if n.flags]
    if not doubtful:
        return
    treated = sum(n.condition in spec.treatment for n in doubtful)
    named = [f"{n.subject} {n.night} ({', '.join(n.flags or ())})" for n in doubtful[:MOST_NAMED]]
    more = [f"{len(doubtful) - MOST_NAMED} more"] if len(doubtful) > MOST_NAMED else []
    yield (
        f"the numbers of {count_of(len(doubtful), 'analysed night')} are doubtful "
        f"({len(doubtful) - treated} baseline, {treated} treatment): {', '.join([*named, *more])}"
    )


def _warnings_of_impossible_doses(analysed: Sequence[MeasuredNight]) -> Iterable[str]:
    """Nights whose dates put the dose where it can not have been."""
    n_impossible = sum(is_dose_impossible(n) for n in analysed)
    if n_impossible:
        yield (
            f"{count_of(n_impossible, 'analysed night')} ended before the dose stated for it, or "
            f"came more than {LONGEST_SINCE_DOSE_D:.0f} days after it, which is impossible: one of "
            "the dates is wrong, and neither sedation nor carry-over can be ruled out"
        )


def _warnings_of_dose_times(treated: Sequence[MeasuredNight]) -> Iterable[str]:
    """Treatment nights before their dose, and treatment nights at an unknown time after it."""
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
    """Baseline nights after a dose that may not be washed out; a dose of 0 is no dose."""
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
            "first in the laboratory: the bias favours the treatment (first nights have longer "
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
            f"lights are not known in {count_of(unknown, 'analysed night')}: the start or end of "
            "the recording is used instead; TIB, SE, SOL, LPS, WASO and REM latency from lights "
            "off depend on that"
        )
