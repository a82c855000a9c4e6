"""A stop signal while modules are imported ends the process at once.

An import that is interrupted half way leaves a traceback, or a module that is half there. Nothing
has been written at that time. This module imports little, because nothing protects its own imports.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

EXIT_CODES = {"SIGINT": 130, "SIGTERM": 143}
STOPPED = "psgpipe: stopped; what is finished is kept. Run the same command to go on."


class StopAtOnce:
    """While this context lasts, SIGINT and SIGTERM end the process; ignored ones stay ignored."""

    def __enter__(self) -> None:
        self._before: dict[int, Any] = {}
        for name in EXIT_CODES:
            number = getattr(signal, name)
            if signal.getsignal(number) != signal.SIG_IGN:
                try:
                    self._before[number] = signal.signal(number, _leave)
                except ValueError:  # signals belong to the main thread
                    return

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> None:
    try:
        os.write(2, f"{STOPPED}\n".encode())
    except OSError:  # nobody reads it
        pass
    os._exit(EXIT_CODES[signal.Signals(number).name])
