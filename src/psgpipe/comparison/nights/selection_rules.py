"""The rules that select nights: each gives the fate of what it leaves out, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from psgpipe.comparison.nights.expert_stages import NO_SCORING
from psgpipe.comparison.nights.night_row import INCOMPLETE
from psgpipe.messages import count_of
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.model.ids import one_spelling
from psgpipe.sleep.dose_time import in_bed_h, in_sedation

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


def first_nights(nights: Sequence[MeasuredNight], spec: ComparisonSpec) -> dict[int, Fate]:
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
        subjects -= first_under(spec.treatment, nights)
        rows &= {n.row for n in baseline if n.subject in subjects}
    return dict.fromkeys(rows, ("first night in laboratory", reason))


def first_under(words: Sequence[str], nights: Sequence[MeasuredNight]) -> set[str]:
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


NIGHT_RULES: tuple[Callable[[MeasuredNight, ComparisonSpec], Fate | None], ...] = (
    _by_state,
    _by_condition,
    _by_arm,
    _by_sedation,
    _by_completeness,
    _by_hours,
    _by_lights,
)
"""What each rule says of one night: its fate, or None where the rule leaves it in."""
SUBJECT_RULES: tuple[Callable[[Sequence[MeasuredNight], ComparisonSpec], dict[int, Fate]], ...] = (
    _unpaired,
    _too_few,
)
"""What each rule says of all nights that are left: the fates by row."""
