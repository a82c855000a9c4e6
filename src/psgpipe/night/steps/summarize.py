"""The step *summarize*: sleep architecture between lights off and lights on."""

from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.staging import Staging
from psgpipe.model.summary import ArchitectureSummary
from psgpipe.night.steps.step import Step
from psgpipe.sleep import architecture
from psgpipe.sleep.changes_of_stage import without_changes_of_stage
from psgpipe.sleep.cycles import CycleRule


def summarize(opened: OpenedNight, staged: Staging, params: CycleRule) -> ArchitectureSummary:
    """Every endpoint of the night; see :func:`psgpipe.sleep.architecture.summarize`."""
    summary = architecture.summarize(
        staged.hypnogram, staged.hypnodensity, cycle_rule=params, lights_known=opened.lights.known
    )
    return without_changes_of_stage(summary) if staged.is_chain else summary


STEP = Step("summarize", "2", ("opened", "staged"), "summary", CycleRule, summarize)
