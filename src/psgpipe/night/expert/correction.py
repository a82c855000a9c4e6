"""The correction of a night: automatic stages that somebody has edited, epoch by epoch."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from psgpipe.files.file_state import FileState
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.model.scoring import AlignedScoring, GivenScoring


def corrected(automatic: Hypnogram, scored: AlignedScoring) -> Hypnogram:
    """The automatic stages with those that the edited file has; the others stay as they are."""
    stages = tuple(
        edited if is_said else stage
        for stage, edited, is_said in zip(
            automatic.stages, scored.hypnogram.stages, scored.covered, strict=True
        )
    )
    return replace(automatic, stages=stages)


def changes(automatic: Hypnogram, edited: Hypnogram, given: GivenScoring) -> list[dict[str, Any]]:
    """Every epoch that was changed: from which stage to which, by whom, and when.

    The time is that of the edited file, UTC.
    """
    state = FileState.of(given.path)
    moment = state and dt.datetime.fromtimestamp(state.mtime_ns // 10**9, dt.UTC)
    when = moment.isoformat() if moment else None
    return [
        {"epoch": epoch, "from": str(was), "to": str(now), "who": given.by, "when": when}
        for epoch, (was, now) in enumerate(zip(automatic.stages, edited.stages, strict=True))
        if was != now
    ]
