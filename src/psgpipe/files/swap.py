"""Two folders exchange their names in one step, where the operating system can do that."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # macOS, sys/stdio.h
_NOT_SUPPORTED = {
    getattr(errno, name)
    for name in ("EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EPERM", "EXDEV")
    if hasattr(errno, name)
}


def swap_folders(a: Path, b: Path) -> bool:
    """Exchange the names of `a` and `b`; False where system or file system cannot.

    Most network file systems cannot. Windows cannot. OSError: one of them is missing, or may not be
    moved.
    """
    swap = _system_call()
    code = errno.ENOSYS if swap is None else swap(os.fsencode(a), os.fsencode(b))
    if code in _NOT_SUPPORTED:
        return False
    if code:
        raise OSError(code, os.strerror(code), str(b))
    return True


@cache
def _system_call() -> Callable[[bytes, bytes], int] | None:
    """The system's call, which returns 0 or an error number; None where there is none."""
    import ctypes

    def error_number(status: int) -> int:
        return 0 if status == 0 else ctypes.get_errno()

    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            rename = libc.renameat2
            return lambda a, b: error_number(rename(_AT_FDCWD, a, _AT_FDCWD, b, _RENAME_EXCHANGE))
        if sys.platform == "darwin":
            rename = libc.renamex_np
            return lambda a, b: error_number(rename(a, b, _RENAME_SWAP))
    except (AttributeError, OSError, TypeError):  # an older libc; Windows has no library None
        return None
    return None
