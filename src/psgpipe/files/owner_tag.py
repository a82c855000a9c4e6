"""Owner tags: names of temporary files and folders that say which process writes them."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from psgpipe.files.process_identity import (
    ProcessIdentity,
    seconds_since_boot,
    state_of,
    this_process,
)

ABANDONED_AFTER_S = 7 * 24 * 3600.0
"""After this time without a change a temporary file has no owner, whoever that was."""

_TAG = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{1,12})-([0-9a-f]{1,12})-(\d{1,9})-(\d{1,18})-\w{8}")


def new_tag() -> str:
    """A name that no other process uses: this process and a random word."""
    return tag_of(this_process())


def tag_of(process: ProcessIdentity) -> str:
    """A new tag of a process."""
    began = process.began or 0
    where = f"{process.machine}-{process.boot}-{process.namespace}"
    return f"{where}-{process.pid}-{began}-{secrets.token_hex(4)}"


def owner_of(tag: str) -> ProcessIdentity | None:
    """The process that made a tag; None where it is no tag, or one of an older psgpipe."""
    match = _TAG.fullmatch(tag)
    if match is None:
        return None
    machine, boot, namespace, pid, began = match.groups()
    return ProcessIdentity(machine, boot, namespace, int(pid), int(began) or None)


def abandoned(folder: Path, prefix: str = "") -> Iterator[Path]:
    """The entries of `folder`, named by `prefix` and a tag, whose process has ended.

    Where nobody can tell, an entry counts as abandoned when it has not changed for a week. Its age
    is measured by the clock that gave it its time, the file server's.
    """
    clock = _FileServerClock(folder, prefix)
    for path in [p for p in folder.iterdir() if p.name.startswith(prefix)]:
        if _is_abandoned(path, path.name.removeprefix(prefix), clock):
            yield path


class _FileServerClock:
    """The clock of the disk that holds `folder`; it is read when first needed."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder, self._prefix = folder, prefix

    def age_s(self, path: Path) -> float | None:
        """Seconds since the last change of `path`; None where nobody can tell."""
        changed_s, now_s = _changed_s(path), self._now_s
        return None if changed_s is None or now_s is None else now_s - changed_s

    @cached_property
    def _now_s(self) -> float | None:
        """The time that a new folder gets."""
        new = self._folder / f"{self._prefix}{new_tag()}"
        with contextlib.suppress(OSError):
            new.mkdir()
            try:
                return _changed_s(new)
            finally:
                new.rmdir()
        return None


def _changed_s(path: Path) -> float | None:
    try:
        return path.lstat().st_mtime
    except OSError:
        return None


def _is_abandoned(path: Path, tag: str, clock: _FileServerClock) -> bool:
    owner = owner_of(tag)
    state = "unknown" if owner is None else state_of(owner)
    if state in ("runs", "ended"):
        return state == "ended"
    age_s = clock.age_s(path)
    if age_s is None:
        return False
    # A copied machine id is no earlier boot of this machine: its files are younger than our boot.
    enough_s = seconds_since_boot() if state == "another boot" else ABANDONED_AFTER_S
    return age_s > min(enough_s, ABANDONED_AFTER_S)
