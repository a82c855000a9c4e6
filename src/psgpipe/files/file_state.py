"""The state of a file, its SHA-256, and whether it has changed since."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from psgpipe.errors import ReadFailed
from psgpipe.files.regular import file_name, open_regular

RACY_S = 2.0
"""The coarsest clock of a file system still in use (FAT)."""


@dataclass(frozen=True)
class FileState:
    """Size in bytes, times and inode: a cheap sign that a file has not changed.

    `ctime_ns` is the last change of the content or the file's entry (on Windows, its creation).
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileState | None:
        """The state of `path` now; None where the system does not give it."""
        try:
            stat = path.stat()
        except (OSError, ValueError):
            return None
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)

    def is_calm(self, now_s: float) -> bool:
        """Whether the last change is so old that a later one would have other times."""
        return max(self.mtime_ns, self.ctime_ns) / 1e9 < now_s - RACY_S


@dataclass(frozen=True)
class HashedFile:
    """The hash of a recording, and the state in which the file was when it was hashed.

    `calm` says whether the same state will mean the same content.
    """

    sha256: str
    state: FileState | None
    calm: bool

    @classmethod
    def since(cls, began_s: float, state: FileState | None, sha256: str) -> HashedFile:
        """The hash of a file that was in this state when hashing began."""
        return cls(sha256, state, state is not None and state.is_calm(began_s))


def hash_file(path: Path) -> HashedFile:
    """SHA-256 of a recording, with its state; errors as `sha256_of_file`."""
    began_s, state = time.time(), FileState.of(path)
    return HashedFile.since(began_s, state, sha256_of_file(path))


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    name = file_name(path)
    descriptor = open_regular(path, name)
    try:
        with os.fdopen(descriptor, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReadFailed(
            f"{name}: reading failed: {error.strerror}",
            "Check the disk or the network drive, then run again.",
        ) from error
