"""Signals that ask a batch to stop: noted when they come, answered when it is safe."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from psgpipe.errors import Interrupted, PsgpipeError, Terminated, TryAgain

Urgency = Literal["when done", "now"]

WALLTIME = "SIGUSR1"
RESUME = "Run the same command again; only what is missing is done."


@dataclass
class StopRequest:
    """The signals that have come so far.

    Attributes
    ----------
    signals
        Their names, in the order in which they came.
    """

    signals: list[str] = field(default_factory=list)

    @property
    def urgency(self) -> Urgency | None:
        """How soon to stop; None to go on."""
        if not self.signals:
            return None
        return "when done" if set(self.signals) == {WALLTIME} else "now"

    def as_error(self, progress: str) -> PsgpipeError | None:
        """The error with which the batch stops, or None; `progress` says how far it came."""
        if not self.signals:
            return None
        first = next((name for name in self.signals if name != WALLTIME), WALLTIME)
        if first == WALLTIME:
            return TryAgain(f"the wall time is nearly over: stopped with {progress}", RESUME)
        kind = Interrupted if first == "SIGINT" else Terminated
        return kind(f"stopped by {first} with {progress}", RESUME)


@contextlib.contextmanager
def stop_signals() -> Iterator[StopRequest]:
    """Note SIGINT, SIGTERM and SIGUSR1 instead of dying by them; a second SIGINT interrupts.

    Signals that were ignored stay ignored, as under nohup. Only the main thread can do this.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def note(number: int, _frame: Any) -> None:
        name = signal.Signals(number).name
        if name == "SIGINT" and name in request.signals:
            raise KeyboardInterrupt
        request.signals.append(name)

    wanted = [s for s in ("SIGINT", "SIGTERM", "SIGBREAK", WALLTIME) if hasattr(signal, s)]
    before = {}
    for name in wanted:
        number = getattr(signal, name)
        if signal.getsignal(number) != signal.SIG_IGN:
            before[number] = signal.signal(number, note)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
