"""The check of a scoring's clock for the hour that is left out when summer time begins."""

from __future__ import annotations

from collections.abc import Sequence

from psgpipe.errors import ScoringInvalid
from psgpipe.model.scoring import Scoring
from psgpipe.scorings.stage_intervals import ROUNDING_S, StageInterval
from psgpipe.sleep.local_clock import DAY_S, LocalClock, of_day_s

HOUR_S = 3600.0
CHANGED_FROM_S, CHANGED_TO_S = 0.0, 3 * HOUR_S
"""Clocks are put forward at midnight, 1, 2 or 3 o'clock."""


def refuse_left_out_hour(
    scoring: Scoring, intervals: Sequence[StageInterval], epoch_s: float, clock: LocalClock
) -> None:
    """Refuse stages without a gap except for one hour of the night that begins on the hour.

    The clock was put forward, or an hour was not scored: what follows has two possible times.

    Parameters
    ----------
    intervals
        In the order of time.
    clock
        That of the scoring; one without a start counts seconds, and has no hour left out.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
    """
    if clock.start_clock is None:
        return
    holes = []
    reached_s = intervals[0].begin_s
    for interval in intervals:
        if interval.begin_s - reached_s > ROUNDING_S:
            holes.append((reached_s, interval.begin_s))
        reached_s = max(reached_s, interval.end_s)
    if len(holes) != 1:
        return
    begin_s, end_s = holes[0]
    of_clock_s = (of_day_s(clock.start_clock) + begin_s) % DAY_S
    is_on_the_hour = of_clock_s % HOUR_S < epoch_s
    is_at_night = CHANGED_FROM_S <= of_clock_s < CHANGED_TO_S + epoch_s
    if abs(end_s - begin_s - HOUR_S) <= ROUNDING_S and is_on_the_hour and is_at_night:
        raise ScoringInvalid(
            f"{scoring.file}: no stage from {clock.clock_at(begin_s)} to {clock.clock_at(end_s)}, "
            "as in the night when summer time begins",
            "Export the seconds from the start of the recording, or numbers of epochs.",
        )
