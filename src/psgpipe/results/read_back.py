"""A finished night, read from its files."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

from psgpipe.model.hypnogram import EPOCH_S, Hypnogram, SleepStage
from psgpipe.model.scoring import Scoring
from psgpipe.results.manifest import read_manifest
from psgpipe.scorings.align import align
from psgpipe.sleep.agreement import Agreement, agreement
from psgpipe.sleep.local_clock import LocalClock


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


def agreement_with(scoring: Scoring, folder: Path) -> Agreement:
    """Agreement of a finished night with an expert's scoring, aligned by the clock.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        The scoring is not one of this recording.
    """
    automatic, manifest = read_hypnogram(folder), read_manifest(folder)
    started = manifest.recording.start if manifest else None
    start = dt.datetime.fromisoformat(started) if started else None
    clock = LocalClock(start, automatic.start_clock)
    expert = align(scoring, clock, len(automatic) * EPOCH_S).hypnogram
    return agreement(expert, automatic)
