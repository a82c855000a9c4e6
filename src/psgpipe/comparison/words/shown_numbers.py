"""Numbers of a comparison as text."""

from __future__ import annotations

import math

SMALLEST = 1e-9


def ratio(logarithm: float) -> str:
    """A difference of logarithms as a ratio, with enough digits not to read as 0."""
    if abs(logarithm) > 230:  # beyond 1e100; e^710 cannot be held
        return f"1e{logarithm / math.log(10):+.0f}"
    value = math.exp(logarithm)
    return f"{value:.2f}" if 0.095 <= value < 1000 else f"{value:.2g}"


def with_interval(value: float, low: float | None, high: float | None) -> str:
    """A value with its interval, where there is one."""
    interval = "" if low is None or high is None else f" [{signed(low)}, {signed(high)}]"
    return signed(value) + interval


def rounded(value: float) -> str:
    """Three digits; an exponent only where the number would read as 0.

    What arithmetic leaves of 0 is 0: no endpoint is measured to a billionth.
    """
    value = 0.0 if abs(value) < SMALLEST else value
    size = 0 if value == 0 else math.floor(math.log10(abs(value)))
    return f"{value:.{max(2 - size, 0)}f}" if size > -5 else f"{value:.3g}"


def signed(value: float) -> str:
    """Three digits and a sign."""
    return ("+" if value >= SMALLEST else "") + rounded(value)


def shown_p(value: float | None) -> str:
    """A p with three decimals."""
    if value is None:
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"
