"""The doubts about a finished night: its quality flags that make numbers doubtful."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psgpipe.files.atomic import parse_json
from psgpipe.model.summary import QualityFlag

QUALITY = "quality.json"
DOUBTS = "doubts"
"""The key of a night's flags among the values of its row; no column of a table."""


def doubts_in(quality: Mapping[str, Any]) -> tuple[QualityFlag, ...]:
    """The flags in the content of a ``quality.json`` that have an effect on the night's numbers.

    ValueError: it does not list flags as psgpipe writes them.
    """
    try:
        return _doubts_in(quality)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{QUALITY} does not list flags") from error


def _doubts_in(quality: Mapping[str, Any]) -> tuple[QualityFlag, ...]:
    flags = [
        QualityFlag(
            flag["code"],
            flag.get("message", ""),
            flag.get("derivation"),
            flag.get("refused", False),
            # Nights of psgpipe 0.1 state no effect.
            flag.get("effect", "doubt"),
        )
        for flag in quality.get("flags", ())
    ]
    if not all(isinstance(text, str) for f in flags for text in (f.code, f.message, f.effect)):
        raise TypeError
    return tuple(flag for flag in flags if flag.effect != "none")


def read_doubts(folder: Path) -> tuple[QualityFlag, ...]:
    """The doubts about the finished night in `folder`; none where its file cannot be read."""
    try:
        return doubts_in(parse_json((folder / QUALITY).read_bytes()))
    except (OSError, ValueError):
        return ()


def withheld_because(doubts: tuple[QualityFlag, ...]) -> str | None:
    """Why a comparison leaves the night out by default; None where it does not."""
    return next((flag.message for flag in doubts if flag.effect == "withhold"), None)
