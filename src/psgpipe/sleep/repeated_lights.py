"""Annotations of lights off, or of lights on, that follow one another: which one is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psgpipe.model.header import Finding
from psgpipe.sleep.local_clock import LocalClock
from psgpipe.sleep.sleep_periods import GETTING_UP_S, SleepPeriod

SAME_S = 60.0
"""Annotations of one event may be this far apart."""


def repeated_off(
    period: SleepPeriod, off_s: Sequence[float], on_s: Sequence[float], clock: LocalClock
) -> Iterator[Finding]:
    """Lights off that is said again, without lights on between."""
    first_on_s = min((s for s in on_s if s > period.off_s), default=float("inf"))
    again_s = [s for s in off_s if period.off_s + SAME_S < s < first_on_s]
    if again_s:
        used, other = _moment(period.off_s, clock), _moment(max(again_s), clock)
        yield Finding(
            "lights-off-twice",
            f"lights off is annotated at {used} and again at {other}, without lights on between: "
            f"{used} is used; if that is wrong, give lights off with the night",
            affects="numbers",
        )


def repeated_on(
    used_s: float | None, off_s: Sequence[float], on_s: Sequence[float], clock: LocalClock
) -> Iterator[Finding]:
    """Lights on that was said before, without lights off between."""
    if used_s is None:
        return
    last_off_s = max((s for s in off_s if s < used_s), default=float("-inf"))
    before_s = [s for s in on_s if last_off_s < s < used_s - SAME_S]
    if before_s:
        used, other = _moment(used_s, clock), _moment(min(before_s), clock)
        yield Finding(
            "lights-on-twice",
            f"lights on is annotated at {other} and again at {used}, without lights off between: "
            f"{used} is used; if that is wrong, give lights on with the night",
            affects="numbers",
        )


def on_before_off(
    period: SleepPeriod, off_s: Sequence[float], on_s: Sequence[float], clock: LocalClock
) -> Iterator[Finding]:
    """Lights on before the first lights off; long before it, a lights off may be missing."""
    before_s = [s for s in on_s if SAME_S < s < period.off_s]
    if not before_s or any(s < period.off_s for s in off_s):
        return
    is_long = period.off_s - max(before_s) >= GETTING_UP_S
    yield Finding(
        "lights-on-before-off",
        f"lights on is annotated at {_moment(max(before_s), clock)}, and no lights off before it: "
        f"it is not used, the time in bed begins at {_moment(period.off_s, clock)}; if that is "
        "wrong, give lights off with the night",
        affects="numbers" if is_long else "nothing",
    )


def _moment(seconds: float, clock: LocalClock) -> str:
    text = clock.clock_at(seconds)
    return f"{text} (+{seconds:.6g} s)" if text else f"+{seconds:.6g} s"
