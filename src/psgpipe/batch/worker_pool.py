"""The worker pool: tasks go to worker processes, and a crash costs one task only.

A shared pool loses the tasks of all workers when one of them dies. Here every worker has a process
and a pipe of its own, and one thread waits for all of them. There are no locks, and signals arrive
where they can be answered.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any, Generic, Literal, TypeVar, cast

from psgpipe.batch import worker_process
from psgpipe.batch.stop_signals import StopRequest
from psgpipe.batch.worker_process import EXIT_LIMIT_S, TaskFunction, WorkerProcess
from psgpipe.errors import TryAgain

Task = TypeVar("Task")
TaskOutcome = Literal["done", "refused", "raised", "no memory", "died", "timed out"]

TICK_S = 0.25
START_LIMIT_S = 300.0
START_ATTEMPTS = 3
MOST_WORKERS = 30 if os.name == "nt" else 10_000  # Windows waits for 63 things at most


@dataclass(frozen=True)
class TaskStart(Generic[Task]):
    """A worker is about to get this task."""

    task: Task


@dataclass(frozen=True)
class TaskNote(Generic[Task]):
    """A worker has sent a fact about its task."""

    task: Task
    fact: Any


@dataclass(frozen=True)
class TaskResult(Generic[Task]):
    """How a task ended.

    Attributes
    ----------
    outcome
        ``done``; ``refused`` with a PsgpipeError; ``raised``, a bug; ``no memory``; the worker
        ``died``; ``timed out`` and was killed.
    value
        The result; the error; type and place of a bug; the exit code of a worker that died
        (negative: the signal that killed it).
    noted
        The last fact that the task sent, or None.
    """

    task: Task
    outcome: TaskOutcome
    value: Any
    noted: Any
    seconds: float


@dataclass(eq=False)
class _Assignment(Generic[Task]):
    """A task, and the process that works on it."""

    task: Task
    process: WorkerProcess
    ready: bool
    since_s: float = field(default_factory=time.monotonic)
    noted: Any = None
    failed_starts: int = 0


def run_tasks(
    tasks: Iterable[Task],
    function: TaskFunction,
    *,
    jobs: int,
    limit_s: float | None = None,
    stop: StopRequest | None = None,
    grace_s: float = 60.0,
) -> Generator[TaskStart[Task] | TaskNote[Task] | TaskResult[Task] | None, None, None]:
    """Run `function(task, note)` for every task in worker processes.

    Yields every start, note and result, and None several times a second. A task is taken from
    `tasks` when a worker is free. No worker outlives the generator.

    Parameters
    ----------
    function
        Picklable; only the new processes import and call it.
    limit_s
        A task that takes longer is killed with its worker.
    stop
        ``when done``: no new task begins, and tasks at work have `grace_s` seconds;
        ``now``: they are dropped. Dropped tasks have no result.

    Raises
    ------
    psgpipe.errors.TryAgain
        No worker process can be started.
    """
    source, stop = iter(tasks), stop or StopRequest()
    idle: list[WorkerProcess] = []
    busy: list[_Assignment[Task]] = []
    stop_at_s: float | None = None
    try:
        while True:
            if stop.urgency == "when done" and stop_at_s is None:
                stop_at_s = time.monotonic() + grace_s
            if stop.urgency == "now" or (stop_at_s is not None and time.monotonic() > stop_at_s):
                return
            while stop.urgency is None and len(busy) < min(jobs, MOST_WORKERS):
                try:
                    task = next(source)
                except StopIteration:
                    break
                yield TaskStart(task)
                busy.append(_assign(task, idle, function))
            if not busy:
                return
            wait([h for assignment in busy for h in assignment.process.handles], timeout=TICK_S)
            for assignment in busy.copy():
                noted = assignment.noted
                result = _result(assignment, limit_s, function)
                if assignment.noted != noted:
                    yield TaskNote(assignment.task, assignment.noted)
                if result is not None:
                    busy.remove(assignment)
                    if result.outcome in ("done", "refused", "raised"):
                        idle.append(assignment.process)
                    yield result
            yield None
    finally:
        _end_all(idle, busy)


def _assign(task: Task, idle: list[WorkerProcess], function: TaskFunction) -> _Assignment[Task]:
    while idle:
        process = idle.pop()
        if process.is_alive:
            # If the worker dies at this very moment, `_result` notices it.
            with contextlib.suppress(OSError):
                process.connection.send(task)
            return _Assignment(task, process, ready=True)
        process.kill()
    return _Assignment(task, _start(task, function), ready=False)


def _start(task: Any, function: TaskFunction) -> WorkerProcess:
    process = WorkerProcess(function)
    with contextlib.suppress(OSError):
        process.connection.send(task)
    return process


def _result(
    assignment: _Assignment[Task], limit_s: float | None, function: TaskFunction
) -> TaskResult[Task] | None:
    """The result of a task, or None while a worker is at it."""
    process = assignment.process
    try:
        for kind, value in process.messages():
            if kind == worker_process.READY:
                assignment.ready, assignment.since_s = True, time.monotonic()
            elif kind == worker_process.NOTED:
                assignment.noted = value
            else:
                if kind == worker_process.NO_MEMORY:
                    process.kill()  # what it still holds of the night would cost the next one
                return _task_result(assignment, cast(TaskOutcome, kind), value)
    except (EOFError, OSError):
        exit_code = process.kill(patience_s=EXIT_LIMIT_S)
        if assignment.ready:
            return _task_result(assignment, "died", exit_code)
        _start_again(assignment, function)
        return None
    seconds = time.monotonic() - assignment.since_s
    if assignment.ready and limit_s is not None and seconds > limit_s:
        process.kill()
        return _task_result(assignment, "timed out", None)
    if not assignment.ready and seconds > START_LIMIT_S:
        process.kill()
        _start_again(assignment, function)
    return None


def _task_result(
    assignment: _Assignment[Task], outcome: TaskOutcome, value: Any
) -> TaskResult[Task]:
    seconds = time.monotonic() - assignment.since_s
    return TaskResult(assignment.task, outcome, value, assignment.noted, seconds)


def _start_again(assignment: _Assignment[Any], function: TaskFunction) -> None:
    """Start another process for a task that no process has read: the task is not at fault."""
    assignment.failed_starts += 1
    if assignment.failed_starts >= START_ATTEMPTS:
        raise TryAgain(
            f"worker processes end before they begin (tried {START_ATTEMPTS} times)",
            "Look at memory and process limits of this machine (ulimit -a), then run again.",
        )
    assignment.process = _start(assignment.task, function)
    assignment.since_s = time.monotonic()


def _end_all(idle: list[WorkerProcess], busy: list[_Assignment[Any]]) -> None:
    """Kill the workers that have a task, and let the others end by themselves."""
    for assignment in busy:
        assignment.process.kill()
    for process in idle:
        process.connection.close()
    for process in idle:
        process.kill(patience_s=EXIT_LIMIT_S)
