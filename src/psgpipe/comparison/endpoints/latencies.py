"""Latencies of nights without the event: longer than the night, or only not known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from psgpipe.messages import count_of
from psgpipe.model.comparison.measured_night import MeasuredNight

PERSISTENT_SLEEP_MIN = 10.0
# What a night without the latency did not have.
EVENTS = {
    "sol_min": "sleep",
    "lps_min": f"{PERSISTENT_SLEEP_MIN:.0f} min of unbroken sleep",
    "rem_latency_min": "REM",
    "rem_latency_from_lights_off_min": "REM",
    "rem_latency_from_lps_min": "REM after persistent sleep",
}

Values = Mapping[str, float | None]


def latency_or_censored(night: MeasuredNight, latency: str) -> float | None:
    """The latency; infinite where the night shows that it is longer than the night, else None.

    psgpipe leaves a latency of a scored night blank only where the event did not occur. In a table
    of another tool a blank cell proves nothing; other columns may.
    """
    value = night.values.get(latency)
    if value is not None or latency not in EVENTS or not _is_scored(night):
        return value
    never = _computed(night, latency) or _excludes(night.values, latency)
    return math.inf if never else None


def _computed(night: MeasuredNight, latency: str) -> bool:
    """Whether psgpipe looked for the event; earlier versions had no trial endpoints."""
    if latency == "rem_latency_from_lps_min":
        return night.by_psgpipe and night.values.get("tst_q1_min") is not None
    return night.by_psgpipe


def _is_scored(night: MeasuredNight) -> bool:
    """Whether the night is not known to be without any scored epoch: that is not a sleepless one.

    A night of psgpipe has minutes of sleep and of wake, unless its architecture is withheld.
    """
    values = night.values
    tst, wake, tib, unscored = (
        values.get(e) for e in ("tst_min", "wake_min", "tib_min", "unscored_min")
    )
    if tst:
        return True
    if tst is None:
        return not night.by_psgpipe
    return wake != 0 and not (tib is not None and unscored is not None and unscored >= tib)


def _excludes(values: Values, latency: str) -> bool:
    """Whether other values of the night exclude the event."""
    tst_min = _tst_min(values)
    if latency == "sol_min":
        return tst_min == 0
    no_persistent_sleep = tst_min is not None and tst_min < PERSISTENT_SLEEP_MIN
    if latency == "lps_min":
        return no_persistent_sleep
    if latency == "rem_latency_from_lps_min" and no_persistent_sleep:
        return True
    return tst_min == 0 or 0 in (values.get("rem_min"), values.get("rem_pct"))


def _tst_min(values: Values) -> float | None:
    """Total sleep time, from the sleep efficiency where it is not given itself."""
    tst, efficiency, tib = (values.get(e) for e in ("tst_min", "se_pct", "tib_min"))
    if tst is not None:
        return tst
    if efficiency == 0:
        return 0.0
    return None if efficiency is None or tib is None else efficiency * tib / 100


def latency_warnings(nights: Sequence[MeasuredNight], endpoints: Iterable[str]) -> Iterable[str]:
    """Warnings on blank latencies that nothing explains, and on latencies without their event."""
    for latency in (e for e in endpoints if e in EVENTS):
        values = [latency_or_censored(n, latency) for n in nights]
        blank = values.count(None)
        if 0 < blank < len(values):
            yield (
                f"{latency} is blank in {count_of(blank, 'analysed night')}, and no other column "
                f"shows a night without {EVENTS[latency]}: treated as missing. If they were such "
                "nights, the longest latencies are left out"
            )
        odd = [n for n in nights if n.values.get(latency) is not None and not n.by_psgpipe
               and _excludes(n.values, latency)]  # fmt: skip
        if odd:
            yield (
                f"{latency} has a number in {count_of(len(odd), 'analysed night')} without "
                f"{EVENTS[latency]}: leave the cell blank, and the night is ranked last"
            )
