"""What the C library does with the memory of arrays that are no longer needed."""

from __future__ import annotations

import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGEST_KEPT = 32 * 2**20
_MOST_KEPT = 256 * 2**20


def keep_freed_memory() -> None:
    """Let a process take the memory of its freed arrays again instead of giving it back.

    Left to itself glibc gives a large array back to the system, which has to clear other pages for
    the next: a twentieth of a night. Other C libraries than glibc are left alone.
    """
    if sys.platform != "linux":
        return
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
    mallopt(_TRIM_THRESHOLD, _MOST_KEPT)
