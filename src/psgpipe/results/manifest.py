"""The manifest of a finished night: what was done, and the hash of every output."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psgpipe.files.atomic import read_json

MANIFEST = "manifest.json"


FAILURE = "failure.json"


def signed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with its own hash."""
    return {**manifest, "manifest_sha256": manifest_sha256(manifest)}


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished night, or None where there is none that can be read."""
    manifest = read_json(folder / MANIFEST) or {}
    outputs = manifest.get("outputs")
    usable = isinstance(outputs, list) and all(map(_is_output, outputs))
    return manifest if usable else None


def _is_output(entry: object) -> bool:
    wanted = {"name": str, "bytes": int, "sha256": str}
    return isinstance(entry, dict) and all(isinstance(entry.get(k), wanted[k]) for k in wanted)


def manifest_sha256(manifest: Mapping[str, Any]) -> str:
    """The hash of what a manifest says, its own hash left out."""
    said = {key: value for key, value in manifest.items() if key != "manifest_sha256"}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def manifest_intact(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest says what it said when it was written."""
    return manifest.get("manifest_sha256") == manifest_sha256(manifest)


def outputs_intact(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether every output is there with the bytes that the manifest names."""
    return not damaged_outputs(folder, manifest)


def damaged_outputs(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """The outputs that are not there with the bytes that the manifest names, and why."""
    found = ((entry["name"], _damage(folder, entry)) for entry in manifest["outputs"])
    return [f"{name}: {damage}" for name, damage in found if damage]


def _damage(folder: Path, entry: Mapping[str, Any]) -> str | None:
    if Path(entry["name"]).name != entry["name"]:
        return "not a file of this night"
    try:
        with (folder / entry["name"]).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if sha256 == entry["sha256"] else "its content has changed"


def outputs_untouched(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether every output has its size and is not newer than the manifest, written last.

    Far quicker than `outputs_intact`, and blind to a disk that forgets.
    """
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry.stat() for entry in entries}
    except OSError:
        return False
    written = found.get(MANIFEST)
    outputs = [(entry["bytes"], found.get(entry["name"])) for entry in manifest["outputs"]]
    return written is not None and all(
        state is not None and state.st_size == size and state.st_mtime_ns <= written.st_mtime_ns
        for size, state in outputs
    )


def recipe_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The fields of `RECIPE_FIELDS` that a manifest tells."""
    engine, lights = manifest.get("engine", {}), manifest.get("lights", {})
    said = {
        "pipeline": manifest.get("pipeline", {}).get("sha256"),
        "stager": _stager(engine),
        "classifier": engine.get("classifier_sha256") or engine.get("classifier"),
        "derivations": ", ".join(str(d.get("name")) for d in manifest.get("derivations", ())),
        "demographics": _demographics(engine.get("age_and_sex")),
        "window": _window_rule(manifest),
        "lights_source": lights.get("source"),
    }
    return {name: str(value) for name, value in said.items() if value}


def _stager(engine: Mapping[str, Any]) -> str | None:
    # engine "fast" and "reference" give the same stages, so they are the same stager.
    version = engine.get("versions", {}).get(engine.get("stager"), "")
    return f"{engine['stager']} {version}".strip() if engine.get("stager") else None


def _demographics(used: bool | None) -> str | None:
    return None if used is None else "age and sex" if used else "none"


def _window_rule(manifest: Mapping[str, Any]) -> str | None:
    """What was staged: around known lights, or the whole recording."""
    source = manifest.get("lights", {}).get("source")
    if source is None:
        return None
    if source == "recording":
        return "whole recording"
    parameters = [s.get("parameters", {}) for s in manifest.get("steps", ())]
    margins = [p["margin_min"] for p in parameters if "margin_min" in p]
    return f"lights with {margins[0]:g} min around" if margins else "lights"
