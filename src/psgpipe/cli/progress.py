"""How a batch comes along: a bar on a terminal, a line for each night elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

from psgpipe.batch.run import NightEnd
from psgpipe.cli.printing import printable

WORDS = {
    "finished": "finished",
    "unchanged": "finished before, unchanged",
    "failed": "failed",
    "failed before": "failed before, unchanged",
}
BAR_WIDTH = 24
REDRAWN_EVERY_S = 0.5


class Silent:
    """Says nothing; every other way to watch a batch is this one and more."""

    def begins(self, nights: int) -> None:
        """So many nights are to be done."""

    def night_ended(self, end: NightEnd) -> None:
        """A night has ended."""

    def tick(self) -> None:
        """Some time has passed."""

    def close(self) -> None:
        """Nothing more will come."""


class Lines(Silent):
    """A line for each night, as for a log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._nights = self._ended = 0

    def begins(self, nights: int) -> None:
        """So many nights are to be done."""
        self._nights = nights

    def night_ended(self, end: NightEnd) -> None:
        """Write the night's line."""
        self._ended += 1
        self._write(f"{self._ended}/{self._nights} {night_line(end)}\n")

    def _write(self, text: str) -> None:
        print(text, end="", file=self._stream, flush=True)


def night_line(end: NightEnd) -> str:
    """How a night ended, in one line."""
    took = f" in {end.seconds:.1f} s" if end.state == "finished" else ""
    why = f": {end.failure['problem']}" if end.failure else ""
    return printable(f"{end.subject} {end.night}: {WORDS[end.state]}{took}{why}").replace("\n", " ")


class Bar(Lines):
    """A bar with rate and time left; failures stay visible above it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._failed = self._computed = 0
        self._began_s = self._drawn_s = time.monotonic()

    def begins(self, nights: int) -> None:
        """Draw the empty bar."""
        super().begins(nights)
        self._began_s = time.monotonic()
        self._draw()

    def night_ended(self, end: NightEnd) -> None:
        """Count the night; say it above the bar where it failed."""
        self._ended += 1
        self._computed += end.state in ("finished", "failed")
        if end.failure is not None:
            self._failed += 1
            self._write(f"\r\x1b[K{night_line(end)}\n")
        self.tick()

    def tick(self) -> None:
        """Draw again, now and then."""
        if time.monotonic() - self._drawn_s > REDRAWN_EVERY_S or self._ended == self._nights:
            self._draw()

    def close(self) -> None:
        """Leave the line."""
        self._draw()
        self._write("\n")

    def _draw(self) -> None:
        self._drawn_s = time.monotonic()
        width = shutil.get_terminal_size().columns - 1
        self._write(f"\r{self._text()[:width]}\x1b[K")

    def _text(self) -> str:
        full = BAR_WIDTH * self._ended // max(1, self._nights)
        parts = [f"[{'#' * full}{'-' * (BAR_WIDTH - full)}] {self._ended}/{self._nights} nights"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        seconds = self._drawn_s - self._began_s
        if self._computed and seconds > 0:
            per_s = self._computed / seconds
            parts.append(f"{60 * per_s:.1f} per min")
            if self._ended < self._nights:
                parts.append(f"{duration((self._nights - self._ended) / per_s)} left")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """A time span as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def watcher(*, quiet: bool) -> Silent:
    """What suits where stderr goes."""
    if quiet:
        return Silent()
    return Bar(sys.stderr) if sys.stderr.isatty() else Lines(sys.stderr)
