"""NREM-REM cycles (Feinberg and Floyd 1979, modified) and their slow-wave activity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from psgpipe.model.arrays import true_runs
from psgpipe.model.hypnogram import EPOCH_MIN, NREM, Hypnogram, SleepStage


@dataclass(frozen=True)
class CycleRule:
    """What makes a NREM-REM cycle.

    Attributes
    ----------
    nrem_min
        Least NREM sleep before a REM period.
    rem_gap_min
        REM bouts closer together than this, whatever is between, are one REM period.
    rem_min
        Least REM sleep in a REM period; a shorter one belongs to the NREM around it.
    first_rem_min
        The same for the REM period of the first cycle, which is often very short.
    """

    nrem_min: float = 15.0
    rem_gap_min: float = 15.0
    rem_min: float = 5.0
    first_rem_min: float = 0.0


CYCLE_RULE = CycleRule()


@dataclass(frozen=True)
class SleepCycle:
    """One NREM period and the REM period that ends it.

    Attributes
    ----------
    first_epoch, rem_first_epoch, end_epoch
        The cycle is ``range(first_epoch, end_epoch)`` and its REM period starts at
        `rem_first_epoch`; epoch numbers of the hypnogram.
    nrem_min
        N1, N2 and N3 before the REM period.
    rem_min
        R in the REM period, without its interruptions.
    """

    first_epoch: int
    rem_first_epoch: int
    end_epoch: int
    nrem_min: float
    rem_min: float


def sleep_cycles(hypnogram: Hypnogram, rule: CycleRule = CYCLE_RULE) -> tuple[SleepCycle, ...]:
    """Complete NREM-REM cycles between lights off and lights on.

    REM bouts are merged first, then REM periods that are too short are left out. A REM period
    without enough NREM sleep before it ends no cycle: it belongs to the REM period before, or, at
    sleep onset, to none: the first cycle then starts after it. NREM sleep after the last REM period
    is no cycle.

    References
    ----------
    Feinberg I, Floyd TC (1979). Psychophysiology 16:283-291.
    """
    in_bed = hypnogram.in_bed
    nrem = hypnogram.is_any(NREM) & in_bed
    rem = hypnogram.is_any((SleepStage.R,)) & in_bed
    cycles: list[SleepCycle] = []
    first = int(np.argmax(nrem | rem))
    for start, end in _rem_periods(rem, rule.rem_gap_min):
        rem_min = _minutes(rem[start:end])
        nrem_min = _minutes(nrem[first:start])
        if rem_min < (rule.rem_min if cycles else rule.first_rem_min):
            continue
        if nrem_min >= rule.nrem_min:
            cycles.append(SleepCycle(first, start, end, nrem_min, rem_min))
        elif cycles:
            longer = _minutes(rem[cycles[-1].rem_first_epoch : end])
            cycles[-1] = replace(cycles[-1], end_epoch=end, rem_min=longer)
        first = end
    return tuple(cycles)


def _rem_periods(rem: npt.NDArray[np.bool_], gap_min: float) -> Iterator[tuple[int, int]]:
    """First epoch and epoch behind the last of every REM period, close bouts merged."""
    edges = true_runs(rem)
    gaps_min = (edges[1:, 0] - edges[:-1, 1]) * EPOCH_MIN
    apart = np.flatnonzero(gaps_min >= gap_min)
    starts = edges[np.append(0, apart + 1), 0] if len(edges) else []
    ends = edges[np.append(apart, len(edges) - 1), 1] if len(edges) else []
    return ((int(start), int(end)) for start, end in zip(starts, ends, strict=True))


def _minutes(epochs: npt.NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(epochs)) * EPOCH_MIN
