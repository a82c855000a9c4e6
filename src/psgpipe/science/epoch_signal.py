"""The samples of chosen epochs, neighbours left seamlessly joined."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.recording import Recording, segment_slices


def epoch_signal(recording: Recording, row: int, epochs: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The samples of one row in these covered epochs, one after the other, shape (n_samples,).

    Consecutive epochs of one unbroken stretch give its very samples, so that a night without gaps
    and artefacts is the signal as recorded.

    Parameters
    ----------
    epochs : increasing epoch numbers, each covered (:func:`psgpipe.science.epochs.covered_epochs`).
    """
    pieces = list(_pieces(recording, row, np.asarray(epochs, dtype=int)))
    return pieces[0] if len(pieces) == 1 else np.concatenate([*pieces, np.empty(0)])


def _pieces(
    recording: Recording, row: int, epochs: npt.NDArray[np.int_]
) -> Iterator[npt.NDArray[np.float64]]:
    origin_s = recording.segments[0].onset_s
    signal_uv = recording.signals_uv[row]
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
            stretch = slice(
                columns.start + max(first, 0), columns.start + min(last, segment.n_samples)
            )
            yield signal_uv[stretch]


def _runs(epochs: npt.NDArray[np.int_]) -> list[npt.NDArray[np.int_]]:
    """Stretches of consecutive epoch numbers."""
    if not len(epochs):
        return []
    return np.split(epochs, np.flatnonzero(np.diff(epochs) > 1) + 1)
