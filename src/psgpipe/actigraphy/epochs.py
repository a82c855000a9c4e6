"""Counts of short epochs added up to minutes."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np

from psgpipe.actigraphy.counts import ActivityCounts, Counts, Flags

MINUTE_S = 60


def by_minute(counts: ActivityCounts) -> ActivityCounts:
    """The counts of each minute of the clock.

    A minute that the recording begins or ends within has the counts that there are, as in ActiLife.
    A minute with a missing epoch has no count, and one with an epoch off the wrist is off it.

    Raises
    ------
    ValueError
        A minute is no whole number of epochs.
    """
    if counts.epoch_s == MINUTE_S:
        return counts
    n = MINUTE_S / counts.epoch_s
    if n != int(n) or n < 1:
        raise ValueError(counts.epoch_s)
    start = counts.start.replace(second=0, microsecond=0)
    lead_s = (counts.start - start).total_seconds()
    minute = np.floor((lead_s + counts.epoch_s * np.arange(len(counts))) / MINUTE_S).astype(int)
    movement, off = counts.movement, counts.off_wrist
    return dataclasses.replace(
        counts,
        start=start,
        epoch_s=float(MINUTE_S),
        counts=_sums(minute, counts.counts),
        movement=None if movement is None else _sums(minute, movement),
        off_wrist=None if off is None else _any(minute, off),
    )


def _sums(minute: np.ndarray[tuple[int], np.dtype[np.int_]], values: Counts) -> Counts:
    sums: Counts = np.bincount(minute, weights=values).astype(float)
    return sums


def _any(minute: np.ndarray[tuple[int], np.dtype[np.int_]], flags: Flags) -> Flags:
    flagged: Flags = np.bincount(minute, weights=flags.astype(float)) > 0
    return flagged


def epoch_range(
    counts: ActivityCounts, begin: dt.datetime, end: dt.datetime
) -> tuple[int, int] | None:
    """First epoch and the one behind the last between two times, each to the nearest epoch.

    None where the counts do not reach over the whole time.
    """
    first, stop = (
        int(np.floor((moment - counts.start).total_seconds() / counts.epoch_s + 0.5))
        for moment in (begin, end)
    )
    return (first, stop) if 0 <= first < stop <= len(counts) else None
