"""The time axis of a picture: seconds of the recording to pixels, with ticks of the local clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.reports.svg_path import px
from psgpipe.sleep.local_clock import LocalClock, of_day_s

SHORTEST_AXIS_S = 3600.0
"""A recording that is shorter does not fill the picture: it looks as short as it is."""
MOST_TICKS = 13
_TICK_STEPS_MIN = (1, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 2880)
_DAY_S = 24 * 3600.0


class Tick(NamedTuple):
    """A tick: its x, the time, and the date where a day begins."""

    x: str
    label: str
    day: str


@dataclass(frozen=True)
class TimeAxis:
    """The axis of a recording of `n_epochs`, from `left`, `width` pixels wide."""

    n_epochs: int
    left: float
    width: float

    @property
    def recorded_s(self) -> float:
        """Seconds of the recording's epochs."""
        return self.n_epochs * EPOCH_S

    @property
    def span_s(self) -> float:
        """Seconds of the axis."""
        return max(self.recorded_s, SHORTEST_AXIS_S)

    @property
    def step(self) -> float:
        """The width of an epoch."""
        return self.width * EPOCH_S / self.span_s

    @property
    def right(self) -> float:
        """The x of the axis's end."""
        return self.left + self.width

    @property
    def end(self) -> float:
        """The x of the recording's end."""
        return self.x(self.recorded_s)

    def x(self, seconds: float) -> float:
        """The x of a time, in seconds from the start of the recording."""
        return self.left + self.width * seconds / self.span_s

    def ticks(self, clock: LocalClock) -> list[Tick]:
        """Ticks at whole times of the clock; in hours and minutes since the start without one."""
        minutes = self.span_s / 60
        step_s = 60 * next((s for s in _TICK_STEPS_MIN if minutes / s <= MOST_TICKS), 7200)
        start_s = of_day_s(clock.start_clock) if clock.start_clock else 0.0
        first = math.ceil(start_s / step_s - 1e-9) * step_s - start_s
        n_ticks = math.floor((self.span_s - first) / step_s + 1e-9) + 1
        times = [first + number * step_s for number in range(max(n_ticks, 0))]
        labels = [_label(clock, seconds) for seconds in times]
        days = [_day(clock, seconds) for seconds in times]
        return [
            Tick(px(self.x(seconds)), label, day if number == 0 or day != days[number - 1] else "")
            for number, (seconds, label, day) in enumerate(zip(times, labels, days, strict=True))
        ]


def _label(clock: LocalClock, seconds: float) -> str:
    shown = clock.clock_at(seconds)
    if shown is not None:
        return shown[:5]
    return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}"


def _day(clock: LocalClock, seconds: float) -> str:
    moment = clock.moment_at(seconds)
    return "" if moment is None else f"{moment:%Y-%m-%d}"
