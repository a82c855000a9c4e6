"""An axis of a picture: values to pixels, and round values for its marks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

MARGIN = 0.06


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where it is, in pixels, and its text."""

    px: float
    text: str


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` at `start_px` to `high` at `end_px`."""

    low: float
    high: float
    start_px: float
    end_px: float

    @classmethod
    def around(cls, values: Iterable[float], start_px: float, end_px: float) -> Axis:
        """An axis that holds all values, with a margin; equal values get an axis of their size."""
        all_values = list(values)
        low, high = min(all_values), max(all_values)
        margin = (high - low) * MARGIN or abs(high) * MARGIN or 1.0
        return cls(low - margin, high + margin, start_px, end_px)

    def px(self, value: float) -> float:
        """The place of a value; outside the axis it lies at its end."""
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / (self.high - self.low)
        return self.start_px + share * (self.end_px - self.start_px)

    def holds(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low <= value <= self.high


def round_values(low: float, high: float, most: int = 6) -> list[float]:
    """At most `most` round values from `low` to `high`: steps of 1, 2 or 5, or of tens of them."""
    span = high - low
    if not span > 0:
        return [low]
    for step in _steps(span / most):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [number * step for number in range(first, last + 1)]
    return []


def _steps(least: float) -> list[float]:
    """Round steps from about `least` on."""
    exponent = math.floor(math.log10(least))
    return [factor * 10.0**power for power in (exponent, exponent + 1) for factor in (1, 2, 5)]


def round_ratios(low: float, high: float, most: int = 6) -> list[float]:
    """Round positive values between `low` and `high` for an axis of logarithms."""
    decades = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    for factors in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        values = [f * 10.0**d for d in decades for f in factors if low <= f * 10.0**d <= high]
        if len(values) <= most:
            break
    if len(values) > 1:
        return values
    return [v for v in round_values(low, high, most) if v > 0]


def short_number(value: float) -> str:
    """A round value without needless digits."""
    text = f"{value:.6g}"
    return "0" if text == "-0" else text
