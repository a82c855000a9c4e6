"""Hashes of recordings seen before, for those who trust sizes and times (``--trust-mtime``).

A hash counts only while size, both times and the file's number on its disk are what they were, and
only where the file had been left alone for a while when it was hashed: two changes within one tick
of a coarse clock look like one. Copying, restoring or touching a recording costs reading it again.
Paths are kept as hashes: a file name may be a patient's.
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
from psgpipe.files.hashing import FileState, HashedFile

STEM, SUFFIX = ".hashes", ".json"


class KnownHashes:
    """What is known of the recordings of one study.

    Parameters
    ----------
    out
        Where earlier runs, or shards, have left what they knew.
    """

    def __init__(self, out: Path) -> None:
        self._known: dict[str, Any] = {}
        self._news = False
        self._cwd = Path.cwd()
        for path in sorted(out.glob(f"{STEM}*{SUFFIX}")):
            self._known |= atomic.read_json(path) or {}

    def get(self, recording: Path) -> str | None:
        """The recording's hash, or None where it has to be read."""
        known, state = self._known.get(self._key(recording)), FileState.of(recording)
        if state is None or not (isinstance(known, list) and len(known) == 5):
            return None
        *before, sha256 = known
        return sha256 if before == [*astuple(state)] and isinstance(sha256, str) else None

    def learn(self, recording: Path, hashed: HashedFile | None) -> None:
        """Remember the hash of a recording that has just been read."""
        if hashed is None or hashed.state is None or not hashed.calm:
            return
        entry = [*astuple(hashed.state), hashed.sha256]
        key = self._key(recording)
        if self._known.get(key) != entry:
            self._known[key] = entry
            self._news = True

    def _key(self, recording: Path) -> str:
        return hashlib.sha256(os.fsencode(self._cwd / recording)).hexdigest()[:24]

    def save(self, out: Path, name: str = f"{STEM}{SUFFIX}") -> None:
        """Leave for the next run what is known; without it that run only takes longer."""
        if self._news:
            with contextlib.suppress(PsgpipeError):
                atomic.write_file(out / name, json.dumps(self._known, indent=0).encode("ascii"))
