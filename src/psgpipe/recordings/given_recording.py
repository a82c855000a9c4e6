"""A recording that a program gives in memory: header, annotations, and samples on demand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from psgpipe.edf.start_time import is_stand_in
from psgpipe.messages import count_of, quoted
from psgpipe.model.digital_recording import DigitalRecording, Samples
from psgpipe.model.header import Annotation, Channel, Finding, Header

SHORT_S = 300.0


class GivenRecording(Protocol):
    """What the pipeline asks of a recording that is no file."""

    @property
    def header(self) -> Header:
        """Start, duration, channels and findings, as of a file."""

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """In time order."""

    def read(self, labels: Sequence[str]) -> tuple[DigitalRecording, ...]:
        """The channels with these labels in microvolt, one recording for each sampling rate."""


@dataclass(frozen=True)
class GivenStart:
    """When a recording began, and what is odd about that."""

    start: dt.datetime | None = None
    start_clock: dt.time | None = None
    findings: tuple[Finding, ...] = ()


def checked_start(start: dt.datetime) -> GivenStart:
    """A start without the dates that tools write for a removed one, as in an EDF header."""
    clock = start.time()
    if not is_stand_in(start.date(), clock.replace(microsecond=0)):
        return GivenStart(start, clock)
    message = (
        f"start date {start.date().isoformat()} is what tools write for a removed date: the date "
        "is unknown"
    )
    finding = Finding("date-unknown", message)
    if clock == dt.time(0):
        unknown = Finding("time-unknown", "start time 00:00:00 without a date: clock time unknown")
        return GivenStart(findings=(finding, unknown))
    return GivenStart(None, clock, (finding,))


def header_from(
    name: str,
    container: str,
    start: GivenStart,
    channels: Sequence[Channel],
    *,
    duration_s: float,
    span_s: float,
    findings: Sequence[Finding] = (),
) -> Header:
    """The header of a recording that is no file; errors and outputs name it `name`."""
    is_said = any(finding.code == "short" for finding in findings)
    short = duration_s <= SHORT_S - 1 and not is_said
    message = f"{duration_s:g} s of recording: too short for reliable staging"
    return Header(
        file=name,
        container=container,
        start=start.start,
        start_clock=start.start_clock,
        duration_s=duration_s,
        span_s=span_s,
        channels=tuple(channels),
        findings=(
            *start.findings,
            *findings,
            *((Finding("short", message),) if short else ()),
        ),
    )


def with_broken_channels(header: Header, recorded: Sequence[DigitalRecording]) -> Header:
    """The header with the channels named whose samples are not all numbers.

    No derivation is built from them. A gap is told by segments: a filter would spread a single NaN
    over the whole night.
    """
    problems = {
        label: problem
        for recording in recorded
        for label, row in zip(recording.labels, recording.rows, strict=True)
        if (problem := _not_finite(row, label, recording.fs_hz))
    }
    channels = (
        replace(channel, problem=channel.problem or problems.get(channel.label))
        for channel in header.channels
    )
    # They concern no channel that is used: a reader of the night would not see them else.
    findings = (
        replace(p, message=f"{p.message}; it is not used", channel=None) for p in problems.values()
    )
    return replace(
        header, channels=tuple(channels), findings=(*header.findings, *findings)
    )  # fmt: skip


def _not_finite(row: Samples, label: str, fs_hz: float) -> Finding | None:
    bad = np.flatnonzero(~np.isfinite(row))
    if not len(bad):
        return None
    are = "is not a number" if len(bad) == 1 else "are not numbers"
    return Finding(
        "not-finite",
        f"{count_of(len(bad), 'sample')} of {quoted(label)} {are} (NaN or infinite), the first at "
        f"{bad[0] / fs_hz:.1f} s",
        label,
    )
