"""NREM-REM cycles (Feinberg and Floyd 1979, modified) and their slow-wave activity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import EPOCH_S, NREM, Hypnogram, SleepStage

EPOCH_MIN = EPOCH_S / 60


@dataclass(frozen=True)
class CycleRule:
    """What makes a NREM-REM cycle.

    Attributes
    ----------
    nrem_min
        NREM sleep that must stand before a REM period.
    rem_gap_min
        REM bouts closer together than this, whatever lies between, are one REM period.
    rem_min
        REM sleep that a REM period must hold; a shorter one belongs to the NREM around it.
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
        R in the REM period; what interrupts it is not counted.
    """

    first_epoch: int
    rem_first_epoch: int
    end_epoch: int
    nrem_min: float
    rem_min: float


def sleep_cycles(hypnogram: Hypnogram, rule: CycleRule = CYCLE_RULE) -> tuple[SleepCycle, ...]:
    """Complete NREM-REM cycles between lights off and lights on.

    REM bouts are merged first, then REM periods that are too short are passed over. A REM period
    without enough NREM sleep before it ends no cycle: it belongs to the REM period before, and
    where there is none (REM at sleep onset) the first cycle starts behind it. NREM sleep after the
    last REM period is no cycle.

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


def mean_swa_by_cycle(
    hypnogram: Hypnogram,
    swa_uv2: npt.NDArray[np.float64],
    cycles: tuple[SleepCycle, ...],
) -> tuple[float | None, ...]:
    """Mean slow-wave activity of N2 and N3 in the NREM period of every cycle.

    Parameters
    ----------
    swa_uv2
        Shape (n_epochs,), power of 0.5-4 Hz in each epoch of the hypnogram; NaN where it could not
        be measured.

    Returns
    -------
    One value for each cycle; None where no N2 or N3 epoch of it was measured.

    Raises
    ------
    ValueError
        `swa_uv2` has another number of epochs than the hypnogram.
    """
    if len(swa_uv2) != len(hypnogram):
        raise ValueError(f"slow-wave activity of {len(swa_uv2)} for {len(hypnogram)} epochs")
    counts = hypnogram.is_any((SleepStage.N2, SleepStage.N3)) & hypnogram.in_bed
    counts &= np.isfinite(swa_uv2)
    nrem_periods = (slice(cycle.first_epoch, cycle.rem_first_epoch) for cycle in cycles)
    return tuple(_mean(swa_uv2[period][counts[period]]) for period in nrem_periods)


def delta_sleep_ratio(mean_swa_uv2: tuple[float | None, ...]) -> float | None:
    """Slow-wave activity of the first cycle over that of the second; None without both.

    References
    ----------
    Kupfer DJ et al. (1990). Arch Gen Psychiatry 47:1100-1105. (There: delta counts.)
    """
    if len(mean_swa_uv2) < 2:
        return None
    first, second = mean_swa_uv2[:2]
    return first / second if first is not None and second else None


def _rem_periods(rem: npt.NDArray[np.bool_], gap_min: float) -> Iterator[tuple[int, int]]:
    """First epoch and epoch behind the last of every REM period, close bouts merged."""
    edges = np.flatnonzero(np.diff(rem, prepend=False, append=False)).reshape(-1, 2)
    gaps_min = (edges[1:, 0] - edges[:-1, 1]) * EPOCH_MIN
    apart = np.flatnonzero(gaps_min >= gap_min)
    starts = edges[np.append(0, apart + 1), 0] if len(edges) else []
    ends = edges[np.append(apart, len(edges) - 1), 1] if len(edges) else []
    return ((int(start), int(end)) for start, end in zip(starts, ends, strict=True))


def _minutes(epochs: npt.NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(epochs)) * EPOCH_MIN


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None
