"""The hash cache: hashes of recordings from earlier runs, for ``--trust-mtime``.

A hash counts only while the file's size, both times and number on its disk are unchanged, and only
if the file had been left alone for a while when it was hashed: two changes within one tick of a
coarse clock look like one. A recording that was copied, restored or touched is read again. The
cache keeps paths as hashes, because a file name may be a patient's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any

from psgpipe.errors import PsgpipeError
from psgpipe.files import atomic
from psgpipe.files.file_state import FileState, HashedFile
from psgpipe.files.regular import open_file

STEM, SUFFIX = ".hashes", ".json"


class HashCache:
    """The hashes of the recordings of one study, or of one of its shards.

    Each shard saves the hashes of its own recordings only. It searches those of the others if one
    of its recordings is new to it: the study was divided into other shards before.

    Parameters
    ----------
    out
        Where earlier runs and shards have saved theirs.
    name
        The file of this shard.
    recordings
        Its recordings: of the hashes of other shards, these are kept; None for all.
    """

    def __init__(
        self,
        out: Path,
        name: str = f"{STEM}{SUFFIX}",
        recordings: Collection[Path] | None = None,
    ) -> None:
        self._file, self._recordings = out / name, recordings
        self._entries: dict[str, Any] = dict(_entries_in(self._file))
        self._of_others: dict[str, Any] | None = None
        self._changed = False
        self._cwd = Path.cwd()

    def get(self, recording: Path) -> str | None:
        """The recording's hash, or None if it must be read."""
        key, state = self._key(recording), FileState.of(recording)
        if state is None:
            return None
        sha256 = _hash_of(self._entries.get(key), state)
        if sha256 is not None:
            return sha256
        if self._of_others is None:
            self._of_others = self._read_others()
        sha256 = _hash_of(self._of_others.get(key), state)
        if sha256 is not None:
            self._entries[key], self._changed = self._of_others[key], True
        return sha256

    def _read_others(self) -> dict[str, Any]:
        wanted = None if self._recordings is None else set(map(self._key, self._recordings))
        others = sorted(self._file.parent.glob(f"{STEM}*{SUFFIX}"))
        return {
            key: entry
            for path in others
            if path != self._file
            for key, entry in _entries_in(path)
            if wanted is None or key in wanted
        }

    def add(self, recording: Path, hashed: HashedFile | None) -> None:
        """Keep the hash of a recording that has just been read."""
        if hashed is None or hashed.state is None or not hashed.calm:
            return
        entry = [*astuple(hashed.state), hashed.sha256]
        key = self._key(recording)
        if self._entries.get(key) != entry:
            self._entries[key] = entry
            self._changed = True

    def _key(self, recording: Path) -> str:
        return hashlib.sha256(os.fsencode(self._cwd / recording)).hexdigest()[:24]

    def save(self) -> None:
        """Save the cache for the next run; without it that run only takes longer."""
        if self._changed:
            with contextlib.suppress(PsgpipeError):
                atomic.write_file(self._file, _lines(self._entries))


def _lines(entries: Mapping[str, Any]) -> Iterator[bytes]:
    """The entries as one JSON object, a line each."""
    before = "{\n"
    for key, entry in entries.items():
        yield f"{before}{json.dumps(key)}: {json.dumps(entry)}".encode("ascii")
        before = ",\n"
    yield b"\n}\n"


def _entries_in(path: Path) -> Iterator[tuple[str, Any]]:
    """The entries of a file, read line by line: the file of a large study does not fit in memory.

    An earlier psgpipe wrote several lines for each entry; such a file is read as a whole.
    """
    with contextlib.suppress(OSError), open_file(path) as file:
        for line in file:
            entry = line.strip().rstrip(b",")
            if entry in (b"", b"{", b"}"):
                continue
            try:
                yield from atomic.parse_json(b"{" + entry + b"}").items()
            except ValueError:
                yield from (atomic.read_json(path) or {}).items()
                return


def _hash_of(entry: Any, state: FileState) -> str | None:
    """The hash in an entry, if the file is as it was then."""
    if not (isinstance(entry, list) and len(entry) == 5):
        return None
    *state_then, sha256 = entry
    unchanged = state_then == [*astuple(state)]
    return sha256 if unchanged and isinstance(sha256, str) else None
