"""The catalogue of all steps, in their usual order."""

from psgpipe.night.steps import (
    check_quality,
    detect_events,
    filter_eeg,
    load,
    measure_microstructure,
    reference,
    stage_sleep,
    summarize,
)
from psgpipe.night.steps.step import Step

INITIAL_SLOTS = ("opened",)

CATALOGUE: dict[str, Step] = {
    step.name: step
    for step in (
        load.STEP,
        reference.STEP,
        check_quality.STEP,
        filter_eeg.STEP,
        stage_sleep.STEP,
        summarize.STEP,
        measure_microstructure.STEP,
        detect_events.STEP,
    )
}
