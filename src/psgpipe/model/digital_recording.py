"""A recorded signal: samples as the integers of the file, with the scale of each channel.

A signal that did not come as integers has its microvolts in their place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from psgpipe.model.header import Annotation, Finding
from psgpipe.model.recording import Recording
from psgpipe.model.sampled_signal import Segment, span_of

Digital = npt.NDArray[np.signedinteger]
Floats = npt.NDArray[np.float64]
Samples = npt.NDArray[np.signedinteger] | npt.NDArray[np.floating]
"""Integers of a file, or microvolts."""

EVERYTHING = slice(None)


@dataclass(frozen=True)
class Scale:
    """Digital limits of a channel, and its linear scale to microvolt."""

    digital_min: int
    digital_max: int
    gain: float
    physical_min: float
    uv_per_unit: float

    def to_uv(self, digital: npt.ArrayLike, out: Floats | None = None) -> Floats:
        """``((digital - digital_min) * gain + physical_min) * uv_per_unit`` in float64."""
        values = np.empty(np.shape(digital)) if out is None else out
        # Cast first: a subtraction with a cast takes half as long again.
        values[...] = digital
        values -= self.digital_min
        values *= self.gain
        values += self.physical_min
        if self.uv_per_unit != 1.0:
            values *= self.uv_per_unit
        return values

    @property
    def step_uv(self) -> float:
        """Microvolts from one integer to the next."""
        return self.gain * self.uv_per_unit

    @property
    def zero_uv(self) -> float:
        """Microvolts of the integer 0."""
        return (self.physical_min - self.digital_min * self.gain) * self.uv_per_unit

    @property
    def limits_uv(self) -> tuple[float, float]:
        """Lowest and highest value that the channel can store."""
        ends = self.to_uv(np.array([self.digital_min, self.digital_max]))
        return float(ends.min()), float(ends.max())


MICROVOLTS = Scale(digital_min=0, digital_max=0, gain=1.0, physical_min=0.0, uv_per_unit=1.0)
"""The scale of rows that are in microvolt."""


@dataclass(frozen=True, eq=False)
class DigitalRecording:
    """Channels of one sampling rate as integers: a quarter of the memory of microvolts.

    `rows` are int16 or int32, shape (n_samples,) each, read-only; gaps have no samples, see
    `segments`. Rows that did not come from a file's integers are floats with the scale
    `MICROVOLTS`. `labels` are as in the file. All else is as in
    :class:`psgpipe.model.recording.Recording`.
    """

    rows: tuple[Samples, ...]
    scales: tuple[Scale, ...]
    labels: tuple[str, ...]
    fs_hz: float
    start: dt.datetime | None = None
    start_clock: dt.time | None = None
    segments: tuple[Segment, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    findings: tuple[Finding, ...] = ()
    file: str = ""

    def __post_init__(self) -> None:
        views = tuple(row.view() for row in self.rows)
        for view in views:
            view.flags.writeable = False
        object.__setattr__(self, "rows", views)

    @property
    def n_rows(self) -> int:
        """How many channels there are."""
        return len(self.rows)

    @property
    def is_digital(self) -> bool:
        """Whether the rows are integers; else they are microvolts."""
        return all(np.issubdtype(row.dtype, np.integer) for row in self.rows)

    @property
    def n_samples(self) -> int:
        """Of each row."""
        return len(self.rows[0])

    @property
    def duration_s(self) -> float:
        """Seconds of signal, gaps not counted."""
        return float(self.n_samples / self.fs_hz)

    @property
    def span_s(self) -> float:
        """Seconds from the first to behind the last sample, gaps counted."""
        return span_of(self.segments, self.fs_hz)

    def pick(self, *labels: str) -> DigitalRecording:
        """The same recording with only these rows, in this order; no sample is copied."""
        indices = [self.labels.index(label) for label in labels]
        return replace(
            self,
            rows=tuple(self.rows[i] for i in indices),
            scales=tuple(self.scales[i] for i in indices),
            labels=labels,
        )

    def with_rows(self, other: DigitalRecording) -> DigitalRecording:
        """The same recording with further rows of it."""
        return replace(
            self,
            rows=self.rows + other.rows,
            scales=self.scales + other.scales,
            labels=self.labels + other.labels,
            findings=tuple(dict.fromkeys(self.findings + other.findings)),
        )

    def samples_uv(self, columns: slice = EVERYTHING, row: int = 0) -> Floats:
        """Samples of one row in microvolt."""
        return self.scales[row].to_uv(self.rows[row][columns])

    def levels(self, columns: slice = EVERYTHING, row: int = 0) -> Samples:
        """The integers of one row, inverted where a larger integer is a lower voltage."""
        samples = self.rows[row][columns]
        return samples if self.scales[row].gain > 0 else np.invert(samples)

    def level_uv(self, row: int = 0) -> float:
        """Microvolts from one level of a row to the next."""
        return abs(self.scales[row].step_uv)

    def to_recording(self) -> Recording:
        """Every sample in microvolt."""
        signals_uv = np.empty((len(self.rows), self.n_samples))
        for scale, row, out in zip(self.scales, self.rows, signals_uv, strict=True):
            scale.to_uv(row, out=out)
        return Recording(
            signals_uv=signals_uv,
            derivations=self.labels,
            fs_hz=self.fs_hz,
            start=self.start,
            start_clock=self.start_clock,
            segments=self.segments,
            digital_limits_uv=(
                tuple(scale.limits_uv for scale in self.scales) if self.is_digital else ()
            ),
            annotations=self.annotations,
            findings=self.findings,
            file=self.file,
        )


def merge_by_rate(recordings: Iterable[DigitalRecording]) -> tuple[DigitalRecording, ...]:
    """Recordings of one file, those of the same rate merged; no sample is copied."""
    by_rate: dict[float, DigitalRecording] = {}
    for recording in recordings:
        known = by_rate.get(recording.fs_hz)
        by_rate[recording.fs_hz] = known.with_rows(recording) if known else recording
    return tuple(by_rate.values())


def joined_recording(
    parts: Sequence[DigitalRecording], onsets_s: Sequence[float]
) -> DigitalRecording:
    """Recordings of the same channels, one after the other; between two of them is a gap."""
    first = parts[0]
    return replace(
        first,
        rows=tuple(np.concatenate(rows) for rows in zip(*(p.rows for p in parts), strict=True)),
        segments=tuple(
            Segment(at_s + onset_s, n_samples)
            for at_s, part in zip(onsets_s, parts, strict=True)
            for onset_s, n_samples in part.segments
        ),
        annotations=tuple(
            replace(note, onset_s=at_s + note.onset_s)
            for at_s, part in zip(onsets_s, parts, strict=True)
            for note in part.annotations
        ),
        findings=tuple(dict.fromkeys(f for part in parts for f in part.findings)),
    )
