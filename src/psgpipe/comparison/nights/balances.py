"""Balances of the stage composition, as further endpoints of a night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from psgpipe.comparison.statistics.composition import BALANCES, stage_balances, without_zeros
from psgpipe.model.comparison.measured_night import MeasuredNight


def with_balances(nights: Sequence[MeasuredNight]) -> tuple[MeasuredNight, ...]:
    """The nights with the three balances of their stage composition as further endpoints."""
    return tuple(
        replace(night, values={**night.values, **_balances(night.values)}) for night in nights
    )


def _balances(values: Mapping[str, float | None]) -> dict[str, float | None]:
    minutes = _stage_minutes(values)
    if minutes is None:
        return dict.fromkeys(BALANCES)
    return dict(zip(BALANCES, stage_balances(*without_zeros(minutes)), strict=True))


def _stage_minutes(values: Mapping[str, float | None]) -> tuple[float, ...] | None:
    """Minutes of N1, N2, N3, REM; from percentages and TST where minutes are not given."""
    stages = ("n1", "n2", "n3", "rem")
    minutes = [values.get(f"{stage}_min") for stage in stages]
    tst = values.get("tst_min")
    if None in minutes and tst is not None:
        shares = [values.get(f"{stage}_pct") for stage in stages]
        minutes = [None if s is None else s * tst / 100 for s in shares]
    known = tuple(m for m in minutes if m is not None)
    return known if len(known) == len(stages) and sum(known) >= 1 else None
