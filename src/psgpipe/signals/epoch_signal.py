"""The signal of chosen epochs, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.sampled_signal import Columns, SampledSignal, TimedSignal, segment_slices


@dataclass(frozen=True, eq=False)
class EpochSignal:
    """Slices (`columns`) of one row, one after the other; samples are computed on access."""

    recording: SampledSignal
    row: int
    columns: tuple[slice, ...]

    def __len__(self) -> int:
        return sum(part.stop - part.start for part in self.columns)

    def __getitem__(self, at: Columns) -> npt.NDArray[np.float64]:
        if isinstance(at, slice) and at.step is None:
            return self._unbroken(range(len(self))[at])
        indices = np.arange(*at.indices(len(self))) if isinstance(at, slice) else at
        starts = np.array([part.start for part in self.columns])
        ends = np.cumsum([part.stop - part.start for part in self.columns])
        skipped = starts - np.append(0, ends[:-1])
        columns = indices + skipped[np.searchsorted(ends, indices, side="right")]
        return self.recording.samples_uv(columns, self.row)

    def _unbroken(self, wanted: range) -> npt.NDArray[np.float64]:
        pieces, at = [], 0
        for part in self.columns:
            first = max(wanted.start - at, 0) + part.start
            end = min(wanted.stop - at + part.start, part.stop)
            if first < end:
                pieces.append(self.recording.samples_uv(slice(first, end), self.row))
            at += part.stop - part.start
        return pieces[0] if len(pieces) == 1 else np.concatenate([np.empty(0), *pieces])


def epoch_signal(recording: SampledSignal, row: int, epochs: npt.ArrayLike) -> EpochSignal:
    """The samples of one row in these covered epochs, one after the other.

    Consecutive epochs without a gap are the samples as recorded: none is left out or doubled.

    Parameters
    ----------
    epochs
        Increasing epoch numbers, each covered (:func:`psgpipe.signals.epochs.covered_epochs`).
    """
    return EpochSignal(recording, row, tuple(_columns_of(recording, np.asarray(epochs, dtype=int))))


def _columns_of(recording: TimedSignal, epochs: npt.NDArray[np.int_]) -> Iterator[slice]:
    """The columns of these epochs, one slice for each run without a gap."""
    origin_s = recording.segments[0].onset_s
    for segment, columns in zip(
        recording.segments, segment_slices(recording.segments), strict=True
    ):
        onset_s = segment.onset_s - origin_s
        end_s = onset_s + segment.n_samples / recording.fs_hz
        # An epoch belongs to the segment that holds its middle.
        middle_s = (epochs + 0.5) * EPOCH_S
        for run in _runs(epochs[(middle_s >= onset_s) & (middle_s < end_s)]):
            first = round((run[0] * EPOCH_S - onset_s) * recording.fs_hz)
            last = round(((run[-1] + 1) * EPOCH_S - onset_s) * recording.fs_hz)
            yield slice(columns.start + max(first, 0), columns.start + min(last, segment.n_samples))


def _runs(epochs: npt.NDArray[np.int_]) -> list[npt.NDArray[np.int_]]:
    if not len(epochs):
        return []
    return np.split(epochs, np.flatnonzero(np.diff(epochs) > 1) + 1)
