"""Epochs in which nobody wore the watch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from psgpipe.actigraphy.counts import ActivityCounts, Counts, Flags

NONWEAR_MIN = 180.0
"""So many minutes without a count are not wear.

The rules of 60 min (Troiano 2008) and 90 min (Choi 2011) were made for waking hours. At the wrist,
sleepers have been seen without a count for more than two hours.
"""
SPIKE_MIN, QUIET_MIN = 2.0, 30.0
"""A movement of up to two minutes with half an hour of zeros before and after it is an artefact, as
in Choi L et al. (2011), Med Sci Sports Exerc 43:357."""


def worn(counts: ActivityCounts, nonwear_min: float = NONWEAR_MIN) -> Flags:
    """Epochs that were recorded and worn: no mark of the watch, no long stretch of zeros."""
    movement = counts.counts if counts.movement is None else counts.movement
    still = _still(movement, counts.recorded, counts.epoch_s)
    nonwear = np.zeros(len(counts), bool)
    for start, stop in runs(still):
        if (stop - start) * counts.epoch_s >= nonwear_min * 60:
            nonwear[start:stop] = True
    return counts.recorded & ~counts.marked_off_wrist & ~nonwear


def _still(movement: Counts, recorded: Flags, epoch_s: float) -> Flags:
    """Epochs without movement; short movements between long stretches of zeros are none."""
    zero: Flags = recorded & (movement == 0)
    still: Flags = zero.copy()
    quiet = runs(zero)
    for (a, b), (c, d) in pairwise(quiet):
        is_short = (c - b) * epoch_s <= SPIKE_MIN * 60 and bool(recorded[b:c].all())
        if is_short and min(b - a, d - c) * epoch_s >= QUIET_MIN * 60:
            still[b:c] = True
    return still


def runs(flags: Flags) -> list[tuple[int, int]]:
    """Start and stop of each run of true epochs."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
