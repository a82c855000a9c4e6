"""Files appear whole or not at all; what the operating system says becomes an error of ours."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from psgpipe.errors import OutputConflict, TryAgain
from psgpipe.files import owner_tag

TEMPORARY_PREFIX = ".psgpipe-"


# A virus scanner looks at what was just written and lets go of it within moments.
_WINDOWS_WAITS_S = (0.05, 0.1, 0.2, 0.5, 1.0) if os.name == "nt" else ()


def patiently(rename: Callable[[], Any]) -> None:
    """Rename; where somebody else holds the file for a moment, as on Windows, try again."""
    for wait_s in _WINDOWS_WAITS_S:
        try:
            rename()
        except PermissionError:
            time.sleep(wait_s)
        else:
            return
    rename()


def flush_folder(folder: Path) -> None:
    """Make a rename survive a power cut; Windows cannot open folders and does not need it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_DISK_FULL = {"ENOSPC", "EDQUOT"}


def write_file(path: Path, content: bytes) -> None:
    """Write `content` to a temporary name beside `path`, flush it to the disk, and rename it.

    Raises
    ------
    psgpipe.errors.TryAgain
        The disk is full.
    psgpipe.errors.OutputConflict
        The folder cannot be written.
    """
    write_pieces(path, [content])


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """As :func:`write_file`, for content that need not be in memory all at once."""
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f"{TEMPORARY_PREFIX}{owner_tag.tag()}"
        try:
            write_new(temporary, pieces)
            patiently(lambda: temporary.replace(path))
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        flush_folder(path.parent)


def write_new(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a new file and flush it; a file of that name must not be there."""
    with path.open("xb") as file:
        _write_flushed(file, pieces)


def _write_flushed(file: IO[bytes], pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        file.write(piece)
    file.flush()
    os.fsync(file.fileno())


@contextlib.contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Translate what the operating system says about writing `path`."""
    try:
        yield
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "")
        if name in _DISK_FULL:
            raise TryAgain(
                f"the disk is full while writing {path.name}",
                "Free some space and run the same command again; what is finished is kept.",
            ) from error
        raise OutputConflict(
            f"cannot write {path.name} into {path.parent}: {error.strerror}",
            "Choose another -o folder, or correct its permissions.",
        ) from error


def json_bytes(value: Any) -> bytes:
    """`value` as readable JSON; a number that is not finite is a bug and raises ValueError."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file, or None where there is none that can be read."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def bytes_of(path: Path) -> bytes | None:
    """The bytes of a file, or None where they cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None
