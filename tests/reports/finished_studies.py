"""Finished studies for pages: nights in a scorer's notation, with the files of a real run."""

import datetime as dt
import json
from dataclasses import dataclass, replace

import numpy as np

from psgpipe.model.hypnogram import EPOCH_S, SCORED, Hypnodensity, Hypnogram
from psgpipe.model.night import Lights, Night, StagedNight
from psgpipe.model.summary import QualityFlag, QualityReport
from psgpipe.night.output_files import night_outputs
from psgpipe.results.night_folder import night_folder
from psgpipe.results.night_writer import fail_night, finish_night
from psgpipe.sleep.architecture import summarize
from tests.builders import stages

START = dt.datetime(2026, 3, 2, 22, 30)
A_NIGHT = "W*24 N1*6 N2*60 N3*80 N2*20 R*30 W*4 N1*6 N2*110 N3*40 R*50 N2*120 R*70 N2*60 R*40 W*40"


@dataclass(frozen=True)
class ListedNight:
    """A night of a study table: finished where it has `runs`, failed where it has a `failure`."""

    subject: str
    night: str
    condition: str | None = "baseline"
    runs: str = A_NIGHT
    flags: tuple = ()
    failure: dict | None = None
    excluded: bool = False
    missing: bool = False
    lights: str = "table"


def flag(code, message="", effect="doubt"):
    return QualityFlag(code, message, effect=effect)


def failure(problem, remedy="Look at the signal.", kind="QualityRefused"):
    return {"kind": kind, "problem": problem, "remedy": remedy, "exit_code": 5}


def finished_study(out, nights, *, blind=False):
    """The folder of a study with these nights, as a batch leaves it before it gathers."""
    out.mkdir(parents=True, exist_ok=True)
    nights = [replace(n, condition=None) for n in nights] if blind else nights
    for number, listed in enumerate(nights):
        folder = night_folder(out, listed.subject, listed.night)
        if listed.failure is not None:
            ids = {"subject": listed.subject, "night": listed.night}
            fail_night(folder, {**ids, "recording": "a.edf", **listed.failure})
        elif not (listed.excluded or listed.missing):
            staged = staged_night(listed, START + dt.timedelta(days=number))
            finish_night(folder, night_outputs(staged, (), pictures=False), staged.provenance)
    rows = [
        {
            "subject": n.subject, "night": n.night, "condition": n.condition,
            "recording": "a.edf", "excluded": n.excluded,
        }
        for n in nights
    ]  # fmt: skip
    study = {"psgpipe": "0", "pipeline": {"sha256": "p"}, "nights": rows}
    study |= {"blind": True} if blind else {}
    text = json.dumps(study, ensure_ascii=False)
    (out / "study.json").write_text(text, encoding="utf-8", errors="backslashreplace")
    return out


def staged_night(listed, start=START):
    """The night as its stager leaves it."""
    sequence = stages(listed.runs)
    n_epochs = len(sequence)
    hypnogram = Hypnogram(sequence, np.ones(n_epochs, bool), start, start.time())
    known = np.full((n_epochs, len(SCORED)), np.nan)
    for epoch, stage in enumerate(sequence):
        if stage in SCORED:
            known[epoch] = 0.05
            known[epoch, SCORED.index(stage)] = 0.8
    hypnodensity = Hypnodensity(known)
    return StagedNight(
        Night(listed.subject, listed.night, listed.condition),
        hypnogram,
        hypnodensity,
        summarize(hypnogram, hypnodensity),
        QualityReport({"C4-M1": {"artefact_pct": 1.5}}, tuple(listed.flags)),
        Lights(0.0, n_epochs * EPOCH_S, listed.lights, listed.lights),
        provenance=provenance(listed, n_epochs * EPOCH_S, start),
    )


def provenance(listed, span_s, start):
    """What the manifest of such a night says."""
    return {
        "psgpipe": "0.1.0",
        "subject": listed.subject,
        "night": listed.night,
        "fingerprint": "f", "request_sha256": "r",
        "recording": {
            "name": "a.edf", "bytes": 1, "sha256": "ab" * 32, "start": start.isoformat(),
            "start_clock": start.time().isoformat(), "duration_s": span_s, "span_s": span_s,
        },
        "pipeline": {"name": "standard-night", "sha256": "p"},
        "steps": [{"name": "stage_sleep", "version": "2", "parameters": {}, "seconds": 0.5}],
        "engine": {
            "stager": "yasa", "engine": "fast", "classifier": "clf", "classifier_sha256": "c",
            "age_and_sex": False, "versions": {"yasa": "0.8.1"},
        },
        "derivations": [{"name": "C4-M1", "role": "eeg", "why": "first in the list",
                         "terms": [{"label": "C4-M1", "weight": 1.0}]}],
        "lights": {"off_s": 0.0, "on_s": span_s, "off": "22:30:00", "on": "06:30:00",
                   "source": listed.lights},
        "window": {"first_epoch": 0, "last_epoch": int(span_s // EPOCH_S)},
        "warnings": [],
    }  # fmt: skip


def two_by_two(subjects):
    """Two baseline and two treatment nights of each subject."""
    return [
        ListedNight(f"S{number}", f"{condition[:4]}{night}", condition)
        for number in range(1, subjects + 1)
        for condition in ("baseline", "treatment")
        for night in (1, 2)
    ]
