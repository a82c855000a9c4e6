"""The lock of a comparison spec: its hash and the time, written before results are seen."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

from psgpipe.comparison.spec import find_spec, parse_spec
from psgpipe.errors import ComparisonSpecInvalid, OutputConflict, SpecChanged
from psgpipe.files.atomic import json_bytes, parse_json, write_file
from psgpipe.files.regular import open_file, read_small_file
from psgpipe.files.temporary_files import remove_abandoned_files
from psgpipe.files.toml_file import MOST_BYTES, shipped_pipelines
from psgpipe.model.comparison.spec import ComparisonSpec, Declaration


def load_spec(
    spec: str | Path | ComparisonSpec | None, *, exploratory: bool = False
) -> tuple[ComparisonSpec, Declaration]:
    """The spec in a TOML file or shipped under a name, and the state of its lock.

    Without a spec: the defaults and an empty Declaration.

    Raises
    ------
    psgpipe.errors.ComparisonSpecInvalid
        No such file, not TOML, or anything in it unknown, of the wrong type or impossible.
    psgpipe.errors.SpecChanged
        Edited after it was locked, and not `exploratory`.
    """
    if spec is None or isinstance(spec, ComparisonSpec):
        return spec or ComparisonSpec(), Declaration()
    path = find_spec(spec)
    content = read_small_file(path, ComparisonSpecInvalid, MOST_BYTES)
    return parse_spec(content, path.name), _declaration(path, content, exploratory=exploratory)


def lock_path(spec: Path) -> Path:
    """The path of the lock, beside the spec file."""
    return spec.with_name(spec.name + ".lock")


def lock_spec(spec: str | Path) -> dict[str, Any]:
    """Write a spec's SHA-256 and the time beside it, once; returns the content of the lock.

    Raises
    ------
    psgpipe.errors.ComparisonSpecInvalid
        The spec is invalid, or is the shipped one.
    psgpipe.errors.OutputConflict
        The spec was locked before with other content.
    """
    path = find_spec(spec)
    if path.resolve().parent == shipped_pipelines().resolve():
        raise ComparisonSpecInvalid(
            f"{path.name} is the example that comes with psgpipe, not a study's own declaration",
            "Copy it to your study, edit it, and lock the copy.",
        )
    content = read_small_file(path, ComparisonSpecInvalid, MOST_BYTES)
    parse_spec(content, path.name)  # an invalid spec must not be locked
    sha256 = hashlib.sha256(content).hexdigest()
    remove_abandoned_files(path.parent)
    lock = _read_lock(path)
    if lock is not None and lock["sha256"] != sha256:
        raise OutputConflict(
            f"{path.name} was locked on {lock['locked_at']} with other content",
            "Restore that content, or declare the new analysis in a file of another name.",
        )
    if lock is None:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        lock = {"spec": path.name, "sha256": sha256, "locked_at": now}
        write_file(lock_path(path), json_bytes(lock))
    return lock


def _read_lock(spec: Path) -> dict[str, Any] | None:
    path = lock_path(spec)
    if not path.exists():
        return None
    try:
        with open_file(path) as file:
            lock = parse_json(file.read())
        return {"sha256": str(lock["sha256"]), "locked_at": str(lock["locked_at"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecChanged(
            f"{path.name}: the lock cannot be read", "Restore it as it was written."
        ) from error


def _declaration(path: Path, content: bytes, *, exploratory: bool) -> Declaration:
    sha256 = hashlib.sha256(content).hexdigest()
    lock = _read_lock(path)
    if lock is None:
        return Declaration(path.name, sha256)
    if lock["sha256"] == sha256:
        return Declaration(path.name, sha256, lock["locked_at"])
    if not exploratory:
        raise SpecChanged(
            f"{path.name} was edited after it was locked on {lock['locked_at']}",
            "Restore it, or add --exploratory: every table then says so.",
        )
    return Declaration(path.name, sha256, None, exploratory=True)
