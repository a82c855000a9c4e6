"""A night's scoring as JSON that ``yasa.Hypnogram.from_json`` reads; yasa is not needed for it."""

from __future__ import annotations

import json

import numpy as np

from psgpipe.model.conversions.to_yasa import YASA_NAMES
from psgpipe.model.hypnogram import SCORED
from psgpipe.results.finished_night import FinishedNight

SCORERS = {"auto": "YASA", "corrected": "YASA, corrected", "expert": "expert"}
"""By whose stages they are; yasa itself calls its stager YASA."""


def yasa_json(night: FinishedNight) -> bytes:
    """The keys of ``yasa.Hypnogram.to_dict``.

    yasa wants the probabilities of every epoch or of none: they are left out where an epoch was not
    staged, and of corrected stages.
    """
    start, probabilities = night.hypnogram.start, night.probabilities
    by_stage = {
        YASA_NAMES[stage]: [round(float(p), 6) for p in probabilities[:, column]]
        for column, stage in enumerate(SCORED)
    }
    has_all = night.stages_by == "auto" and bool(np.isfinite(probabilities).all())
    document = {
        "values": [YASA_NAMES[stage] for stage in night.hypnogram.stages],
        "n_stages": len(SCORED),
        "freq": "30s",
        "start": None if start is None else start.isoformat(),
        "scorer": SCORERS[night.stages_by],
        "proba": by_stage if has_all else None,
    }
    return (json.dumps(document, indent=2) + "\n").encode("utf-8")
