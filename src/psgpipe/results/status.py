"""The nights of an output folder, and what became of each; read from files only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from psgpipe.errors import OutputConflict, UsageError
from psgpipe.files import atomic
from psgpipe.results import journal
from psgpipe.results.manifest import MANIFEST, Manifest, read_manifest
from psgpipe.results.night_folder import night_folder, read_failure

STUDY = "study.json"
SILENT_AFTER_S = 3 * 60.0
NightState = Literal["done", "failed", "missing", "excluded"]


@dataclass(frozen=True)
class AskedNight:
    """A night as ``study.json`` lists it, or as its folder names it where no study does.

    Attributes
    ----------
    recording
        File name, or None where no study lists it.
    pipeline_sha256
        Of the pipeline asked for; None where any will do.
    extra
        Further columns of the study table.
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
class Found:
    """What became of a night.

    Attributes
    ----------
    state
        ``done``, ``failed``, ``missing`` or ``excluded``.
    kind, reason
        Of a failure; or why a night is missing or excluded.
    manifest
        Of a night that is done.
    """

    state: NightState
    kind: str | None = None
    reason: str | None = None
    manifest: Manifest | None = None


def asked_nights(out: Path) -> list[AskedNight]:
    """Every night that was asked for; where no batch says so, every night that has a folder.

    Raises
    ------
    psgpipe.errors.UsageError
        `out` is not a folder that psgpipe wrote.
    psgpipe.errors.OutputConflict
        Its ``study.json`` is not what psgpipe wrote.
    """
    study = atomic.read_json(out / STUDY)
    if study is None and not (out / "nights").is_dir():
        raise UsageError(
            f"{out.name or out}: wanted a folder of results, found neither {STUDY} nor nights/",
            "Give the folder that psgpipe run or batch wrote (-o).",
        )
    try:
        return _listed(study or {}, out) or list(_nights_with_folders(out))
    except (AttributeError, KeyError, TypeError) as error:
        raise OutputConflict(
            f"{STUDY}: wanted a list of nights as psgpipe batch writes it, found something else",
            "Run the batch again; it writes the file anew.",
        ) from error


def _listed(study: Mapping[str, Any], out: Path) -> list[AskedNight]:
    pipeline_sha256 = study.get("pipeline", {}).get("sha256")
    return [
        AskedNight(
            **night,
            folder=night_folder(out, night["subject"], night["night"]),
            pipeline_sha256=pipeline_sha256,
        )
        for night in study.get("nights") or ()
    ]


def _nights_with_folders(out: Path) -> Iterator[AskedNight]:
    from psgpipe.model.ids import night_order

    folders = [f for s in _folders(out / "nights") for f in _folders(s)]
    named = [_named_by_its_files(folder) for folder in folders]
    yield from sorted(named, key=lambda night: night_order(night.subject, night.night))


def _folders(folder: Path) -> list[Path]:
    try:
        return [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")]
    except OSError:
        return []


def _named_by_its_files(folder: Path) -> AskedNight:
    said = atomic.read_json(folder / "summary.json") or read_failure(folder) or {}
    subject, night = said.get("subject"), said.get("night")
    return AskedNight(
        str(folder.parent.name if subject is None else subject),
        str(folder.name if night is None else night),
        folder,
        said.get("condition"),
    )


def find_night(asked: AskedNight) -> Found:
    """What became of a night, judged by its files alone; nothing is hashed."""
    if asked.excluded:
        return Found("excluded", None, asked.exclude_reason or "excluded by the study table")
    manifest = read_manifest(asked.folder)
    if manifest is not None:
        stale = _why_stale(manifest, asked)
        return Found("missing", "Stale", stale) if stale else Found("done", manifest=manifest)
    failure = read_failure(asked.folder)
    if failure is not None:
        return Found("failed", failure.get("kind"), failure.get("problem"))
    if (asked.folder / MANIFEST).exists():
        return Found("missing", "Damaged", "its manifest is damaged; run the batch again")
    return Found("missing", None, "not computed yet")


def _why_stale(manifest: Manifest, asked: AskedNight) -> str | None:
    """Why a finished night is not the night that was asked for, or None where it is."""
    again = "run the batch again"
    was = manifest.recording.name
    if asked.recording is not None and was != asked.recording:
        return f"finished from another recording, {was}; {again}, with --force if that is meant"
    if asked.pipeline_sha256 not in (None, manifest.pipeline.sha256):
        return f"finished by another pipeline, {manifest.pipeline.name}; {again}"
    return None


@dataclass(frozen=True)
class Runner:
    """A run of a batch, as its journal tells of it.

    Attributes
    ----------
    journal
        The journal's file name.
    began_at
        UTC, ISO.
    in_hand
        ``(subject, night)`` of the nights it had begun and not ended.
    silent_s
        Seconds since its last sign of life.
    """

    journal: str
    began_at: str
    in_hand: tuple[tuple[str, str], ...]
    silent_s: float

    @property
    def is_alive(self) -> bool:
        """Whether it has given a sign of life of late."""
        return self.silent_s < SILENT_AFTER_S


def runners(out: Path) -> list[Runner]:
    """The runs that have not said their end: at work now, or ended without a word."""
    return [runner for path in journal.journals(out) for runner in _unended(path)]


def _unended(path: Path) -> Iterator[Runner]:
    began: dict[str, str] = {}
    heard: dict[str, str] = {}
    in_hand: dict[str, list[tuple[str, str]]] = {}
    for event in journal.events(path):
        run, name = str(event.get("run")), event["event"]
        if name == "batch began":
            began[run], in_hand[run] = str(event.get("at")), []
        elif name in ("batch ended", "batch stopped"):
            began.pop(run, None)
        elif run in began:
            _follow(in_hand[run], name, (str(event.get("subject")), str(event.get("night"))))
        heard[run] = str(event.get("at"))
    for run, at in began.items():
        yield Runner(path.name, at, tuple(in_hand[run]), _seconds_since(heard[run]))


def _follow(in_hand: list[tuple[str, str]], event: str, night: tuple[str, str]) -> None:
    if event == "started":
        in_hand.append(night)
    elif night in in_hand:
        in_hand.remove(night)


def _seconds_since(at: str) -> float:
    try:
        passed = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(at)
        return max(0.0, passed.total_seconds())
    except (ValueError, TypeError):
        return float("inf")
