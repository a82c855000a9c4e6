"""The samples of the chosen channels, read unless they came with the header."""

from dataclasses import dataclass
from itertools import groupby

from psgpipe.edf.reader import read_digital
from psgpipe.model.digital_recording import DigitalRecording, side_by_side
from psgpipe.model.opened_night import OpenedNight
from psgpipe.night.steps.step import Step


@dataclass(frozen=True)
class LoadParams:
    """Nothing about loading changes a result; what is declared of units is in `OpenedNight`."""


def load(opened: OpenedNight, _params: LoadParams) -> tuple[DigitalRecording, ...]:
    """The montage's channels as integers, one recording for each sampling rate.

    Raises
    ------
    psgpipe.errors.RecordingUnreadable, psgpipe.errors.RecordingUnsuitable
        As :func:`psgpipe.edf.reader.read_digital`.
    """
    fs_hz = {channel.label: channel.fs_hz for channel in opened.header.channels}
    there = {label for recording in opened.recorded for label in recording.labels}
    missing = [label for label in opened.montage.labels if label not in there]
    by_rate = sorted(missing, key=lambda label: fs_hz[label] or 0.0)
    read = (
        read_digital(opened.path, list(labels), units=opened.declared_units)
        for _, labels in groupby(by_rate, key=lambda label: fs_hz[label])
    )
    return side_by_side((*opened.recorded, *read))


STEP = Step("load", "1", ("opened",), "recorded", LoadParams, load)
