"""The step *load*: read the samples of the montage's channels that are not read yet."""

from dataclasses import dataclass

from psgpipe.model.digital_recording import DigitalRecording, merge_by_rate
from psgpipe.model.opened_night import OpenedNight
from psgpipe.night.parts import read_missing
from psgpipe.night.steps.step import Step


@dataclass(frozen=True)
class LoadParams:
    """Loading has no parameters; declared units are in `OpenedNight`."""


def load(opened: OpenedNight, _params: LoadParams) -> tuple[DigitalRecording, ...]:
    """The montage's channels as integers, one recording for each sampling rate."""
    present = {label for recording in opened.recorded for label in recording.labels}
    missing = [label for label in opened.montage.labels if label not in present]
    if not missing:
        return opened.recorded
    others = read_missing(opened, missing)
    return merge_by_rate((*opened.recorded, *others))


STEP = Step("load", "1", ("opened",), "recorded", LoadParams, load)
