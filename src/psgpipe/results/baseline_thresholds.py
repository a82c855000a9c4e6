"""Thresholds of events from the finished baseline nights of a subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import fsum
from pathlib import Path
from typing import Any

from psgpipe.errors import UsageError
from psgpipe.files.atomic import bytes_of, parse_json
from psgpipe.files.hashing import sha256_of_bytes
from psgpipe.model.ids import slug
from psgpipe.model.night import Night
from psgpipe.results.manifest import read_manifest
from psgpipe.results.night_folder import NIGHTS

BASELINE = "baseline"


def with_baseline_thresholds(night: Night, out: Path) -> Night:
    """The night with the means of the thresholds of its subject's baseline nights in `out`.

    Raises
    ------
    psgpipe.errors.UsageError
        There is no finished baseline night of the subject with events.
    """
    events = [*_baseline_events(night.subject, out)]
    spindles = [e["spindle_threshold_uv"] for e in events if e["spindle_threshold_uv"] is not None]
    waves = [e["large_slow_wave_uv"] for e in events if e["large_slow_wave_uv"] is not None]
    if not spindles or not waves:
        raise UsageError(
            f"--thresholds-from {out.name or out}: no finished baseline night of subject "
            f"{night.subject} with spindles and slow waves",
            "Stage the baseline nights there first: psgpipe batch --microstructure.",
        )
    return replace(night, spindle_threshold_uv=_mean(spindles), slow_wave_threshold_uv=_mean(waves))


def _mean(values: list[float]) -> float:
    """The mean of at least one value; `statistics` is slow to import."""
    return fsum(values) / len(values)


def _baseline_events(subject: str, out: Path) -> Iterator[Mapping[str, Any]]:
    """The events of the subject's baseline nights whose thresholds are their own."""
    for folder in sorted((out / NIGHTS / slug(subject)).glob("*/")):
        manifest = read_manifest(folder)
        if manifest is None or not manifest.is_intact or manifest.subject != subject:
            continue
        hashes = {output.name: output.sha256 for output in manifest.outputs}
        summary, found = (
            _read(folder / name, hashes.get(name))
            for name in ("summary.json", "microstructure.json")
        )
        events = (found or {}).get("events")
        if (summary or {}).get("condition") != BASELINE or not events:
            continue
        if events["thresholds_from"] == "night":
            yield events


def _read(path: Path, sha256: str | None) -> dict[str, Any] | None:
    """The content of a file of a finished night; None where it is not that of its manifest."""
    content = bytes_of(path)
    if content is None or sha256 is None or sha256_of_bytes(content) != sha256:
        return None
    value = parse_json(content)
    return value if isinstance(value, dict) else None
