"""The folder of a night: where it is, and whether the night is finished or failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psgpipe.files.atomic import read_json
from psgpipe.model.ids import slug
from psgpipe.results.manifest import FAILURE, MANIFEST

NIGHTS = "nights"


def night_folder(out: Path, subject: str, night: str) -> Path:
    """The folder of a night's files."""
    return out / NIGHTS / slug(subject) / slug(night)


def is_finished(out: Path, subject: str, night: str) -> bool:
    """Whether a night has a manifest."""
    return (night_folder(out, subject, night) / MANIFEST).is_file()


def read_failure(folder: Path) -> dict[str, Any] | None:
    """Why a night failed; None where it did not."""
    return read_json(folder / FAILURE)
