"""The nights of a comparison: one row of ``nights.tsv``, and where its numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from psgpipe.model.calibration import StagerErrors


NightState = Literal["finished", "excluded", "failed", "refused", "unfinished"]
EEG_ONLY = "eeg-only"
MeasuredBy = Literal["psg", "diary", "actigraphy"]
"""The source of the numbers of a comparison; sources are never pooled."""
OTHER_SOURCES: tuple[MeasuredBy, ...] = ("diary", "actigraphy")
"""The endpoints of these have the name of the source before their own."""
SOURCE_NAMES: Mapping[MeasuredBy, str] = {
    "psg": "polysomnography", "diary": "sleep diary", "actigraphy": "actigraphy",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasuredNight:
    """One row of ``nights.tsv``: a night, its state, and its endpoints.

    What the table or the night does not have is None. `condition` is in lower case. A night can be
    analysed where its state is ``finished``; `reason` says why another cannot, or why the night is
    incomplete, in the table's words. `row` counts the header as row 1. `night_in_lab` is 1 for the
    subject's first night ever in this laboratory. `hours_since_dose` runs from the end of the dose
    to lights off. `flags` are the codes of the flags that make the numbers doubtful. `recipe` says
    how the night was made, by the `RECIPE_FIELDS` that are stated. `by_psgpipe`: psgpipe computed
    the values, as its column ``psgpipe`` says. `pipeline_name` is ``eeg-only`` where EEG alone was
    staged. `stages` says whose stages they are: ``auto``, ``expert`` or ``corrected``.
    `stager_errors` are those for ``rem`` and ``n3`` of the calibration of its stages.
    """

    subject: str
    night: str
    condition: str | None
    values: Mapping[str, float | None]
    state: NightState = "finished"
    reason: str | None = None
    row: int = 0
    night_in_lab: int | None = None
    period: str | None = None
    sequence: str | None = None
    dose_mg_per_kg: float | None = None
    dose_end: str | None = None
    hours_since_dose: float | None = None
    lights_off: str | None = None
    lights_on: str | None = None
    start: str | None = None
    comedication: str | None = None
    arm: str | None = None
    flags: tuple[str, ...] | None = None
    recipe: Mapping[str, str] = field(default_factory=dict)
    by_psgpipe: bool = False
    pipeline_name: str | None = None
    stages: str | None = None
    stager_errors: Mapping[str, StagerErrors] | None = None


RECIPE_FIELDS = (
    "calibration",
    "pipeline",
    "stager",
    "classifier",
    "derivations",
    "demographics",
    "window",
    "lights_source",
)
"""Nights of one subject are compared only if they agree in all of these fields."""
