"""A recording: what the file says (Header) and the samples read from it (Recording)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from psgpipe.model.arrays import read_only

if TYPE_CHECKING:
    import mne.io


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


class Segment(NamedTuple):
    """An unbroken stretch of samples."""

    onset_s: float
    n_samples: int


class Band(NamedTuple):
    """A frequency band that a signal still holds, in Hz."""

    low_hz: float
    high_hz: float

    def __and__(self, other: Band) -> Band:
        return Band(max(self.low_hz, other.low_hz), min(self.high_hz, other.high_hz))

    def covers(self, other: Band) -> bool:
        """Whether everything in `other` is still in this band."""
        return self.low_hz <= other.low_hz and self.high_hz >= other.high_hz


ALL_HZ = Band(0.0, float("inf"))


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


class OnClock(Protocol):
    """Anything sampled at one rate in unbroken stretches on the true clock."""

    @property
    def fs_hz(self) -> float:
        """Sampling rate."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The unbroken stretches."""

    @property
    def span_s(self) -> float:
        """Seconds from the first to behind the last sample, gaps counted."""


class Leveled(Protocol):
    """Rows that can be looked at for standing still and for rails, without a unit."""

    @property
    def n_rows(self) -> int:
        """How many there are."""

    def levels(self, columns: slice, row: int, /) -> npt.NDArray[np.number[Any]]:
        """Numbers that rise and stand still with the voltage of one row."""


Columns = slice | npt.NDArray[np.intp]
"""Which samples of a row: a stretch, every so many of it, or by their places."""


class Sampled(OnClock, Leveled, Protocol):
    """Named rows on one clock whose samples can be had stretch by stretch."""

    @property
    def derivations(self) -> tuple[str, ...]:
        """One name for each row."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """One kind for each row."""

    @property
    def duration_s(self) -> float:
        """Seconds of signal, gaps not counted."""

    @property
    def is_digital(self) -> bool:
        """Whether `levels` are integers, rather than the microvolts once more."""

    def stretch_uv(self, columns: Columns, row: int, /) -> npt.NDArray[np.float64]:
        """Samples of one row in microvolt."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Samples of one or more channels or derivations at one sampling rate.

    Attributes
    ----------
    signals_uv : float64, shape (n_derivations, n_samples), microvolt; read-only. Where the file
        has gaps the unbroken stretches stand one after the other, see `segments`.
    derivations : one name for each row; as read from a file, the labels in the file.
    kinds : ``eeg``, ``eog``, ``emg``, ``ecg`` or ``misc`` for each row. MNE, and with it YASA,
        takes a ``misc`` for something that is not to be converted from volt.
    fs_hz : the rate of every row.
    start : naive local date and time of the first sample, or None where the file does not say.
    start_clock : local time of day of the first sample, or None.
    segments : (onset_s, n_samples) of every unbroken stretch, in time order; onsets count from
        `start`.
    digital_limits_uv : (low, high) of what each row could store; a sample there is railed.
        Empty where it is not known.
    band_hz : the band left by psgpipe's own filters (not the amplifier's).
    annotations : everything that the file's annotation channels say.
    findings : what was odd in the header and in the samples read.
    """

    signals_uv: npt.NDArray[np.float64]
    derivations: tuple[str, ...]
    fs_hz: float
    start: dt.datetime | None = None
    start_clock: dt.time | None = None
    segments: tuple[Segment, ...] = ()
    kinds: tuple[str, ...] = ()
    digital_limits_uv: tuple[tuple[float, float], ...] = ()
    band_hz: Band = ALL_HZ
    annotations: tuple[Annotation, ...] = ()
    findings: tuple[Finding, ...] = ()
    file: str = ""

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "signals_uv", read_only(self.signals_uv, np.float64))
        if not self.segments:
            set_field(self, "segments", (Segment(0.0, self.signals_uv.shape[1]),))
        if not self.kinds:
            set_field(self, "kinds", ("misc",) * len(self.derivations))

    @property
    def duration_s(self) -> float:
        """Seconds of signal, gaps not counted."""
        return float(self.signals_uv.shape[1] / self.fs_hz)

    @property
    def span_s(self) -> float:
        """Seconds from the first to behind the last sample, gaps counted."""
        return span_of(self.segments, self.fs_hz)

    @property
    def n_rows(self) -> int:
        """How many derivations there are."""
        return len(self.derivations)

    @property
    def is_digital(self) -> bool:
        """Never: all that is left is microvolts."""
        return False

    def stretch_uv(self, columns: Columns = slice(None), row: int = 0) -> npt.NDArray[np.float64]:
        """Samples of one row."""
        return self.signals_uv[row, columns]

    def levels(self, columns: slice = slice(None), row: int = 0) -> npt.NDArray[np.float64]:
        """Numbers that rise and stand still with the voltage of one row: here the voltage."""
        return self.signals_uv[row, columns]

    def pick(self, *derivations: str) -> Recording:
        """The same recording with only these rows, in this order."""
        rows = [self.derivations.index(name) for name in derivations]
        limits = tuple(self.digital_limits_uv[r] for r in rows) if self.digital_limits_uv else ()
        return replace(
            self,
            signals_uv=self.signals_uv[rows],
            derivations=derivations,
            kinds=tuple(self.kinds[r] for r in rows),
            digital_limits_uv=limits,
        )

    def to_mne(self) -> mne.io.RawArray:
        """The recording as :class:`mne.io.RawArray`: volt, typed channels, gaps as annotations.

        A gap is filled with NaN-free zeros and marked ``BAD_gap``, so that MNE's own clock stays
        right. ``meas_date`` is the local start, which MNE calls UTC.
        """
        from psgpipe.model.to_mne import to_mne

        return to_mne(self)


def span_of(segments: tuple[Segment, ...], fs_hz: float) -> float:
    """Seconds from the first to behind the last sample of these stretches, gaps counted."""
    last = segments[-1]
    return float(last.onset_s + last.n_samples / fs_hz - segments[0].onset_s)


def segment_slices(segments: tuple[Segment, ...]) -> Iterator[slice]:
    """The columns of ``Recording.signals_uv`` that each unbroken stretch occupies."""
    first = 0
    for segment in segments:
        yield slice(first, first + segment.n_samples)
        first += segment.n_samples


__all__ = [
    "Annotation",
    "Band",
    "Channel",
    "Columns",
    "Finding",
    "Header",
    "Leveled",
    "OnClock",
    "Recording",
    "Sampled",
    "Segment",
    "segment_slices",
    "span_of",
]
