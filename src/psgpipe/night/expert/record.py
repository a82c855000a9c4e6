"""What the manifest says of the scoring that was given with a night."""

from __future__ import annotations

from typing import Any

from psgpipe.model.night import StagesBy
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.scoring import GivenScoring
from psgpipe.model.staging import Staging
from psgpipe.night.expert.correction import changes
from psgpipe.night.expert.identity import scoring_identity
from psgpipe.night.expert.results import EXPERT
from psgpipe.night.runner import StepResults


def stages_by(results: StepResults) -> StagesBy:
    """Whose stages the night has."""
    staged: Staging = results.slots["staged"]
    if staged.engine.get("stager") == EXPERT:
        return "expert"
    return "corrected" if "automatic" in results.slots else "auto"


def scoring_record(results: StepResults) -> dict[str, Any]:
    """The scoring and its alignment under the key ``scoring``; nothing where none was given."""
    opened: OpenedNight = results.slots["opened"]
    scored = opened.scored
    if scored is None:
        return {}
    given = opened.night.scoring or GivenScoring(opened.file_path)
    alignment, scoring = scored.alignment, scored.scoring
    record: dict[str, Any] = {
        "name": scoring.file,
        **(scoring_identity(opened.night) or {}),
        "format": scoring.format,
        "recognised_by": scoring.recognised_by,
        "shift_s": alignment.shift_s,
        "settled_by": alignment.settled_by,
        "remainder_s": alignment.remainder_s,
        "epochs": alignment.n_epochs,
        "outside_s": alignment.outside_s,
        "ties": list(alignment.ties),
        "without_duration": alignment.n_without_duration,
    }
    if "automatic" in results.slots:
        edited = results.slots["staged"].hypnogram
        record["changed"] = changes(results.slots["automatic"], edited, given)
        record["not_in_the_file"] = int((~scored.covered).sum())
    return {"scoring": record}
