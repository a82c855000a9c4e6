"""The meaning of annotation texts: stages, lights off and lights on."""

from __future__ import annotations

import re

from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.montage import LabelTable
from psgpipe.montage.label_table import fold_event, shipped_tables
from psgpipe.montage.lights_text import (
    SHORTEST_PHRASE,
    LightsMention,
    clock_in,
    core_of,
    lights_mention,
)
from psgpipe.montage.lights_words import Side, squeeze

_TRAILING_CLOCK = re.compile(r"[@\d]+(am|pm|h|hrs|uhr)?$")


def read_stage(text: str, user_table: LabelTable | None = None) -> SleepStage | None:
    """The stage that an annotation or a scoring names, or None."""
    folded = fold_event(text)
    tables = (*([user_table] if user_table else []), *shipped_tables())
    return next((t.stages[folded] for t in tables if folded in t.stages), None)


def lights_in(text: str, user_table: LabelTable | None = None) -> LightsMention | None:
    """What an annotation says about the lights; None if nothing.

    A spelling of the label table goes before the words of psgpipe, also where a clock time or a
    word such as "event" stands beside it.
    """
    lights = user_table.lights if user_table else {}
    folded = fold_event(text)
    for spelling in (folded, _TRAILING_CLOCK.sub("", folded)):
        if spelling in lights:
            return _listed(lights[spelling], text)
    squeezed = {squeeze(spelling): meaning for spelling, meaning in lights.items()}
    if (core := core_of(text)) in squeezed:
        return _listed(squeezed[core], text)
    mention = lights_mention(text)
    if mention is None or mention.certainty != "sure":
        whole = squeeze(text.partition("@@")[0])
        phrases = [p for p, m in squeezed.items() if m != "ignore" and len(p) >= SHORTEST_PHRASE]
        if any(phrase in whole for phrase in phrases):
            return LightsMention(None, "likely")
    return mention


def _listed(meaning: Side | str, text: str) -> LightsMention | None:
    if meaning == "ignore":
        return None
    return LightsMention("off" if meaning == "off" else "on", "sure", clock_in(text))
