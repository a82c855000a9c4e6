"""Minutes and runs of stages in a sequence of 30-s epochs."""

from __future__ import annotations

from collections.abc import Sequence

from psgpipe.model.hypnogram import EPOCH_MIN, SLEEP, SleepStage

PERSISTENT_SLEEP_EPOCHS = 20

Stages = tuple[SleepStage, ...]


def minutes_of(stages: Stages, wanted: Sequence[SleepStage] = tuple(SleepStage)) -> float:
    """Minutes of these stages; of all epochs where no stage is named."""
    return sum(stage in wanted for stage in stages) * EPOCH_MIN


def span_min(first: int | None, then: int | None) -> float | None:
    """Minutes from the start of one epoch to the start of another, or None without both."""
    return None if first is None or then is None else (then - first) * EPOCH_MIN


def first_epoch(stages: Stages, wanted: Sequence[SleepStage]) -> int | None:
    """The first epoch of `wanted`; None without one."""
    return first_of_run(stages, wanted, 1)


def first_of_run(stages: Stages, wanted: Sequence[SleepStage], n_epochs: int) -> int | None:
    """First epoch of the first `n_epochs` unbroken epochs of `wanted`."""
    run = 0
    for epoch, stage in enumerate(stages):
        run = run + 1 if stage in wanted else 0
        if run == n_epochs:
            return epoch + 1 - n_epochs
    return None


def persistent_sleep_onset(stages: Stages) -> int | None:
    """First of the first 20 consecutive epochs of sleep; an invalid epoch interrupts sleep."""
    return first_of_run(stages, SLEEP, PERSISTENT_SLEEP_EPOCHS)


def sleep_period(stages: Stages) -> range | None:
    """From the first sleep epoch to the last, both included; None without sleep."""
    asleep = [epoch for epoch, stage in enumerate(stages) if stage in SLEEP]
    return range(asleep[0], asleep[-1] + 1) if asleep else None
