"""Regular files: nothing else is opened, so that no open waits for another process."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import IO

from psgpipe.errors import PsgpipeError, UnsafeFile
from psgpipe.messages import safe_text

LONGEST_NAME = 120


_FLAGS = (
    getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer must not stop the batch
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_READ = os.O_RDONLY | _FLAGS
_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | _FLAGS
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotRegular(OSError):
    """There is something else than a regular file; `kind` names it."""

    def __init__(self, kind: str, path: str | os.PathLike[str]) -> None:
        super().__init__(errno.EINVAL, f"it is {kind}, not a regular file", os.fspath(path))
        self.kind = kind


def file_name(path: str | os.PathLike[str]) -> str:
    """The name without folders, safe to print."""
    return safe_text(Path(path).name or str(path), LONGEST_NAME)


def open_regular(path: str | os.PathLike[str], name: str) -> int:
    """Open a regular file without waiting; errors name a recording."""
    try:
        return _descriptor(path, _READ)
    except NotRegular as error:
        raise UnsafeFile(
            f"{name}: a recording was wanted, this is {error.kind}",
            "Give the path of an EDF or BDF file.",
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        raise _cannot_open(path, name, error) from error


def open_file(path: Path) -> BufferedReader:
    """Open a regular file for reading, without waiting; anything else raises OSError."""
    return os.fdopen(_descriptor(path, _READ), "rb")


def open_to_append(path: Path) -> IO[bytes]:
    """Open or make a regular file, to append to it unbuffered; anything else raises OSError."""
    return os.fdopen(_descriptor(path, _APPEND), "a+b", buffering=0)


def refuse_special(path: Path) -> None:
    """Raise OSError where `path` is there and is neither a regular file nor a link."""
    with contextlib.suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            _require_regular(mode, path)


def _descriptor(path: str | os.PathLike[str], flags: int) -> int:
    """Open a file; its kind is checked before and after that."""
    with contextlib.suppress(FileNotFoundError):
        _require_regular(os.stat(path).st_mode, path)  # noqa: PTH116
    descriptor = os.open(path, flags, 0o666)
    try:
        _require_regular(os.fstat(descriptor).st_mode, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _require_regular(mode: int, path: str | os.PathLike[str]) -> None:
    if not stat.S_ISREG(mode):
        kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "something else")
        raise NotRegular(kind, path)


def read_small_file(path: Path, error_type: type[PsgpipeError], most_bytes: int) -> bytes:
    """The bytes of a table or a TOML file; `error_type` is raised where they cannot be read."""
    name = file_name(path)
    try:
        state = path.stat()
        if stat.S_ISDIR(state.st_mode):
            raise error_type(
                f"{name}: a file was wanted, this is a folder", "Give the path of a file."
            )
        if not stat.S_ISREG(state.st_mode):
            raise error_type(f"{name}: not a regular file", "Give the path of a file.")
        if state.st_size > most_bytes:
            raise error_type(
                f"{name}: too large, wanted at most {most_bytes // 1_000_000} MB",
                "Give the right file; this may be a recording.",
            )
        return path.read_bytes()
    except OSError as error:
        raise error_type(
            f"{name}: cannot be read: {error.strerror}", "Check the path and its permissions."
        ) from error


def _cannot_open(path: str | os.PathLike[str], name: str, error: Exception) -> UnsafeFile:
    if isinstance(error, PermissionError):
        return UnsafeFile(f"{name}: permission denied", "Give this user the right to read it.")
    if isinstance(error, FileNotFoundError):
        if Path(path).is_symlink():
            return UnsafeFile(f"{name}: a link to a file that does not exist", "Mend the link.")
        return UnsafeFile(f"{name}: no such file", "Check the path, and that the share is mounted.")
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return UnsafeFile(f"{name}: a loop of links", "Replace the link by the file itself.")
    reason = getattr(error, "strerror", None) or "the name is not valid"
    return UnsafeFile(f"{name}: cannot be opened: {reason}", "Check the path.")
