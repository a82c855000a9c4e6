"""Printing: text fit for a terminal, and streams that are closed, full or a pipe that ends.

Names and labels may hold any character. Progress and log on stderr are dropped where they cannot be
written, because nights are worth more. Results on stdout are what a command is for: where nobody
can read them, the command stops.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from psgpipe.files.atomic import is_disk_full

if TYPE_CHECKING:
    from typing_extensions import Buffer


MIN_WIDTH = 60


def printable(text: str) -> str:
    """`text` without control characters; what UTF-8 cannot hold is escaped, lines are kept."""
    escaped = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() or c == "\n" else " " for c in escaped)


def table(rows: Iterable[Sequence[str]], indent: str = "  ") -> str:
    """Columns aligned to their widest cell."""
    cells = [[printable(cell).replace("\n", " ") for cell in row] for row in rows]
    if not cells:
        return ""
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(indent + line.rstrip() for line in lines)


def terminal_width() -> int | None:
    """The columns of the terminal that shows stdout; None where no person reads it there."""
    return max(MIN_WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None


def wrapped(line: str, width: int | None) -> str:
    """A line in several of at most `width` characters, the further ones indented."""
    if width is None or len(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.strip(), width, initial_indent=indent, subsequent_indent=f"{indent}    ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


class _RawStream(io.RawIOBase):
    """A file descriptor that is written without a buffer."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def fileno(self) -> int:
        """The file descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """A standard output can be written, or says at each write that it cannot."""
        return True


class _Log(_RawStream):
    """Text that is dropped where it cannot be written."""

    def write(self, data: Buffer, /) -> int:
        """Write what can be written; the rest counts as written."""
        with contextlib.suppress(OSError):
            return os.write(self._descriptor, data)
        return memoryview(data).nbytes


class _Results(_RawStream):
    """Text that somebody must be able to read.

    Raises BrokenPipeError where nobody can, and the system's error where the disk is full.
    """

    def write(self, data: Buffer, /) -> int:
        """Write as much as the system takes."""
        try:
            return os.write(self._descriptor, data)
        except OSError as error:
            if is_disk_full(error):
                raise
            raise BrokenPipeError("stdout cannot be written") from error


def guard_streams() -> None:
    """Let stderr drop what it cannot write, and stdout say so by BrokenPipeError.

    A closed descriptor is opened, for reading nothing: else the next file that psgpipe opens would
    get its number, and what a library prints would go into that file.
    """
    _open_closed_descriptors()
    if sys.stdout is None or not _is_windows_console(sys.stdout):
        sys.stdout = _text(_Results(1), sys.stdout)
    if sys.stderr is None or not _is_windows_console(sys.stderr):
        sys.stderr = _text(_Log(2), sys.stderr)


def _open_closed_descriptors() -> None:
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # it gets the lowest free number, this one


def _is_windows_console(stream: TextIO) -> bool:
    """Windows writes text to a console by another way than bytes to a file."""
    return os.name == "nt" and stream.isatty()


def _text(raw: io.RawIOBase, replaced: TextIO | None) -> TextIO:
    encoding = "utf-8" if replaced is None else replaced.encoding
    writer = io.BufferedWriter(raw)
    return io.TextIOWrapper(writer, encoding, errors="backslashreplace", line_buffering=True)
