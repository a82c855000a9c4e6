"""Sedation: the time since a dose, and epochs and nights too soon after it."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import EPOCH_S

LONGEST_NIGHT_H = 14.0
SEDATION_WINDOW_H = 6.0


def hours_since(dose_end: dt.datetime, lights_off: dt.datetime) -> float:
    """Hours from the end of a dose to lights off; negative where the dose came later."""
    return (lights_off - dose_end).total_seconds() / 3600


def in_sedation(hours_since_dose: float, window_h: float, in_bed_h: float | None = None) -> bool:
    """Whether any part of the night lies within `window_h` after the end of the dose.

    Parameters
    ----------
    hours_since_dose
        From the end of the dose to lights off; negative for a dose in the night.
    in_bed_h
        Lights off to lights on; where unknown, LONGEST_NIGHT_H.
    """
    night_h = LONGEST_NIGHT_H if in_bed_h is None else in_bed_h
    return -night_h < hours_since_dose < window_h


def sedated_epochs(
    n_epochs: int, start: dt.datetime, dose_end: dt.datetime, window_h: float
) -> npt.NDArray[np.bool_]:
    """Bool, shape (n_epochs,): some of the 30-s epoch lies within `window_h` after a dose's end.

    Parameters
    ----------
    start
        Local date and time of the first epoch.
    """
    from_s = (dose_end - start).total_seconds()
    first = math.floor(from_s / EPOCH_S)
    end = math.ceil((from_s + 3600 * window_h) / EPOCH_S - 1e-6)
    epochs = np.arange(n_epochs)
    marks: npt.NDArray[np.bool_] = (epochs >= first) & (epochs < end) & (window_h > 0)
    return marks
