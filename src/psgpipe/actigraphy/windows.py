"""The time in bed of a night, from the diary or from the markers of the watch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

NO_WINDOW = "no window, no sleep measures: neither a diary nor markers tell the time in bed"
SHORTEST, LONGEST = dt.timedelta(hours=3), dt.timedelta(hours=14)
ONE_PRESS = dt.timedelta(minutes=10)
"""Markers so near to each other are one: people press again."""


@dataclass(frozen=True)
class SleepWindow:
    """From the try to sleep to the end of the time in bed, by the clock of the watch."""

    begin: dt.datetime
    end: dt.datetime
    source: Literal["diary", "markers", "lights"]

    @property
    def minutes(self) -> float:
        """Time in bed in minutes."""
        return (self.end - self.begin).total_seconds() / 60


def windows_from_markers(markers: Sequence[dt.datetime]) -> list[SleepWindow]:
    """Pairs of markers 3 to 14 h apart, where each marker has one possible partner.

    A marker that could end one night and begin another decides nothing: the nights beside it have
    no window.
    """
    presses: list[dt.datetime] = []
    last: dt.datetime | None = None
    for marker in sorted(markers):
        if last is None or marker - last > ONE_PRESS:
            presses.append(marker)
        last = marker
    is_night = [SHORTEST <= later - earlier <= LONGEST for earlier, later in pairwise(presses)]
    return [
        SleepWindow(presses[number], presses[number + 1], "markers")
        for number, fits in enumerate(is_night)
        if fits and not any(is_night[max(0, number - 1) : number]) and not any(
            is_night[number + 1 : number + 2]
        )
    ]  # fmt: skip
