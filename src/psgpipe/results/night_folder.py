"""The folder of a night: where it is, and whether the night is finished or failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psgpipe.files.atomic import read_json
from psgpipe.model.ids import slug
from psgpipe.results.manifest import FAILURE, MANIFEST

NIGHTS = "nights"
PASSING = (
    "ReadFailed", "ChangedWhileRead", "StagerUnavailable", "WorkerDied", "OutOfMemory",
    "MachineFailed",
)  # fmt: skip
"""Failures that may not happen again: the night is tried again, and a finished night stays."""
_TYPES: dict[str, Any] = {"exit_code": int, "limit_s": int | float | None, "where": list}
"""The types of the values in ``failure.json`` that are no text."""


def night_folder(out: Path, subject: str, night: str) -> Path:
    """The folder of a night's files."""
    return out / NIGHTS / slug(subject) / slug(night)


def is_finished(out: Path, subject: str, night: str) -> bool:
    """Whether a night has a manifest."""
    return (night_folder(out, subject, night) / MANIFEST).is_file()


def read_failure(folder: Path) -> dict[str, Any] | None:
    """Why a night failed; None where it did not. Values of a wrong type are left out."""
    failure = read_json(folder / FAILURE)
    if failure is None:
        return None
    return {
        key: value
        for key, value in failure.items()
        if isinstance(value, _TYPES.get(key, str | None)) and not isinstance(value, bool)
    }
