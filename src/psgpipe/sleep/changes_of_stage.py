"""Endpoints that count changes of stage: withheld where a chain makes them too few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from psgpipe.model.summary import QUARTERS, ArchitectureSummary

CHANGES_OF_STAGE = (
    "awakenings", "awakenings_per_h", "sleep_to_wake_per_h", "stage_shifts", "stage_shifts_per_h",
    "awakenings_lps", "awakening_mean_lps_min", *(f"awakenings_q{q}" for q in QUARTERS),
)  # fmt: skip
REASON = (
    "withheld: the stages come from a calibration with a chain, which finds too few changes of "
    "stage"
)


def without_changes_of_stage(summary: ArchitectureSummary) -> ArchitectureSummary:
    """The summary without the endpoints that count changes of stage, with the reason."""
    nothing: dict[str, Any] = dict.fromkeys(CHANGES_OF_STAGE)
    reasons = {name: summary.absent.get(name, REASON) for name in CHANGES_OF_STAGE}
    return replace(summary, **nothing, absent={**summary.absent, **reasons})
