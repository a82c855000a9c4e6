"""The stage that a text of a scoring names: by the user's mapping, else by the label tables."""

from __future__ import annotations

from psgpipe.model.hypnogram import SleepStage
from psgpipe.montage.event_labels import read_stage
from psgpipe.montage.label_table import fold_event
from psgpipe.scorings.formats.scoring_format import ReadOptions


def stage_of(text: str, options: ReadOptions) -> SleepStage | None:
    """The stage, or None where the text names none.

    A mapping goes before the label tables; it need not name every spelling.
    """
    mapped = (options.mapping or {}).get(fold_event(text))
    return mapped or read_stage(text, options.label_table)
