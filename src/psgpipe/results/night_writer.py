"""The writer of a night's folder: the folder appears whole or not at all.

A night is finished if and only if its ``manifest.json`` exists. All files of a night are written
and flushed in a temporary folder, the manifest last; then that folder replaces the night's old one
in one step. After a kill there is the old night or the new one, and temporary files that the next
run removes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from psgpipe.files.atomic import bytes_of, flush_folder, json_bytes, output_errors, write_new
from psgpipe.results.manifest import FAILURE, MANIFEST, Manifest, output_file, signed
from psgpipe.results.replace_folder import new_folder, replace_folder


def finish_night(folder: Path, outputs: Mapping[str, bytes], provenance: Mapping[str, Any]) -> None:
    """Write a finished night; it replaces what `folder` held.

    `provenance` is what the manifest says besides its outputs.
    """
    entries = [asdict(output_file(name, content)) for name, content in outputs.items()]
    document = signed({**provenance, "outputs": entries})
    _put_night(folder, {**outputs, MANIFEST: json_bytes(document)})


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
    try:
        outputs = {o.name: (folder / o.name).read_bytes() for o in manifest.outputs}
    except OSError:
        return
    if all(output_file(o.name, outputs[o.name]).sha256 == o.sha256 for o in manifest.outputs):
        finish_night(folder, outputs, corrected)


def fail_night(folder: Path, failure: Mapping[str, Any]) -> None:
    """Write why a night failed; it replaces what `folder` held."""
    content = json_bytes(failure)
    if not (folder / MANIFEST).exists() and bytes_of(folder / FAILURE) == content:
        return
    _put_night(folder, {FAILURE: content})


def _put_night(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace the night's folder by one with these files; the user's own files there stay."""
    with output_errors(folder), new_folder(folder) as new:
        for name, content in files.items():
            write_new(new / name, content)
        flush_folder(new)
        folder.parent.mkdir(parents=True, exist_ok=True)
        replace_folder(new, folder)
        flush_folder(folder.parent)
