"""What a recording's header says: channels, annotations, findings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something odd about a recording that did not stop it from being read.

    Attributes
    ----------
    code : stable word, e.g. ``size-short``; explained in ``docs/reference/findings.md``.
    message : one sentence for a technician; holds no free header text.
    channel : label of the channel it is about, or None for the whole file.
    """

    code: str
    message: str
    channel: str | None = None


@dataclass(frozen=True)
class Annotation:
    """A text at a time in the recording (EDF+ TAL).

    Attributes
    ----------
    onset_s : seconds from ``Header.start``.
    duration_s : None where the file gives none.
    text : as in the file. Free text: never written to an output or a log.
    """

    onset_s: float
    duration_s: float | None
    text: str


@dataclass(frozen=True)
class Channel:
    """One signal as the header describes it; nothing is assumed.

    Attributes
    ----------
    index : position in the file, from 0, annotation channels counted.
    label : as in the file, blanks stripped at both ends; may hold any character.
    unit : physical dimension as in the file.
    uv_per_unit : microvolts in one unit, or None where the unit is no voltage, blank or unknown.
    fs_hz : sampling rate; None where it is undefined.
    physical_min, physical_max, digital_min, digital_max : None where the field is unreadable.
    prefilter : as in the file. Free text: never written to an output or a log.
    problem : why samples of this channel must not be used, or None.
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
    """What a file says about itself; no sample was read.

    Attributes
    ----------
    file : file name without folders, safe to print.
    container : one of ``EDF EDF+C EDF+D BDF BDF+C BDF+D``.
    start : naive local date and time of the first sample, with its fraction of a second, or
        None where date or time are unknown.
    start_clock : local time of day of the first sample; may be known where the date is not.
    duration_s : seconds of data present, gaps not counted.
    span_s : seconds from the first to behind the last sample, gaps counted.
    channels : the signals, without annotation channels.
    findings : what was odd; never raised.
    """

    file: str
    container: str
    start: dt.datetime | None
    start_clock: dt.time | None
    duration_s: float
    span_s: float
    channels: tuple[Channel, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The channels' labels, in file order."""
        return tuple(channel.label for channel in self.channels)
