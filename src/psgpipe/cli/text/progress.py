"""The progress bar, and how a batch shows its progress: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import shutil
import time
from collections.abc import Generator
from contextlib import ExitStack, closing
from typing import TextIO

from psgpipe.batch.result import BatchProgress, BatchResult, NightResult
from psgpipe.cli.printing import printable

STATUS_TEXTS = {
    "finished": "finished",
    "unchanged": "finished before, unchanged",
    "failed": "failed",
    "failed before": "failed before, unchanged",
}
BAR_WIDTH = 24
REDRAWN_EVERY_S = 0.5


class ProgressBar:
    """A bar on a terminal with rate and time left."""

    def __init__(self, stream: TextIO, total: int, unit: str) -> None:
        self._stream, self._total, self._unit = stream, total, unit
        self._done = self._computed = self._failed = 0
        self._began_s = time.monotonic()
        self._draw()

    def advance(self, *, computed: bool = True, failure: str | None = None) -> None:
        """Count one more; a failure stays visible above the bar.

        Parameters
        ----------
        computed
            Whether it counts for the rate: what was finished before takes no time.
        """
        self._done += 1
        self._computed += computed
        if failure is not None:
            self._failed += 1
            _write(self._stream, f"\r\x1b[K{failure}\n")
        self.tick()

    def tick(self) -> None:
        """Draw the bar again, if the last time is long ago."""
        if time.monotonic() - self._drawn_s > REDRAWN_EVERY_S or self._done == self._total:
            self._draw()

    def close(self) -> None:
        """Leave the line of the bar."""
        self._draw()
        _write(self._stream, "\n")

    def _draw(self) -> None:
        self._drawn_s = time.monotonic()
        width = shutil.get_terminal_size().columns - 1
        _write(self._stream, f"\r{self._text()[:width]}\x1b[K")

    def _text(self) -> str:
        full = BAR_WIDTH * self._done // max(1, self._total)
        bar = "#" * full + "-" * (BAR_WIDTH - full)
        parts = [f"[{bar}] {self._done}/{self._total} {self._unit}"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        seconds = self._drawn_s - self._began_s
        if self._computed and seconds > 0:
            per_s = self._computed / seconds
            parts.append(f"{60 * per_s:.1f} per min")
            if self._done < self._total:
                parts.append(f"{duration((self._total - self._done) / per_s)} left")
        return ", ".join(parts)


def show_batch(batch: Generator[BatchProgress, None, None], stream: TextIO | None) -> BatchResult:
    """Run a batch to its end and show its progress on `stream`; None for none."""
    with ExitStack() as stack:
        stack.enter_context(closing(batch))
        result = next(batch).result
        bar = None
        if stream is not None and stream.isatty():
            bar = stack.enter_context(closing(ProgressBar(stream, result.nights, "nights")))
        for progress in batch:
            night = progress.night
            if bar is not None and night is None:
                bar.tick()
            elif bar is not None and night is not None:
                failure = None if night.failure is None else night_line(night, progress.like)
                bar.advance(computed=night.status in ("finished", "failed"), failure=failure)
            elif stream is not None and night is not None:
                _write(
                    stream,
                    f"{result.counts.total()}/{result.nights} {night_line(night, progress.like)}\n",
                )
    return result


def night_line(night: NightResult, like: str | None = None) -> str:
    """How a night ended, in one line; `like` names a night that failed for the same reason."""
    took = f" in {night.seconds:.1f} s" if night.status == "finished" else ""
    why = f": {night.failure['problem']}" if night.failure else ""
    why = f" like {like}" if like else why
    flags = dict.fromkeys(flag.code for flag in night.doubts)
    doubts = f"; flags: {' '.join(flags)}" if flags else ""
    line = f"{night.subject} {night.night}: {STATUS_TEXTS[night.status]}{took}{why}{doubts}"
    return printable(line).replace("\n", " ")


def duration(seconds: float) -> str:
    """A time span as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _write(stream: TextIO, text: str) -> None:
    print(text, end="", file=stream, flush=True)
