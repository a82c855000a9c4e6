"""Names for what is being written, that tell whether whoever was writing it still lives."""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import time
from functools import cache
from pathlib import Path

ABANDONED_AFTER_S = 24 * 3600.0


def tag() -> str:
    """A name of this process's own: machine, process, and a word never used before."""
    return f"{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"


@cache
def _machine() -> str:
    # The name of a laboratory's machine is nobody's business.
    return hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]


def is_abandoned(name: str, path: Path) -> bool:
    """Whether nobody is writing what bears this tag any more.

    On another machine, and on Windows, a day without a change has to do.
    """
    machine, _, rest = name.partition("-")
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
    except (OSError, OverflowError):  # somebody else's process
        return True
    return True
