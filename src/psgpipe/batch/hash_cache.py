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
from dataclasses import astuple
from pathlib import Path
from typing import Any

from psgpipe.errors import PsgpipeError
from psgpipe.files import atomic
from psgpipe.files.file_state import FileState, HashedFile

STEM, SUFFIX = ".hashes", ".json"


class HashCache:
    """The hashes of one study's recordings.

    Parameters
    ----------
    out
        Where earlier runs and shards have saved theirs.
    """

    def __init__(self, out: Path) -> None:
        self._entries: dict[str, Any] = {}
        self._changed = False
        self._cwd = Path.cwd()
        for path in sorted(out.glob(f"{STEM}*{SUFFIX}")):
            self._entries |= atomic.read_json(path) or {}

    def get(self, recording: Path) -> str | None:
        """The recording's hash, or None if it must be read."""
        entry, state = self._entries.get(self._key(recording)), FileState.of(recording)
        if state is None or not (isinstance(entry, list) and len(entry) == 5):
            return None
        *state_then, sha256 = entry
        unchanged = state_then == [*astuple(state)]
        return sha256 if unchanged and isinstance(sha256, str) else None

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

    def save(self, out: Path, name: str = f"{STEM}{SUFFIX}") -> None:
        """Save the cache for the next run; without it that run only takes longer."""
        if self._changed:
            with contextlib.suppress(PsgpipeError):
                atomic.write_file(out / name, json.dumps(self._entries, indent=0).encode("ascii"))
