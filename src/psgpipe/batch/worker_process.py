"""A worker process as its parent sees it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.context import SpawnProcess
from typing import Any

from psgpipe.batch import worker
from psgpipe.batch.worker import Note
from psgpipe.errors import TryAgain

GOODBYE_S = 5.0
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
"""Workers share the cores among themselves; and sums over several threads may round differently."""


class WorkerProcess:
    """A worker process and the pipe to it."""

    def __init__(self, function: Callable[[Any, Note], Any]) -> None:
        context = multiprocessing.get_context("spawn")
        try:
            self.connection, there = context.Pipe()
            with contextlib.closing(there), _signals_held(), _one_thread_each():
                self._process: SpawnProcess = context.Process(
                    target=worker.serve, args=(there, function, os.getpid()), daemon=True
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
        """Whether the process has not ended."""
        return self._process.is_alive()

    def messages(self) -> Iterator[tuple[str, Any]]:
        """What the process has said meanwhile.

        Raises
        ------
        EOFError, OSError
            It has come to its end, and there is nothing left that it said.
        """
        alive = self._process.is_alive()
        while self.connection.poll():
            yield self.connection.recv()
        if not alive:
            raise EOFError

    def kill(self, patience_s: float = 0.0) -> int | None:
        """End it by force if it has not ended by itself within `patience_s`; its exit code."""
        self._process.join(patience_s)
        self._process.kill()
        self._process.join(GOODBYE_S)
        self.connection.close()
        return self._process.exitcode


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Hold back the signals that a new process must not meet before it can ignore them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, worker.left_to_the_parent())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Set what numerical libraries read once, when they are imported."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
