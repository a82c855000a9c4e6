"""A recipe becomes a hash: what the result of a night depends on, and nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from psgpipe import __version__
from psgpipe.edf.source import file_name, open_regular
from psgpipe.errors import ReadFailed
from psgpipe.model.montage import Candidates, LabelTable
from psgpipe.model.night import Night
from psgpipe.model.opened_night import OpenedNight
from psgpipe.night.definition import Definition

FORMAT_VERSION = "1"
"""Raised when the content of an output file changes although no step's result does."""

RACY_S = 2.0
"""The coarsest clock of a file system still in use (FAT)."""


@dataclass(frozen=True)
class FileState:
    """What tells cheaply that a file is the one it was.

    Attributes
    ----------
    size : bytes.
    mtime_ns, ctime_ns : last change of the content; of anything at all (on Windows, its birth).
    inode : which file it is on its disk.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileState | None:
        """The state of `path` now, or None where it cannot be had."""
        try:
            found = path.stat()
        except (OSError, ValueError):
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    def is_calm(self, now_s: float) -> bool:
        """Whether the last change is so long ago that another would show in the times."""
        return max(self.mtime_ns, self.ctime_ns) / 1e9 < now_s - RACY_S


@dataclass(frozen=True)
class HashedFile:
    """The hash of a recording, and the state in which the file was when it was hashed.

    Attributes
    ----------
    sha256 : of its bytes as they lie on the disk.
    state : None where the file could not be looked at.
    calm : the same state again will mean the same content.
    """

    sha256: str
    state: FileState | None
    calm: bool

    @classmethod
    def since(cls, began_s: float, state: FileState | None, sha256: str) -> HashedFile:
        """The hash of a file that was in this state when hashing began."""
        return cls(sha256, state, state is not None and state.is_calm(began_s))


def hash_file(path: Path) -> HashedFile:
    """SHA-256 of a recording's bytes.

    Raises
    ------
    psgpipe.errors.UnsafeFile : missing, not a regular file, not permitted.
    psgpipe.errors.ReadFailed : the operating system reports an error.
    """
    began_s, state = time.time(), FileState.of(path)
    return HashedFile.since(began_s, state, sha256_of_file(path))


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises
    ------
    psgpipe.errors.UnsafeFile : missing, not a regular file, not permitted.
    psgpipe.errors.ReadFailed : the operating system reports an error.
    """
    name = file_name(path)
    descriptor = open_regular(path, name)
    try:
        with os.fdopen(descriptor, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReadFailed(
            f"{name}: reading failed: {error.strerror}",
            "Check the disk or the network drive, then run again.",
        ) from error


def sha256_of(value: Any) -> str:
    """SHA-256 of the canonical JSON of plain values."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def pipeline_sha256(definition: Definition) -> str:
    """The hash of a pipeline: steps, versions and parameters; comments and layout stay out."""
    return sha256_of(definition.as_dict())


def labels_sha256(table: LabelTable) -> str:
    """The hash of what a label table says; comments and the order of its lines stay out."""
    return sha256_of({**dataclasses.asdict(table), "ignore": sorted(table.ignore)})


@cache
def code_sha256() -> str:
    """The hash of the psgpipe that runs, label tables included: a version can have many states."""
    folder, digest = Path(__file__).parents[1], hashlib.sha256()
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".toml"))
    for file in files:
        digest.update(f"{file.relative_to(folder).as_posix()}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def request_sha256(
    recording_sha256: str,
    night: Night,
    pipeline_sha256: str,
    labels_sha256: str | None,
    lights_given_by: str,
) -> str:
    """The hash of everything that goes into a night, the engine excepted; no header is read.

    Where it is the same as before, so is the night's fingerprint. Where it is not, the fingerprint
    decides: another spelling in a label table, or another version of psgpipe, need not change
    anything.
    """
    return sha256_of(
        {
            "format": FORMAT_VERSION,
            "psgpipe": __version__,
            "code": code_sha256(),
            "recording": recording_sha256,
            "pipeline": pipeline_sha256,
            "labels": labels_sha256,
            "night": _night_dict(night),
            "lights_given_by": lights_given_by,
        }
    )


def night_fingerprint(
    opened: OpenedNight,
    candidates: Candidates,
    recording_sha256: str,
    definition: Definition,
    engine: dict[str, Any],
) -> str:
    """The hash of everything that one night's outputs depend on.

    Cores, paths, time of day and log level stay out; so does the recording's name.
    """
    return sha256_of(
        {
            "format": FORMAT_VERSION,
            "recording": recording_sha256,
            "pipeline": definition.as_dict(),
            "engine": engine,
            "night": _night_dict(opened.night),
            "lights": dataclasses.asdict(opened.lights),
            # What the label tables came to, rather than their text: a comment changes nothing.
            "derivations": [
                [d.name, d.role, [[term.label, term.weight] for term in d.terms]]
                for role in candidates.wanted
                for d in candidates.of(role)
            ],
        }
    )


def _night_dict(night: Night) -> dict[str, Any]:
    """The night without the study's further columns: they reach no file of the night."""
    return {key: value for key, value in vars(night).items() if key != "extra"}
