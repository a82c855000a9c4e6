"""The step *summarize*: sleep architecture between lights off and lights on."""

from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.staging import Staging
from psgpipe.model.summary import ArchitectureSummary
from psgpipe.night.steps.step import Step
from psgpipe.sleep import architecture
from psgpipe.sleep.cycles import CycleRule


def summarize(opened: OpenedNight, staged: Staging, params: CycleRule) -> ArchitectureSummary:
    """Every endpoint of the night; see :func:`psgpipe.sleep.architecture.summarize`."""
    return architecture.summarize(
        staged.hypnogram, staged.hypnodensity, cycle_rule=params, lights_known=opened.lights.known
    )


STEP = Step("summarize", "2", ("opened", "staged"), "summary", CycleRule, summarize)
