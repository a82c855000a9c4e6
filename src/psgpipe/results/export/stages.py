"""Whose stages of a night are exported: those of the night, the automatic ones or a person's."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from psgpipe.model.summary import ENDPOINTS
from psgpipe.results.finished_night import FinishedNight

StagesWanted = Literal["auto", "expert"]
ABSENT = {"auto": "it has no automatic stages", "expert": "it has no stages of a person"}


def with_stages(night: FinishedNight, wanted: StagesWanted | None) -> FinishedNight | None:
    """The night with the stages that are wanted; None where it does not have them.

    Without a wish the night keeps its own: automatic, a person's or corrected ones. Endpoints go
    with the stages; those of the automatic stages before a correction are not known.
    """
    if wanted in (None, night.stages_by):
        return night
    stages = night.further_stages.get(wanted or "")
    if stages is None:
        return None
    is_expert = wanted == "expert"
    endpoints = {
        name: night.summary.get(f"expert_{name}") if is_expert else None for name in ENDPOINTS
    }
    return replace(
        night,
        hypnogram=replace(night.hypnogram, stages=stages),
        probabilities=np.full_like(night.probabilities, np.nan)
        if is_expert
        else night.probabilities,
        summary={**night.summary, **endpoints},
        stages_by=wanted or "",
    )
