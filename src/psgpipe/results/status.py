"""The status of each night in an output folder, read from its files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psgpipe.errors import OutputConflict, UsageError
from psgpipe.files.atomic import read_json
from psgpipe.model.ids import night_order
from psgpipe.results import journal
from psgpipe.results.manifest import MANIFEST, Manifest, read_manifest
from psgpipe.results.night_folder import night_folder, read_failure
from psgpipe.results.study_file import STUDY, read_study_file, read_study_head

if TYPE_CHECKING:
    from psgpipe.model.night_status import NightStatus

SILENT_AFTER_S = 3 * 60.0
_TEXTS = ("subject", "night", "condition", "recording", "exclude_reason", "sex", "scoring")


@dataclass(frozen=True)
class StudyNight:
    """A night as ``study.json`` lists it, or as its folder names it where no study does.

    `recording` is a file name. `pipeline_sha256` is None where any pipeline will do. `extra` has
    the further columns of the study table.
    """

    subject: str
    night: str
    folder: Path
    condition: str | None = None
    recording: str | None = None
    excluded: bool = False
    exclude_reason: str | None = None
    pipeline_sha256: str | None = None
    age: float | None = None
    sex: str | None = None
    scoring: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredNight:
    """What the folder of a night says: its manifest, or why it failed, is missing or excluded."""

    status: NightStatus
    kind: str | None = None
    reason: str | None = None
    manifest: Manifest | None = None
    remedy: str | None = None


def study_nights(out: Path) -> list[StudyNight]:
    """The nights that a batch listed; where no batch did, every night that has a folder."""
    study = read_study_file(out)
    require_results(out)
    try:
        return _nights_of_study(study or {}, out) or list(_nights_with_folders(out))
    except (AttributeError, KeyError, TypeError) as error:
        raise OutputConflict(
            f"{STUDY}: wanted a list of nights as psgpipe batch writes it, found something else",
            "Run the batch again; it writes the file anew.",
        ) from error


def require_results(out: Path) -> None:
    """Refuse a folder in which no run or batch has written anything."""
    if read_study_head(out) is None and not (out / "nights").is_dir():
        if not out.exists():
            raise UsageError(
                f"{out.name or out}: no such folder",
                "Give the folder that psgpipe run or batch wrote (-o).",
            )
        raise UsageError(
            f"{out.name or out}: wanted a folder of results, found neither {STUDY} nor nights/",
            "Give the folder of results of a study (-o).",
        )


def unlisted_nights(out: Path, listed: Sequence[StudyNight] | None = None) -> list[StudyNight]:
    """Nights with results in `out` that its study does not list: the table was changed since.

    `listed` are the nights of the study where they are not those of ``study.json``. Where no study
    lists nights, none is missing from it.
    """
    study = _nights_of_study(read_study_file(out) or {}, out) if listed is None else listed
    if not study or not (out / "nights").is_dir():
        return []
    folders = {night.folder for night in study}
    return [night for night in _nights_with_folders(out) if night.folder not in folders]


def _nights_of_study(study: Mapping[str, Any], out: Path) -> list[StudyNight]:
    pipeline_sha256 = study.get("pipeline", {}).get("sha256")
    return [
        StudyNight(
            **_typed(night),
            folder=night_folder(out, night["subject"], night["night"]),
            pipeline_sha256=pipeline_sha256,
        )
        for night in study.get("nights") or ()
    ]


def _typed(night: Mapping[str, Any]) -> Mapping[str, Any]:
    """The night as ``study.json`` lists it; TypeError where a value has the wrong type."""
    texts = all(isinstance(night.get(key), str | None) for key in _TEXTS)
    age, extra = night.get("age"), night.get("extra", {})
    is_number = age is None or (isinstance(age, int | float) and not isinstance(age, bool))
    names = isinstance(extra, dict) and all(isinstance(cell, str) for cell in extra.values())
    if not (texts and is_number and names and isinstance(night.get("excluded", False), bool)):
        raise TypeError
    return night


def _nights_with_folders(out: Path) -> Iterator[StudyNight]:
    folders = [f for subject in _folders(out / "nights") for f in _folders(subject)]
    nights = [_night_in(folder) for folder in folders]
    yield from sorted(nights, key=lambda night: night_order(night.subject, night.night))


def _folders(folder: Path) -> list[Path]:
    try:
        return [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")]
    except OSError:
        return []


def _night_in(folder: Path) -> StudyNight:
    content = read_json(folder / "summary.json") or read_failure(folder) or {}
    subject, night = content.get("subject"), content.get("night")
    condition = content.get("condition")
    return StudyNight(
        subject if isinstance(subject, str) else folder.parent.name,
        night if isinstance(night, str) else folder.name,
        folder,
        condition if isinstance(condition, str) else None,
    )


def word_in_tables(status: NightStatus) -> str:
    """The word for a status in ``nights.tsv`` and in the output of ``psgpipe status``."""
    return "done" if status == "finished" else status


def stored_night(night: StudyNight) -> StoredNight:
    """The status of a night by its files; no file is hashed."""
    if night.excluded:
        return StoredNight("excluded", None, night.exclude_reason or "excluded by the study table")
    manifest = read_manifest(night.folder)
    if manifest is not None:
        stale = _why_stale(manifest, night)
        return (
            StoredNight("missing", "Stale", stale)
            if stale
            else StoredNight("finished", manifest=manifest)
        )
    failure = read_failure(night.folder)
    if failure is not None:
        return StoredNight(
            "failed", failure.get("kind"), failure.get("problem"), remedy=failure.get("remedy")
        )
    if (night.folder / MANIFEST).exists():
        return StoredNight("missing", "Damaged", "its manifest is damaged; run the batch again")
    return StoredNight("missing", None, "not computed yet")


def _why_stale(manifest: Manifest, night: StudyNight) -> str | None:
    """Why a finished night is not the night that was asked for, or None where it is."""
    again = "run the batch again"
    was = manifest.recording.name
    if night.recording is not None and was != night.recording:
        return f"finished from another recording, {was}; {again}, with --force if that is meant"
    if night.pipeline_sha256 not in (None, manifest.pipeline.sha256):
        return f"finished by another pipeline, {manifest.pipeline.name}; {again}"
    return None


@dataclass(frozen=True)
class BatchRun:
    """A run of a batch that has not ended, according to its journal.

    `began_at` is UTC, ISO. `in_hand` has ``(subject, night)`` of the nights that it has begun and
    not ended. `silent_s` counts from its last entry in the journal. `process_ended` is known on the
    machine where the run was.
    """

    journal: str
    began_at: str
    in_hand: tuple[tuple[str, str], ...]
    silent_s: float
    process_ended: bool = False

    @property
    def is_alive(self) -> bool:
        """Whether its last entry in the journal is recent, and its process may still be there."""
        return self.silent_s < SILENT_AFTER_S and not self.process_ended


def batch_runs(out: Path) -> list[BatchRun]:
    """The batches that have not ended: at work now, or killed."""
    return [run for path in journal.journals(out) for run in _runs_without_end(path)]


def _runs_without_end(path: Path) -> Iterator[BatchRun]:
    began: dict[str, str] = {}
    last_entry: dict[str, str] = {}
    in_hand: dict[str, list[tuple[str, str]]] = {}
    process: dict[str, str] = {}
    for event in journal.events(path):
        run, name = str(event.get("run")), event["event"]
        if name == "batch began":
            began[run], in_hand[run] = str(event.get("at")), []
            process[run] = str(event.get("process"))
        elif name in ("batch ended", "batch stopped"):
            began.pop(run, None)
        elif run in began:
            _update(in_hand[run], name, (str(event.get("subject")), str(event.get("night"))))
        last_entry[run] = str(event.get("at"))
    for run, at in began.items():
        silent_s = _seconds_since(last_entry[run])
        yield BatchRun(path.name, at, tuple(in_hand[run]), silent_s, _has_ended(process[run]))


def _has_ended(tag: str) -> bool:
    """Whether the process of a run is known to have ended; another machine does not know."""
    from psgpipe.files.owner_tag import owner_of
    from psgpipe.files.process_identity import state_of

    owner = owner_of(tag)
    return owner is not None and state_of(owner) in ("ended", "another boot")


def _update(in_hand: list[tuple[str, str]], event: str, night: tuple[str, str]) -> None:
    if event == "started":
        in_hand.append(night)
    elif night in in_hand:
        in_hand.remove(night)


def _seconds_since(at: str) -> float:
    """Seconds since a time of the journal, which is UTC; infinity where it cannot be read."""
    try:
        moment = dt.datetime.fromisoformat(at)
    except ValueError:
        return float("inf")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (dt.datetime.now(dt.UTC) - moment).total_seconds())
