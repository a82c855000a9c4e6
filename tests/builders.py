"""Small nights, written in a scorer's notation."""

import numpy as np

from psgpipe.model.hypnogram import Hypnogram, SleepStage


def stages(runs: str) -> tuple[SleepStage, ...]:
    """Stages from runs of epochs: ``"W*10 N2*40 R"`` is 51 epochs."""
    words = (word.partition("*") for word in runs.split())
    return tuple(s for name, _, n in words for s in [SleepStage(name)] * int(n or 1))


def night(runs: str, *, lights_off_epoch: int = 0, lights_on_epoch: int | None = None) -> Hypnogram:
    """A hypnogram in bed from `lights_off_epoch` to before `lights_on_epoch` (default: all)."""
    epochs = stages(runs)
    number = np.arange(len(epochs))
    end = len(epochs) if lights_on_epoch is None else lights_on_epoch
    return Hypnogram(epochs, (number >= lights_off_epoch) & (number < end))
