"""Sedation: epochs too soon after a dose."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.night import Night
from psgpipe.sleep.local_clock import local_clock

SEDATION_WINDOW_H = 6.0


def sedated_epochs(n_epochs: int, dose_end_s: float, window_h: float) -> npt.NDArray[np.bool_]:
    """Bool, shape (n_epochs,): some of the 30-s epoch lies within `window_h` after a dose's end.

    Parameters
    ----------
    dose_end_s
        Seconds from the start of the first epoch to the end of the dose; negative before it.
    """
    first = math.floor(dose_end_s / EPOCH_S)
    end = math.ceil((dose_end_s + 3600 * window_h) / EPOCH_S - 1e-6)
    epochs = np.arange(n_epochs)
    marks: npt.NDArray[np.bool_] = (epochs >= first) & (epochs < end) & (window_h > 0)
    return marks


def dose_end_s(
    night: Night, start: dt.datetime | None, start_clock: dt.time | None
) -> float | None:
    """Seconds from the start of the recording to the end of the night's dose, or None."""
    if start is None or night.dose_end is None:
        return None
    moment = dt.datetime.fromisoformat(night.dose_end)
    clock = local_clock(start, start_clock, night.timezone)
    # In the hour that comes twice the later one counts, in the one left out the clock runs on.
    known = (*clock.seconds_at(moment), (moment - start).total_seconds())
    return max(known[:-1], default=known[-1])
