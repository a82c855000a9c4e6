"""A worker process: how the parent starts, hears and ends it, and what runs inside it.

A new process imports this module first; nothing here imports what is slow.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from psgpipe.batch.malloc import keep_freed_memory
from psgpipe.errors import PsgpipeError, TryAgain
from psgpipe.files.scratch import cache_variables
from psgpipe.threads import THREAD_VARIABLES

READY, NOTED, DONE, REFUSED, RAISED, NO_MEMORY = (
    "ready", "noted", "done", "refused", "raised", "no memory",
)  # fmt: skip
Note = Callable[[Any], None]
"""A task sends the parent a fact with this, because a task that dies returns nothing."""
TaskFunction = Callable[[Any, Note], Any]

EXIT_LIMIT_S = 5.0


class WorkerProcess:
    """A worker process as its parent sees it, and the pipe to it."""

    def __init__(self, function: TaskFunction) -> None:
        context = multiprocessing.get_context("spawn")
        try:
            self.connection, child_end = context.Pipe()
            with (
                contextlib.closing(child_end), _signals_blocked(), _child_environment(),
                _without_main_module(),
            ):  # fmt: skip
                self._process: SpawnProcess = context.Process(
                    target=serve, args=(child_end, function, os.getpid()), daemon=True
                )
                self._process.start()
        except OSError as error:
            raise TryAgain(
                f"no worker process can be started: {error.strerror}",
                "Look at the limits of this machine (ulimit -a), or use fewer --jobs; run again.",
            ) from error

    @property
    def handles(self) -> list[Any]:
        """What `multiprocessing.connection.wait` can wait for."""
        return [self.connection, self._process.sentinel]

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.is_alive()

    def messages(self) -> Iterator[tuple[str, Any]]:
        """The messages that the process has sent since the last call.

        Raises
        ------
        EOFError, OSError
            The process has ended, and no message is left.
        """
        alive = self._process.is_alive()
        while self.connection.poll():
            yield self.connection.recv()
        if not alive:
            raise EOFError

    def kill(self, patience_s: float = 0.0) -> int | None:
        """Wait `patience_s` for the process to end, then kill it; returns its exit code."""
        self._process.join(patience_s)
        self._process.kill()
        self._process.join(EXIT_LIMIT_S)
        self.connection.close()
        return self._process.exitcode


def _signals_for_the_parent() -> set[signal.Signals]:
    """Signals that a terminal or a scheduler sends to all processes; only the parent answers."""
    names = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGBREAK")
    return {getattr(signal, name) for name in names if hasattr(signal, name)}


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """Block these signals until the new process can ignore them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _signals_for_the_parent())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _child_environment() -> Iterator[None]:
    """Set what a new process reads once, when it starts or imports numerical libraries."""
    wanted: dict[str, str | None] = {**dict.fromkeys(THREAD_VARIABLES, "1"), **cache_variables()}
    # A file signal.py in the working folder would be imported by multiprocessing itself.
    wanted |= {"PYTHONSAFEPATH": "1", "PYTHONPATH": _without_working_folder()}
    before = {name: os.environ.get(name) for name in wanted}
    _set_environment(wanted)
    try:
        yield
    finally:
        _set_environment(before)


@contextlib.contextmanager
def _without_main_module() -> Iterator[None]:
    """Let a new process not import the script that calls psgpipe: it would run once more there.

    No task needs it: functions and tasks are of psgpipe.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _set_environment(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is not None:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)


def _without_working_folder() -> str | None:
    """``PYTHONPATH`` without its empty entries, which mean the working folder."""
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join(e for e in entries if e not in ("", os.curdir)) or None


def serve(connection: Connection, function: TaskFunction, parent_pid: int) -> None:
    """Carry out the tasks that come by `connection` until the parent closes it or dies."""
    for number in _signals_for_the_parent():
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _signals_for_the_parent())
    _die_with(parent_pid)
    keep_freed_memory()
    # Warnings and logs would run through the progress bar; the night's files say what matters.
    warnings.simplefilter("ignore")
    logging.getLogger().addHandler(logging.NullHandler())
    with contextlib.suppress(EOFError, OSError):
        connection.send((READY, None))
        while True:
            task = connection.recv()
            connection.send(_answer(function, task, lambda fact: connection.send((NOTED, fact))))


def _answer(function: TaskFunction, task: Any, note: Note) -> tuple[str, Any]:
    try:
        return DONE, function(task, note)
    except PsgpipeError as error:
        return REFUSED, error
    except MemoryError:
        return NO_MEMORY, None
    except Exception as error:  # a bug costs its own night, as every other failure does
        return RAISED, _type_and_place(error)


def _type_and_place(error: Exception) -> dict[str, Any]:
    """Type and place of an error without its text, which may hold words of a recording.

    ``machine`` is what failed outside the night, where that is so. The reader of recordings and
    the writer of nights turn the system's errors into psgpipe's: any other one is the machine's,
    and so is whatever comes of an import.
    """
    frames = traceback.extract_tb(error.__traceback__)
    machine = None
    if isinstance(error, OSError):
        machine = os.strerror(error.errno) if error.errno else type(error).__name__
    elif isinstance(error, ImportError) or any(
        "importlib._bootstrap" in f.filename for f in frames
    ):
        machine = f"a library cannot be loaded ({type(error).__name__})"
    return {
        "type": type(error).__name__,
        "where": [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames[-8:]],
        "machine": machine,
    }


def _die_with(parent_pid: int) -> None:
    """End this process when its parent ends, however that happens."""
    _let_the_kernel_kill()
    if os.name == "posix" and os.getppid() != parent_pid:
        os._exit(1)
    threading.Thread(target=_exit_after_parent, daemon=True).start()


def _exit_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _let_the_kernel_kill() -> None:
    """On Linux the kernel kills this process even if a thread does not get its turn."""
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
