"""A new file without a name until it is complete: after a kill nothing of it is left.

Linux can do this on most local disks. Elsewhere the file has a temporary name until it is complete,
and the next run removes what a killed run left.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from psgpipe.errors import FileTaken
from psgpipe.files.atomic import atomic_file, flush_file, flush_folder, output_errors

_DESCRIPTORS = Path("/proc/self/fd")
_NOT_SUPPORTED = {
    getattr(errno, name)
    for name in ("EOPNOTSUPP", "ENOTSUP", "EISDIR", "EINVAL", "ENOSYS")
    if hasattr(errno, name)
}


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears at `path` when it is complete and on the disk; it replaces no other one.

    Raises
    ------
    psgpipe.errors.TryAgain
        The disk is full.
    psgpipe.errors.FileTaken
        The file exists.
    psgpipe.errors.OutputConflict
        The folder cannot be written.
    """
    with output_errors(path):
        descriptor = _unnamed(path.parent)
    if descriptor is None:
        refuse_existing(path)
        with atomic_file(path) as file:
            yield file
        return
    with os.fdopen(descriptor, "wb") as file, output_errors(path):
        yield file
        flush_file(file)
        _give_name(file.fileno(), path)
        flush_folder(path.parent)


def refuse_existing(path: Path) -> None:
    """Refuse to replace a file."""
    if os.path.lexists(path):
        raise FileTaken(
            f"{path.name}: exists, with other content; nothing is overwritten",
            "Choose another name or folder, or remove that file.",
        )


def _unnamed(folder: Path) -> int | None:
    """A descriptor of a new file without a name; None where that is not possible."""
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None or not _DESCRIPTORS.is_dir():
        return None
    try:
        return os.open(folder, flag | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno in _NOT_SUPPORTED:
            return None
        raise


def _give_name(descriptor: int, path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        source = os.fspath(_DESCRIPTORS / str(descriptor))
        os.link(source, path.name, dst_dir_fd=folder, follow_symlinks=True)
    except FileExistsError:
        refuse_existing(path)
        raise
    finally:
        os.close(folder)
