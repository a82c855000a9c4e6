"""Recordings below a folder: each once, in a stable order, whatever the links do."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from psgpipe.errors import UnsafeFile

RECORDING_SUFFIXES = (".edf", ".bdf", ".rec", ".edf.gz", ".bdf.gz", ".edfz")


def recordings_in(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Every recording among `paths` and below the folders in it, and the name to show for it.

    A file is given as it was named; below a folder the name is the path relative to it. A file that
    is reached by two links counts once, a link that leads back up ends there, and what is hidden
    (``._night.edf`` of macOS, temporary files) is left out.
    """
    seen: set[str] = set()
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        for found in _below(path, seen):
            yield found, shown_name(found.relative_to(path))


def shown_name(relative: Path) -> str:
    """A relative path that no shell takes for an option and no spreadsheet for a formula."""
    text = relative.as_posix()
    return f"./{text}" if text[:1] in "=+-@" else text


def is_recording_name(name: str) -> bool:
    """Whether a file is called like a recording."""
    return name.lower().endswith(RECORDING_SUFFIXES) and not name.startswith(".")


def _below(folder: Path, seen: set[str]) -> Iterator[Path]:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UnsafeFile(
            f"{folder.name}: the folder cannot be read: {error.strerror}",
            "Correct its permissions, or name the recordings one by one.",
        ) from error
    for entry in entries:
        # Not entry.is_dir(): on a link to itself that raises.
        if Path(entry.path).is_dir():
            if not entry.name.startswith("."):
                yield from _below(Path(entry.path), seen)
        elif is_recording_name(entry.name):
            # A link to a recording that is found under its own name, too, is not another recording.
            real_file = os.path.realpath(entry.path)
            if real_file not in seen:
                seen.add(real_file)
                yield Path(entry.path)
