"""A staged night as the bytes of its files."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import Any

import numpy as np

from psgpipe.adapters.edf_writer import write_scoring
from psgpipe.adapters.figures import night_pictures
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.night import StagedNight
from psgpipe.model.recording import Recording
from psgpipe.pipeline.store import json_bytes
from psgpipe.science.lights import clock_at
from psgpipe.science.spectra import epoch_spectrogram

HYPNOGRAM_COLUMNS = (
    "epoch", "onset_s", "duration_s", "clock", "stage",
    "p_w", "p_n1", "p_n2", "p_n3", "p_r", "in_bed", "valid",
)  # fmt: skip
HIGHEST_SHOWN_HZ = 30.0


def night_outputs(
    staged: StagedNight, filtered: tuple[Recording, ...], *, pictures: bool
) -> dict[str, bytes]:
    """Every output of a finished night but its manifest, by file name."""
    outputs = {
        "hypnogram.tsv": hypnogram_tsv(staged),
        "hypnogram.edf": write_scoring(staged.hypnogram),
        "summary.json": json_bytes(summary_dict(staged)),
        "quality.json": json_bytes(staged.quality.as_dict()),
    }
    if pictures:
        outputs |= night_pictures(
            staged.hypnogram,
            staged.hypnodensity,
            staged.lights,
            _title(staged),
            _spectrogram(staged, filtered),
        )
    return outputs


def hypnogram_tsv(staged: StagedNight) -> bytes:
    """One row for each 30-s epoch of the recording, a shorter tail included."""
    span_s = staged.provenance["recording"]["span_s"]
    hypnogram, text = staged.hypnogram, io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(HYPNOGRAM_COLUMNS)
    valid = hypnogram.valid
    for epoch, stage in enumerate(hypnogram.stages):
        onset_s = epoch * EPOCH_S
        probabilities = staged.hypnodensity.probabilities[epoch]
        writer.writerow(
            (
                epoch,
                f"{onset_s:g}",
                f"{min(EPOCH_S, round(span_s - onset_s, 6)):g}",
                clock_at(hypnogram.start_clock, onset_s) or "",
                stage,
                *("" if np.isnan(p) else f"{p:.6f}" for p in probabilities),
                str(bool(hypnogram.in_bed[epoch])).lower(),
                str(bool(valid[epoch])).lower(),
            )
        )
    return text.getvalue().encode("utf-8")


def summary_dict(staged: StagedNight) -> dict[str, Any]:
    """What ``summary.json`` holds: identity, lights, every endpoint, and why one is absent."""
    night = staged.night
    return {
        "subject": night.subject,
        "night": night.night,
        "condition": night.condition,
        "lights_off_s": staged.lights.off_s,
        "lights_on_s": staged.lights.on_s,
        "lights_source": staged.lights.source,
        **staged.summary.endpoints(),
        "absent": dict(staged.summary.absent),
        "arousals": "not scored: AASM arousals last 3 s and 30-s staging cannot give them",
        "warnings": list(staged.provenance["warnings"]),
    }


def night_dict(staged: StagedNight) -> dict[str, Any]:
    """Identity of the night as plain values."""
    return dataclasses.asdict(staged.night)


def _title(staged: StagedNight) -> str:
    night = staged.night
    parts = [night.subject, night.night, *([night.condition] if night.condition else [])]
    derivations = ", ".join(d["name"] for d in staged.provenance["derivations"])
    shown = " · ".join(_printable(part) for part in parts)
    return f"{shown} — automatic stages from {derivations}, not AASM scoring"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _spectrogram(
    staged: StagedNight, filtered: tuple[Recording, ...]
) -> tuple[np.ndarray, np.ndarray] | None:
    if not filtered:
        return None
    return epoch_spectrogram(filtered[0], len(staged.hypnogram), HIGHEST_SHOWN_HZ)
