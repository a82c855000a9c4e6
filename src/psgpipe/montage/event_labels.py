"""The meaning of annotation texts: stages, lights off and lights on."""

from __future__ import annotations

import re
from typing import Literal

from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.montage import LabelTable
from psgpipe.montage.label_table import fold_event, shipped_tables

_TRAILING_CLOCK = re.compile(r"[@\d]+(am|pm|h|hrs|uhr)?$")


def read_stage(text: str, user_table: LabelTable | None = None) -> SleepStage | None:
    """The stage that an annotation or a scoring names, or None."""
    folded = fold_event(text)
    tables = (*([user_table] if user_table else []), *shipped_tables())
    return next((t.stages[folded] for t in tables if folded in t.stages), None)


def read_lights(text: str, user_table: LabelTable | None = None) -> Literal["off", "on"] | None:
    """Whether an annotation says lights off or lights on; a clock time after it is ignored."""
    folded = fold_event(text)
    tables = (*([user_table] if user_table else []), *shipped_tables())
    for spelling in (folded, _TRAILING_CLOCK.sub("", folded)):
        for table in tables:
            if spelling in table.lights:
                return table.lights[spelling]
    return None
