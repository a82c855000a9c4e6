"""Scorers who stand in the texts of annotations: ``AB: Sleep stage 2`` or ``Sleep stage 2@@AB``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from psgpipe.model.hypnogram import SleepStage
from psgpipe.scorings.formats.scoring_format import ReadOptions
from psgpipe.scorings.stage_texts import stage_of
from psgpipe.scorings.stage_words import stage_word

# EDF+ appends "@@" and what an annotation is about.
_FORMS = (
    re.compile(r"(?P<stage>.+?)\s*@@\s*(?P<scorer>.{1,60})"),
    re.compile(r"(?P<scorer>[^:|]{1,60}?)\s*[:|]\s*(?P<stage>.+)"),
    re.compile(r"(?P<stage>.+?)\s*[(\[](?P<scorer>[^)\]]{1,60})[)\]]"),
    re.compile(r"(?P<scorer>.{1,60}?)\s+[-–]\s+(?P<stage>.+)"),
)


def scorers_of(texts: Iterable[str], options: ReadOptions) -> Mapping[str, tuple[SleepStage, str]]:
    """The stage and the scorer of each text that names both.

    Only where every stage of the file names its scorer, and there are several: a remark behind a
    stage is no scorer.
    """
    distinct = dict.fromkeys(texts)
    for form in _FORMS:
        found: dict[str, tuple[SleepStage, str]] = {}
        for text in distinct:
            match = form.fullmatch(text.strip())
            stage = stage_of(match["stage"], options) if match else None
            # "N1 (NREM 1)" says the stage twice and names nobody.
            if match and stage is not None and stage_word(match["scorer"]) is None:
                found[text] = (stage, match["scorer"].strip())
        without = any(stage_of(text, options) for text in distinct if text not in found)
        if len({scorer for _, scorer in found.values()}) > 1 and not without:
            return found
    return {}
