"""A finished night, read from its files."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

from psgpipe.errors import RecordingUnsuitable
from psgpipe.model.hypnogram import Hypnogram, SleepStage
from psgpipe.sleep.agreement import Agreement, agreement


def read_summary(folder: Path) -> dict[str, Any]:
    """What ``summary.json`` of a finished night holds."""
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return summary


def read_hypnogram(folder: Path) -> Hypnogram:
    """The stages and in-bed marks of a finished night."""
    with (folder / "hypnogram.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    clock = rows[0]["clock"]
    return Hypnogram(
        tuple(SleepStage(row["stage"]) for row in rows),
        [row["in_bed"] == "true" for row in rows],  # type: ignore[arg-type]  # made an array there
        start_clock=dt.time.fromisoformat(clock) if clock else None,
    )


def agreement_with(expert: Hypnogram, folder: Path) -> Agreement:
    """Agreement of a finished night with an expert's scoring of the same recording."""
    automatic = read_hypnogram(folder)
    known = expert.start_clock and automatic.start_clock
    if known and expert.start_clock != automatic.start_clock:
        raise RecordingUnsuitable(
            f"the scoring starts at {expert.start_clock}, the recording at {automatic.start_clock}",
            "Give the scoring of this very recording.",
        )
    return agreement(expert, automatic)
