"""Conversion of a recording to MNE."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from psgpipe.model.sampled_signal import segment_slices

if TYPE_CHECKING:
    import mne.io

    from psgpipe.model.recording import Recording


def to_mne(recording: Recording) -> mne.io.RawArray:
    """`recording` as :class:`mne.io.RawArray`, in volt, with typed channels.

    See :meth:`psgpipe.model.recording.Recording.to_mne`.
    """
    import mne

    info = mne.create_info(list(recording.derivations), recording.fs_hz, list(recording.kinds))
    raw = mne.io.RawArray(_on_the_clock(recording) * 1e-6, info, copy=None, verbose="error")
    if recording.start is not None:
        raw.set_meas_date(recording.start.replace(tzinfo=dt.UTC))
    onsets, durations = _gaps(recording)
    raw.set_annotations(
        mne.Annotations(
            onsets, durations, ["BAD_gap"] * len(onsets), orig_time=raw.info["meas_date"]
        )
    )
    return raw


def _on_the_clock(recording: Recording) -> npt.NDArray[np.float64]:
    if len(recording.segments) == 1:
        return recording.signals_uv
    origin_s = recording.segments[0].onset_s
    n_samples = round(recording.span_s * recording.fs_hz)
    filled = np.zeros((len(recording.derivations), n_samples))
    for segment, columns in zip(
        recording.segments, segment_slices(recording.segments), strict=True
    ):
        first = round((segment.onset_s - origin_s) * recording.fs_hz)
        signals_uv = recording.signals_uv[:, columns]
        # Rounding of the onset may move the last sample beyond the end.
        filled[:, first : first + segment.n_samples] = signals_uv[:, : n_samples - first]
    return filled


def _gaps(recording: Recording) -> tuple[list[float], list[float]]:
    ends = [s.onset_s + s.n_samples / recording.fs_hz for s in recording.segments[:-1]]
    origin_s = recording.segments[0].onset_s
    starts = [s.onset_s for s in recording.segments[1:]]
    return [end - origin_s for end in ends], [s - e for s, e in zip(starts, ends, strict=True)]
