"""The bytes of a recording: a regular file, plain or gzipped, opened once.

A :class:`Source` reads at any offset, fastest forwards, hashes what it reads if asked to, and finds
out at the end whether the file changed meanwhile. No memory map is used: a file cut short under a
map kills the process.
"""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager

from psgpipe.edf.findings import Findings
from psgpipe.errors import ChangedWhileRead, ReadFailed
from psgpipe.files.regular import file_name, open_regular
from psgpipe.messages import count_of

_CHUNK = 1 << 18
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_WITHOUT_DATA = 4 * 2**20  # bytes of a gzipped file that give no byte of the recording


class Source:
    """A plain file.

    Attributes
    ----------
    name
        The file's name without folders, safe to print.
    gzipped
        Whether the bytes are compressed.
    """

    gzipped = False

    def __init__(self, fd: int, name: str) -> None:
        self._fd = fd
        self._file = io.FileIO(fd)
        self.name = name
        self._opened = os.fstat(fd)
        self._digest = hashlib.sha256()
        self._n_hashed: int | None = None

    def hash_on_the_way(self, n_bytes: int) -> None:
        """Hash the first `n_bytes` now, and the bytes that follow when they are read."""
        self._n_hashed = 0
        self.read_at_most(0, n_bytes)

    def sha256(self) -> str:
        """SHA-256 of the whole file as it lies on the disk; unread bytes are read now."""
        buffer = bytearray(_CHUNK)
        self._n_hashed = self._n_hashed or 0
        while Source._fill(self, self._n_hashed, memoryview(buffer)):
            pass
        return self._digest.hexdigest()

    @property
    def n_bytes(self) -> int:
        """Bytes of the file on the disk."""
        return self._opened.st_size

    def measure(self, limit: int) -> int:
        """Bytes of EDF in the file; a gzipped file is inflated up to `limit` + 1 bytes."""
        return self._opened.st_size

    def read_at_most(self, offset: int, n_bytes: int) -> bytes:
        """Up to `n_bytes` from `offset`; fewer only where the file ends."""
        buffer = bytearray(n_bytes)
        got = self._fill(offset, memoryview(buffer))
        return bytes(buffer[:got])

    def read_into(self, offset: int, view: memoryview) -> None:
        """Fill `view` from `offset`.

        Raises
        ------
        ReadFailed
            The file ends before, or the system reports an error.
        """
        got = self._fill(offset, view)
        if got < len(view):
            raise ReadFailed(
                f"{self.name}: {len(view)} bytes wanted at {offset}, {got} came",
                "The file may be changing, or its disk or network failing: copy it and try again.",
            )

    def _fill(self, offset: int, view: memoryview) -> int:
        got = 0
        try:
            self._file.seek(offset)
            while got < len(view):
                n_bytes = self._file.readinto(view[got:])
                if not n_bytes:
                    break
                got += n_bytes
        except OSError as error:
            raise self._read_failed(error) from error
        self._hash(offset, view[:got])
        return got

    def _hash(self, offset: int, view: memoryview) -> None:
        """Hash the part of `view` that follows on the hashed bytes."""
        if self._n_hashed is not None and offset <= self._n_hashed < offset + len(view):
            self._digest.update(view[self._n_hashed - offset :])
            self._n_hashed = offset + len(view)

    def _read_failed(self, error: OSError) -> ReadFailed:
        reason = error.strerror or type(error).__name__
        return ReadFailed(
            f"{self.name}: reading failed: {reason}",
            "Check the disk or the network share, copy the file again, and retry.",
        )

    def check_unchanged(self) -> None:
        """Compare size and modification time with what they were when the file was opened.

        Raises
        ------
        ChangedWhileRead
            They differ: somebody is writing.
        """
        try:
            now = os.fstat(self._fd)
        except OSError as error:
            raise self._read_failed(error) from error
        if (now.st_size, now.st_mtime_ns) != (self._opened.st_size, self._opened.st_mtime_ns):
            raise ChangedWhileRead(
                f"{self.name}: changed while it was read "
                f"({self._opened.st_size} bytes before, {now.st_size} after)",
                "Wait until the recording or the copy is finished, then run again.",
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class GzipSource(Source):
    """A gzipped file, inflated while it is read; reading backwards starts again at the front."""

    gzipped = True

    def __init__(self, plain: Source) -> None:
        self._fd, self._file = plain._fd, plain._file
        self._opened, self.name = plain._opened, plain.name
        self._digest, self._n_hashed = hashlib.sha256(), None
        self.garbage_after = False
        self._restart()

    def hash_on_the_way(self, n_bytes: int) -> None:
        """Do nothing: the bytes read are not those on the disk."""

    def sha256(self) -> str:
        """SHA-256 of the compressed file."""
        sha256 = super().sha256()
        self._restart()
        return sha256

    def measure(self, limit: int) -> int:
        """Inflate up to `limit` + 1 bytes and count them."""
        while self._position <= limit:
            if not self._inflate(min(_CHUNK, limit + 1 - self._position)):
                break
        return self._position

    def _restart(self) -> None:
        self._file.seek(0)
        self._position = 0
        self._compressed = b""
        self._n_without_data = 0
        self._member = zlib.decompressobj(wbits=31)
        self._ended = False

    def _fill(self, offset: int, view: memoryview) -> int:
        if offset < self._position:
            self._restart()
        while self._position < offset:
            if not self._inflate(min(_CHUNK, offset - self._position)):
                return 0
        got = 0
        while got < len(view):
            block = self._inflate(min(_CHUNK, len(view) - got))
            if not block:
                break
            view[got : got + len(block)] = block
            got += len(block)
        return got

    def _inflate(self, n_bytes: int) -> bytes:
        """The next bytes, at most `n_bytes`, empty at the end of the last member."""
        try:
            while not self._ended:
                if self._member.eof:
                    self._next_member()
                    continue
                if self._is_endless:
                    raise self._damaged("the compressed data have no end")
                if not self._compressed:
                    self._compressed = self._read_chunk()
                    if not self._compressed:
                        raise self._damaged("the compressed data end early")
                block = self._member.decompress(self._compressed, n_bytes)
                self._compressed = (
                    self._member.unused_data if self._member.eof else self._member.unconsumed_tail
                )
                if block:
                    self._position += len(block)
                    self._n_without_data = 0
                    return block
        except zlib.error as error:
            raise self._damaged("the compressed data are damaged") from error
        except OSError as error:
            raise self._read_failed(error) from error
        return b""

    def _next_member(self) -> None:
        """Go on to the next gzip member; NUL padding ends the file, other bytes are a finding.

        So is padding, or a row of empty members, that is longer than a tape would need.
        """
        waiting, more = self._compressed.lstrip(b"\0"), b"more"
        while len(waiting) < len(_GZIP_MAGIC) and more and not self._is_endless:
            more = self._read_chunk()
            waiting = (waiting + more).lstrip(b"\0")
        self._compressed = waiting
        if waiting.startswith(_GZIP_MAGIC) and not self._is_endless:
            self._member = zlib.decompressobj(wbits=31)
            return
        self.garbage_after = bool(waiting) or self._is_endless
        self._ended = True

    @property
    def _is_endless(self) -> bool:
        return self._n_without_data > _MOST_WITHOUT_DATA

    def _read_chunk(self) -> bytes:
        chunk = self._file.read(_CHUNK)
        self._n_without_data += len(chunk)
        return chunk

    def _damaged(self, how: str) -> ReadFailed:
        return ReadFailed(
            f"{self.name}: {how} (after {count_of(self._position, 'byte')} of recording)",
            "Copy the file again from where it was made; `gzip -t` tests the copy.",
        )


@contextmanager
def open_source(path: str | os.PathLike[str]) -> Iterator[Source]:
    """Open a recording; :func:`check_end` checks after reading that it did not change meanwhile.

    Raises
    ------
    UnsafeFile
        Missing, not a regular file, not permitted, or a loop of links.
    ReadFailed
    """
    name = file_name(path)
    with closing(_source(open_regular(path, name), name)) as source:
        yield source


def check_end(source: Source, findings: Findings) -> None:
    """Check that nobody changed the file while it was read; report what follows gzipped data.

    Raises
    ------
    ChangedWhileRead, ReadFailed
        See :class:`Source`.
    """
    source.check_unchanged()
    if isinstance(source, GzipSource) and source.garbage_after:
        findings.add("gzip-trailing", "bytes after the end of the compressed data were ignored")


def _source(fd: int, name: str) -> Source:
    plain = Source(fd, name)
    try:
        gzipped = plain.read_at_most(0, len(_GZIP_MAGIC)) == _GZIP_MAGIC
    except ReadFailed:
        plain.close()
        raise
    return GzipSource(plain) if gzipped else plain
