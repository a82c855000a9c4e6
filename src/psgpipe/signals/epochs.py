"""The grid of 30-s epochs, counted from the recording's start on the true clock, gaps included."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from psgpipe.errors import LightsNeeded
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.night import Lights
from psgpipe.model.sampled_signal import TimedSignal

LONGEST_WITHOUT_LIGHTS_H = 14.0
STAGING_MARGIN_MIN = 30.0

# Onsets after gaps are decimal numbers and need not fall on a sample. A quarter of a sample is the
# largest tolerance at which every sample of a covered epoch keeps its own column.
_TOLERANCE_SAMPLES = 0.25


def epoch_count(span_s: float) -> int:
    """Epochs of a recording that spans `span_s`, gaps counted; a partial tail is one epoch more."""
    return math.ceil(span_s / EPOCH_S - 1e-9)


def samples_per_epoch(fs_hz: float) -> int:
    """Whole samples in 30 s: at a rate like 127.99 Hz the last, partial sample is left out."""
    return math.floor(fs_hz * EPOCH_S + 1e-6)


def covered_epochs(recording: TimedSignal) -> npt.NDArray[np.bool_]:
    """Bool, shape (n_epochs,): one segment holds every sample of the epoch."""
    return first_columns(recording) >= 0


def first_columns(recording: TimedSignal) -> npt.NDArray[np.int_]:
    """The first column of each epoch in a row, shape (n_epochs,); -1 where it is not covered.

    It is the sample nearest to the epoch's start, so that nothing drifts at a rate that is no whole
    number. An epoch has ``samples_per_epoch`` samples from there on.
    """
    fs_hz = recording.fs_hz
    columns = np.full(epoch_count(recording.span_s), -1)
    tolerance_s = _TOLERANCE_SAMPLES / fs_hz
    at = 0
    for onset_s, n_samples in _segments(recording):
        end_s = onset_s + n_samples / fs_hz
        first = math.ceil((onset_s - tolerance_s) / EPOCH_S)
        end = min(math.floor((end_s + tolerance_s) / EPOCH_S), len(columns))
        epochs = np.arange(first, max(first, end))
        columns[epochs] = at + np.rint((epochs * EPOCH_S - onset_s) * fs_hz).astype(int)
        at += n_samples
    return columns


def in_bed(n_epochs: int, off_s: float, on_s: float) -> npt.NDArray[np.bool_]:
    """Bool, shape (n_epochs,): at least half of the epoch lies between lights off and lights on.

    Parameters
    ----------
    off_s, on_s
        Seconds from the start of the recording.
    """
    start_s = np.arange(n_epochs) * EPOCH_S
    inside_s = np.minimum(on_s, start_s + EPOCH_S) - np.maximum(off_s, start_s)
    marks: npt.NDArray[np.bool_] = inside_s >= EPOCH_S / 2 - 1e-6
    return marks


def staging_window(
    n_epochs: int,
    lights: Lights | None,
    *,
    margin_min: float = STAGING_MARGIN_MIN,
    longest_without_lights_h: float = LONGEST_WITHOUT_LIGHTS_H,
) -> range:
    """The epochs to stage, from `margin_min` before lights off to `margin_min` after lights on.

    An end that is not known is that of the recording. The stager scales its features within the
    window, so that the stages depend on it.

    Raises
    ------
    LightsNeeded
        An end is open and more than `longest_without_lights_h` would be staged.
    """
    first, end = 0, n_epochs
    if lights and lights.off_source != "recording":
        first = math.floor((lights.off_s - 60 * margin_min) / EPOCH_S + 1e-9)
    if lights and lights.on_source != "recording":
        end = math.ceil((lights.on_s + 60 * margin_min) / EPOCH_S - 1e-9)
    window = range(max(0, first), max(0, min(end, n_epochs)))
    hours = len(window) * EPOCH_S / 3600
    if hours > longest_without_lights_h and not (lights and lights.known):
        raise LightsNeeded(
            f"{hours:.1f} h would be staged without known lights off and lights on; the most is "
            f"{longest_without_lights_h:g} h",
            "Give lights off and lights on: the stages depend on the stretch that is staged.",
        )
    return window


def _segments(recording: TimedSignal) -> Iterator[tuple[float, int]]:
    """(onset_s, n_samples) of every segment; onsets count from the first sample."""
    start_s = recording.segments[0].onset_s
    return ((onset_s - start_s, n_samples) for onset_s, n_samples in recording.segments)
