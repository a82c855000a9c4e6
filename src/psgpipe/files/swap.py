"""Two folders trade places in one step, where the operating system can do that."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # macOS, sys/stdio.h
_CANNOT = {
    getattr(errno, name)
    for name in ("EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EPERM", "EXDEV")
    if hasattr(errno, name)
}


def exchange(a: Path, b: Path) -> bool:
    """Let `a` and `b` trade places at once; False where system or file system cannot.

    Network file systems mostly cannot, Windows never can.

    Raises
    ------
    OSError
        They could, and this time it failed: one of them is gone, or may not be moved.
    """
    swap = _swap()
    if swap is None:
        return False
    code = swap(os.fsencode(a), os.fsencode(b))
    if code in _CANNOT:
        return False
    if code:
        raise OSError(code, os.strerror(code), str(b))
    return True


@cache
def _swap() -> Callable[[bytes, bytes], int] | None:
    """The system's call, giving 0 or an error number; None where there is none."""
    import ctypes

    def call(function: Any, *arguments: Any) -> int:
        return 0 if function(*arguments) == 0 else ctypes.get_errno()

    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            rename = libc.renameat2
            return lambda a, b: call(rename, _AT_FDCWD, a, _AT_FDCWD, b, _RENAME_EXCHANGE)
        if sys.platform == "darwin":
            rename = libc.renamex_np
            return lambda a, b: call(rename, a, b, _RENAME_SWAP)
    except (AttributeError, OSError, TypeError):  # an older libc; Windows has no library None
        return None
    return None
