"""The dose before a night: epochs that may be sedation, and doubts about its time."""

import numpy as np
import numpy.typing as npt

from psgpipe.model.opened_night import OpenedNight
from psgpipe.sleep.dose_time import dose_doubt
from psgpipe.sleep.sedation import dose_end_s, sedated_epochs


def sedation(n_epochs: int, opened: OpenedNight, window_h: float) -> npt.NDArray[np.bool_] | None:
    """The epochs less than `window_h` after the night's dose; None where that is not known."""
    if dose_time_doubt(opened) is not None:
        return None
    end_s = _dose_end(opened)
    return None if end_s is None else sedated_epochs(n_epochs, end_s, window_h)


def dose_time_doubt(opened: OpenedNight) -> str | None:
    """Why the time from the night's dose to the night is not known; None where it is."""
    if opened.night.dose_end is None:
        return None
    end_s = _dose_end(opened)
    if end_s is None:
        return "the file does not say on which day it was recorded"
    doubt = dose_doubt(end_s, opened.lights.on_s)
    return None if doubt is None else f"{doubt}, which is impossible: one of the dates is wrong"


def dose_date_doubt(opened: OpenedNight) -> str | None:
    """Why the day on which the dose ended may be another one; None where nothing says so."""
    if opened.night.dose_end is None:
        return None
    conflict = any(finding.code == "date-conflict" for finding in opened.findings)
    return "the header's date and Startdate differ" if conflict else None


def _dose_end(opened: OpenedNight) -> float | None:
    header = opened.header
    return dose_end_s(opened.night, header.start, header.start_clock)
