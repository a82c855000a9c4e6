"""The alignment of a scoring: its stages are brought to the 30-s epochs of a recording."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from psgpipe.errors import ScoringInvalid
from psgpipe.messages import count_of
from psgpipe.model.header import Finding
from psgpipe.model.hypnogram import EPOCH_S, SCORED, Hypnogram, SleepStage
from psgpipe.model.scoring import AlignedScoring, Alignment, Scoring
from psgpipe.scorings.assumed_epochs import refuse_wrong_length
from psgpipe.scorings.left_out_hour import refuse_left_out_hour
from psgpipe.scorings.stage_intervals import (
    StageInterval,
    StageIntervals,
    refuse_contradictions,
    stage_intervals,
)
from psgpipe.signals.epochs import epoch_count
from psgpipe.sleep.local_clock import DAY_S, LocalClock, of_day_s

EXACT_S = 1e-3
LONGEST_DAYS = 31
NOTICED_S = 0.5
"""Clocks that differ by less agree: many formats have whole seconds."""
# Where two stages cover an epoch equally, a stage counts before none.
_PREFERENCE = (*SCORED, SleepStage.ART, SleepStage.UNS)


@dataclass(frozen=True)
class _Shift:
    """Second 0 of a scoring in seconds from the recording's start, and what settled it."""

    seconds: float
    settled_by: str


def align(scoring: Scoring, clock: LocalClock, span_s: float) -> AlignedScoring:
    """The stage of every 30-s epoch of a recording, by the clocks of both.

    An epoch takes the stage that covers most of it, and is UNS where most of it has none. Of two
    stages that cover it equally the earlier one counts.

    Parameters
    ----------
    clock
        The clock of the recording.
    span_s
        Seconds from the recording's start to its end.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        The scoring lies outside the recording by the clock, has two different stages for one time,
        or has epochs of unknown length that do not fit the recording.
    """
    refuse_wrong_length(scoring, span_s)
    shift = _shift(scoring, clock, span_s)
    timed = stage_intervals(scoring, span_s - shift.seconds)
    own_clock = LocalClock(scoring.start, _clock_of(scoring))
    # Without a clock of its own, the scoring starts with the recording.
    shown = own_clock if own_clock.start_clock else clock
    refuse_contradictions(scoring, timed.intervals, shown)
    refuse_left_out_hour(scoring, timed.intervals, timed.epoch_s, own_clock)
    placed = [
        StageInterval(begin_s + shift.seconds, end_s + shift.seconds, stage)
        for begin_s, end_s, stage in timed.intervals
    ]
    if not any(_seconds_within(i, span_s) > EXACT_S for i in placed):
        raise _elsewhere(scoring, placed, clock, own_clock, span_s, shift)
    covered_s, begins_s = _coverage(placed, epoch_count(span_s))
    stages, ties = _stages_of_epochs(covered_s, begins_s)
    hypnogram = Hypnogram(stages, start=clock.start, start_clock=clock.start_clock)
    alignment = Alignment(
        shift_s=shift.seconds,
        settled_by=shift.settled_by,
        remainder_s=_remainder_s(placed, timed),
        n_epochs=int(hypnogram.valid.sum()),
        outside_s=_outside_s(placed, span_s),
        ties=ties,
        n_without_duration=timed.n_without_duration,
    )
    return AlignedScoring(
        scoring,
        hypnogram,
        alignment,
        covered_s.sum(axis=0) >= EPOCH_S / 2,
        tuple(replace(a, onset_s=a.onset_s + shift.seconds) for a in scoring.annotations),
        (*scoring.findings, *_findings(alignment, timed)),
    )


def on_own_clock(scoring: Scoring) -> AlignedScoring:
    """The stages on epochs that count from the scoring's own second 0, without a recording.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        Two different stages for one time, or none after second 0.
    """
    clock = LocalClock(scoring.start, _clock_of(scoring))
    return align(scoring, clock, scored_span_s(scoring))


def scored_span_s(scoring: Scoring) -> float:
    """Seconds from the scoring's second 0 to the end of its last stage.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        More than `LONGEST_DAYS`.
    """
    last_onset_s = max(stage.onset_s for stage in scoring.stages)
    timed = stage_intervals(scoring, last_onset_s)
    span_s = max(interval.end_s for interval in timed.intervals)
    if span_s > LONGEST_DAYS * DAY_S:
        raise ScoringInvalid(
            f"{scoring.file}: the scoring lasts {span_s / DAY_S:.0f} days, wanted at most "
            f"{LONGEST_DAYS}",
            "Correct the onsets and durations of its stages.",
        )
    return span_s


def _clock_of(scoring: Scoring) -> dt.time | None:
    return scoring.start.time() if scoring.start else scoring.start_clock


def _shift(scoring: Scoring, clock: LocalClock, span_s: float) -> _Shift:
    """Where second 0 of the scoring lies in the recording."""
    first_s = min(stage.onset_s for stage in scoring.stages)
    last_s = max(stage.onset_s + (stage.duration_s or 0.0) for stage in scoring.stages)

    def overlap_s(shift_s: float) -> float:
        return min(last_s + shift_s, span_s) - max(first_s + shift_s, 0.0)

    if scoring.start is not None and clock.start is not None:
        shifts = clock.seconds_at(scoring.start) or ((scoring.start - clock.start).total_seconds(),)
        return _Shift(max(shifts, key=overlap_s), "date and clock")
    own, recording = _clock_of(scoring), clock.start_clock
    if own is None or recording is None:
        return _Shift(0.0, "start")
    later_s = (of_day_s(own) - of_day_s(recording)) % DAY_S
    # In a recording of more than a day the clock time comes again.
    days = range(-1 - math.ceil(last_s / DAY_S), 1 + math.ceil(span_s / DAY_S))
    candidates = [later_s + day * DAY_S for day in days]
    return _Shift(max(candidates, key=lambda s: (round(overlap_s(s), 3), -abs(s))), "clock")


def _seconds_within(interval: StageInterval, span_s: float) -> float:
    return min(interval.end_s, span_s) - max(interval.begin_s, 0.0)


def _outside_s(placed: Iterable[StageInterval], span_s: float) -> float:
    """Seconds with a stage before or after the recording; its last epoch counts in full."""
    end_s = epoch_count(span_s) * EPOCH_S
    scored = [i for i in placed if i.stage in SCORED]
    inside = sum(max(0.0, _seconds_within(i, end_s)) for i in scored)
    return round(sum(i.end_s - i.begin_s for i in scored) - inside, 3)


def _remainder_s(placed: Sequence[StageInterval], timed: StageIntervals) -> float:
    """How far the first stage begins behind the grid that its epochs and those of 30 s share."""
    shared_s = math.gcd(round(timed.epoch_s * 1000), round(EPOCH_S * 1000)) / 1000
    grid_s = shared_s if shared_s >= 1 else EPOCH_S
    remainder_s = round(placed[0].begin_s % grid_s, 3)
    return 0.0 if remainder_s > grid_s - 2 * EXACT_S else remainder_s


def _stages_of_epochs(
    covered_s: npt.NDArray[np.float64], begins_s: npt.NDArray[np.float64]
) -> tuple[tuple[SleepStage, ...], tuple[int, ...]]:
    """The stage that covers most of each epoch, and the epochs that two stages cover equally."""
    seconds = covered_s.copy()
    seconds[_PREFERENCE.index(SleepStage.UNS)] += np.maximum(0.0, EPOCH_S - seconds.sum(axis=0))
    stages, ties = [], []
    for epoch in range(seconds.shape[1]):
        most_s = seconds[:, epoch].max()
        equal = [i for i in range(len(_PREFERENCE)) if seconds[i, epoch] > most_s - EXACT_S]
        scored = [i for i in equal if _PREFERENCE[i] in SCORED]
        chosen = min(scored or equal[:1], key=lambda i: begins_s[i, epoch])
        stages.append(_PREFERENCE[chosen])
        if len(scored) > 1:
            ties.append(epoch)
    return tuple(stages), tuple(ties)


def _coverage(
    placed: Sequence[StageInterval], n_epochs: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Seconds that each stage covers of each epoch, and where it begins there.

    Two arrays of shape (n_stages, n_epochs); the order of stages is that of `_PREFERENCE`.
    """
    covered_s = np.zeros((len(_PREFERENCE), n_epochs))
    begins_s = np.full((len(_PREFERENCE), n_epochs), np.inf)
    reached_s = dict.fromkeys(_PREFERENCE, -np.inf)  # a stage that is said twice covers once
    for interval in placed:
        row = _PREFERENCE.index(interval.stage)
        begin_s = max(interval.begin_s, reached_s[interval.stage], 0.0)
        end_s = min(interval.end_s, n_epochs * EPOCH_S)
        if end_s <= begin_s:
            continue
        reached_s[interval.stage] = end_s
        epochs = np.arange(int(begin_s // EPOCH_S), min(math.ceil(end_s / EPOCH_S), n_epochs))
        left_s = np.maximum(begin_s, epochs * EPOCH_S)
        covered_s[row, epochs] += np.minimum(end_s, (epochs + 1) * EPOCH_S) - left_s
        begins_s[row, epochs] = np.minimum(begins_s[row, epochs], left_s)
    return covered_s, begins_s


def _findings(alignment: Alignment, timed: StageIntervals) -> Iterable[Finding]:
    """What a reader should know of the alignment."""
    if alignment.settled_by == "start":
        yield Finding(
            "scoring-no-clock",
            "the scoring or the recording has no clock time: the scoring counts from the "
            "recording's start",
        )
    if abs(alignment.shift_s) >= NOTICED_S:
        where = "after" if alignment.shift_s > 0 else "before"
        yield Finding(
            "scoring-shifted",
            f"the scoring's clock starts {abs(alignment.shift_s):g} s {where} the recording's: its "
            "stages were moved by that",
        )
    if NOTICED_S <= alignment.remainder_s <= EPOCH_S - NOTICED_S:
        yield Finding(
            "scoring-off-grid",
            f"the scoring's epochs begin {alignment.remainder_s:g} s after those of the recording: "
            "each epoch takes the stage that covers most of it",
        )
    if alignment.n_without_duration:
        yield Finding(
            "scoring-durations",
            f"{count_of(alignment.n_without_duration, 'stage')} of the scoring without duration: "
            f"each lasts to the next one{_last(timed.last_s)}",
        )
    if alignment.ties:
        yield Finding(
            "scoring-ties",
            f"two stages of the scoring cover {count_of(len(alignment.ties), 'epoch')} equally, "
            f"the first at {alignment.ties[0] * EPOCH_S:g} s: the earlier stage counts",
        )
    if alignment.outside_s >= EPOCH_S:
        yield Finding(
            "scoring-outside",
            f"{alignment.outside_s / 60:.1f} min of the scoring lie outside the recording",
        )


def _last(last_s: float | None) -> str:
    """How long the last stage lasts, where the file does not say."""
    if last_s is None:
        return ""
    if math.isinf(last_s):
        return ", the last one to the end of the recording"
    return f", the last one {last_s:g} s"


def _elsewhere(
    scoring: Scoring,
    placed: Sequence[StageInterval],
    clock: LocalClock,
    own_clock: LocalClock,
    span_s: float,
    shift: _Shift,
) -> ScoringInvalid:
    """The refusal of a scoring that lies outside the recording, with both clocks."""
    first_s = min(i.begin_s for i in placed)
    last_s = max(i.end_s for i in placed)
    begins = _when(own_clock, first_s - shift.seconds)
    ends = _when(own_clock, last_s - shift.seconds)
    return ScoringInvalid(
        f"{scoring.file}: the scoring starts at {begins} and ends at {ends}, the recording starts "
        f"at {_when(clock, 0.0)} and ends at {_when(clock, span_s)}",
        "Give the scoring of this very recording.",
    )


def _when(clock: LocalClock, seconds: float) -> str:
    moment = clock.moment_at(seconds)
    if moment is not None:
        return moment.isoformat(" ", "seconds")
    return clock.clock_at(seconds) or f"{seconds:g} s"
