"""What runs inside a worker process: one task after the other, until its parent is gone.

This module is imported first in a new process; nothing here imports what is slow.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from psgpipe.batch.malloc import keep_freed_memory
from psgpipe.errors import PsgpipeError

READY, NOTED, DONE, REFUSED, RAISED, NO_MEMORY = (
    "ready", "noted", "done", "refused", "raised", "no memory",
)  # fmt: skip
Note = Callable[[Any], None]
"""By this a task tells the parent something while it works, for the case that it never ends."""


def left_to_the_parent() -> set[signal.Signals]:
    """Signals that a terminal or a scheduler sends to all processes, and one alone answers."""
    names = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGBREAK")
    return {getattr(signal, name) for name in names if hasattr(signal, name)}


def serve(connection: Connection, function: Callable[[Any, Note], Any], parent_pid: int) -> None:
    """Answer tasks from `connection` until the parent closes it or dies."""
    for number in left_to_the_parent():
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, left_to_the_parent())
    _die_with(parent_pid)
    keep_freed_memory()
    # Both would run through the progress bar, and what matters stands in the night's files.
    warnings.simplefilter("ignore")
    logging.getLogger().addHandler(logging.NullHandler())
    with contextlib.suppress(EOFError, OSError):
        connection.send((READY, None))
        while True:
            task = connection.recv()
            connection.send(_answer(function, task, lambda fact: connection.send((NOTED, fact))))


def _answer(function: Callable[[Any, Note], Any], task: Any, note: Note) -> tuple[str, Any]:
    try:
        return DONE, function(task, note)
    except PsgpipeError as error:
        return REFUSED, error
    except MemoryError:
        return NO_MEMORY, None
    except Exception as error:  # a bug costs its own night, as every other failure does
        return RAISED, _whereabouts(error)


def _whereabouts(error: Exception) -> dict[str, Any]:
    """Type and place of an error without its text, which may hold words of a recording."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "type": type(error).__name__,
        "where": [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames[-8:]],
    }


def _die_with(parent_pid: int) -> None:
    """End this process when its parent ends, in whatever way; nobody is left to give it work."""
    _ask_the_kernel()
    if os.name == "posix" and os.getppid() != parent_pid:
        os._exit(1)
    threading.Thread(target=_outlive_nobody, daemon=True).start()


def _outlive_nobody() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _ask_the_kernel() -> None:
    """On Linux the kernel kills this process even where a thread would not get its turn."""
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
