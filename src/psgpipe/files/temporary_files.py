"""The temporary files that runs left which were killed."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path

from psgpipe.files.atomic import TEMPORARY_PREFIX
from psgpipe.files.owner_tag import abandoned


def remove_abandoned_files(folder: Path, besides: Collection[str] = ()) -> None:
    """Remove the temporary files in `folder` of runs that have ended; running ones keep theirs."""
    with contextlib.suppress(OSError):
        for entry in abandoned(folder, TEMPORARY_PREFIX):
            if entry.name not in besides:
                _remove(entry)


def _remove(entry: Path) -> None:
    """Remove a temporary file, or a folder that was made to read the clock."""
    with contextlib.suppress(OSError):
        if entry.is_dir() and not entry.is_symlink():
            entry.rmdir()
        else:
            entry.unlink()
