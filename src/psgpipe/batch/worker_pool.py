"""Tasks go to worker processes, one at a time each; whatever happens to one costs its own task.

A shared pool loses the tasks of all workers when one of them dies. Here every worker has a process
and a pipe of its own, and one thread waits for all of them: no locks, and signals arrive where they
can be answered.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any, Generic, Literal, TypeVar, cast

from psgpipe.batch import worker
from psgpipe.batch.worker import Note
from psgpipe.batch.worker_process import GOODBYE_S, WorkerProcess
from psgpipe.errors import TryAgain

Task = TypeVar("Task")
Fate = Literal["done", "refused", "raised", "no memory", "died", "timed out"]
Urgency = Literal["when done", "now"]

TICK_S = 0.25
START_LIMIT_S = 300.0
START_FAILURES = 3
MOST_WORKERS = 30 if os.name == "nt" else 10_000  # Windows waits for 63 things at most


@dataclass(frozen=True)
class Ended(Generic[Task]):
    """What became of a task.

    Attributes
    ----------
    task
        As it was given.
    fate
        ``done``; ``refused`` with a PsgpipeError; ``raised``, a bug; ``no memory``; the worker
        ``died``; ``timed out`` and was killed.
    value
        The result; the error; type and place of a bug; the exit code of a worker that died
        (negative: the signal that killed it).
    noted
        What the task told last before its end, or None.
    seconds
        From its start to its end.
    """

    task: Task
    fate: Fate
    value: Any
    noted: Any
    seconds: float


def run_tasks(
    tasks: Iterable[Task],
    function: Callable[[Task, Note], Any],
    *,
    jobs: int,
    limit_s: float | None = None,
    stop: Callable[[], Urgency | None] = lambda: None,
    grace_s: float = 60.0,
    started: Callable[[Task], None] = lambda _: None,
    tick: Callable[[], None] = lambda: None,
) -> Generator[Ended[Task], None, None]:
    """Carry out `function(task, note)` for every task in worker processes; yields as they end.

    No worker outlives the iterator. Tasks are taken one by one when a worker is free.

    Parameters
    ----------
    function
        Picklable; it is imported and called in new processes only.
    jobs
        How many workers at most.
    limit_s
        A task that takes longer is killed with its worker.
    stop
        Asked all the time. ``when done``: no new task, and those in hand have `grace_s` seconds;
        ``now``: they are dropped. Tasks dropped are not yielded.
    started
        Is told every task that is given to a worker.
    tick
        Called several times a second.

    Raises
    ------
    psgpipe.errors.TryAgain
        No worker process can be started.
    """
    source = iter(tasks)
    crew: list[_Worker[Task]] = [_Worker(function, limit_s) for _ in range(min(jobs, MOST_WORKERS))]
    last_call_s: float | None = None
    try:
        while True:
            urgency = stop()
            if urgency == "when done" and last_call_s is None:
                last_call_s = time.monotonic() + grace_s
            if urgency == "now" or (last_call_s is not None and time.monotonic() > last_call_s):
                return
            if last_call_s is None:
                _hand_out(source, crew, started)
            busy = [w for w in crew if w.is_busy]
            if not busy:
                return
            wait([handle for w in busy for handle in w.handles], timeout=TICK_S)
            _require_starts(crew)
            for member in busy:
                ended = member.look()
                if ended is not None:
                    yield ended
            tick()
    finally:
        for member in crew:
            member.dismiss()
        for member in crew:
            member.see_off()


def _hand_out(
    source: Iterator[Task], crew: list[_Worker[Task]], started: Callable[[Task], None]
) -> None:
    for member in crew:
        if not member.is_busy:
            for task in source:
                started(task)
                member.give(task)
                break


def _require_starts(crew: list[_Worker[Any]]) -> None:
    if any(member.failed_starts >= START_FAILURES for member in crew):
        raise TryAgain(
            f"worker processes end before they begin (tried {START_FAILURES} times)",
            "Look at memory and process limits of this machine (ulimit -a), then run again.",
        )


@dataclass
class _Worker(Generic[Task]):
    """One process at a time, and the task in its hands."""

    function: Callable[[Task, Note], Any]
    limit_s: float | None
    process: WorkerProcess | None = None
    in_hand: list[Task] = field(default_factory=list)  # none or one
    ready: bool = False
    noted: Any = None
    since_s: float = 0.0
    failed_starts: int = 0

    @property
    def is_busy(self) -> bool:
        return bool(self.in_hand)

    @property
    def handles(self) -> list[Any]:
        return self.process.handles if self.process else []

    def give(self, task: Task) -> None:
        self.in_hand, self.noted, self.since_s = [task], None, time.monotonic()
        if self.process is not None and not self.process.is_alive:
            self._kill()
        if self.process is None:
            self.process, self.ready = WorkerProcess(self.function), False
        # Where the worker dies at this very moment, `look` will find that.
        with contextlib.suppress(OSError):
            self.process.connection.send(task)

    def look(self) -> Ended[Task] | None:
        """The end of the task in hand, or None while it is going on."""
        if self.process is None:
            return None
        try:
            for word, value in self.process.messages():
                if word == worker.READY:
                    self.ready, self.failed_starts, self.since_s = True, 0, time.monotonic()
                elif word == worker.NOTED:
                    self.noted = value
                else:
                    if word == worker.NO_MEMORY:
                        self._kill()  # what it still holds of the night would cost the next one
                    return self._end(cast(Fate, word), value)
        except (EOFError, OSError):
            return self._died(self._kill(patience_s=GOODBYE_S))
        return self._late()

    def _late(self) -> Ended[Task] | None:
        seconds = time.monotonic() - self.since_s
        if not self.ready:
            return self._died(self._kill()) if seconds > START_LIMIT_S else None
        if self.limit_s is not None and seconds > self.limit_s:
            self._kill()
            return self._end("timed out", None)
        return None

    def _died(self, exit_code: int | None) -> Ended[Task] | None:
        if self.ready:
            return self._end("died", exit_code)
        # It is not the task's fault: it was not even read.
        self.failed_starts += 1
        if self.failed_starts < START_FAILURES:
            self.give(self.in_hand[0])
        return None

    def _end(self, fate: Fate, value: Any) -> Ended[Task]:
        (task,), self.in_hand = self.in_hand, []
        return Ended(task, fate, value, self.noted, time.monotonic() - self.since_s)

    def _kill(self, patience_s: float = 0.0) -> int | None:
        process, self.process = self.process, None
        return process.kill(patience_s) if process else None

    def dismiss(self) -> None:
        """Bid the process end; a task in hand is dropped."""
        if self.is_busy:
            self._kill()
        elif self.process is not None:
            self.process.connection.close()

    def see_off(self) -> None:
        """Wait until the process has ended."""
        self._kill(patience_s=GOODBYE_S)
