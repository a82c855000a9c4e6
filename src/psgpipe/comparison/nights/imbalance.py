"""Imbalance between conditions and between arms: time in bed, unscored time, numbers of nights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import fmean

from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.messages import count_of
from psgpipe.model.comparison.measured_night import MeasuredNight

# Mean difference between the conditions from which a reader must know.
TIB_DIFFERENCE_MIN = 30.0
UNSCORED_DIFFERENCE_MIN = 15.0
# So many times more nights in one condition make a mean of skewed nights change sides unequally.
UNEQUAL_NIGHTS = 2.5

OfNight = Callable[[MeasuredNight], float | None]


def imbalance_warnings(selection: NightSelection) -> Iterator[str]:
    """Warnings where time in bed or unscored time differs between the conditions, and of arms."""
    yield from _several_arms(selection)
    tib = _means(selection, _tib_min)
    if tib is not None and abs(tib[1] - tib[0]) >= TIB_DIFFERENCE_MIN:
        yield (
            f"time in bed differs between the conditions: {_shown(tib)}. Minutes of sleep, wake "
            "and stages follow it, and so do stage percentages: N3 comes early and REM late"
        )
    unscored = _means(selection, _unscored_min)
    if unscored is not None and abs(unscored[1] - unscored[0]) >= UNSCORED_DIFFERENCE_MIN:
        yield (
            f"unscored time differs between the conditions: {_shown(unscored)}. Minutes of sleep "
            "and stages are missing there, and se_pct counts it as no sleep"
        )


def _several_arms(selection: NightSelection) -> Iterator[str]:
    """A warning where subjects of several arms are compared as one group."""
    if selection.arms:
        return
    subjects = Counter(nights[0].arm or "not stated" for nights in selection.by_subject.values())
    if len(subjects) > 1:
        named = ", ".join(f"{arm}: {count_of(n, 'subject')}" for arm, n in subjects.most_common(8))
        yield (
            f"column arm has {len(subjects)} arms ({named}), and all are compared as one group: "
            "every difference is treatment minus baseline within subjects, and no arm is tested "
            "against another. To test one against another, add to the spec: [arms] treatment = "
            '"...", control = "..."'
        )


def unlike_arms(
    which: str,
    treatment: Sequence[Sequence[MeasuredNight]],
    control: Sequence[Sequence[MeasuredNight]],
) -> Iterator[str]:
    """Warnings where the nights of one condition differ between the arms.

    Parameters
    ----------
    which
        The condition.
    treatment, control
        The nights of each subject of the two arms.
    """
    for name, of_night, limit, why in (
        ("time in bed", _tib_min, TIB_DIFFERENCE_MIN, "minutes and stage percentages follow it"),
        ("unscored time", _unscored_min, UNSCORED_DIFFERENCE_MIN, "sleep is missing there"),
    ):
        in_control, in_treatment = (
            _mean_of_subjects(arm, of_night) for arm in (control, treatment)
        )
        if (
            in_control is not None
            and in_treatment is not None
            and abs(in_treatment - in_control) >= limit
        ):
            yield (
                f"{name} of the {which} nights differs between the arms: control {in_control:.0f}, "
                f"treatment {in_treatment:.0f} min: {why}"
            )
    counts = [fmean(len(nights) for nights in arm) for arm in (control, treatment)]
    if max(counts) >= UNEQUAL_NIGHTS * min(counts):
        yield (
            f"the arms differ in their {which} nights: control {counts[0]:.3g} for each subject, "
            f"treatment {counts[1]:.3g}"
        )


def _unscored_min(night: MeasuredNight) -> float | None:
    return night.values.get("unscored_min")


def _mean_of_subjects(
    subjects: Sequence[Sequence[MeasuredNight]], of_night: OfNight
) -> float | None:
    of_each = [[v for n in nights if (v := of_night(n)) is not None] for nights in subjects]
    means = [fmean(values) for values in of_each if values]
    return fmean(means) if means else None


def _shown(means: tuple[float, float]) -> str:
    before, under = means
    return f"{before:.0f} -> {under:.0f} min ({under - before:+.0f})"


def _means(selection: NightSelection, of_night: OfNight) -> tuple[float, float] | None:
    """Mean over subjects of the means of their nights, baseline and treatment."""
    pairs = []
    for subject in selection.baseline:
        before, under = (
            [v for n in group[subject] if (v := of_night(n)) is not None]
            for group in (selection.baseline, selection.treatment)
        )
        if before and under:
            pairs.append((fmean(before), fmean(under)))
    return (fmean(b for b, _ in pairs), fmean(t for _, t in pairs)) if pairs else None


def _tib_min(night: MeasuredNight) -> float | None:
    """Time in bed, from lights or from the sleep efficiency where it is not given itself."""
    tib, tst, efficiency = (night.values.get(e) for e in ("tib_min", "tst_min", "se_pct"))
    if tib is not None:
        return tib
    if night.lights_off and night.lights_on:
        return _clock_min(night.lights_off, night.lights_on)
    return 100 * tst / efficiency if tst and efficiency else None


def _clock_min(lights_off: str, lights_on: str) -> float:
    """Minutes from one clock time or date-time to the next; a night is shorter than a day."""
    off, on = (text.replace("T", " ").split()[-1].split(":") for text in (lights_off, lights_on))
    hours, minutes = int(on[0]) - int(off[0]), int(on[1]) - int(off[1])
    return float((60 * hours + minutes) % (24 * 60))


def unequal_nights(selection: NightSelection) -> int:
    """The number of subjects with more nights in one condition than in the other."""
    return sum(len(b) != len(selection.treatment[s]) for s, b in selection.baseline.items())
