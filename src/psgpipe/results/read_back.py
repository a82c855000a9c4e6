"""A finished night, read from its files."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

from psgpipe.model.hypnogram import Hypnogram, SleepStage
from psgpipe.sleep.agreement import Agreement, agreement


def read_summary(folder: Path) -> dict[str, Any]:
    """What ``summary.json`` of a finished night holds."""
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return summary


def read_hypnogram(folder: Path, column: str = "stage") -> Hypnogram | None:
    """The stages of a finished night in a column of ``hypnogram.tsv``; None where it is absent.

    ``stage`` is always there; ``expert`` are a person's stages beside automatic ones, ``auto`` the
    automatic stages beside corrected ones.
    """
    with (folder / "hypnogram.tsv").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file, delimiter="\t")
        if column not in (table.fieldnames or ()):
            return None
        rows = list(table)
    clock = rows[0]["clock"]
    return Hypnogram(
        tuple(SleepStage(row[column]) for row in rows),
        [row["in_bed"] == "true" for row in rows],  # type: ignore[arg-type]  # made an array there
        start_clock=dt.time.fromisoformat(clock) if clock else None,
    )


def agreement_in(folder: Path) -> Agreement | None:
    """Agreement of a finished night with the expert's stages in it; None where it has none."""
    expert = read_hypnogram(folder, "expert")
    automatic = None if expert is None else read_hypnogram(folder)
    return None if expert is None or automatic is None else agreement(expert, automatic)
