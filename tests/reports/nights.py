"""Staged nights for pictures and pages."""

import datetime as dt
from dataclasses import replace

import numpy as np

from psgpipe.model.hypnogram import EPOCH_S, SCORED, Hypnodensity, Hypnogram
from psgpipe.model.night import ExpertStages, Lights, Night, StagedNight
from psgpipe.model.summary import QualityFlag, QualityReport
from psgpipe.reports.spectrogram_image import Spectrogram
from psgpipe.sleep.agreement import agreement
from psgpipe.sleep.architecture import summarize
from tests.builders import stages

START = dt.datetime(2026, 11, 27, 22, 30)
WHOLE_NIGHT = (
    "UNS*20 W*60 N1*10 N2*90 N3*80 N2*20 R*30 W*4 N1*6 N2*110 ART*12 N2*20 N3*40 N2*30 R*50 W*10 "
    "N1*8 N2*120 R*70 N1*4 N2*60 R*40 W*40 UNS*20"
)


def staged_night(
    runs: str = WHOLE_NIGHT,
    *,
    subject: str = "S01",
    night: str = "base1",
    condition: str | None = "baseline",
    dose_end: str | None = None,
    sedation: range | None = None,
    start: dt.datetime | None = START,
    lights: tuple[int, int] | None = None,
    flags: tuple[QualityFlag, ...] = (),
    span_s: float | None = None,
    derivations: tuple[str, ...] = ("C4-M1", "E1-M2", "chin1-chin2"),
    expert: str | None = None,
    calibrated: bool = False,
    chain: bool = False,
    fitted_to: bool = False,
) -> StagedNight:
    """A night of these runs of stages; `lights` are the first epoch in bed and the end."""
    sequence = stages(runs)
    n_epochs, number = len(sequence), np.arange(len(sequence))
    first, end = lights or (0, n_epochs)
    hypnogram = Hypnogram(
        sequence, (number >= first) & (number < end), start, start.time() if start else None,
        None if sedation is None else np.isin(number, list(sedation)),
    )  # fmt: skip
    hypnodensity = probabilities(hypnogram)
    source = "table" if lights else "recording"
    return StagedNight(
        night=Night(subject, night, condition, dose_end=dose_end),
        hypnogram=hypnogram,
        hypnodensity=hypnodensity,
        summary=summarize(hypnogram, hypnodensity),
        quality=QualityReport(
            measures={name: {"artefact_pct": 1.2} for name in derivations}, flags=flags
        ),
        lights=Lights(first * EPOCH_S, end * EPOCH_S, source, source),
        provenance=provenance(
            derivations, span_s or n_epochs * EPOCH_S, start,
            calibration(chain=chain, fitted_to=fitted_to) if calibrated else None,
        ),
        expert=expert and beside(hypnogram, expert),
        prediction_intervals={"rem_pct": (8.21, 31.04)} if calibrated else {},
    )  # fmt: skip


def calibration(*, chain: bool, fitted_to: bool):
    """The calibration of a laboratory, as the step of staging has it among its parameters."""
    recordings = ["0" * 16, "1" * 16, "ab" * 8 if fitted_to else "2" * 16]
    return {
        "sha256": "12" * 32, "temperature": 1.1, "offsets": [0.0] * 5, "derivations": ["Fpz-Cz"],
        "transitions": [[0.0] * 5] * 5 if chain else [], "recordings": recordings,
    }  # fmt: skip


def beside(hypnogram: Hypnogram, runs: str) -> ExpertStages:
    """An expert's stages of the same night."""
    scored = replace(hypnogram, stages=stages(runs))
    both = agreement(scored, hypnogram)
    return ExpertStages(scored, summarize(scored), both.n_epochs, both.accuracy, both.kappa)


def probabilities(hypnogram: Hypnogram) -> Hypnodensity:
    """Between 0.5 and 0.9 for the stage of each epoch, the rest for the others."""
    known = np.full((len(hypnogram), len(SCORED)), np.nan)
    for epoch, stage in enumerate(hypnogram.stages):
        if stage in SCORED:
            sure = 0.7 + 0.2 * np.sin(epoch / 7)
            known[epoch] = (1 - sure) / 4
            known[epoch, SCORED.index(stage)] = sure
    return Hypnodensity(known)


def provenance(derivations, span_s, start, calibrated_by=None):
    """What the manifest of such a night says."""
    used = {"calibration": calibrated_by} if calibrated_by else {}
    engine = {"calibration": "lab.toml", "calibration_sha256": "12" * 32} if used else {}
    return {
        "psgpipe": "0.1.0",
        "recording": {
            "name": "S01.edf", "bytes": 123456, "sha256": "ab" * 32,
            "start": start and start.isoformat(), "start_clock": "22:30:00",
            "duration_s": span_s, "span_s": span_s,
        },
        "pipeline": {"name": "standard-night", "sha256": "cd" * 32},
        "steps": [{"name": "stage_sleep", "version": "2", "parameters": used, "seconds": 0.5}],
        "engine": {
            "stager": "yasa", "engine": "fast", "classifier": "clf_eeg+eog+emg.joblib",
            "classifier_sha256": "ef" * 32, "age_and_sex": False, "versions": {"yasa": "0.8.1"},
            **engine,
        },
        "derivations": [
            {"name": name, "role": role, "why": "first in the list",
             "terms": [{"label": f"label of {name}", "weight": 1.0}]}
            for name, role in zip(derivations, ("eeg", "eog", "emg"), strict=False)
        ],
        "lights": {"off_s": 0.0, "on_s": span_s, "off": None, "on": None, "source": "table"},
        "window": {"first_epoch": 0, "last_epoch": int(span_s // EPOCH_S)},
        "warnings": [],
    }  # fmt: skip


def spectrogram(n_epochs: int) -> Spectrogram:
    """A spectrogram that falls with frequency and changes over the night."""
    freqs_hz = np.arange(0, 30.25, 0.25)
    epochs = np.arange(n_epochs)
    power_db = 20 - freqs_hz[:, None] + 8 * np.sin(epochs / 60)[None, :]
    noise = np.random.default_rng(0).normal(0, 3, power_db.shape)
    return Spectrogram(freqs_hz, power_db + noise, "C4-M1")
