"""Signals that ask a batch to end: noted when they come, answered when it is safe."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from psgpipe.batch.worker_pool import Urgency
from psgpipe.errors import Interrupted, PsgpipeError, Terminated, TryAgain

WALLTIME = "SIGUSR1"
RESUME = "Run the same command again; only what is missing is done."


@dataclass
class Asked:
    """What was asked for by signals so far.

    Attributes
    ----------
    names
        Of the signals, in the order in which they came.
    """

    names: list[str] = field(default_factory=list)

    def urgency(self) -> Urgency | None:
        """How soon to end; None to go on."""
        if not self.names:
            return None
        return "when done" if set(self.names) == {WALLTIME} else "now"

    def as_error(self, done: str) -> PsgpipeError | None:
        """The error with which to leave, `done` saying how far it came; None to go on."""
        if not self.names:
            return None
        first = next((name for name in self.names if name != WALLTIME), WALLTIME)
        if first == WALLTIME:
            return TryAgain(f"the wall time is nearly over: stopped with {done}", RESUME)
        kind = Interrupted if first == "SIGINT" else Terminated
        return kind(f"stopped by {first} with {done}", RESUME)


@contextlib.contextmanager
def signals_noted() -> Iterator[Asked]:
    """Note SIGINT, SIGTERM and SIGUSR1 instead of dying by them; a second SIGINT is not noted.

    Signals that were ignored stay so, as under nohup. Outside of the main thread nothing is done.
    """
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def note(number: int, _frame: Any) -> None:
        name = signal.Signals(number).name
        if name == "SIGINT" and name in asked.names:
            raise KeyboardInterrupt
        asked.names.append(name)

    wanted = [s for s in ("SIGINT", "SIGTERM", "SIGBREAK", WALLTIME) if hasattr(signal, s)]
    before = {}
    for name in wanted:
        number = getattr(signal, name)
        if signal.getsignal(number) != signal.SIG_IGN:
            before[number] = signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
