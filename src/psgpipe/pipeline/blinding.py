"""A blinded study: conditions stay out of sight until somebody lifts the blind, on record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from psgpipe.errors import NightsNotComparable
from psgpipe.pipeline import journal

EVENT = "unblinded"
STUDY = "study.json"


def is_blind(out: Path) -> bool:
    """Whether the study in `out` was declared blind.

    Raises
    ------
    psgpipe.errors.NightsNotComparable : its declaration is there and cannot be read.
    """
    study = _json(out / STUDY)
    return bool(isinstance(study, dict) and study.get("blind"))


def is_unblinded(out: Path) -> bool:
    """Whether the journal in `out` says that the blind was lifted."""
    try:
        lines = (out / journal.JOURNAL).read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return any(f'"{EVENT}"' in line and _event(line) == EVENT for line in lines)


def refuse_if_blinded(out: Path, *, blind_by_spec: bool) -> None:
    """Refuse to compare conditions of a study whose blind was not lifted.

    Raises
    ------
    psgpipe.errors.NightsNotComparable
    """
    if (blind_by_spec or is_blind(out)) and not is_unblinded(out):
        raise NightsNotComparable(
            f"the study in {out.name or out} is blinded",
            "When the data are final: psgpipe unblind on this folder; the journal records it.",
        )


def unblind(out: Path) -> bool:
    """Lift the blind and write that into the journal; False where it was lifted before."""
    if is_unblinded(out):
        return False
    journal.note(out, EVENT)
    return True


def _event(line: str) -> Any:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record.get("event") if isinstance(record, dict) else None


def _json(path: Path) -> Any:
    """What a JSON file holds; None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise NightsNotComparable(
            f"{path.name} cannot be read, so nobody knows whether the study is blinded",
            "Restore it, or compare a copy of the table elsewhere if the study is not blinded.",
        ) from error
