"""Diary and actigraphy of a simulated study, with a known bias against the true stages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from psgpipe.model.hypnogram import EPOCH_S, SLEEP
from psgpipe.simulation.night import NightPlan
from psgpipe.sleep.architecture import summarize

DIARY, ACTIGRAPHY = "diary.tsv", "actigraphy"
SOL_BIAS_MIN, WASO_BIAS_MIN = 10.0, 12.0
"""A diary has so many minutes more; total sleep time is shorter by both."""
BETWEEN_SD_MIN, WITHIN_SD_MIN = 4.0, 5.0
BEFORE_LIGHTS_MIN = 10
QUIET_WAKE_MIN = 12
"""Minutes of wake without movement in each night: actigraphy takes them for sleep."""
MOVING, STILL_LIMIT = (50, 80), 4
"""Counts of a minute that Oakley's algorithm scores as wake, without its neighbours."""
LARGEST_OFFSET_S = 90
_HALF_DAY = dt.timedelta(hours=12)
DIARY_COLUMNS = (
    "subject", "date", "into_bed", "tried_to_sleep", "minutes_to_fall_asleep", "awakenings",
    "awakenings_total_min", "final_awakening", "out_of_bed", "quality", "dream_recall",
    "nightmare", "condition",
)  # fmt: skip


@dataclass(frozen=True)
class SubjectNights:
    """The nights of a subject, with their conditions, in the order of their dates."""

    subject: str
    nights: tuple[tuple[str, NightPlan], ...]


def diary_table(subjects: Sequence[SubjectNights], seed: int) -> bytes:
    """The diary of all nights: dates with times, answers in whole minutes."""
    lines: list[tuple[str, ...]] = [DIARY_COLUMNS]
    for number, one in enumerate(subjects):
        rng = np.random.default_rng([seed, 19, 1, number])
        own = rng.normal(0, BETWEEN_SD_MIN, 2)
        lines += [_diary_row(one.subject, *night, own, rng) for night in one.nights]
    return "".join("\t".join(line) + "\n" for line in lines).encode()


def _diary_row(
    subject: str,
    condition: str,
    plan: NightPlan,
    own: np.ndarray[tuple[int], np.dtype[np.float64]],
    rng: np.random.Generator,
) -> tuple[str, ...]:
    true = summarize(plan.hypnogram)
    sol, waso, spt = true.sol_min or 0.0, true.waso_spt_min or 0.0, true.spt_min or 0.0
    off = plan.start + dt.timedelta(seconds=plan.lights_off_s)
    on = plan.start + dt.timedelta(seconds=plan.lights_on_s)
    answers = [
        max(0, round(value + bias + own[part] + rng.normal(0, WITHIN_SD_MIN)))
        for part, (value, bias) in enumerate(((sol, SOL_BIAS_MIN), (waso, WASO_BIAS_MIN)))
    ]
    recalls = rng.random() < 0.6
    cells = (
        subject, (off - _HALF_DAY).date(), off - dt.timedelta(minutes=BEFORE_LIGHTS_MIN), off,
        answers[0], max(1, true.awakenings or 0), answers[1],
        off + dt.timedelta(minutes=sol + spt), on, int(rng.integers(1, 6)),
        "yes" if recalls else "no", "yes" if recalls and rng.random() < 0.3 else "no", condition,
    )  # fmt: skip
    return tuple(c.isoformat(timespec="seconds") if isinstance(c, dt.datetime) else str(c)
                 for c in cells)  # fmt: skip


@dataclass(frozen=True)
class SimulatedWatch:
    """The AWD file of a subject, with what was planted.

    Attributes
    ----------
    offset_s
        The clock of the watch minus that of the recordings.
    quiet_min
        Minutes of wake without movement, by night.
    """

    content: bytes
    offset_s: int
    quiet_min: tuple[int, ...]


def watch(one: SubjectNights, number: int, seed: int) -> SimulatedWatch:
    """The counts of a subject from the noon before the first night to that after the last one."""
    rng = np.random.default_rng([seed, 19, 2, number])
    offset_s = 30 * int(rng.integers(-LARGEST_OFFSET_S // 30, LARGEST_OFFSET_S // 30 + 1))
    first, last = one.nights[0][1], one.nights[-1][1]
    start = dt.datetime.combine((first.start - _HALF_DAY).date(), dt.time(12))
    length = dt.timedelta(seconds=EPOCH_S * len(last.hypnogram.stages) + LARGEST_OFFSET_S)
    days = (last.start + max(_HALF_DAY, length) - start).days + 1
    counts = rng.integers(*MOVING, size=days * 1440)
    quiet = tuple(
        _lie_still(counts, plan, (plan.start - start).total_seconds() + offset_s, rng)
        for _, plan in one.nights
    )
    head = [one.subject, f"{start:%d}-{_MONTHS[start.month - 1]}-{start:%Y}", "12:00", "4", "0",
            "SIMULATED", "X"]  # fmt: skip
    text = "\r\n".join([*head, *map(str, counts), ""])
    return SimulatedWatch(text.encode(), offset_s, quiet)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _lie_still(
    counts: np.ndarray[tuple[int], np.dtype[np.int_]],
    plan: NightPlan,
    lead_s: float,
    rng: np.random.Generator,
) -> int:
    """Take the movement out of sleep and of some wake; returns the minutes of that wake."""
    is_sleep = np.array([stage in SLEEP for stage in plan.hypnogram.stages])
    in_bed = plan.hypnogram.in_bed
    minutes = np.floor((lead_s + EPOCH_S * np.arange(is_sleep.size)) / 60).astype(int)
    onset, last = (int(np.flatnonzero(is_sleep & in_bed)[end]) for end in (0, -1))
    wake_min = []
    for minute in np.unique(minutes):
        part = is_sleep[minutes == minute]
        share = float(part.mean())
        if share > 0.5 or (share == 0.5 and rng.random() < 0.5):
            counts[minute] = rng.integers(0, STILL_LIMIT)
        elif minutes[onset] < minute < minutes[last]:
            wake_min.append(int(minute))
    chosen = rng.permutation(np.array(wake_min, dtype=int))[:QUIET_WAKE_MIN]
    counts[chosen] = 0
    return len(chosen)


def planted_bias(watches: Sequence[SimulatedWatch] | None, *, diary: bool) -> dict[str, float]:
    """The mean difference from the true stages that was planted, by endpoint."""
    bias: dict[str, float] = {}
    if diary:
        bias |= {
            "diary_sol_min": SOL_BIAS_MIN,
            "diary_waso_min": WASO_BIAS_MIN,
            "diary_tst_min": -SOL_BIAS_MIN - WASO_BIAS_MIN,
            "diary_tib_min": float(BEFORE_LIGHTS_MIN),
            "diary_opportunity_min": 0.0,
        }
    if watches:
        bias["actigraphy_tst_min"] = fmean(q for one in watches for q in one.quiet_min)
    return bias
