"""Sleep architecture between lights off and lights on."""

from psgpipe.model.opened import OpenedNight
from psgpipe.model.staging import Staging
from psgpipe.model.summary import ArchitectureSummary
from psgpipe.science import architecture
from psgpipe.science.cycles import CycleRule
from psgpipe.steps.step import Step


def summarize(opened: OpenedNight, staged: Staging, params: CycleRule) -> ArchitectureSummary:
    """Every endpoint of the night; see :func:`psgpipe.science.architecture.summarize`."""
    return architecture.summarize(
        staged.hypnogram,
        staged.hypnodensity,
        cycle_rule=params,
        lights_known=opened.lights.known,
    )


STEP = Step("summarize", "1", ("opened", "staged"), "summary", CycleRule, summarize)
