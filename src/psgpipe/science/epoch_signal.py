"""The samples of chosen epochs, neighbours left seamlessly joined."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.recording import OnClock, Sampled, segment_slices


def epoch_signal(recording: Sampled, row: int, epochs: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The samples of one row in these covered epochs, one after the other, shape (n_samples,).

    Consecutive epochs of one unbroken stretch give its very samples, so that a night without gaps
    and artefacts is the signal as recorded.

    Parameters
    ----------
    epochs : increasing epoch numbers, each covered (:func:`psgpipe.science.epochs.covered_epochs`).
    """
    stretches = list(_stretches(recording, np.asarray(epochs, dtype=int)))
    if len(stretches) == 1:
        return recording.stretch_uv(stretches[0], row)
    joined = np.empty(sum(stretch.stop - stretch.start for stretch in stretches))
    at = 0
    for stretch in stretches:
        piece = recording.stretch_uv(stretch, row)
        joined[at : at + len(piece)] = piece
        at += len(piece)
    return joined


def _stretches(recording: OnClock, epochs: npt.NDArray[np.int_]) -> Iterator[slice]:
    """The columns of these epochs, unbroken stretch by unbroken stretch."""
    origin_s = recording.segments[0].onset_s
    for segment, columns in zip(
        recording.segments, segment_slices(recording.segments), strict=True
    ):
        onset_s = segment.onset_s - origin_s
        end_s = onset_s + segment.n_samples / recording.fs_hz
        # An epoch belongs to the stretch that holds its middle.
        middle_s = (epochs + 0.5) * EPOCH_S
        for run in _runs(epochs[(middle_s >= onset_s) & (middle_s < end_s)]):
            first = round((run[0] * EPOCH_S - onset_s) * recording.fs_hz)
            last = round(((run[-1] + 1) * EPOCH_S - onset_s) * recording.fs_hz)
            yield slice(columns.start + max(first, 0), columns.start + min(last, segment.n_samples))


def _runs(epochs: npt.NDArray[np.int_]) -> list[npt.NDArray[np.int_]]:
    """Stretches of consecutive epoch numbers."""
    if not len(epochs):
        return []
    return np.split(epochs, np.flatnonzero(np.diff(epochs) > 1) + 1)
