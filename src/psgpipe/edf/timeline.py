"""The timeline: when each data record was recorded, and where there are gaps.

A step between two records that is longer than a record is a gap once it exceeds half a sample of
the fastest signal, or what the text of the onset can express where that is coarser. Where some
steps are too short by as little (a clock that jitters), up to 0.1 s either way is no gap. A slow
drift of the clock against the samples starts a new segment each time it adds up to 0.25 s.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from psgpipe.edf.annotations import TalParser
from psgpipe.edf.findings import Findings
from psgpipe.edf.header import LONGEST_S, Layout
from psgpipe.edf.preflight import PreflightResult
from psgpipe.errors import HeaderInvalid
from psgpipe.messages import are, count_of
from psgpipe.model.hypnogram import EPOCH_S

EXACT_S = 1e-6
_JITTER_S = 0.1
_DRIFT_S = 0.25
# printf("%g") keeps six digits: onsets above 1000 s lose their milliseconds.
_FEWEST_LIMITED_DIGITS = 6
_REPAIR = "Export the recording again; in EDF+D every data record needs its own time."

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RecordSegment:
    """`n_records` without a gap between them, from `onset_s` after the first sample."""

    onset_s: float
    n_records: int


@dataclass(frozen=True)
class Timeline:
    """The records on the true clock, in time order.

    Attributes
    ----------
    offset_s
        From the header's start time to the first sample.
    segments
        They hold fewer records than the file where the times of the last ones are not known.
    span_s
        From the first sample to behind the last, gaps counted.
    """

    offset_s: float
    segments: tuple[RecordSegment, ...]
    span_s: float

    @property
    def n_records(self) -> int:
        """Records whose time is known."""
        return sum(segment.n_records for segment in self.segments)


def continuous_timeline(
    preflight: PreflightResult, offset_s: float, findings: Findings
) -> Timeline:
    """The timeline of a recording without gaps."""
    _report_offset(offset_s, findings)
    span_s = float(preflight.n_records * preflight.layout.record_s)
    return Timeline(offset_s, (RecordSegment(0.0, preflight.n_records),), span_s)


def first_sample_time(
    date: dt.date | None, clock: dt.time | None, offset_s: float
) -> tuple[dt.datetime | None, dt.time | None]:
    """Start and clock time of the first sample, `offset_s` after the header's start time."""
    if clock is None:
        return None, None
    # Without a date any day serves to carry the clock over midnight.
    moved = dt.datetime.combine(date or dt.date(2000, 1, 2), clock) + dt.timedelta(seconds=offset_s)
    return (None if date is None else moved), moved.time()


def build_timeline(preflight: PreflightResult, tals: TalParser, findings: Findings) -> Timeline:
    """The timeline from the time-keeping TALs of all records.

    Raises
    ------
    HeaderInvalid
        Time goes backwards, or cannot be known in a discontinuous file.
    """
    name, layout = preflight.file, preflight.layout
    if layout.record_s == 0:
        return continuous_timeline(preflight, 0.0, findings)
    discontinuous = layout.continuity == "D"
    if np.isnan(tals.onsets).all():
        if discontinuous:
            raise _untimed(name, "no data record says when it was recorded")
        if layout.continuity:
            message = "no data record says when it was recorded; taken as continuous"
            findings.add("timekeeping-missing", message)
        return continuous_timeline(preflight, 0.0, findings)
    if not discontinuous and preflight.n_records > 1 and np.ptp(tals.onsets) == 0:
        message = "every data record gives the same time; taken as continuous, as declared"
        findings.add("timekeeping-missing", message)
        return continuous_timeline(preflight, float(tals.onsets[0]), findings)
    record_s = float(layout.record_s)
    tolerance_s = _tolerance_s(layout, tals)
    onsets = _filled(
        name, tals.onsets, record_s, float(tolerance_s.max()), findings, strict=discontinuous
    )
    breaks = _breaks(name, onsets, record_s, tolerance_s[: len(onsets)], findings)
    return _timeline(name, onsets, record_s, breaks, layout, findings)


def _untimed(name: str, what: str) -> HeaderInvalid:
    return HeaderInvalid(f"{name}: discontinuous, but {what}", _REPAIR)


def _tolerance_s(layout: Layout, tals: TalParser) -> Floats:
    """How far each record's onset may be off without being a gap."""
    fastest = max((s.n_samples for s in layout.ordinary_signals), default=0)
    half_sample_s = 0.5 * float(layout.record_s) / fastest if fastest else 1e-3
    decimals = int(tals.decimals.max())
    if (layout.record_s * Fraction(10) ** decimals).denominator != 1:
        half_sample_s = max(half_sample_s, 10.0**-decimals)
    tolerance_s = np.full(len(tals.onsets), half_sample_s)
    digits = int((tals.whole_digits + tals.decimals).max())
    if digits >= _FEWEST_LIMITED_DIGITS:
        expressible = digits - tals.whole_digits
        coarse = expressible < decimals
        tolerance_s[coarse] = np.maximum(half_sample_s, 10.0 ** -expressible[coarse].astype(float))
    return tolerance_s * 1.001 + 1e-9


def _filled(
    name: str,
    onsets: Floats,
    record_s: float,
    tolerance_s: float,
    findings: Findings,
    *,
    strict: bool,
) -> Floats:
    """The onsets, missing ones filled in from their neighbours where these agree."""
    known = np.flatnonzero(~np.isnan(onsets))
    if len(known) == len(onsets):
        return onsets
    missing = len(onsets) - len(known)
    if strict:
        onsets = onsets[: known[-1] + 1]
    index = np.arange(len(onsets))
    before = known[np.clip(np.searchsorted(known, index, side="right") - 1, 0, None)]
    filled = onsets[before] + (index - before) * record_s
    steps_over = np.flatnonzero(np.diff(known) > 1)
    expected = onsets[known[steps_over]] + np.diff(known)[steps_over] * record_s
    disagree = np.abs(onsets[known[steps_over + 1]] - expected) > tolerance_s
    late_start = known[0] > 0 and abs(filled[0]) > tolerance_s
    say = "does not say when it was" if missing == 1 else "do not say when they were"
    untimed = f"{count_of(missing, 'data record')} {say} recorded"
    if strict and (disagree.any() or late_start):
        raise _untimed(name, untimed)
    left_out = missing - int(np.isnan(onsets).sum())
    rest = f"; {left_out} at the end {are(left_out)} left out" if strict else ""
    findings.add(
        "timekeeping-missing",
        f"{untimed}; that follows from the neighbours{rest}",
        affects="end" if left_out else "nothing",
        missing_end_s=left_out * record_s,
    )
    return np.where(np.isnan(onsets), filled, onsets)


def _breaks(
    name: str, onsets: Floats, record_s: float, tolerance_s: Floats, findings: Findings
) -> list[int]:
    """Records before which there is a gap."""
    steps = np.diff(onsets) - record_s
    allowed = np.maximum(tolerance_s[1:], tolerance_s[:-1])
    if len(steps) and (steps < -allowed).any():
        worst = int(np.argmin(steps))
        jitter_s = max(min(_JITTER_S, record_s / 2), float(allowed.max()))
        if steps[worst] < -jitter_s:
            raise _backwards(name, onsets, worst)
        allowed = np.maximum(allowed, jitter_s)
        findings.add(
            "onset-jitter",
            f"the times of data records jitter by up to {1e3 * np.abs(steps[steps < 0]).max():.3g} "
            "ms; taken as continuous",
        )
    breaks = [int(i) + 1 for i in np.flatnonzero(steps > allowed)]
    bounds = [0, *breaks, len(onsets)]
    drift_s = _DRIFT_S + float(tolerance_s.max())
    return sorted(breaks + _drift_breaks(onsets, record_s, bounds, drift_s, findings))


def _drift_breaks(
    onsets: Floats, record_s: float, bounds: list[int], drift_s: float, findings: Findings
) -> list[int]:
    """Records at which the clock has gained a quarter of a second on the samples."""
    breaks: list[int] = []
    slower_s = 0.0
    grid = onsets - np.arange(len(onsets)) * record_s
    for first, last in pairwise(bounds):
        anchor = float(grid[first])
        segment = grid[first:last]
        if segment.max() - anchor > drift_s:
            for record, value in enumerate(segment.tolist(), first):
                if value - anchor > drift_s:
                    anchor = value
                    breaks.append(record)
        slower_s = max(slower_s, anchor - float(segment[-1]))
    if breaks:
        message = (
            f"the clock runs faster than the samples: set right {count_of(len(breaks), 'time')}"
        )
        findings.add("clock-drift", message, affects="gaps")
    elif slower_s > drift_s:
        findings.add(
            "clock-drift",
            f"the clock lags {slower_s:.2g} s behind the samples at the end",
            # Stages then stand in another epoch than the one in which they were recorded.
            affects="numbers" if slower_s > EPOCH_S else "nothing",
        )
    return breaks


def _backwards(name: str, onsets: Floats, record: int) -> HeaderInvalid:
    before, after = onsets[record], onsets[record + 1]
    how = "goes backwards" if after <= before else "overlaps"
    return HeaderInvalid(
        f"{name}: time {how}: data record {record + 1} starts at {before:.6g} s, "
        f"the next at {after:.6g} s",
        "The records are not in time order; export the recording again.",
    )


def _timeline(
    name: str,
    onsets: Floats,
    record_s: float,
    breaks: list[int],
    layout: Layout,
    findings: Findings,
) -> Timeline:
    offset_s = float(onsets[0])
    bounds = [0, *breaks, len(onsets)]
    segments = tuple(
        RecordSegment(float(onsets[first]) - offset_s, last - first)
        for first, last in pairwise(bounds)
    )
    span_s = segments[-1].onset_s + segments[-1].n_records * record_s
    if max(span_s, abs(offset_s)) > LONGEST_S:
        raise HeaderInvalid(
            f"{name}: the times of its data records span {max(span_s, abs(offset_s)):.6g} s, "
            "more than any night",
            "The annotation channel's times are wrong; export the recording again.",
        )
    _report_gaps(segments, span_s, record_s, layout, findings)
    _report_offset(offset_s, findings)
    return Timeline(offset_s, segments, span_s)


def _report_offset(offset_s: float, findings: Findings) -> None:
    """Add a finding where the first record starts a second or more beside the header's time."""
    if not 0 <= offset_s < 1:
        message = f"the first data record starts {offset_s:g} s after the header's start time"
        findings.add("start-offset", message)


def _report_gaps(
    segments: tuple[RecordSegment, ...],
    span_s: float,
    record_s: float,
    layout: Layout,
    findings: Findings,
) -> None:
    if len(segments) == 1:
        return
    n_gaps = len(segments) - 1
    missing_s = span_s - sum(s.n_records for s in segments) * record_s
    declared = "" if layout.continuity == "D" else ", though the file is declared continuous"
    findings.add(
        "edfplus-gap",
        f"{n_gaps} {'gap' if n_gaps == 1 else 'gaps'} in the recording, {missing_s:g} s in all"
        f"{declared}",
        affects="gaps",
    )
