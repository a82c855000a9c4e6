"""Scorings as a BIDS derivative: a table of events for each night, and what describes them.

The rules: https://bids-specification.readthedocs.io, "BIDS Derivatives" and "Events".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psgpipe._version import __version__
from psgpipe.files.atomic import json_bytes
from psgpipe.model.hypnogram import EPOCH_S, SCORED, SleepStage
from psgpipe.results.export.numbers import plain_number
from psgpipe.results.finished_night import FinishedNight
from psgpipe.results.manifest import Manifest
from psgpipe.tables.cells import without_formula

BIDS_VERSION = "1.10.0"
COLUMNS = (
    "onset", "duration", "trial_type", "scoring_standard", "method", "annotator", "confidence",
)  # fmt: skip
ABSENT = "n/a"
STANDARD = "AASM"
DESCRIPTIONS = {"auto": "yasa", "corrected": "corrected", "expert": "expert"}
"""The label ``desc-<label>`` by whose stages they are."""
METHODS = {"auto": "automatic", "corrected": "corrected", "expert": "manual"}
_LEVELS = {
    SleepStage.W: "wake",
    SleepStage.N1: "NREM stage 1",
    SleepStage.N2: "NREM stage 2",
    SleepStage.N3: "NREM stage 3",
    SleepStage.R: "REM sleep",
    SleepStage.ART: "an artefact: there is signal, and it cannot be staged",
    SleepStage.UNS: "not scored: no signal, or outside of the part that was staged",
}
_LIGHTS = {"lights_off": "the lights are turned off", "lights_on": "the lights are turned on"}
_METHODS = {
    "automatic": "a program; not AASM scoring",
    "corrected": "a program, and a person who corrected it",
    "manual": "a person",
}
_ANNOTATORS = {
    "auto": "The stager; it read {}.",
    "corrected": "The stager, which read {}, and a person who corrected its stages.",
    "expert": "A person.",
}
_README = """\
Sleep stages of 30-s epochs, exported by psgpipe.

desc-yasa: automatic stages (YASA). They are not AASM scoring and not for diagnosis.
desc-corrected: automatic stages that a person has corrected.
desc-expert: stages that a person scored.

Each sub-<label>_ses-<label>_task-sleep_desc-<label>_events.tsv has the stages of one night, with
onsets in seconds from the start of the recording, and lights off and lights on where they are
known. The .json beside it describes the columns.

A BIDS label has only letters and digits. participants.tsv has the id of each subject as psgpipe
knows it, and sub-<label>_sessions.tsv that of each night.
"""


def events_name(subject_label: str, night_label: str, stages_by: str = "auto") -> str:
    """The path of a night's events in the data set, without its extension."""
    subject, session = f"sub-{subject_label}", f"ses-{night_label}"
    stem = f"{subject}_{session}_task-sleep_desc-{DESCRIPTIONS[stages_by]}_events"
    return f"{subject}/{session}/eeg/{stem}"


def events_tsv(night: FinishedNight) -> bytes:
    """The stages of a night, a row for each epoch, and lights off and on."""
    method, annotator, confidence = METHODS[night.stages_by], _annotator(night), _confidence(night)
    rows = [
        (
            EPOCH_S * epoch, night.epoch_duration_s(epoch), str(stage), STANDARD, method,
            annotator, confidence[epoch],
        )
        for epoch, stage in enumerate(night.hypnogram.stages)
    ]  # fmt: skip
    lights = zip(_LIGHTS, (night.lights_off_s, night.lights_on_s), strict=True)
    rows += [
        (onset_s, 0.0, name, ABSENT, ABSENT, ABSENT, ABSENT)
        for name, onset_s in lights
        if onset_s is not None
    ]
    rows.sort(key=lambda row: row[:2])
    return _table(COLUMNS, ((plain_number(row[0]), plain_number(row[1]), *row[2:]) for row in rows))


def events_json(night: FinishedNight) -> bytes:
    """What the columns of a night's events mean."""
    derivations = ", ".join(d.name for d in night.manifest.derivations)
    levels = {str(stage): meaning for stage, meaning in _LEVELS.items()} | _LIGHTS
    return json_bytes(
        {
            "trial_type": {"Description": "Sleep stage, or a change of the lights."}
            | {"Levels": levels},
            "scoring_standard": {"Description": "The manual whose names of stages are used."},
            "method": {"Description": "Who scored: a program, or a person.", "Levels": _METHODS},
            "annotator": {"Description": _ANNOTATORS[night.stages_by].format(derivations)},
            "confidence": {
                "Description": "The stager's probability of the stage, 0 to 1; not calibrated. "
                "Absent where a person gave the stage."
            },
        }
    )


def data_set_files(
    staged: Iterable[Manifest],
    subject_labels: Mapping[str, str],
    night_labels: Mapping[str, Mapping[str, str]],
) -> dict[str, bytes]:
    """The files that describe the whole data set, by their paths in it.

    Parameters
    ----------
    staged
        The manifests of the nights with automatic stages, corrected or not.
    subject_labels, night_labels
        The label of each subject, and of each night by subject.
    """
    files = {
        "README.md": _README.encode("utf-8"),
        "dataset_description.json": json_bytes(_description(staged)),
        "participants.tsv": _table(
            ("participant_id", "subject"),
            ((f"sub-{label}", subject) for subject, label in subject_labels.items()),
        ),
        "participants.json": json_bytes(
            {"subject": {"Description": "The id of the subject, as psgpipe knows it."}}
        ),
    }
    for subject, label in subject_labels.items():
        path = f"sub-{label}/sub-{label}_sessions"
        files[f"{path}.tsv"] = _table(
            ("session_id", "night"),
            ((f"ses-{session}", night) for night, session in night_labels[subject].items()),
        )
        files[f"{path}.json"] = json_bytes(
            {"night": {"Description": "The id of the night, as psgpipe knows it."}}
        )
    return files


def _annotator(night: FinishedNight) -> str:
    if night.stages_by == "expert":
        return "expert"
    stager = _stager(night.manifest)
    return f"{stager}, corrected" if night.stages_by == "corrected" else stager


def _stager(manifest: Manifest) -> str:
    """The stager with its version: ``yasa 0.8.1``."""
    name = manifest.engine.stager or "yasa"
    return f"{name} {manifest.engine.versions.get(name, '')}".strip()


def _description(staged: Iterable[Manifest]) -> dict[str, Any]:
    programs = {_stager(manifest) for manifest in staged}
    stagers = sorted(program.partition(" ")[::2] for program in programs)
    return {
        "Name": "Sleep stages",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [
            {
                "Name": "psgpipe",
                "Version": __version__,
                "Description": "Sleep stages of 30-s epochs",
            },
            *({"Name": name, **({"Version": v} if v else {})} for name, v in stagers),
        ],
    }


def _confidence(night: FinishedNight) -> list[str]:
    """The probability of the stage that each epoch has; absent where it was not staged."""
    column = {stage: number for number, stage in enumerate(SCORED)}
    stages = night.hypnogram.stages
    automatic = night.further_stages.get("auto", stages)  # before a correction
    values = [
        float(row[column[stage]]) if stage in column and stage == own else math.nan
        for row, stage, own in zip(night.probabilities, stages, automatic, strict=True)
    ]
    return [plain_number(p) if math.isfinite(p) else ABSENT for p in values]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    lines = (
        "\t".join(without_formula(" ".join(str(cell).split())) or ABSENT for cell in row)
        for row in (columns, *rows)
    )
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
