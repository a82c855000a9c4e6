"""Fingerprint and request: hashes of everything that the result of a night depends on."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from psgpipe._version import __version__
from psgpipe.files.hashing import sha256_of
from psgpipe.model.montage import LabelTable
from psgpipe.model.night import Night
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.scoring import AlignedScoring
from psgpipe.night.definition import Definition
from psgpipe.night.expert.identity import scoring_identity, stages_identity

FORMAT_VERSION = "2"
"""Raised when the content of an output file changes although no step's result does."""

ELSEWHERE = ("extra", "further_parts", "scoring")
"""No file of a night holds the study's further columns; the parts are in the recording's hash; the
scoring counts by its own hash."""
LATER_INPUTS = (
    "timezone", "sleep_period", "lights_source", "spindle_threshold_uv", "slow_wave_threshold_uv",
)  # fmt: skip


def pipeline_sha256(definition: Definition) -> str:
    """The hash of a pipeline: steps, versions and parameters, without comments and layout."""
    return definition.sha256


def labels_sha256(table: LabelTable) -> str:
    """The hash of a label table without its comments and the order of its lines."""
    return sha256_of({**dataclasses.asdict(table), "ignore": sorted(table.ignore)})


@cache
def code_sha256() -> str:
    """The hash of the running code and label tables: one version can have many states."""
    return code_sha256_in(Path(__file__).parents[1])


def code_sha256_in(folder: Path) -> str:
    """The hash of the code of psgpipe in `folder`, the same for a checkout and an installation.

    Only an installation holds the pipelines; the pipeline of a night counts by its own hash.
    """
    digest = hashlib.sha256()
    for name, path in sorted(_sources(folder)):
        if not name.startswith("pipelines/"):
            digest.update(f"{name}\n".encode())
            # Hundreds of small files: a Path and a buffer for each take longer than to read it.
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123
                digest.update(file.read())
    return digest.hexdigest()


def _sources(folder: str | os.PathLike[str], below: str = "") -> Iterator[tuple[str, str]]:
    """The code and the tables in a folder: the name below the first folder, and the path."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from _sources(entry.path, f"{below}{entry.name}/")
            elif entry.name.endswith((".py", ".toml")):
                yield f"{below}{entry.name}", entry.path


def request_sha256(
    recording_sha256: str,
    night: Night,
    pipeline_sha256: str,
    labels_sha256: str | None,
    lights_given_by: str,
) -> str:
    """The hash of everything that goes into a night, the engine excepted; no header is read.

    An equal request gives an equal fingerprint. Where the request differs, the fingerprint decides:
    another spelling in a label table, or another version of psgpipe, may change nothing.
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
            **_scoring_dict(night, None),
        }
    )


def night_fingerprint(
    opened: OpenedNight, recording_sha256: str, definition: Definition, engine: dict[str, Any]
) -> str:
    """The hash of everything that one night's outputs depend on.

    Cores, paths, time of day, log level and the recording's name are not part of it.
    """
    return sha256_of(
        {
            "format": FORMAT_VERSION,
            "recording": recording_sha256,
            "pipeline": definition.as_dict(),
            "engine": engine,
            "night": _night_dict(opened.night),
            "lights": dataclasses.asdict(opened.lights),
            # The derivations, not the text of the label tables: a comment changes nothing.
            "derivations": [
                [d.name, d.role, [[term.label, term.weight] for term in d.terms]]
                for role in opened.candidates.wanted
                for d in opened.candidates.of(role)
            ],
            **_scoring_dict(opened.night, opened.scored),
        }
    )


def _scoring_dict(night: Night, scored: AlignedScoring | None) -> dict[str, Any]:
    """The night's scoring; nothing where it has none, as before there were scorings."""
    identity = scoring_identity(night)
    read = {} if scored is None else stages_identity(scored)
    return {"scoring": {**(identity or {}), **read}} if identity or read else {}


def _night_dict(night: Night) -> dict[str, Any]:
    """What is known of the night, by name."""
    known = {key: value for key, value in vars(night).items() if key not in ELSEWHERE}
    # A night without them has the fingerprint that it had before there were such inputs.
    return {k: v for k, v in known.items() if v is not None or k not in LATER_INPUTS}
