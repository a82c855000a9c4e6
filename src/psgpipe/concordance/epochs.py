"""Sleep and wake of each epoch by actigraphy against the hypnogram, on one clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from psgpipe.actigraphy.counts import Counts, Flags
from psgpipe.actigraphy.score import ActigraphyScore
from psgpipe.agreement.statistics.resampling import percentile_intervals, subject_sums
from psgpipe.model.hypnogram import EPOCH_S, SLEEP, Hypnogram, SleepStage

MOST_OFFSET_S = 600
LEAST_CORRELATION = 0.3
FEWEST_BOUTS = 3
UNKNOWN = "the offset of the clocks is not known: "


@dataclass(frozen=True)
class EpochComparison:
    """The epochs in bed of one night.

    Attributes
    ----------
    offset_s
        The clock of the watch minus that of the recording; None where it is not known, and then
        no epochs are compared.
    both_sleep, only_psg_sleep, only_actigraphy_sleep, both_wake
        Numbers of epochs.
    """

    offset_s: float | None
    why_unknown: str | None = None
    both_sleep: int = 0
    only_psg_sleep: int = 0
    only_actigraphy_sleep: int = 0
    both_wake: int = 0

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Both sleep, sleep by the recording only, by the watch only, both wake."""
        return (
            self.both_sleep, self.only_psg_sleep, self.only_actigraphy_sleep, self.both_wake,
        )  # fmt: skip


@dataclass(frozen=True)
class PooledEpochs:
    """The epochs of all nights together, with intervals that resample subjects."""

    n_subjects: int
    n_nights: int
    n_epochs: int
    values: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float] | None]


def compare_epochs(
    hypnogram: Hypnogram, start: dt.datetime, score: ActigraphyScore
) -> EpochComparison:
    """Each epoch in bed of the recording against the epoch of the watch at its middle."""
    lead_s = (start - score.counts.start).total_seconds()
    offset_s, why = clock_offset_s(hypnogram, lead_s, score)
    if offset_s is None:
        return EpochComparison(None, why)
    places, inside = _places(len(hypnogram.stages), lead_s + offset_s, score)
    psg_sleep = np.array([stage in SLEEP for stage in hypnogram.stages])
    psg_wake = np.array([stage is SleepStage.W for stage in hypnogram.stages])
    counted = inside & hypnogram.in_bed & (psg_sleep | psg_wake) & score.wear[places]
    sleep = score.sleep[places]

    def number(flags: npt.NDArray[np.bool_]) -> int:
        return int((flags & counted).sum())

    return EpochComparison(
        offset_s, None, number(psg_sleep & sleep), number(psg_sleep & ~sleep),
        number(psg_wake & sleep), number(psg_wake & ~sleep),
    )  # fmt: skip


def clock_offset_s(
    hypnogram: Hypnogram, lead_s: float, score: ActigraphyScore
) -> tuple[float | None, str | None]:
    """The offset at which movement of the watch fits wake of the recording best, to 30 s.

    Movement is the logarithm of counts, and in the recording an epoch of wake or artefact. The
    offset is known if they correlate, if wake has several bouts, and if it lies within ten minutes.

    Parameters
    ----------
    lead_s
        Start of the recording minus that of the watch, by their own clocks.
    """
    stages = hypnogram.stages
    moves = np.array([stage in (SleepStage.W, SleepStage.ART) for stage in stages], float)
    usable = np.array([stage is not SleepStage.UNS for stage in stages])
    bouts = sum(moving for moving, _ in groupby(moves[usable] > 0))
    if bouts < FEWEST_BOUTS:
        return None, f"{UNKNOWN}the recording has fewer than {FEWEST_BOUTS} bouts of wake"
    movement = np.log1p(_per_30_s(score))
    steps = range(-int(MOST_OFFSET_S / EPOCH_S), int(MOST_OFFSET_S / EPOCH_S) + 1)
    found = [
        _correlation(moves, usable, movement, score, lead_s + step * EPOCH_S) for step in steps
    ]
    if all(np.isnan(found)):
        return None, f"{UNKNOWN}the watch has no movement in the time of the recording"
    best = int(np.nanargmax(found))
    if found[best] < LEAST_CORRELATION:
        return None, f"{UNKNOWN}movement of the watch does not fit wake of the recording"
    if best in (0, len(found) - 1):
        return None, f"{UNKNOWN}it may be more than {MOST_OFFSET_S // 60} min"
    return steps[best] * EPOCH_S, None


def _per_30_s(score: ActigraphyScore) -> Counts:
    return score.counts.counts * (EPOCH_S / score.counts.epoch_s)


def _places(
    n_epochs: int, lead_s: float, score: ActigraphyScore
) -> tuple[npt.NDArray[np.int_], Flags]:
    """The epoch of the watch at the middle of each epoch, and whether there is one."""
    middle_s = lead_s + EPOCH_S * (np.arange(n_epochs) + 0.5)
    places = np.floor(middle_s / score.counts.epoch_s).astype(int)
    inside: Flags = (places >= 0) & (places < len(score.counts))
    return np.clip(places, 0, len(score.counts) - 1), inside


def _correlation(
    moves: Counts, usable: Flags, movement: Counts, score: ActigraphyScore, lead_s: float
) -> float:
    places, inside = _places(moves.size, lead_s, score)
    b = movement[places]
    counted = usable & inside & np.isfinite(b) & score.wear[places]
    if counted.sum() < 2 or np.ptp(moves[counted]) == 0 or np.ptp(b[counted]) == 0:
        return float("nan")
    return float(np.corrcoef(moves[counted], b[counted])[0, 1])


def epoch_measures(counts: Sequence[float] | npt.NDArray[np.float64]) -> dict[str, float | None]:
    """Sensitivity for sleep, specificity for wake, accuracy and PABAK of the four numbers."""
    both_sleep, only_psg, only_actigraphy, both_wake = map(float, counts)
    total = both_sleep + only_psg + only_actigraphy + both_wake
    accuracy = _share(both_sleep + both_wake, total)
    return {
        "sensitivity": _share(both_sleep, both_sleep + only_psg),
        "specificity": _share(both_wake, both_wake + only_actigraphy),
        "accuracy": accuracy,
        "pabak": None if accuracy is None else 2 * accuracy - 1,
    }


def pooled_epochs(
    nights: Sequence[tuple[str, EpochComparison]],
) -> PooledEpochs | None:
    """The aligned nights together, each with its subject; None where there is none."""
    aligned = [(subject, one) for subject, one in nights if sum(one.counts)]
    if not aligned:
        return None
    subjects = [subject for subject, _ in aligned]
    sums = subject_sums(subjects, np.array([one.counts for _, one in aligned], float))
    total = sums.sum(axis=0)
    return PooledEpochs(
        len(sums), len(aligned), int(total.sum()), epoch_measures(total),
        percentile_intervals(epoch_measures, sums),
    )  # fmt: skip


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
