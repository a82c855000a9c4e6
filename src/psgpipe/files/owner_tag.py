"""Owner tags: names of temporary files and folders that say which process writes them."""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import time
from functools import cache
from pathlib import Path

ABANDONED_AFTER_S = 24 * 3600.0


def new_tag() -> str:
    """A name that no other process uses: machine, process, and a random word."""
    return f"{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"


@cache
def _machine() -> str:
    # A hash, because results should not carry the name of a laboratory's machine.
    return hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]


def is_abandoned(tag: str, path: Path) -> bool:
    """Whether the process that wrote `path`, named by this tag, has ended.

    On another machine, and on Windows, a file that nobody changed for a day counts as abandoned.
    """
    machine, _, rest = tag.partition("-")
    pid = rest.partition("-")[0]
    if machine == _machine() and pid.isdigit() and os.name == "posix":
        return not _is_alive(int(pid))
    try:
        return time.time() - path.lstat().st_mtime > ABANDONED_AFTER_S
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # a process of another user
        return True
    return True
