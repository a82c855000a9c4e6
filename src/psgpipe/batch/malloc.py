"""A setting of the C library's malloc: a process keeps the memory of freed arrays."""

from __future__ import annotations

import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGEST_KEPT = 32 * 2**20
_MOST_KEPT = 256 * 2**20


def keep_freed_memory() -> None:
    """Use the memory of freed arrays again instead of giving it back to the system.

    By default glibc gives the memory of a large array back, and the system must clear other pages
    for the next one. That takes a twentieth of a night. Other C libraries stay as they are.
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
