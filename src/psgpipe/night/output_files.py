"""The output files of a staged night, as bytes."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from typing import Any

from psgpipe.edf.writer import write_scoring
from psgpipe.files.atomic import json_bytes
from psgpipe.model.derived_signal import DerivedSignal
from psgpipe.model.hypnogram import EPOCH_S, SleepStage
from psgpipe.model.night import StagedNight
from psgpipe.night.microstructure_files import microstructure_files
from psgpipe.sleep.doubted_epochs import doubted_epochs
from psgpipe.sleep.local_clock import local_clock
from psgpipe.sleep.trial_endpoints import quarters_in_bed_min

HYPNOGRAM_COLUMNS = (
    "epoch", "onset_s", "duration_s", "clock", "stage",
    "p_w", "p_n1", "p_n2", "p_n3", "p_r", "in_bed", "valid",
)  # fmt: skip
DOUBTED_EPOCHS = 30


def night_outputs(
    staged: StagedNight, referenced: Iterable[DerivedSignal], *, pictures: bool
) -> dict[str, bytes]:
    """Every output file of a finished night except its manifest, by name.

    `referenced` are the derivations that were staged; a picture shows the spectrogram of the first
    EEG.
    """
    outputs = {
        "hypnogram.tsv": hypnogram_tsv(staged),
        "hypnogram.edf": write_scoring(
            staged.hypnogram, last_epoch_s=_epoch_s(staged, len(staged.hypnogram) - 1)
        ),
        "summary.json": json_bytes(summary_dict(staged)),
        "quality.json": json_bytes(staged.quality.as_dict()),
    }
    if staged.microstructure is not None:
        outputs |= microstructure_files(staged.microstructure, staged.hypnogram)
    if pictures:
        outputs |= _report_files(staged, referenced)
    return outputs


def _report_files(staged: StagedNight, referenced: Iterable[DerivedSignal]) -> dict[str, bytes]:
    # Nights without figures do without these.
    from psgpipe.night.spectrogram import night_spectrogram
    from psgpipe.reports.night_report import report_files

    return report_files(staged, night_spectrogram(referenced, len(staged.hypnogram)))


def hypnogram_tsv(staged: StagedNight) -> bytes:
    """One row for each 30-s epoch of the recording, a shorter tail included."""
    hypnogram, text = staged.hypnogram, io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    apart, sedation = staged.disagreement, hypnogram.sedation
    beside, doubts = _stages_beside(staged), _doubt_ranks(staged)
    writer.writerow(
        (
            *HYPNOGRAM_COLUMNS,
            *(() if apart is None else ("disagreement",)),
            *(() if sedation is None else ("sedation",)),
            *beside,
            *(() if doubts is None else ("doubt",)),
        )
    )
    clock = local_clock(hypnogram.start, hypnogram.start_clock, staged.night.timezone)
    # Lists: numpy's numbers, one by one, take several times as long.
    rows = zip(
        hypnogram.stages,
        staged.hypnodensity.probabilities.tolist(),
        hypnogram.in_bed.tolist(),
        hypnogram.valid.tolist(),
        strict=True,
    )
    for epoch, (stage, probabilities, in_bed, valid) in enumerate(rows):
        onset_s = epoch * EPOCH_S
        writer.writerow(
            (
                epoch,
                f"{onset_s:g}",
                f"{_epoch_s(staged, epoch):g}",
                clock.clock_at(onset_s) or "",
                stage,
                *map(_number, probabilities),
                _truth(in_bed),
                _truth(valid),
                *(() if apart is None else (_number(apart[epoch]),)),
                *(() if sedation is None else (_truth(sedation[epoch]),)),
                *(stages[epoch] for stages in beside.values()),
                *(() if doubts is None else (doubts.get(epoch, ""),)),
            )
        )
    return text.getvalue().encode("utf-8")


def _doubt_ranks(staged: StagedNight) -> dict[int, int] | None:
    """The rank, from 1, of the epochs that the stager doubted most; None where it staged none."""
    if staged.stages_by == "expert":
        return None
    in_bed = staged.hypnogram.in_bed
    doubted = doubted_epochs(staged.hypnodensity.probabilities, in_bed)[:DOUBTED_EPOCHS]
    return {doubt.epoch: rank for rank, doubt in enumerate(doubted, start=1)}


def _stages_beside(staged: StagedNight) -> dict[str, tuple[SleepStage, ...]]:
    """Further stages of each epoch, by column: an expert's, or those before a correction."""
    expert, automatic = staged.expert, staged.automatic
    return {
        **({} if expert is None else {"expert": expert.hypnogram.stages}),
        **({} if automatic is None else {"auto": automatic.stages}),
    }


def _epoch_s(staged: StagedNight, epoch: int) -> float:
    # The recording may end within the last epoch.
    span_s = staged.provenance["recording"]["span_s"]
    return min(EPOCH_S, round(float(span_s) - epoch * EPOCH_S, 6))


def summary_dict(staged: StagedNight) -> dict[str, Any]:
    """What ``summary.json`` holds: identity, lights, every endpoint, and why one is absent."""
    night, found = staged.night, staged.microstructure
    return {
        "subject": night.subject,
        "night": night.night,
        "condition": night.condition,
        "lights_off_s": staged.lights.off_s,
        "lights_on_s": staged.lights.on_s,
        "lights_off": staged.provenance["lights"]["off"],
        "lights_on": staged.provenance["lights"]["on"],
        "lights_source": staged.lights.source,
        **staged.summary.endpoints(),
        **(found.endpoints if found else {}),
        **_disagreement(staged),
        "quarters_in_bed_min": list(quarters_in_bed_min(int(staged.hypnogram.in_bed.sum()))),
        "absent": {**staged.summary.absent, **(found.absent if found else {})},
        "stages": staged.stages_by,
        **_expert(staged),
        **_prediction(staged),
        "arousals": "not scored: AASM arousals last 3 s and 30-s staging cannot give them",
        "warnings": list(staged.provenance["warnings"]),
    }


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6f}"


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _disagreement(staged: StagedNight) -> dict[str, float | None]:
    """Mean over the epochs in bed that have a stage; only where several EEG were staged."""
    if staged.disagreement is None:
        return {}
    counted = staged.disagreement[staged.hypnogram.in_bed & staged.hypnogram.valid]
    return {"disagreement": float(counted.mean()) if len(counted) else None}


def _prediction(staged: StagedNight) -> dict[str, Any]:
    """Intervals of calibrated nights: where the value of the laboratory's scorer lies."""
    intervals = staged.prediction_intervals
    if not intervals:
        return {}
    return {"prediction_interval": {name: list(interval) for name, interval in intervals.items()}}


def _expert(staged: StagedNight) -> dict[str, Any]:
    """Agreement with an expert, the expert's architecture, and why some of it is absent."""
    expert = staged.expert
    if expert is None:
        return {}
    endpoints = expert.summary.endpoints()
    reasons = {f"expert_{name}": why for name, why in expert.summary.absent.items()}
    return {
        "agreement_epochs": expert.n_epochs,
        "accuracy": expert.accuracy,
        "kappa": expert.kappa,
        **{f"expert_{name}": value for name, value in endpoints.items()},
        "expert_absent": reasons,
    }
