"""Regular files: nothing else is opened, so that no open waits for another process."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from psgpipe.errors import PsgpipeError, UnsafeFile
from psgpipe.messages import safe_text

LONGEST_NAME = 120


_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer must not stop the batch
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def file_name(path: str | os.PathLike[str]) -> str:
    """The name without folders, safe to print."""
    return safe_text(Path(path).name or str(path), LONGEST_NAME)


def open_regular(path: str | os.PathLike[str], name: str) -> int:
    """Open a regular file without waiting; its kind is checked before and after opening."""
    try:
        _refuse_special(Path(path).stat().st_mode, name)
        fd = os.open(path, _OPEN_FLAGS)
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        raise _cannot_open(path, name, error) from error
    try:
        _refuse_special(os.fstat(fd).st_mode, name)
    except BaseException:
        os.close(fd)
        raise
    return fd


def read_small_file(path: Path, error_type: type[PsgpipeError], most_bytes: int) -> bytes:
    """The bytes of a table or a TOML file; `error_type` is raised where they cannot be read."""
    name = file_name(path)
    try:
        state = path.stat()
        if not (stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode)):
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


def _refuse_special(mode: int, name: str) -> None:
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    if stat.S_ISREG(mode):
        return
    kind = next((words for is_kind, words in kinds if is_kind(mode)), "no regular file")
    raise UnsafeFile(
        f"{name}: a recording was wanted, this is {kind}", "Give the path of an EDF or BDF file."
    )


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
