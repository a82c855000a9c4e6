"""Warnings on the nights that were selected, and on those that were withheld."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from psgpipe.comparison.nights.night_row import INCOMPLETE
from psgpipe.comparison.nights.selection_rules import ANALYSED, Fate, first_under, lights_unknown
from psgpipe.messages import count_of
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.sleep.dose_time import LONGEST_SINCE_DOSE_D, is_dose_impossible

MOST_NAMED = 8
OTHER_UNIT = 500
"""No study gives doses so far apart; micrograms taken for milligrams are a factor of 1000."""


def selection_warnings(analysed: Sequence[MeasuredNight], spec: ComparisonSpec) -> tuple[str, ...]:
    """Warnings on the analysed nights, and only on these."""
    return (
        *_warnings_of_impossible_doses(analysed),
        *_warnings_of_dose_units(analysed),
        *_warnings_of_dose_times([n for n in analysed if n.condition in spec.treatment]),
        *_warnings_of_carry_over([n for n in analysed if n.condition in spec.baseline], spec),
        *_warnings_of_first_nights(analysed, spec),
        *_warnings_of_lights(analysed),
        *_warnings_of_doubts(analysed, spec),
    )


def warnings_of_withheld(
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


def _warnings_of_dose_units(analysed: Sequence[MeasuredNight]) -> Iterable[str]:
    """Doses so far apart that some may be in another unit."""
    doses = [n.dose_mg_per_kg for n in analysed if n.dose_mg_per_kg]
    if doses and max(doses) >= OTHER_UNIT * min(doses):
        yield (
            f"dose_mg_per_kg goes from {min(doses):g} to {max(doses):g}: are some of the doses in "
            "another unit, such as ug per kg?"
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
    hours = [n.hours_since_dose if n.dose_mg_per_kg != 0 else None for n in baseline]
    early = [h for h in hours if h is not None and 0 <= h < washed_out_h]
    if early:
        yield (
            f"{count_of(len(early), 'baseline night')} came after a dose ({min(early):.0f} h or "
            "more): carry-over cannot be ruled out"
        )
    dosed = sum(h is None and bool(n.dose_mg_per_kg) for n, h in zip(baseline, hours, strict=True))
    if dosed:
        yield (
            f"{count_of(dosed, 'baseline night')} with a dose and no time of it: dose_mg_per_kg is "
            "the dose before this night; carry-over cannot be ruled out"
        )


def _warnings_of_first_nights(
    analysed: Sequence[MeasuredNight], spec: ComparisonSpec
) -> Iterable[str]:
    if spec.first_night == "keep":
        first = sum(n.night_in_lab == 1 for n in analysed)
        if first:
            yield f"{count_of(first, 'first laboratory night')} kept, as the spec wants"
        return
    baseline, treated = (first_under(w, analysed) for w in (spec.baseline, spec.treatment))
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
