"""A night's scoring as an EDF+ file of annotations, to be edited in EDFbrowser and read back."""

from __future__ import annotations

from psgpipe.edf.writer import STAGE_TEXTS, write_scoring
from psgpipe.model.header import Annotation
from psgpipe.model.hypnogram import SleepStage
from psgpipe.results.finished_night import FinishedNight

# Readers of scorings know "Movement time" as the stage of an epoch. "Artefact" may be an event of a
# few seconds.
TEXTS = {**STAGE_TEXTS, SleepStage.ART: "Movement time"}
LIGHTS_OFF, LIGHTS_ON = "Lights off", "Lights on"


def edf_scoring(night: FinishedNight) -> bytes:
    """Stages of 30 s, and lights off and on where they are known."""
    lights = ((night.lights_off_s, LIGHTS_OFF), (night.lights_on_s, LIGHTS_ON))
    return write_scoring(
        night.hypnogram,
        last_epoch_s=night.epoch_duration_s(len(night.hypnogram) - 1),
        texts=TEXTS,
        events=[Annotation(onset_s, None, text) for onset_s, text in lights if onset_s is not None],
    )
