"""Files appear whole or not at all, and so do nights.

A night is finished if and only if its ``manifest.json`` exists. All files of a night are written
and flushed in a folder of their own under ``OUT/.psgpipe-new``, the manifest last; then that folder
takes the night's place in one step. What a kill leaves behind is the old night or the new one, and
debris that the next run clears away.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from psgpipe.errors import OutputConflict, TryAgain
from psgpipe.files import owner_tag
from psgpipe.model.ids import slug
from psgpipe.results.replace_folder import (
    FAILURE,
    MANIFEST,
    NIGHTS,
    TEMPORARY_PREFIX,
    clear_debris,
    flush_folder,
    patiently,
    place_for,
    take_place,
)

__all__ = [
    "FAILURE", "MANIFEST", "TEMPORARY_PREFIX", "clear_debris", "correct_manifest",
    "damaged_outputs", "fail_night", "finish_night", "is_finished", "json_bytes", "manifest_intact",
    "manifest_sha256", "night_folder", "output_errors", "outputs_intact", "outputs_untouched",
    "read_failure", "read_json", "read_manifest", "write_file", "write_pieces",
]  # fmt: skip

_DISK_FULL = {"ENOSPC", "EDQUOT"}


def night_folder(out: Path, subject: str, night: str) -> Path:
    """Where a night's files lie."""
    return out / NIGHTS / slug(subject) / slug(night)


def is_finished(out: Path, subject: str, night: str) -> bool:
    """Whether a night has a manifest."""
    return (night_folder(out, subject, night) / MANIFEST).is_file()


def write_file(path: Path, content: bytes) -> None:
    """Write `content` to a temporary name beside `path`, flush it to the disk, and rename it.

    Raises
    ------
    psgpipe.errors.TryAgain : the disk is full.
    psgpipe.errors.OutputConflict : the folder cannot be written.
    """
    write_pieces(path, [content])


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """As :func:`write_file`, for content that need not be in memory all at once."""
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f"{TEMPORARY_PREFIX}{owner_tag.tag()}"
        try:
            _write_new(temporary, pieces)
            patiently(lambda: temporary.replace(path))
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        flush_folder(path.parent)


def _write_new(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("xb") as file:
        _write_flushed(file, pieces)


def _write_flushed(file: IO[bytes], pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        file.write(piece)
    file.flush()
    os.fsync(file.fileno())


@contextlib.contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Translate what the operating system says about writing `path`."""
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


def json_bytes(value: Any) -> bytes:
    """`value` as readable JSON; a number that is not finite is a bug and raises ValueError."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def finish_night(
    folder: Path, outputs: Mapping[str, bytes], manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """Put a finished night in place of whatever `folder` held; returns the manifest as written.

    Parameters
    ----------
    folder : a night's folder as `night_folder` gives it.
    """
    listed = [
        {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in outputs.items()
    ]
    whole = _signed({**manifest, "outputs": listed})
    _put_night(folder, {**outputs, MANIFEST: json_bytes(whole)})
    return whole


def correct_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Let a finished night's manifest say something else of the same outputs.

    The whole night is written again: another run may be replacing it at this moment.
    """
    try:
        outputs = {e["name"]: (folder / e["name"]).read_bytes() for e in manifest["outputs"]}
    except OSError:
        return
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in outputs.items()}
    if hashes == {e["name"]: e["sha256"] for e in manifest["outputs"]}:
        finish_night(folder, outputs, manifest)


def _signed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {**manifest, "manifest_sha256": manifest_sha256(manifest)}


def fail_night(folder: Path, failure: Mapping[str, Any]) -> None:
    """Put the reason of a failure in place of whatever `folder` held."""
    content = json_bytes(failure)
    if not (folder / MANIFEST).exists() and _bytes_of(folder / FAILURE) == content:
        return
    _put_night(folder, {FAILURE: content})


def _put_night(folder: Path, files: Mapping[str, bytes]) -> None:
    """Let a folder with these files take the night's place; what is not ours there stays."""
    with output_errors(folder), place_for(folder) as fresh:
        for name, content in files.items():
            _write_new(fresh / name, [content])
        flush_folder(fresh)
        folder.parent.mkdir(parents=True, exist_ok=True)
        take_place(fresh, folder)
        flush_folder(folder.parent)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished night, or None where there is none that can be read."""
    manifest = read_json(folder / MANIFEST) or {}
    outputs = manifest.get("outputs")
    usable = isinstance(outputs, list) and all(map(_is_output, outputs))
    return manifest if usable else None


def _is_output(entry: object) -> bool:
    wanted = {"name": str, "bytes": int, "sha256": str}
    return isinstance(entry, dict) and all(isinstance(entry.get(k), wanted[k]) for k in wanted)


def read_failure(folder: Path) -> dict[str, Any] | None:
    """Why a night failed, or None where it did not."""
    return read_json(folder / FAILURE)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file, or None where there is none that can be read."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


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


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
