"""MTN: the XML file of MotionWare, with the counts of a MotionWatch."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from psgpipe.actigraphy.counts import ActivityCounts
from psgpipe.errors import ActigraphyInvalid, ScoringInvalid
from psgpipe.scorings.sources.clock_times import read_moment
from psgpipe.scorings.sources.number_text import number
from psgpipe.scorings.sources.xml_source import descendants, read_xml, root_name, text_of

ROOTS = {"motionfile", "log2"}
START_TIME, MOTION = "=StartTime", "motion"
_REMEDY = "Export the recording again with MotionWare, or as a table with times."


def is_mtn(text: str) -> bool:
    """Whether a text is the XML of MotionWare."""
    return root_name(text[:2000].encode()) in ROOTS


def read_mtn(path: Path, file: str) -> ActivityCounts:
    """The counts of the channel ``motion``.

    Raises
    ------
    psgpipe.errors.ActigraphyInvalid
        The file is damaged, has no start or no counts, or its counts change their epoch.
    """
    try:
        root = read_xml(path)
    except ScoringInvalid as error:
        raise ActigraphyInvalid(error.problem, _REMEDY) from error
    channels = [c for c in descendants(root, "channel") if text_of(c, "name") == MOTION]
    if len(channels) != 1:
        raise ActigraphyInvalid(f"{file}: wanted 1 channel motion, found {len(channels)}", _REMEDY)
    (channel,) = channels
    epoch_s = number(text_of(channel, "epoch"))
    if not epoch_s or epoch_s < 1:
        raise ActigraphyInvalid(f"{file}: the channel motion has no length of an epoch", _REMEDY)
    if number(text_of(channel, "offset") or "0"):
        raise ActigraphyInvalid(f"{file}: the channel motion begins behind the start", _REMEDY)
    counts = _counts(text_of(channel, "data"), file)
    return ActivityCounts(_start(root, file), epoch_s, counts, "motionwatch", format="MTN")


def _start(root: Element, file: str) -> dt.datetime:
    texts = {
        text_of(one, "content")
        for one in descendants(root, "property")
        if text_of(one, "name") == START_TIME
    }
    moment = read_moment(next(iter(texts))) if len(texts) == 1 else None
    if moment is None or moment.date is None:
        raise ActigraphyInvalid(
            f"{file}: no start time, or one whose day and month may be exchanged", _REMEDY
        )
    return dt.datetime(*moment.date) + dt.timedelta(seconds=moment.of_day_s)


def _counts(text: str, file: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    cells = [cell.strip() for cell in text.replace("\n", ",").split(",")]
    values = [number(cell) for cell in cells if cell]
    if any(value is None or value < 0 for value in values):
        raise ActigraphyInvalid(f"{file}: a count of the channel motion is none", _REMEDY)
    return np.array([value for value in values if value is not None], float)
