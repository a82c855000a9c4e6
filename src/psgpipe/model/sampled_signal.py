"""Protocols of sampled signals: rows of one rate, in segments on the recording's clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt


class Segment(NamedTuple):
    """Samples without a gap between them; `onset_s` is that of the first one."""

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


class TimedSignal(Protocol):
    """A signal of one rate, in segments on the true clock."""

    @property
    def fs_hz(self) -> float:
        """Sampling rate."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """In time order."""

    @property
    def span_s(self) -> float:
        """Seconds from the first to behind the last sample, gaps counted."""


class LevelSource(Protocol):
    """Rows in which flat and railed samples can be found, without a unit."""

    @property
    def n_rows(self) -> int:
        """How many there are."""

    def levels(self, columns: slice, row: int, /) -> npt.NDArray[np.number[Any]]:
        """Numbers that rise and stand still with the voltage of one row."""

    def level_uv(self, row: int, /) -> float:
        """Microvolts from one level of a row to the next."""


Columns = slice | npt.NDArray[np.intp]
"""Samples of a row: a slice, or their indices."""


class SampledSignal(TimedSignal, LevelSource, Protocol):
    """Named rows on one clock, in microvolts and in levels."""

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
        """Whether `levels` are integers; else they are the microvolts."""

    def samples_uv(self, columns: Columns, row: int, /) -> npt.NDArray[np.float64]:
        """Samples of one row in microvolt."""


def span_of(segments: tuple[Segment, ...], fs_hz: float) -> float:
    """Seconds from the first to behind the last sample of the segments, gaps counted."""
    last = segments[-1]
    return float(last.onset_s + last.n_samples / fs_hz - segments[0].onset_s)


def segment_slices(segments: tuple[Segment, ...]) -> Iterator[slice]:
    """The columns of ``Recording.signals_uv`` that each segment has."""
    first = 0
    for segment in segments:
        yield slice(first, first + segment.n_samples)
        first += segment.n_samples
