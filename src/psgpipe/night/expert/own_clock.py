"""The clock and the length of a night without a recording: those of its scoring and its lights."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

from psgpipe.messages import count_of
from psgpipe.model.header import Finding, Header
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.night import Night
from psgpipe.model.scoring import Scoring
from psgpipe.sleep.given_lights import read_time
from psgpipe.sleep.local_clock import DAY_S, clock_at, of_day_s

MOST_WITHOUT_STAGES_S = 3 * 3600.0
"""Lights off may be this much before the first stage, and lights on after the last one."""


def header_of(scoring: Scoring, night: Night) -> Header:
    """The header of a night without a recording.

    The night begins and ends with its scoring. Lights off before the first stage, or lights on
    after the last one, make it longer by whole epochs, which have no stage.
    """
    from psgpipe.scorings.align import scored_span_s

    clock = scoring.start.time() if scoring.start else scoring.start_clock
    span_s = scored_span_s(scoring)
    header = Header(scoring.file, scoring.format, scoring.start, clock, span_s, span_s, ())
    off_s, on_s = (_given_s(text, header) for text in (night.lights_off, night.lights_on))
    before_s = _whole_epochs_s(-off_s) if off_s is not None and off_s < 0 else 0.0
    after_s = on_s - span_s if on_s is not None and on_s > span_s else 0.0
    if not before_s and not after_s:
        return header
    what = [
        f"{count_of(round(s / EPOCH_S), 'epoch')} {where}"
        for s, where in ((before_s, "before its first stage"), (after_s, "after its last one"))
        if s >= EPOCH_S / 2
    ]
    longer = Finding(
        "scoring-shorter",
        f"the time in bed is longer than the scoring: {' and '.join(what) or 'no whole epoch'}",
    )
    return replace(
        header,
        start=scoring.start and scoring.start - dt.timedelta(seconds=before_s),
        start_clock=_earlier(clock, before_s),
        span_s=before_s + span_s + after_s,
        findings=(longer,),
    )


def _given_s(text: str | None, header: Header) -> float | None:
    """A given time in seconds from the scoring's start, if it is near the night; else None."""
    when = None if text is None else read_time(text)
    seconds: float | None = None
    if isinstance(when, dt.timedelta):
        seconds = when.total_seconds()
    elif isinstance(when, dt.datetime) and header.start is not None:
        seconds = (when - header.start).total_seconds()
    elif isinstance(when, dt.time) and header.start_clock is not None:
        seconds = (of_day_s(when) - of_day_s(header.start_clock)) % DAY_S
        if seconds > max(header.span_s + MOST_WITHOUT_STAGES_S, DAY_S - MOST_WITHOUT_STAGES_S):
            seconds -= DAY_S
    if seconds is None:
        return None
    is_near = -MOST_WITHOUT_STAGES_S <= seconds <= header.span_s + MOST_WITHOUT_STAGES_S
    return seconds if is_near else None


def _whole_epochs_s(seconds: float) -> float:
    return math.ceil(seconds / EPOCH_S - 1e-9) * EPOCH_S


def _earlier(clock: dt.time | None, seconds: float) -> dt.time | None:
    shown = clock_at(clock, -seconds)
    return None if shown is None else dt.time.fromisoformat(shown)
