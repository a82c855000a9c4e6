"""Periods in bed: a recording may hold several nights, or several naps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

GETTING_UP_S = 90 * 60.0
"""Lights that are on for a shorter time never end a period."""
APART_S = 180 * 60.0
"""Lights that are on for this time always end a period."""


@dataclass(frozen=True)
class SleepPeriod:
    """From lights off to lights on, in seconds from the start of the recording.

    Attributes
    ----------
    on_s
        None where the recording ended before lights on.
    up_s
        The longest time within the period for which lights were on.
    """

    off_s: float
    on_s: float | None
    up_s: float = 0.0


@dataclass(frozen=True)
class _Stretch:
    """A stretch in bed: lights off, and every lights on before the next lights off."""

    off_s: float
    ons_s: tuple[float, ...]
    up_s: float = 0.0


def sleep_periods(
    off_s: Sequence[float], on_s: Sequence[float], span_s: float
) -> tuple[SleepPeriod, ...]:
    """The periods in bed that annotations show.

    Two stretches with lights off belong to one period where a person got up for a while: lights
    were on for less than 90 min, or for less than three hours and for less than each stretch
    lasted. Naps of 20 min with 100 min between them are periods; 100 min between 4 h and 3 h in
    bed are not.

    Parameters
    ----------
    off_s, on_s
        Onsets of the annotations of lights off, lights on. A lights on before the first lights off
        begins no period.
    span_s
        Length of the recording.
    """
    stretches = _stretches(off_s, on_s)
    while joined := _joined(stretches, span_s):
        stretches = joined
    nexts_s: list[float | None] = [*(s.off_s for s in stretches[1:]), None]
    return tuple(
        SleepPeriod(stretch.off_s, _end(stretch, next_s), stretch.up_s)
        for stretch, next_s in zip(stretches, nexts_s, strict=False)
    )


def _stretches(off_s: Sequence[float], on_s: Sequence[float]) -> list[_Stretch]:
    """Lights off with every lights on that follows it; a second lights off in a row is left out."""
    stretches: list[_Stretch] = []
    for at_s, is_off in sorted([*((s, True) for s in off_s), *((s, False) for s in on_s)]):
        if not is_off and stretches:
            stretches[-1] = replace(stretches[-1], ons_s=(*stretches[-1].ons_s, at_s))
        elif is_off and (not stretches or stretches[-1].ons_s):
            stretches.append(_Stretch(at_s, ()))
    return stretches


def _joined(stretches: list[_Stretch], span_s: float) -> list[_Stretch] | None:
    """The stretches with one pair joined that is one period, the nearest first; None without."""
    pairs = [(b.off_s - a.ons_s[0], n) for n, (a, b) in enumerate(pairwise(stretches))]
    for up_s, n in sorted(pairs):
        first, then = stretches[n : n + 2]
        shorter_s = min(_length_s(first, span_s), _length_s(then, span_s))
        if up_s < GETTING_UP_S or up_s < min(APART_S, shorter_s):
            one = _Stretch(first.off_s, then.ons_s, max(up_s, first.up_s, then.up_s))
            return [*stretches[:n], one, *stretches[n + 2 :]]
    return None


def _length_s(stretch: _Stretch, span_s: float) -> float:
    return (stretch.ons_s[0] if stretch.ons_s else span_s) - stretch.off_s


def _end(stretch: _Stretch, next_off_s: float | None) -> float | None:
    """The last lights on of the morning, not the one of the next evening."""
    mornings = [s for s in stretch.ons_s if not next_off_s or next_off_s - s >= GETTING_UP_S]
    return max(mornings, default=None)
