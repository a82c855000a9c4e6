"""A recipe becomes a hash: what the result of a night depends on, and nothing else."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psgpipe.errors import ReadFailed
from psgpipe.model.montage import Candidates
from psgpipe.model.opened import OpenedNight
from psgpipe.pipeline.spec import Definition

FORMAT_VERSION = "1"
"""Raised when the content of an output file changes although no step's result does."""


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises
    ------
    psgpipe.errors.ReadFailed : the operating system reports an error.
    """
    with _read_errors(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_stat(path: Path) -> os.stat_result:
    """Size, time of change and identity of a file.

    Raises
    ------
    psgpipe.errors.ReadFailed : the operating system reports an error.
    """
    with _read_errors(path):
        return path.stat()


@contextlib.contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReadFailed(
            f"{path.name}: reading failed: {error.strerror}",
            "Check the disk or the network drive, then run again.",
        ) from error


def sha256_of(value: Any) -> str:
    """SHA-256 of the canonical JSON of plain values."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def pipeline_sha256(definition: Definition) -> str:
    """The hash of a pipeline: steps, versions and parameters; comments and layout stay out."""
    return sha256_of(definition.as_dict())


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
            "night": dataclasses.asdict(opened.night),
            "lights": dataclasses.asdict(opened.lights),
            # What the label tables came to, rather than their text: a comment changes nothing.
            "derivations": [
                [d.name, d.role, [[term.label, term.weight] for term in d.terms]]
                for role in candidates.wanted
                for d in candidates.of(role)
            ],
        }
    )
