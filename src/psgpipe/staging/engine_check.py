"""The check that the fast engine equals yasa on this machine, with these versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from psgpipe.model.montage import Role
from psgpipe.model.staging import Demographics, Engine, RoleSignal
from psgpipe.simulation.night import SimulatedNight, simulate_night
from psgpipe.staging.stager import stager_of

RATES_HZ = (100, 256)
NIGHT_H = 1.0
ROLE_SETS: tuple[tuple[Role, ...], ...] = (
    ("eeg",),
    ("eeg", "eog"),
    ("eeg", "emg"),
    ("eeg", "eog", "emg"),
)
LARGEST_DIFFERENCE = 0.05
USUAL_DIFFERENCE = 0.01
USUAL_SHARE = 0.999


@dataclass(frozen=True)
class EngineComparison:
    """The fast engine against the reference on one simulated night with one classifier.

    `usual_share` is the share of the epochs in which no probability differs by more than 0.01.
    """

    classifier: str
    fs_hz: int
    epochs: int
    stages_that_differ: int
    largest_difference: float
    usual_share: float

    @property
    def is_equal(self) -> bool:
        """Stages identical, probabilities within the stated bounds."""
        return (
            self.stages_that_differ == 0
            and self.largest_difference <= LARGEST_DIFFERENCE
            and self.usual_share >= USUAL_SHARE
        )


def compare_engines() -> Iterator[EngineComparison]:
    """Compare both engines on simulated nights with each of the eight classifiers."""
    for fs_hz in RATES_HZ:
        night = simulate_night(seed=fs_hz, hours=NIGHT_H, fs_hz=fs_hz)
        for roles, known in product(ROLE_SETS, (None, Demographics(34.0, "F"))):
            yield _compare(night, fs_hz, roles, known)


def _compare(
    night: SimulatedNight, fs_hz: int, roles: tuple[Role, ...], known: Demographics | None
) -> EngineComparison:
    fast, reference = (_score(night, roles, known, engine) for engine in _ENGINES)
    difference = np.abs(fast - reference).max(axis=1)
    needs = stager_of("fast", roles, with_demographics=known is not None).requirements()
    return EngineComparison(
        classifier=needs.classifier,
        fs_hz=fs_hz,
        epochs=len(difference),
        stages_that_differ=int((fast.argmax(axis=1) != reference.argmax(axis=1)).sum()),
        largest_difference=float(difference.max()),
        usual_share=float((difference <= USUAL_DIFFERENCE).mean()),
    )


_ENGINES: tuple[Engine, Engine] = ("fast", "reference")


def _score(
    night: SimulatedNight, roles: tuple[Role, ...], known: Demographics | None, engine: Engine
) -> npt.NDArray[np.float64]:
    recording = night.recording
    signals = {
        role: RoleSignal(role, recording.signals_uv[recording.kinds.index(role)], recording.fs_hz)
        for role in roles
    }
    stager = stager_of(engine, roles, with_demographics=known is not None)
    others = [signals[role] for role in roles if role != "eeg"]
    return stager.score([signals["eeg"]], others, known)[0]
