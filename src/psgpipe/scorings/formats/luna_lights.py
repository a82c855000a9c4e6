"""Lights off and on in the files of Luna, which marks the epochs with lights on by the letter L."""

from __future__ import annotations

from collections.abc import Sequence

from psgpipe.model.header import Annotation
from psgpipe.model.scoring import ScoredStage

LIGHTS_ON = "L"


def with_lights(
    stages: Sequence[ScoredStage], others: Sequence[Annotation]
) -> tuple[Annotation, ...]:
    """The annotations with lights off and lights on in the place of the epochs with lights on.

    Lights are off from the end of the last such epoch before the first stage, and on from the
    first one after the last stage.
    """
    marks = [note for note in others if note.text == LIGHTS_ON]
    rest = tuple(note for note in others if note.text != LIGHTS_ON)
    if not marks or not stages:
        return rest
    first_s = min(stage.onset_s for stage in stages)
    last_s = max(stage.onset_s for stage in stages)
    ends_s = [m.onset_s + (m.duration_s or 0.0) for m in marks if m.onset_s < first_s]
    begins_s = [m.onset_s for m in marks if m.onset_s > last_s]
    off = (Annotation(max(ends_s), None, "Lights off"),) if ends_s else ()
    on = (Annotation(min(begins_s), None, "Lights on"),) if begins_s else ()
    return (*off, *rest, *on)
