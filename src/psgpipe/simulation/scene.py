"""The scene of a simulated night: the subject's traits, depth of sleep, and events.

It is drawn once for a night and is the same for every electrode, so that a spindle is in C4 and C3
at the same time and an eye movement in E1 and E2 with opposite signs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from psgpipe.model.hypnogram import EPOCH_S, SCORED, Hypnogram, SleepStage
from psgpipe.simulation.signal_effects import NO_SIGNAL_EFFECTS, SignalEffects

Floats = npt.NDArray[np.float64]

HOP_S = 2
"""Half a frame: the spectrum may change every 2 s."""

HOPS_PER_EPOCH = int(EPOCH_S) // HOP_S


class Stream(IntEnum):
    """Streams of random numbers: each part of a night has its own, independent of the others."""

    TRAITS = 1
    TARGETS = 2
    STRUCTURE = 3
    CALENDAR = 4
    DEPTH = 5
    EYES = 6
    RHYTHMS = 7
    CORTEX = 8
    REFERENCE = 9
    HEART = 10
    BREATH = 11
    POSTURE = 12
    RESPONSE = 13
    EVENT = 100
    """Plus the number of the event model."""
    SITE = 200
    """Plus the number of the electrode or sensor."""


class NightKey(NamedTuple):
    """The seed of a night's random numbers.

    ``condition`` is 0 for what belongs to the subject, 1 for baseline, 2 for treatment.
    """

    seed: int
    subject: int = 1
    condition: int = 1
    night: int = 1

    def rng(self, stream: int) -> np.random.Generator:
        """The generator of one stream of this night."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence((*self, int(stream)))))

    def of_subject(self) -> NightKey:
        """The key that all nights of the subject share."""
        return NightKey(self.seed, self.subject, 0, 0)


@dataclass(frozen=True)
class Traits:
    """The constants of a subject, the same every night."""

    age_y: int = 30
    sex: str = "F"
    alpha_hz: float = 10.0
    spindle_hz: float = 13.2
    eeg_gain: float = 1.0
    alpha_gain: float = 1.0
    emg_gain: float = 1.0
    eog_gain: float = 1.0
    heart_per_min: float = 60.0
    breaths_per_min: float = 14.5


def draw_traits(key: NightKey) -> Traits:
    """The traits of the subject of `key`."""
    rng = key.of_subject().rng(Stream.TRAITS)
    return Traits(
        age_y=int(rng.integers(20, 61)),
        sex="FM"[int(rng.integers(2))],
        alpha_hz=float(np.clip(rng.normal(10.0, 0.5), 8.8, 11.2)),
        spindle_hz=float(np.clip(rng.normal(13.2, 0.4), 12.2, 14.2)),
        eeg_gain=math.exp(rng.normal(0, 0.10)),
        alpha_gain=math.exp(rng.normal(0, 0.12)),
        emg_gain=math.exp(rng.normal(0, 0.20)),
        eog_gain=math.exp(rng.normal(0, 0.10)),
        heart_per_min=float(rng.normal(60, 5)),
        breaths_per_min=float(rng.normal(14.5, 1.2)),
    )


class Events(NamedTuple):
    """Events of one kind, each field of shape (n_events,).

    A size of 1 is usual; below 0 the event is upside down.
    """

    onset_s: Floats
    duration_s: Floats
    size: Floats
    hz: Floats


@dataclass(frozen=True)
class EventModel:
    """How often an event comes in each stage, and its distribution.

    Attributes
    ----------
    number
        Of its random stream.
    per_min
        By stage.
    duration_s
        Lowest and highest, uniform.
    spread
        Standard deviation of the logarithm of the size.
    hz
        Mean and standard deviation.
    apart_s
        Shortest time between two onsets.
    in_bursts
        Thirds of an epoch differ widely in their number of events.
    both_ways
        Half of the events are upside down.
    """

    number: int
    per_min: Mapping[SleepStage, float]
    duration_s: tuple[float, float]
    spread: float = 0.25
    hz: tuple[float, float] = (0.0, 0.0)
    apart_s: float = 0.0
    in_bursts: bool = False
    both_ways: bool = False
    eyes_open: bool = False


_W, _N1, _N2, _N3, _R = SCORED

# Usual rates in adults: 2-5 spindles and 1-2 K-complexes a minute of N2, 15-20 blinks a minute with
# eyes open, rapid eye movements in bursts, slow rolling ones while falling asleep.
EVENT_MODELS: Mapping[str, EventModel] = {
    "spindle": EventModel(1, {_N2: 4.5, _N3: 1.2}, (0.6, 1.6), 0.25, (0.0, 0.35), apart_s=2.5),
    "k_complex": EventModel(2, {_N2: 1.6, _N3: 0.5}, (0.9, 1.3), 0.2, apart_s=4.0),
    "blink": EventModel(3, {_W: 18}, (0.25, 0.4), 0.3, apart_s=0.6, in_bursts=True, eyes_open=True),
    "rapid": EventModel(
        4, {_R: 16, _W: 6}, (0.9, 1.8), 0.35, apart_s=0.3, in_bursts=True, both_ways=True),
    "slow_roll": EventModel(
        5, {_N1: 5, _W: 0.6}, (3, 6), 0.3, (0.3, 0.06), apart_s=3.0, both_ways=True),
    "movement": EventModel(
        6, {_W: 0.8, _N1: 0.25, _N2: 0.06, _R: 0.08}, (1.5, 6.0), 0.4, (0.5, 0.1), 6.0,
        both_ways=True),
    "twitch": EventModel(7, {_R: 1.5}, (0.1, 0.4), 0.4),
    "leg_left": EventModel(8, {_W: 1.0, _N1: 0.4, _N2: 0.15}, (0.5, 4.0), 0.4, apart_s=5.0),
    "leg_right": EventModel(9, {_W: 1.0, _N1: 0.4, _N2: 0.15}, (0.5, 4.0), 0.4, apart_s=5.0),
}  # fmt: skip


@dataclass(frozen=True)
class DepthModel:
    """How far the signal of an epoch is from that of its stage.

    Attributes
    ----------
    foreign
        Mean share of other stages in an epoch's signal.
    concentration
        Of the beta distribution of that share; smaller varies more.
    reach_s
        Distance in time of the foreign stages, standard deviation.
    shift_hops
        A transition is up to this many times 2 s beside the edge of the epoch.
    """

    foreign: float = 0.5
    concentration: float = 2.0
    reach_s: float = 120.0
    shift_hops: int = 3


@dataclass(frozen=True, eq=False)
class Scene:
    """What the signals of one night have in common.

    Attributes
    ----------
    stage_share
        Shape (n_frames, 5), share of each stage in each 4-s frame. Frames start every 2 s, the
        first one 2 s before the recording.
    eyes_open
        Shape (n_frames,), 0 to 1.
    effects
        What is planted in the signals.
    """

    key: NightKey
    traits: Traits
    duration_s: int
    in_bed: npt.NDArray[np.bool_]
    stage_share: Floats
    eyes_open: Floats
    events: Mapping[str, Events] = field(default_factory=dict)
    effects: SignalEffects = NO_SIGNAL_EFFECTS

    @property
    def n_frames(self) -> int:
        """Number of frames that touch the recording."""
        return len(self.stage_share)


def draw_scene(
    hypnogram: Hypnogram, key: NightKey, traits: Traits, depth: DepthModel | None = None
) -> Scene:
    """The scene of a night with these stages; epochs without a stage are awake."""
    position = {stage: number for number, stage in enumerate(SCORED)}
    stage = np.array([position.get(s, 0) for s in hypnogram.stages], dtype=np.int64)
    open_share = _eyes_open(stage, hypnogram.in_bed, key.rng(Stream.EYES))
    events = {
        name: draw_events(model, stage, open_share, key) for name, model in EVENT_MODELS.items()
    }
    return Scene(
        key,
        traits,
        int(len(stage) * EPOCH_S),
        hypnogram.in_bed,
        _stage_share(stage, key.rng(Stream.DEPTH), depth or DepthModel()),
        _frames_of_hops(np.repeat(open_share, HOPS_PER_EPOCH)),
        events,
    )


def draw_events(
    model: EventModel, stage: npt.NDArray[np.int64], open_share: Floats, key: NightKey
) -> Events:
    """Events of one kind for the whole night, in time order."""
    rng = key.rng(Stream.EVENT + model.number)
    per_third = np.array([model.per_min.get(s, 0.0) for s in SCORED])[stage] * EPOCH_S / 60 / 3
    rate = np.repeat(per_third * (open_share if model.eyes_open else 1.0), 3)
    if model.in_bursts:
        rate = rate * rng.gamma(1.0, 1.0, len(rate))
    counts = rng.poisson(rate)
    third_s = EPOCH_S / 3
    begin_s = np.repeat(np.arange(len(rate)) * third_s, counts)
    onset_s = np.sort(begin_s + rng.uniform(0, third_s, len(begin_s)))
    onset_s = onset_s[np.diff(onset_s, prepend=-np.inf) >= model.apart_s]
    n = len(onset_s)
    sign = rng.choice([-1.0, 1.0], n) if model.both_ways else np.ones(n)
    return Events(
        onset_s,
        rng.uniform(*model.duration_s, n),
        sign * np.exp(rng.normal(0, model.spread, n)),
        rng.normal(*model.hz, n),
    )


def _eyes_open(
    stage: npt.NDArray[np.int64], in_bed: npt.NDArray[np.bool_], rng: np.random.Generator
) -> Floats:
    """Share of each epoch with eyes open: 0.9 out of bed, 0 asleep."""
    awake = np.where(in_bed, rng.beta(0.7, 1.6, len(stage)), 0.9)
    return np.where(stage == SCORED.index(_W), awake, 0.0)


def _stage_share(
    stage: npt.NDArray[np.int64], rng: np.random.Generator, depth: DepthModel
) -> Floats:
    """Share of each stage in each frame: the epoch's own, with some of those around it."""
    from scipy.ndimage import gaussian_filter1d

    shift = rng.integers(-depth.shift_hops, depth.shift_hops + 1, len(stage) + 1)
    shift[[0, -1]] = 0
    own = np.eye(len(SCORED))[np.repeat(stage, HOPS_PER_EPOCH + np.diff(shift))]
    # The cycles of a short night are shorter, and so is this distance.
    reach_s = min(depth.reach_s, len(stage) * EPOCH_S / 60)
    around = gaussian_filter1d(own, reach_s / HOP_S, axis=0)
    mean, total = depth.foreign, depth.concentration
    foreign = rng.beta(mean * total, (1 - mean) * total, len(stage))
    share = np.repeat(foreign, HOPS_PER_EPOCH)[:, None]
    return _frames_of_hops((1 - share) * own + share * around)


def _frames_of_hops(per_hop: Floats) -> Floats:
    """Values of the 4-s frames from those of 2-s hops, two a frame."""
    before = np.concatenate([per_hop[:1], per_hop])
    after = np.concatenate([per_hop, per_hop[-1:]])
    mean: Floats = (before + after) / 2
    return mean
