"""The gain check: nights of a subject that differ in the level of the whole EEG spectrum.

Electrodes, amplifier and skin change the amplitude of all frequencies together. Absolute power then
changes without any change of sleep, and it gets no verdict. Ratios and frequencies stand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from psgpipe.comparison.endpoints.analysis import EndpointAnalysis
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.nights.selection_warnings import MOST_NAMED
from psgpipe.comparison.words.verdicts import NO_VERDICT
from psgpipe.messages import count_of
from psgpipe.model.comparison.contrast import Contrast
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.comparison.results import SubjectChange
from psgpipe.model.microstructure.names import GAIN_DEPENDENT, LEVEL

AMPLITUDE_DIFFERS = "amplitude-differs"
GAIN = "gain"


@dataclass(frozen=True)
class LevelDifference:
    """The level of a subject's EEG under treatment against baseline.

    Attributes
    ----------
    mean_ln
        Difference of the means, natural log of power; None where no night has a level.
    largest_ln
        Of the treatment night and the baseline night that differ most.
    pair
        These two nights, baseline first.
    n_unknown
        Nights without a level.
    """

    mean_ln: float | None
    largest_ln: float | None
    pair: tuple[str, str] | None
    n_unknown: int

    def is_beyond(self, factor: float) -> bool:
        """Whether two nights differ by more than a factor of power."""
        return self.largest_ln is not None and abs(self.largest_ln) > math.log(factor)


Levels = Mapping[str, LevelDifference]


def level_differences(selection: NightSelection) -> dict[str, LevelDifference]:
    """The level difference of each subject."""
    return {
        subject: _difference(nights, selection.treatment[subject])
        for subject, nights in selection.baseline.items()
    }


def _difference(
    baseline: Sequence[MeasuredNight], treatment: Sequence[MeasuredNight]
) -> LevelDifference:
    before, under = _levels(baseline), _levels(treatment)
    n_unknown = len(baseline) + len(treatment) - len(before) - len(under)
    if not before or not under:
        return LevelDifference(None, None, None, n_unknown)
    pairs = [(t - b, (b_night, t_night)) for b, b_night in before for t, t_night in under]
    largest, pair = max(pairs, key=lambda difference: abs(difference[0]))
    mean = fmean(level for level, _ in under) - fmean(level for level, _ in before)
    return LevelDifference(mean, largest, pair, n_unknown)


def _levels(nights: Iterable[MeasuredNight]) -> list[tuple[float, str]]:
    return [(level, n.night) for n in nights if (level := n.values.get(LEVEL)) is not None]


def without_gain_verdicts(
    contrasts: Sequence[Contrast],
    analyses: Sequence[EndpointAnalysis],
    levels: Levels,
    factor: float,
) -> tuple[Contrast, ...]:
    """The contrasts; one of absolute power has no verdict where gain differs or is not known."""
    subjects = {a.nights.endpoint: a.nights.subjects for a in analyses}
    return tuple(_judged(c, subjects[c.endpoint], levels, factor) for c in contrasts)


def _judged(contrast: Contrast, subjects: Sequence[str], levels: Levels, factor: float) -> Contrast:
    if contrast.endpoint not in GAIN_DEPENDENT or not subjects:
        return contrast
    beyond = [s for s in subjects if levels[s].is_beyond(factor)]
    unknown = [s for s in subjects if levels[s].n_unknown]
    remarks = []
    if beyond:
        remarks.append(
            f"{GAIN}: the level of the EEG differs by more than {factor:g} times in power in "
            f"{len(beyond)} of {count_of(len(subjects), 'subject')}"
        )
    if unknown:
        remarks.append(
            f"{GAIN} not checked in {count_of(len(unknown), 'subject')}: {LEVEL} is absent"
        )
    if not remarks:
        return contrast
    return replace(
        contrast,
        direction=None,
        finding=f"{NO_VERDICT}: {GAIN}" if beyond else f"{NO_VERDICT}: {GAIN} not checked",
        remarks=(*remarks, *contrast.remarks),
    )


def without_gain_changes(
    changes: Iterable[SubjectChange], levels: Levels, factor: float
) -> Iterator[SubjectChange]:
    """The subjects' changes; one of absolute power has no verdict where gain differs."""
    for change in changes:
        level = levels.get(change.subject)
        if change.endpoint not in GAIN_DEPENDENT or level is None:
            yield change
        elif level.is_beyond(factor):
            note = f"{GAIN}: level x{math.exp(level.largest_ln or 0.0):.2f} in power, no verdict"
            yield _without_verdict(change, note)
        elif level.n_unknown:
            yield _without_verdict(change, f"{GAIN} not checked: {LEVEL} is absent, no verdict")
        else:
            yield change


def _without_verdict(change: SubjectChange, note: str) -> SubjectChange:
    return replace(
        change, beyond_mdc=None, note="; ".join(part for part in (note, change.note) if part)
    )


def gain_warnings(levels: Levels, factor: float) -> Iterator[str]:
    """A warning on subjects whose nights differ in level: the stager uses amplitudes, too."""
    beyond = {s: level for s, level in levels.items() if level.is_beyond(factor)}
    if not beyond:
        return
    named = [
        f"{s} x{math.exp(level.largest_ln or 0.0):.2f} ({' to '.join(level.pair or ())})"
        for s, level in beyond.items()
    ]
    more = f", and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    means = [level.mean_ln for level in levels.values() if level.mean_ln is not None]
    yield (
        f"{AMPLITUDE_DIFFERS}: in {len(beyond)} of {count_of(len(levels), 'subject')} all "
        f"frequencies of the EEG differ together by more than {factor:g} times in power between "
        f"baseline and treatment: {', '.join(named[:MOST_NAMED])}{more}; over all subjects "
        f"x{math.exp(fmean(means)):.2f}. Absolute power has no verdict. The stager uses "
        "amplitudes, too: psgpipe run --level-of says how many epochs change at the other "
        "night's level"
    )
