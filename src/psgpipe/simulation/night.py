"""A simulated night with known stages: a hypnogram from a model of sleep cycles, and its signals.

    night = simulate_night(seed=0, hours=8, fs_hz=100)
    night.hypnogram                 # the true stages
    night.recording                 # the signals of these stages

The same arguments give the same night. Nothing was measured on a person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from psgpipe.errors import UsageError
from psgpipe.model.header import Annotation
from psgpipe.model.hypnogram import EPOCH_S, Hypnogram, SleepStage
from psgpipe.model.recording import Recording
from psgpipe.simulation.hypnogram import CycleModel, build_stages, count_epochs
from psgpipe.simulation.leads import MINIMAL, Lead, SimulatedSignal, simulate_signals
from psgpipe.simulation.scene import NightKey, Stream, Traits, draw_scene, draw_traits
from psgpipe.simulation.signal_effects import (
    NO_SIGNAL_EFFECTS,
    SignalEffects,
    split_effects,
)
from psgpipe.simulation.targets import Targets, add_effects, draw_response, draw_targets

CONDITIONS = ("baseline", "treatment")
SHORTEST_H, LONGEST_H = 0.1, 24.0
FIRST_EVENING = dt.date(2024, 3, 4)
TREATMENT_AFTER_DAYS = 14


@dataclass(frozen=True, eq=False)
class NightPlan:
    """A night without its signals: subject, start and true stages.

    Attributes
    ----------
    hypnogram
        The true stages, from the start of the recording to its end.
    lights_off_s, lights_on_s
        Seconds from the start of the recording, on the epoch grid.
    targets
        The sums of the stages, planted effect included.
    effects
        What is planted in the signals.
    """

    key: NightKey
    traits: Traits
    start: dt.datetime
    hypnogram: Hypnogram
    lights_off_s: float
    lights_on_s: float
    targets: Targets
    effects: SignalEffects = NO_SIGNAL_EFFECTS

    @property
    def annotations(self) -> tuple[Annotation, Annotation]:
        """The annotations of the recording: lights off and lights on."""
        return (
            Annotation(self.lights_off_s, None, "Lights off"),
            Annotation(self.lights_on_s, None, "Lights on"),
        )


@dataclass(frozen=True, eq=False)
class SimulatedNight:
    """A night's true stages, and a recording of it."""

    plan: NightPlan
    recording: Recording

    @property
    def hypnogram(self) -> Hypnogram:
        """The true stages, from the start of the recording to its end."""
        return self.plan.hypnogram


def simulate_night(
    seed: int = 0,
    *,
    hours: float = 8.0,
    fs_hz: int = 100,
    subject: int = 1,
    condition: str = "baseline",
    night: int = 1,
    effects: Mapping[str, float] | None = None,
    leads: Sequence[Lead] = MINIMAL,
) -> SimulatedNight:
    """A whole night: true stages, and a recording of `leads` in microvolt.

    Raises
    ------
    UsageError
        The length, or the planted effect, is impossible.
    """
    plan = plan_night(
        seed, hours=hours, subject=subject, condition=condition, night=night, effects=effects
    )
    return SimulatedNight(plan, _recording(plan, leads, fs_hz))


def plan_night(
    seed: int = 0,
    *,
    hours: float = 8.0,
    subject: int = 1,
    condition: str = "baseline",
    night: int = 1,
    effects: Mapping[str, float] | None = None,
    model: CycleModel | None = None,
) -> NightPlan:
    """The plan of a night; `effects` are planted on treatment nights.

    Raises
    ------
    UsageError
        The length, or the planted effect, is impossible.
    """
    key = NightKey(seed, subject, 1 + CONDITIONS.index(condition), night)
    n_epochs, before, after = _grid(hours)
    in_bed = n_epochs - before - after
    targets = draw_targets(key, in_bed / 2)
    signal_effects = NO_SIGNAL_EFFECTS
    if condition == "treatment" and effects:
        own_effects, signal_effects = split_effects(effects, draw_response(key))
        targets = add_effects(targets, own_effects, in_bed / 2)
    asleep = build_stages(
        count_epochs(targets, in_bed), key.rng(Stream.STRUCTURE), model or CycleModel()
    )
    start = _evening(key)
    hypnogram = Hypnogram(
        (*[SleepStage.W] * before, *asleep, *[SleepStage.W] * after),
        (np.arange(n_epochs) >= before) & (np.arange(n_epochs) < before + in_bed),
        start,
        start.time(),
    )
    return NightPlan(
        key,
        draw_traits(key),
        start,
        hypnogram,
        EPOCH_S * before,
        EPOCH_S * (before + in_bed),
        targets,
        signal_effects,
    )


def night_signals(plan: NightPlan, leads: Sequence[Lead], fs_hz: int) -> Iterator[SimulatedSignal]:
    """The signals of a planned night, one channel after the other."""
    scene = replace(draw_scene(plan.hypnogram, plan.key, plan.traits), effects=plan.effects)
    return simulate_signals(scene, leads, fs_hz)


def _recording(plan: NightPlan, leads: Sequence[Lead], fs_hz: int) -> Recording:
    rows = [signal.samples for signal in night_signals(plan, leads, fs_hz)]
    return Recording(
        np.array(rows),
        tuple(lead.label for lead in leads),
        float(fs_hz),
        start=plan.start,
        start_clock=plan.start.time(),
        kinds=tuple(lead.kind for lead in leads),
        digital_limits_uv=tuple((-lead.limit, lead.limit) for lead in leads),
        annotations=plan.annotations,
    )


def _grid(hours: float) -> tuple[int, int, int]:
    """Epochs of the recording, before lights off and after lights on."""
    if not SHORTEST_H <= hours <= LONGEST_H:
        raise UsageError(
            f"a night of {hours:g} h was asked for; {SHORTEST_H:g} to {LONGEST_H:g} h can be made",
            "Give --hours in that range.",
        )
    return round(hours * 120), round(20 * min(1.0, hours / 4)), round(10 * min(1.0, hours / 4))


def _evening(key: NightKey) -> dt.datetime:
    """Between 22:00 and 23:00; baseline nights in a row, treatment nights two weeks later."""
    rng = key.rng(Stream.CALENDAR)
    days = key.night - 1 + TREATMENT_AFTER_DAYS * (key.condition - 1)
    midnight = dt.datetime.combine(FIRST_EVENING, dt.time())
    return midnight + dt.timedelta(days=days, hours=22, seconds=int(rng.integers(0, 3600)))
