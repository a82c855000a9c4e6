"""The zero of a scoring whose times are times of day: its first stage."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from psgpipe.model.scoring import Scoring


def counted_from_first_stage(scoring: Scoring) -> Scoring:
    """The scoring with the onset of its first stage as second 0, so that its epochs start there.

    A scoring without a clock stays as it is: its second 0 is the start of the recording.
    """
    if scoring.start_clock is None or not scoring.stages:
        return scoring
    first_s = min(stage.onset_s for stage in scoring.stages)
    after = dt.timedelta(seconds=first_s)
    any_day = dt.datetime.combine(dt.date(2001, 1, 2), scoring.start_clock)
    return replace(
        scoring,
        stages=tuple(replace(s, onset_s=round(s.onset_s - first_s, 6)) for s in scoring.stages),
        start=scoring.start and scoring.start + after,
        start_clock=(any_day + after).time(),
        annotations=tuple(
            replace(a, onset_s=round(a.onset_s - first_s, 6)) for a in scoring.annotations
        ),
    )
