"""The output files of a finished night against the hashes in its manifest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from psgpipe.files.atomic import bytes_of
from psgpipe.files.hashing import sha256_of_bytes
from psgpipe.files.regular import open_file
from psgpipe.results.manifest import MANIFEST, Manifest, OutputFile


def outputs_intact(folder: Path, manifest: Manifest) -> bool:
    """Whether every output file has the bytes that the manifest names."""
    return not damaged_outputs(folder, manifest)


def damaged_outputs(folder: Path, manifest: Manifest) -> list[str]:
    """The output files that do not have the bytes that the manifest names, and why."""
    damages = ((output.name, _damage(folder, output)) for output in manifest.outputs)
    return [f"{name}: {damage}" for name, damage in damages if damage]


def _damage(folder: Path, output: OutputFile) -> str | None:
    if Path(output.name).name != output.name or "\0" in output.name:
        return "not a file of this night"
    try:
        with open_file(folder / output.name) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if sha256 == output.sha256 else "its content has changed"


def intact_output(folder: Path, name: str, manifest: Manifest) -> bytes | None:
    """The content of an output file; None where it is not what the manifest names."""
    content, output = bytes_of(folder / name), manifest.output(name)
    if content is None or output is None or sha256_of_bytes(content) != output.sha256:
        return None
    return content


def outputs_untouched(folder: Path, manifest: Manifest) -> bool:
    """Whether every output file has its size and is not newer than the manifest.

    The manifest is written last. This is far quicker than `outputs_intact`; it does not see bytes
    that the disk lost.
    """
    try:
        with os.scandir(folder) as entries:
            states = {entry.name: entry.stat() for entry in entries}
    except OSError:
        return False
    written = states.get(MANIFEST)
    outputs = [(output.bytes, states.get(output.name)) for output in manifest.outputs]
    return written is not None and all(
        state is not None and state.st_size == size and state.st_mtime_ns <= written.st_mtime_ns
        for size, state in outputs
    )
