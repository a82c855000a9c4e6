"""Slow-wave activity of the NREM periods, and the delta sleep ratio."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from psgpipe.messages import count_of
from psgpipe.model.hypnogram import Hypnogram, SleepStage
from psgpipe.sleep.cycles import SleepCycle


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
        raise ValueError(
            f"slow-wave activity of {len(swa_uv2)} for {count_of(len(hypnogram), 'epoch')}"
        )
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


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None
