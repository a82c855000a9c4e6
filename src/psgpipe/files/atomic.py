"""Atomic writes: a file appears whole or not at all. Errors of the system become psgpipe's."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from psgpipe.errors import OutputConflict, TryAgain
from psgpipe.files.regular import NotRegular, open_file, refuse_special

TEMPORARY_PREFIX = ".psgpipe-"
MOST_NESTED = 64
"""No file of psgpipe nests lists and objects as deeply as this."""
# A virus scanner holds a new file for a moment.
_WINDOWS_WAITS_S = (0.05, 0.1, 0.2, 0.5, 1.0) if os.name == "nt" else ()
_NO_FLUSH = ("EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP")
_NO_FOLDER_FLUSH = (*_NO_FLUSH, "EACCES", "EBADF", "EISDIR", "EPERM")


def rename_with_retries(rename: Callable[[], Any]) -> None:
    """Rename; try again where Windows says that another program holds the file."""
    for wait_s in _WINDOWS_WAITS_S:
        try:
            rename()
        except PermissionError:
            time.sleep(wait_s)
        else:
            return
    rename()


def flush_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where the file system can do that for a folder.

    Windows cannot open folders and does not need it. Some network shares refuse it.
    """
    if os.name == "nt":
        return
    with _unless(_NO_FOLDER_FLUSH):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _unless(names: Collection[str]) -> Iterator[None]:
    """Nothing happens where the system's error is one of these."""
    try:
        yield
    except OSError as error:
        if not _is_one_of(error, names):
            raise


def _is_one_of(error: OSError, names: Collection[str]) -> bool:
    return error.errno in {getattr(errno, name, None) for name in names}


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A new file that appears under its name when it is complete and on the disk.

    The bytes go to a temporary file beside `path`. After an error that file is removed.

    Raises
    ------
    psgpipe.errors.TryAgain
        The disk is full.
    psgpipe.errors.OutputConflict
        The folder cannot be written.
    """
    # Commands that only read do without this module and the slow ones that it imports.
    from psgpipe.files.owner_tag import new_tag

    temporary = path.with_name(f"{TEMPORARY_PREFIX}{new_tag()}")
    with output_errors(path):
        refuse_special(path)
        try:
            with temporary.open("xb") as file:
                yield file
                flush_file(file)
            _rename_complete(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        flush_folder(path.parent)


def _rename_complete(temporary: Path, path: Path) -> None:
    try:
        rename_with_retries(lambda: temporary.replace(path))
    except OSError as error:
        if has_vanished(error, temporary):
            raise TryAgain(
                f"{path.name} vanished while it was written: another program removed it",
                "Run the same command again; what is finished is kept.",
            ) from error
        raise


def write_file(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write bytes, or pieces of them one after the other, to a file in one step.

    Folders are made where they are missing.

    Raises
    ------
    psgpipe.errors.TryAgain
        The disk is full.
    psgpipe.errors.OutputConflict
        The folder cannot be written.
    """
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        file.writelines([content] if isinstance(content, bytes) else content)


def write_new(path: Path, content: bytes | Iterable[bytes]) -> int:
    """Write a new file, whole or piece by piece, and flush it; returns its size in bytes.

    A file of that name must not exist.
    """
    with path.open("xb") as file:
        size = sum(map(file.write, [content] if isinstance(content, bytes) else content))
        flush_file(file)
    return size


def flush_file(file: IO[bytes]) -> None:
    """Bring the content to the disk, where the file system can do that."""
    file.flush()
    with _unless(_NO_FLUSH):
        os.fsync(file.fileno())


def is_disk_full(error: OSError) -> bool:
    """Whether the disk, or the user's share of it, is full."""
    return _is_one_of(error, ("ENOSPC", "EDQUOT"))


def has_vanished(error: OSError, path: Path) -> bool:
    """Whether writing failed because somebody removed `path`, the file or folder being written."""
    stale = _is_one_of(error, ("ESTALE",))  # a network share that has lost it
    return stale or (isinstance(error, FileNotFoundError) and not os.path.lexists(path))


@contextlib.contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Turn the system's errors in writing `path` into TryAgain or OutputConflict."""
    try:
        yield
    except NotRegular as error:
        raise OutputConflict(
            f"{path.name}: a file was wanted, this is {error.kind}",
            "Move it away, and run the same command again.",
        ) from error
    except OSError as error:
        if is_disk_full(error):
            raise TryAgain(
                f"the disk is full while writing {path.name}",
                "Free some space and run the same command again; what is finished is kept.",
            ) from error
        raise OutputConflict(
            f"cannot write {path.name} into {path.parent}: {error.strerror}",
            "Correct the permissions of the folder, or choose another one.",
        ) from error


def json_bytes(value: Any) -> bytes:
    """`value` as readable JSON; a number that is not finite is a bug and raises ValueError."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None where there is no readable one."""
    try:
        with open_file(path) as file:
            value = parse_json(file.read())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def parse_json(content: bytes) -> Any:
    """The value of a JSON text; ValueError where it is none, or is nested very deeply."""
    try:
        value = json.loads(content)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    openings = content.count(b"[") + content.count(b"{")
    if openings > MOST_NESTED and len(content) < 1_000_000 and _depth(value) > MOST_NESTED:
        raise ValueError("nested too deeply")
    return value


def _depth(value: Any) -> int:
    """How deeply lists and objects are nested, counted to one more than the limit."""
    level, depth = [value], 0
    while level and depth <= MOST_NESTED:
        level = [
            item
            for value in level
            if isinstance(value, dict | list)
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        depth += 1
    return depth


def bytes_of(path: Path) -> bytes | None:
    """The bytes of a file; None where they cannot be read."""
    try:
        with open_file(path) as file:
            return file.read()
    except OSError:
        return None
