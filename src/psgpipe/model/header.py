"""The header of a recording: channels, annotations, findings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from psgpipe.messages import count_of

Affected = Literal["nothing", "gaps", "end", "numbers"]


@dataclass(frozen=True)
class Finding:
    """Something odd about a recording that can be read nevertheless.

    Attributes
    ----------
    code
        Stable word, e.g. ``size-short``; explained in ``docs/reference/findings.md``.
    message
        One sentence for a technician; holds no free header text.
    channel
        Label of the channel it is about, or None for the whole file.
    affects
        What of a night it may make doubtful: ``nothing``; ``gaps``, where signal is absent in bed;
        the ``end``, where lights on is not known; or the ``numbers``, always.
    missing_end_s
        Seconds of signal that are missing behind the end of the recording; infinite where the
        number is not known.
    """

    code: str
    message: str
    channel: str | None = None
    affects: Affected = "nothing"
    missing_end_s: float = 0.0


@dataclass(frozen=True)
class Annotation:
    """A text at a time in the recording (EDF+ TAL).

    Attributes
    ----------
    onset_s
        Seconds from ``Header.start``.
    duration_s
        None where the file gives none.
    text
        As in the file. Free text: never written to an output or a log.
    """

    onset_s: float
    duration_s: float | None
    text: str


@dataclass(frozen=True)
class Channel:
    """One signal as the header describes it; nothing is assumed.

    Attributes
    ----------
    index
        Position in the file, from 0, annotation channels counted.
    label, unit
        As in the file, blanks stripped at both ends; may hold any character.
    uv_per_unit
        None where the unit is no voltage, blank or unknown.
    fs_hz
        None where it is undefined.
    physical_min, physical_max, digital_min, digital_max
        None where the field is unreadable.
    prefilter
        As in the file. Free text: never written to an output or a log.
    problem
        Why samples of this channel must not be used, or None.
    """

    index: int
    label: str
    unit: str
    uv_per_unit: float | None
    fs_hz: float | None
    physical_min: float | None
    physical_max: float | None
    digital_min: int | None
    digital_max: int | None
    prefilter: str = ""
    problem: Finding | None = None


@dataclass(frozen=True)
class Header:
    """What a file says about itself, without its samples.

    Attributes
    ----------
    file
        File name without folders, safe to print.
    container
        One of ``EDF EDF+C EDF+D BDF BDF+C BDF+D``; of a recording in memory
        ``Raw``, ``Recording`` or ``arrays``.
    start
        Naive local date and time of the first sample, with its fraction of a second, or None where
        date or time are unknown.
    start_clock
        Local time of day of the first sample; may be known where the date is not.
    duration_s
        Seconds of data present, gaps not counted.
    span_s
        Seconds from the first to behind the last sample, gaps counted.
    channels
        The signals, without annotation channels.
    """

    file: str
    container: str
    start: dt.datetime | None
    start_clock: dt.time | None
    duration_s: float
    span_s: float
    channels: tuple[Channel, ...]
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        start = self.start or self.start_clock or "unknown start"
        return (
            f"<Header: {self.file[:60]}, {self.container}, {start}, {self.span_s / 60:.1f} min, "
            f"{count_of(len(self.channels), 'channel')}, {count_of(len(self.findings), 'finding')}>"
        )

    def _repr_html_(self) -> str:
        from psgpipe.model.conversions.html_table import html_table

        rows = [
            (c.label, "?" if c.fs_hz is None else f"{c.fs_hz:g} Hz", c.unit) for c in self.channels
        ]
        return html_table(rows, ("channel", "rate", "unit"), repr(self)[1:-1])

    @property
    def labels(self) -> tuple[str, ...]:
        """The channels' labels, in file order."""
        return tuple(channel.label for channel in self.channels)
