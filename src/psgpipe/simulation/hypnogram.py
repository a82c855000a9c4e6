"""The hypnogram of a simulated night: sleep cycles whose sums are exactly the night's targets.

A cycle goes from N2 to N3, back to N2 and ends in REM sleep. The first cycles have most of N3, the
last ones most of REM. Awakenings and N1 come between, more of them towards morning. Each stage has
a whole number of epochs from the start, so that the sums are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import SleepStage
from psgpipe.simulation.targets import Targets

W, N1, N2, N3, R = (SleepStage(s) for s in ("W", "N1", "N2", "N3", "R"))
Stages = list[SleepStage]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CycleModel:
    """How the cycles of a night differ.

    Attributes
    ----------
    cycle_min
        Usual length of a cycle, asleep.
    n3_decay
        N3 of a cycle relative to the cycle before.
    rem_first, rem_growth
        REM of the first cycle relative to the second, and what every later one has more than the
        one before.
    n3_block, rem_block
        Usual epochs of unbroken N3 and of unbroken REM.
    """

    cycle_min: float = 98.0
    n3_decay: float = 0.55
    rem_first: float = 0.45
    rem_growth: float = 0.22
    n3_block: float = 16.0
    rem_block: float = 22.0


@dataclass(frozen=True)
class EpochCounts:
    """Whole epochs of each kind between lights off and lights on."""

    latency: int
    wake: int
    n1: int
    n2: int
    n3: int
    rem: int


def count_epochs(targets: Targets, in_bed: int) -> EpochCounts:
    """The targets as whole epochs that sum to `in_bed`; none is off by more than one epoch."""
    latency, wake = round(2 * targets.sol_min), round(2 * targets.waso_min)
    asleep = max(in_bed - latency - wake, 1)
    shares = [targets.n1_pct, targets.n2_pct, targets.n3_pct, targets.rem_pct]
    return EpochCounts(in_bed - wake - asleep, wake, *apportion(asleep, shares))


def apportion(total: int, weights: npt.ArrayLike) -> list[int]:
    """`total` apportioned to the weights in whole numbers, by largest remainder."""
    weight = np.asarray(weights, dtype=np.float64)
    if weight.sum() <= 0:
        weight = np.ones_like(weight)
    exact = total * weight / weight.sum()
    parts = np.floor(exact).astype(int)
    # Rounded, so that ties go to the first on every machine.
    order = np.argsort(-np.round(exact - parts, 9), kind="stable")
    parts[order[: total - parts.sum()]] += 1
    return [int(n) for n in parts]


def build_stages(counts: EpochCounts, rng: np.random.Generator, model: CycleModel) -> Stages:
    """The stages between lights off and lights on."""
    onset_n1 = min(counts.n1, int(rng.integers(3, 8)))
    cycles = _cycles(counts, rng, model)
    bouts, final = _awakenings(counts.wake, rng)
    n1_runs = _runs(counts.n1 - onset_n1, rng, longest=3)
    asleep = _insert([s for cycle in cycles for s in cycle], bouts, n1_runs, rng)
    return [W] * counts.latency + [N1] * onset_n1 + asleep + [W] * final


def _cycles(counts: EpochCounts, rng: np.random.Generator, model: CycleModel) -> list[Stages]:
    asleep = counts.n1 + counts.n2 + counts.n3 + counts.rem
    n = max(1, round(asleep / 2 / model.cycle_min))
    number = np.arange(n)
    n3_weight = model.n3_decay**number * np.exp(rng.normal(0, 0.15, n))
    rem_weight = (1 + model.rem_growth * (number - 1)) * np.exp(rng.normal(0, 0.15, n))
    rem_weight[0] *= model.rem_first / (1 - model.rem_growth) if n > 1 else 1.0
    n3, rem = apportion(counts.n3, n3_weight), apportion(counts.rem, rem_weight)
    length = asleep / n * np.exp(rng.normal(0, 0.06, n))
    # N2 fills each cycle up to its length; every cycle has some.
    n2 = apportion(counts.n2, np.maximum(length - np.array(n3) - np.array(rem), 0.1 * length))
    return [_cycle(*parts, rng, model) for parts in zip(n2, n3, rem, strict=True)]


def _cycle(n2: int, n3: int, rem: int, rng: np.random.Generator, model: CycleModel) -> Stages:
    """N2, N3 with N2 between, N2 again, REM with N2 between."""
    n3_part = _blocks(N3, n3, model.n3_block, rng)
    rem_part = _blocks(R, rem, model.rem_block, rng)
    if (n3_part + rem_part).count(N2) > n2 / 2:
        n3_part, rem_part = [N3] * n3, [R] * rem
    n2_left = n2 - (n3_part + rem_part).count(N2)
    down = round(n2_left * rng.uniform(0.2, 0.4))
    return [N2] * down + n3_part + [N2] * (n2_left - down) + rem_part


def _blocks(stage: SleepStage, total: int, usual: float, rng: np.random.Generator) -> Stages:
    """`total` epochs of a stage in blocks of about the usual length, short runs of N2 between."""
    if total == 0:
        return []
    n_blocks = 1 + int(rng.poisson(max(total / usual - 1, 0)))
    blocks = [b for b in apportion(total, rng.uniform(0.3, 1.0, n_blocks)) if b]
    epochs = [stage] * blocks[0]
    for block in blocks[1:]:
        epochs += [N2] * int(rng.integers(1, 5)) + [stage] * block
    return epochs


def _awakenings(wake: int, rng: np.random.Generator) -> tuple[list[int], int]:
    """Lengths of the awakenings, and of the wake between the last sleep and lights on."""
    final = min(wake, int(rng.integers(0, 9)))
    bouts, left = [], wake - final
    while left > 0:
        lowest, highest = ((1, 2), (1, 2), (2, 6), (7, 16))[
            int(rng.choice(4, p=(0.4, 0.2, 0.3, 0.1)))
        ]
        bouts.append(min(left, int(rng.integers(lowest, highest + 1))))
        left -= bouts[-1]
    return bouts, final


def _runs(total: int, rng: np.random.Generator, longest: int) -> list[int]:
    runs: list[int] = []
    while total > 0:
        runs.append(min(total, int(rng.integers(1, longest + 1))))
        total -= runs[-1]
    return runs


def _insert(
    asleep: Stages, bouts: Sequence[int], n1_runs: Sequence[int], rng: np.random.Generator
) -> Stages:
    """The sleep with awakenings, each followed by N1 as long as there is some."""
    together = max(len(bouts), len(n1_runs))
    items: list[Stages] = [
        [W] * (bouts[i] if i < len(bouts) else 0) + [N1] * (n1_runs[i] if i < len(n1_runs) else 0)
        for i in range(together)
    ]
    epochs = _disturbed_epochs(asleep, together, rng)
    stages = list(asleep)
    for epoch, item in sorted(zip(epochs, items, strict=True), key=lambda pair: -pair[0]):
        stages[epoch:epoch] = item
    return stages


def _disturbed_epochs(asleep: Stages, n: int, rng: np.random.Generator) -> list[int]:
    """Epochs before which sleep is disturbed: rare in N3, frequent after REM and in the morning."""
    if len(asleep) < 2:
        return [len(asleep)] * n
    ease = {N1: 1.0, N2: 1.0, N3: 0.06, R: 0.7}
    weight = np.array([ease[s] for s in asleep[:-1]])
    turns = np.array([a != b for a, b in pairwise(asleep)])
    leaves_rem = turns & np.array([s == R for s in asleep[:-1]])
    enters_rem = turns & np.array([s == R for s in asleep[1:]])
    weight *= 1 + 25 * leaves_rem + 6 * enters_rem
    weight *= np.linspace(0.5, 1.5, len(weight))
    epochs = rng.choice(len(weight), n, replace=n > len(weight), p=weight / weight.sum())
    return [int(epoch) + 1 for epoch in epochs]
