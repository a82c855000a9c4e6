"""The colours of pictures and pages: distinct for colour-blind eyes, and in grey."""

from __future__ import annotations

from psgpipe.model.hypnogram import SleepStage

# From the palette of Okabe and Ito (2008); each stage is darker than the one before it, so that
# the five differ in grey too.
STAGE_COLOURS = {
    SleepStage.W: "#f3e38e",
    SleepStage.N1: "#83bce3",
    SleepStage.R: "#d3622b",
    SleepStage.N2: "#19599a",
    SleepStage.N3: "#0c1c3d",
}
CONVENTIONAL_ORDER = (
    SleepStage.W, SleepStage.R, SleepStage.N1, SleepStage.N2, SleepStage.N3,
)  # fmt: skip
"""The stages of a hypnogram from top to bottom."""

INK = "#1d2126"
QUIET_INK = "#555d66"
GRID = "#dfe3e8"
NO_STAGE = "#c9ced4"
SEDATION, SEDATION_INK = "#cc79a7", "#8c2f66"
WARNING = "#a3301a"
BEFORE = "#4d4d4d"
AFTER = "#0072b2"
"""Baseline and treatment in the pictures of a comparison."""

COLOURS = {
    "ink": INK, "quiet": QUIET_INK, "grid": GRID, "no_stage": NO_STAGE, "sedation": SEDATION,
    "sedation_ink": SEDATION_INK,
    "warning": WARNING, "before": BEFORE, "after": AFTER,
    "stage": {str(stage): colour for stage, colour in STAGE_COLOURS.items()},
}  # fmt: skip
"""The same by name, for templates (``colours.ink``, ``colours.stage.R``)."""
