"""Counts scored as sleep and wake, each algorithm for the counts of its maker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from psgpipe.actigraphy.algorithms import OAKLEY_WEIGHTS, cole_kripke, oakley, sadeh
from psgpipe.actigraphy.counts import ActivityCounts, Counts, Flags, Maker
from psgpipe.actigraphy.epochs import by_minute
from psgpipe.actigraphy.wear import NONWEAR_MIN, runs, worn
from psgpipe.errors import ActigraphyInvalid, UsageError
from psgpipe.messages import did_you_mean, short_repr

Scorer = Callable[[Counts, int], tuple[Counts, Flags]]
MAKER_NAMES: dict[Maker, str] = {
    "actigraph": "ActiGraph", "actiwatch": "Actiwatch", "condor": "Condor",
    "motionwatch": "MotionWatch",
}  # fmt: skip


@dataclass(frozen=True)
class Algorithm:
    """A way from counts to sleep and wake.

    Attributes
    ----------
    maker
        For whose counts it is valid.
    epochs_s
        Lengths of epochs that it takes; (60,) also takes shorter ones, added up to minutes.
    """

    name: str
    maker: Maker
    epochs_s: tuple[int, ...]
    score: Scorer


def _oakley(threshold: float) -> Scorer:
    return lambda counts, epoch_s: oakley(counts, epoch_s, threshold)


def _sadeh(cut: float) -> Scorer:
    return lambda counts, _: sadeh(counts, cut)


_OAKLEY_EPOCHS_S = tuple(OAKLEY_WEIGHTS)
ALGORITHMS = {
    one.name: one
    for one in (
        Algorithm("cole-kripke", "actigraph", (60,), lambda counts, _: cole_kripke(counts)),
        Algorithm("sadeh", "actigraph", (60,), _sadeh(-4.0)),
        Algorithm("sadeh-1994", "actigraph", (60,), _sadeh(0.0)),
        Algorithm("oakley", "actiwatch", _OAKLEY_EPOCHS_S, _oakley(40)),
        Algorithm("oakley-20", "actiwatch", _OAKLEY_EPOCHS_S, _oakley(20)),
        Algorithm("oakley-40", "actiwatch", _OAKLEY_EPOCHS_S, _oakley(40)),
        Algorithm("oakley-80", "actiwatch", _OAKLEY_EPOCHS_S, _oakley(80)),
    )
}
"""``sadeh`` has the cut of ActiLife, -4; ``sadeh-1994`` that of the paper, 0. ``oakley`` has the
medium threshold of Actiware, 40 counts."""
DEFAULT_OF_MAKER: dict[Maker | None, str] = {"actigraph": "cole-kripke", "actiwatch": "oakley"}


@dataclass(frozen=True, eq=False)
class ActigraphyScore:
    """Sleep and wake of each epoch, and whether the watch was worn.

    Attributes
    ----------
    counts
        In the epochs that were scored.
    index
        What the algorithm compares with its limit; NaN where nothing was recorded.
    sleep
        Shape (n_epochs,). An epoch that was not recorded or not worn is never sleep.
    wear
        Epochs that were recorded and worn. An epoch that is neither sleep nor wear is not wake.
    notes
        What a reader of the result has to know.
    """

    counts: ActivityCounts
    algorithm: str
    index: Counts
    sleep: Flags
    wear: Flags
    nonwear_min: float
    notes: tuple[str, ...] = ()

    __repr__ = short_repr


def score_actigraphy(
    counts: ActivityCounts,
    algorithm: str | None = None,
    *,
    any_maker: bool = False,
    nonwear_min: float = NONWEAR_MIN,
) -> ActigraphyScore:
    """Score each epoch as sleep or wake.

    Parameters
    ----------
    counts
        What `read_actigraphy` returned.
    algorithm
        One of `ALGORITHMS`; None takes the usual one of the maker.
    any_maker
        Score the counts of another maker than the algorithm's, too.
    nonwear_min
        So many minutes without a count are not wear.

    Raises
    ------
    psgpipe.errors.UsageError
        There is no such algorithm, or it is not valid for the maker of the counts.
    psgpipe.errors.ActigraphyInvalid
        The algorithm does not take epochs of this length.
    """
    chosen = _chosen(algorithm, counts.maker, any_maker=any_maker)
    taken = _in_its_epochs(counts, chosen)
    index, sleep = np.full(len(taken), np.nan), np.zeros(len(taken), bool)
    for start, stop in runs(taken.recorded):
        index[start:stop], sleep[start:stop] = chosen.score(
            taken.counts[start:stop], int(taken.epoch_s)
        )
    wear = worn(taken, nonwear_min)
    notes = (*counts.notes, *_notes(chosen, counts.maker))
    return ActigraphyScore(taken, chosen.name, index, sleep & wear, wear, nonwear_min, notes)


def _chosen(name: str | None, maker: Maker | None, *, any_maker: bool) -> Algorithm:
    name = DEFAULT_OF_MAKER.get(maker) if name is None else name
    if name is None and maker is not None:
        raise UsageError(
            f"no algorithm of psgpipe is made for {MAKER_NAMES[maker]} counts",
            "Name one, and say that it may score the counts of any maker (--algorithm NAME "
            "--any-maker).",
        )
    if name is None:
        raise UsageError(
            "the file does not say whose counts it has, so no algorithm is the usual one",
            f"Name one: {', '.join(ALGORITHMS)}.",
        )
    if name not in ALGORITHMS:
        raise UsageError(
            f"no algorithm is called {name!r}{did_you_mean(name, ALGORITHMS)}",
            f"Give one of {', '.join(ALGORITHMS)}.",
        )
    chosen = ALGORITHMS[name]
    if maker is not None and maker != chosen.maker and not any_maker:
        raise UsageError(
            f"{name} is valid for {MAKER_NAMES[chosen.maker]} counts; these are "
            f"{MAKER_NAMES[maker]} counts, which have another size",
            "Take an algorithm of this maker, or say that any maker's counts may be scored "
            "(--any-maker).",
        )
    return chosen


def _in_its_epochs(counts: ActivityCounts, algorithm: Algorithm) -> ActivityCounts:
    if counts.epoch_s in algorithm.epochs_s:
        return counts
    if algorithm.epochs_s == (60,):
        try:
            return by_minute(counts)
        except ValueError:
            pass
    wanted = " or ".join(map(str, algorithm.epochs_s))
    raise ActigraphyInvalid(
        f"{algorithm.name} takes epochs of {wanted} s; these have {counts.epoch_s:g} s",
        "Export the counts in such epochs, or take another algorithm.",
    )


def _notes(algorithm: Algorithm, maker: Maker | None) -> tuple[str, ...]:
    if maker is None:
        return (
            f"the file does not say whose counts it has; {algorithm.name} is valid for "
            f"{MAKER_NAMES[algorithm.maker]} counts",
        )
    if maker != algorithm.maker:
        return (
            f"{algorithm.name} is valid for {MAKER_NAMES[algorithm.maker]} counts; these are "
            f"{MAKER_NAMES[maker]} counts: sleep and wake are not comparable with other studies",
        )
    return ()
