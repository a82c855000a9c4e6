"""Lights off and lights on as annotations show them: one period in bed of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psgpipe.errors import LightsImpossible, SeveralSleepPeriods
from psgpipe.messages import count_of
from psgpipe.model.header import Finding, Header
from psgpipe.sleep.local_clock import LocalClock
from psgpipe.sleep.repeated_lights import on_before_off, repeated_off, repeated_on
from psgpipe.sleep.sleep_periods import SleepPeriod, sleep_periods

MIN_IN_BED_S = 30.0
LONG_UP_S = 60 * 60.0
SHOWN_PERIODS = 8


@dataclass(frozen=True)
class AnnotatedLights:
    """Lights off and lights on in seconds, each None where no annotation shows it."""

    off_s: float | None
    on_s: float | None
    findings: tuple[Finding, ...] = ()


def annotated_lights(
    off_events_s: Sequence[float],
    on_events_s: Sequence[float],
    header: Header,
    clock: LocalClock,
    *,
    sleep_period: int | None = None,
    off_given_s: float | None = None,
    on_given_s: float | None = None,
) -> AnnotatedLights:
    """One period in bed: the chosen one, the one that a given time belongs to, or the only one.

    Parameters
    ----------
    off_events_s, on_events_s
        Onsets of the annotations of lights off, lights on; those outside the recording are left
        out.
    sleep_period
        The number of the period that was chosen, from 1.
    off_given_s, on_given_s
        The time of lights off, lights on that was given, or None.

    Raises
    ------
    psgpipe.errors.LightsImpossible
        There is no such period.
    psgpipe.errors.SeveralSleepPeriods
        There are several, and nothing says which is meant.
    """
    off_s, on_s = ([s for s in e if 0 <= s <= header.span_s] for e in (off_events_s, on_events_s))
    periods = sleep_periods(off_s, on_s, header.span_s)
    is_given = off_given_s is not None or on_given_s is not None
    if sleep_period is not None:
        period = _chosen(sleep_period, periods, header, clock, is_given=is_given)
    elif not periods:
        last_s = max(on_s, default=None)
        twice = () if on_given_s is not None else repeated_on(last_s, off_s, on_s, clock)
        return AnnotatedLights(None, last_s, tuple(twice))
    elif len(periods) > 1 and not is_given:
        raise SeveralSleepPeriods(
            f"{header.file}: {_listed(periods, clock)}; psgpipe stages one at a time",
            "Choose one with --sleep-period (column sleep_period), or give lights off and on.",
        )
    else:
        period = _of_given(periods, off_given_s, on_given_s)
    if not is_given and _contradicts(period, on_s):
        return AnnotatedLights(None, None, (_CONTRADICTION,))
    findings: list[Finding] = []
    if off_given_s is None:
        findings += repeated_off(period, off_s, on_s, clock)
        findings += on_before_off(period, off_s, on_s, clock)
    if on_given_s is None:
        findings += repeated_on(period.on_s, off_s, on_s, clock)
    if not is_given and period.up_s >= LONG_UP_S:
        findings.append(_long_up(period.up_s))
    return AnnotatedLights(period.off_s, period.on_s, tuple(findings))


def _chosen(
    number: int,
    periods: Sequence[SleepPeriod],
    header: Header,
    clock: LocalClock,
    *,
    is_given: bool,
) -> SleepPeriod:
    if is_given:
        raise LightsImpossible(
            f"{header.file}: lights and sleep period {number} are given, wanted one of them",
            "Leave out the lights or the sleep period.",
        )
    if not 1 <= number <= len(periods):
        raise LightsImpossible(
            f"{header.file}: sleep period {number} is wanted; {_listed(periods, clock)}",
            "Correct the sleep period, or give lights off and on.",
        )
    return periods[number - 1]


def _of_given(
    periods: Sequence[SleepPeriod], off_given_s: float | None, on_given_s: float | None
) -> SleepPeriod:
    """The first period that ends after lights off, or the last that begins before lights on."""
    if off_given_s is not None:
        later = (p for p in periods if p.on_s is None or p.on_s > off_given_s)
        return next(later, periods[-1])
    if on_given_s is not None:
        return next((p for p in reversed(periods) if p.off_s < on_given_s), periods[0])
    return periods[0]


_CONTRADICTION = Finding(
    "lights-annotations-contradict",
    "lights on is annotated before lights off; both were disregarded",
    affects="numbers",
)


def _contradicts(period: SleepPeriod, on_s: Sequence[float]) -> bool:
    if period.on_s is not None:
        return period.on_s - period.off_s < MIN_IN_BED_S
    return bool(on_s) and max(on_s) <= period.off_s


def _long_up(up_s: float) -> Finding:
    return Finding(
        "lights-on-within",
        f"lights were on for {up_s / 60:.0f} min between lights off and lights on; this counts as "
        "time in bed",
        affects="numbers",
    )


def _listed(periods: Sequence[SleepPeriod], clock: LocalClock) -> str:
    """The periods in words, with clock times and seconds."""
    if not periods:
        return "its annotations show no lights off"
    words = [f"{n}: {_period(p, clock)}" for n, p in enumerate(periods[:SHOWN_PERIODS], 1)]
    more = [f"{len(periods) - SHOWN_PERIODS} more"] if len(periods) > SHOWN_PERIODS else []
    many = count_of(len(periods), "period")
    return f"its annotations show {many} in bed, {'; '.join([*words, *more])}"


def _period(period: SleepPeriod, clock: LocalClock) -> str:
    end_s = period.on_s
    last = "to the end" if end_s is None else f"to {_moment(end_s, clock)}"
    return f"{_moment(period.off_s, clock)} {last}"


def _moment(seconds: float, clock: LocalClock) -> str:
    text = clock.clock_at(seconds)
    return f"{text} (+{seconds:.6g} s)" if text else f"+{seconds:.6g} s"
