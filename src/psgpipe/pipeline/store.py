"""Files appear whole or not at all, and the manifest appears last.

A night is finished if and only if its ``manifest.json`` exists. To replace a night, its manifest
goes first; what a kill leaves behind is an unfinished night, never a mixture that looks finished.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from psgpipe.errors import OutputConflict, TryAgain

MANIFEST = "manifest.json"
FAILURE = "failure.json"
TEMPORARY_PREFIX = ".psgpipe-"
_DISK_FULL = {"ENOSPC", "EDQUOT"}
# Names that Windows keeps for devices, whatever follows the first dot.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def slug(name: str) -> str:
    """`name` as it appears in a path: only ``[A-Za-z0-9._-]``, never hidden, never reserved."""
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unnamed"
    return f"_{text}" if _RESERVED.match(text) else text[:100]


def night_folder(out: Path, subject: str, night: str) -> Path:
    """Where a night's files lie."""
    return out / "nights" / slug(subject) / slug(night)


def write_file(path: Path, content: bytes) -> None:
    """Write `content` to a temporary name beside `path`, flush it to the disk, and rename it.

    Raises
    ------
    psgpipe.errors.TryAgain : the disk is full.
    psgpipe.errors.OutputConflict : the folder cannot be written.
    """
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _ordinary_permissions(Path(name))
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        _flush_folder(path.parent)


@contextlib.contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Translate what the operating system says about writing `path`."""
    import errno

    try:
        yield
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "")
        if name in _DISK_FULL:
            raise TryAgain(
                f"the disk is full while writing {path.name}",
                "Free some space and run the same command again; what is finished is kept.",
            ) from error
        raise OutputConflict(
            f"cannot write {path.name} into {path.parent}: {error.strerror}",
            "Choose another -o folder, or correct its permissions.",
        ) from error


def _ordinary_permissions(path: Path) -> None:
    """A temporary file is private; results are for the whole laboratory, as its umask says."""
    umask = os.umask(0)
    os.umask(umask)
    with contextlib.suppress(OSError):
        path.chmod(0o666 & ~umask)


def _flush_folder(folder: Path) -> None:
    """Make a rename survive a power cut; Windows cannot open folders and does not need it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def json_bytes(value: Any) -> bytes:
    """`value` as readable JSON; a number that is not finite is a bug and raises ValueError."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def finish_night(folder: Path, outputs: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    """Put a finished night in place of whatever `folder` held."""
    clear_night(folder)
    for name, content in outputs.items():
        write_file(folder / name, content)
    listed = [
        {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in outputs.items()
    ]
    write_file(folder / MANIFEST, json_bytes({**manifest, "outputs": listed}))


def fail_night(folder: Path, failure: Mapping[str, Any]) -> None:
    """Put the reason of a failure in place of whatever `folder` held."""
    clear_night(folder)
    write_file(folder / FAILURE, json_bytes(failure))


def clear_night(folder: Path) -> None:
    """Remove a night's own files, manifest first, and nothing else."""
    old = read_manifest(folder)
    listed = [entry["name"] for entry in old["outputs"]] if old else []
    with output_errors(folder / MANIFEST):
        for name in (MANIFEST, FAILURE, *listed):
            # A name with a folder in it is not ours, whatever the manifest says.
            if Path(name).name == name:
                (folder / name).unlink(missing_ok=True)
        for leftover in folder.glob(f"{TEMPORARY_PREFIX}*"):
            leftover.unlink(missing_ok=True)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished night, or None where there is none that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    usable = isinstance(manifest, dict) and isinstance(manifest.get("outputs"), list)
    return manifest if usable else None


def outputs_intact(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether every output is there with the bytes that the manifest names."""
    return all(_sha256(folder / entry["name"]) == entry["sha256"] for entry in manifest["outputs"])


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
