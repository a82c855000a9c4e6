"""The writer of a night's folder: the folder appears whole or not at all.

A night is finished if and only if its ``manifest.json`` exists. All files of a night are written
and flushed in a temporary folder, the manifest last; then that folder replaces the night's old one
in one step. After a kill there is the old night or the new one, and temporary files that the next
run removes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from psgpipe.errors import TryAgain
from psgpipe.files.atomic import (
    bytes_of,
    flush_folder,
    has_vanished,
    json_bytes,
    output_errors,
    write_new,
)
from psgpipe.results.manifest import FAILURE, MANIFEST, Manifest, output_file, signed
from psgpipe.results.replace_folder import new_folder, remove_abandoned, replace_folder

MOST_WRITES = 5


def finish_night(folder: Path, outputs: Mapping[str, bytes], provenance: Mapping[str, Any]) -> None:
    """Write a finished night; it replaces what `folder` held.

    `provenance` is what the manifest says besides its outputs.
    """
    entries = [asdict(output_file(name, content)) for name, content in outputs.items()]
    document = signed({**provenance, "outputs": entries})
    put_folder(folder, {**outputs, MANIFEST: json_bytes(document)}, _out_of(folder))


def correct_manifest(
    folder: Path, manifest: Manifest, request_sha256: str, recording_name: str
) -> None:
    """Write another request and another name of the recording into a finished night's manifest.

    The whole night is written again: another run may be replacing it at this moment.
    """
    document = manifest.to_dict()
    recording = {**document.get("recording", {}), "name": recording_name}
    corrected = {**document, "request_sha256": request_sha256, "recording": recording}
    if corrected == document:
        return
    outputs = {o.name: bytes_of(folder / o.name) or b"" for o in manifest.outputs}
    if all(output_file(o.name, outputs[o.name]).sha256 == o.sha256 for o in manifest.outputs):
        finish_night(folder, outputs, corrected)


def add_outputs(folder: Path, manifest: Manifest, further: Mapping[str, bytes]) -> bool:
    """Write further output files into a finished night, and their hashes into its manifest.

    False, and nothing is written, where the outputs there are not those of the manifest: another
    run has replaced the night, or it is damaged.
    """
    outputs = {o.name: bytes_of(folder / o.name) or b"" for o in manifest.outputs}
    if any(output_file(o.name, outputs[o.name]).sha256 != o.sha256 for o in manifest.outputs):
        return False
    finish_night(folder, {**outputs, **further}, manifest.to_dict())
    return True


def fail_night(folder: Path, failure: Mapping[str, Any]) -> None:
    """Write why a night failed; it replaces what `folder` held."""
    content = json_bytes(failure)
    if not (folder / MANIFEST).exists() and bytes_of(folder / FAILURE) == content:
        return
    put_folder(folder, {FAILURE: content}, _out_of(folder))


def _out_of(night: Path) -> Path:
    return night.parents[2]


def put_folder(folder: Path, files: Mapping[str, bytes | Iterable[bytes]], out: Path) -> None:
    """Replace a folder in `out` by one with these files; the user's own files there stay.

    `folder` is that of a night, of the comparison or of the agreement. The pieces of a file can be
    read more than once.

    Raises
    ------
    psgpipe.errors.TryAgain
        The disk is full, or other programs keep removing or replacing the night.
    psgpipe.errors.OutputConflict
        The folder cannot be written.
    """
    for _ in range(MOST_WRITES):
        with output_errors(folder):
            if _put_once(folder, files, out):
                return
    raise TryAgain(
        f"{folder.parent.name}/{folder.name} vanished {MOST_WRITES} times while it was written",
        "Let no other program clean or write this output folder, and run the same command again.",
    )


def put_results(folder: Path, files: Mapping[str, bytes | Iterable[bytes]], out: Path) -> None:
    """Replace a folder of results in `out`, and remove what killed runs left there.

    Errors are those of `put_folder`.
    """
    with output_errors(folder):
        out.mkdir(parents=True, exist_ok=True)
    remove_abandoned(out)
    try:
        put_folder(folder, files, out)
    finally:
        remove_abandoned(out)


def _put_once(folder: Path, files: Mapping[str, bytes | Iterable[bytes]], out: Path) -> bool:
    """Replace the folder; False where somebody removed the new one before that."""
    with new_folder(folder, out) as new:
        try:
            sizes = {}
            for name, content in files.items():
                written = write_new(new / name, content)
                sizes[name] = len(content) if isinstance(content, bytes) else written
            flush_folder(new)
            if not _is_complete(new, sizes) or not replace_folder(new, folder):
                return False
            flush_folder(folder.parent)
        except OSError as error:
            if has_vanished(error, new):
                return False
            raise
    return True


def _is_complete(folder: Path, sizes: Mapping[str, int]) -> bool:
    """Whether a new folder has every file with its size, and no other."""
    with os.scandir(folder) as entries:
        return {entry.name: entry.stat().st_size for entry in entries} == dict(sizes)
