"""The leads of a simulated recording: label, rate, unit and source of each channel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from psgpipe.simulation import body
from psgpipe.simulation.electrodes import CHIN_SITES, SITES, chin, electrode, leg
from psgpipe.simulation.noise import cortex_noise
from psgpipe.simulation.scene import Floats, Scene

Sensor = Callable[[Scene, int], Floats]
"""From a scene and a sampling rate to the samples."""


@dataclass(frozen=True)
class Lead:
    """One channel of a montage.

    Attributes
    ----------
    kind
        ``eeg``, ``eog``, ``emg`` or ``misc``.
    limit
        The file stores from `lowest` to `limit`, in `unit`; `lowest` is ``-limit`` if None.
    plus, minus
        Electrodes; `minus` is ``ref`` for the system's common reference.
    sensor
        The source where it is not an electrode.
    fs_hz
        Its own rate, or None: the montage's.
    rate_ratio
        Its rate relative to the montage's, where it has none of its own.
    """

    label: str
    kind: str
    unit: str = "uV"
    limit: float = 3276.7
    lowest: float | None = None
    plus: str = ""
    minus: str = ""
    sensor: Sensor | None = None
    fs_hz: int | None = None
    rate_ratio: float = 1.0
    prefilter: str = ""

    def rate_hz(self, montage_fs_hz: int) -> int:
        """The channel's sampling rate in a montage of this rate."""
        return self.fs_hz or max(1, round(montage_fs_hz * self.rate_ratio))


@dataclass(frozen=True, eq=False)
class SimulatedSignal:
    """The samples of one channel, in the lead's unit, shape (n_samples,)."""

    lead: Lead
    fs_hz: int
    samples: Floats


def _bipolar(label: str, kind: str, plus: str, minus: str) -> Lead:
    return Lead(label, kind, plus=plus, minus=minus, limit=1638.35)


def _referential(label: str, kind: str) -> Lead:
    return Lead(label, kind, plus=label, minus="ref")


def _breath(number: int, height: float, lag: float, steepness: float) -> Sensor:
    return lambda scene, fs_hz: body.breathing(scene, number, fs_hz, height, lag, steepness)


def _leg(side: str) -> Sensor:
    return lambda scene, fs_hz: leg(scene, side, fs_hz)


MINIMAL: tuple[Lead, ...] = (
    _bipolar("EEG C4-M1", "eeg", "C4", "M1"),
    _bipolar("EEG C3-M2", "eeg", "C3", "M2"),
    _bipolar("EOG E1-M2", "eog", "E1", "M2"),
    _bipolar("EOG E2-M2", "eog", "E2", "M2"),
    _bipolar("EMG chin", "emg", "Chin1", "Chin2"),
)

# 24 signals at mixed rates; derivations have to be built from single electrodes.
CLINICAL: tuple[Lead, ...] = (
    *(_referential(name, "eeg") for name in ("F4", "C4", "C3", "O2", "M1", "M2")),
    *(_referential(name, "eog") for name in ("E1", "E2")),
    *(_referential(name, "emg") for name in ("Chin1", "Chin2", "ChinZ")),
    Lead("ECG II", "misc", sensor=body.ecg, rate_ratio=2.0),
    Lead("Leg/L", "misc", sensor=_leg("left"), rate_ratio=0.5),
    Lead("Leg/R", "misc", sensor=_leg("right"), rate_ratio=0.5),
    Lead("Snore", "misc", sensor=body.snore),
    Lead("Pressure", "misc", "cmH2O", 10, sensor=_breath(33, 1.0, 0.0, 0.25), fs_hz=32),
    Lead("Flow", "misc", "uV", 1000, sensor=_breath(34, 120, 0.08, 0.0), fs_hz=32),
    Lead("Thorax", "misc", "uV", 1000, sensor=_breath(35, 90, 0.22, 0.1), fs_hz=32),
    Lead("Abdomen", "misc", "uV", 1000, sensor=_breath(36, 110, 0.25, 0.1), fs_hz=32),
    Lead("SpO2", "misc", "%", 100, 0, sensor=body.oxygen_pct, fs_hz=1),
    Lead("Pulse", "misc", "bpm", 250, 0, sensor=body.pulse_per_min, fs_hz=1),
    Lead("Position", "misc", "code", 10, 0, sensor=body.position, fs_hz=1),
    Lead("Light", "misc", "%", 100, 0, sensor=body.light, fs_hz=1),
    Lead("Sound", "misc", "dB", 100, 0, sensor=body.sound_db, fs_hz=1),
)

AMPLIFIED = ("eeg", "eog")
"""Kinds of channels that a planted gain changes."""
MONTAGES = {"minimal": MINIMAL, "clinical": CLINICAL}
DEFAULT_FS_HZ = {"minimal": 128, "clinical": 256}


def simulate_signals(scene: Scene, leads: Sequence[Lead], fs_hz: int) -> Iterator[SimulatedSignal]:
    """The channels one after the other; an electrode is kept as long as a later one needs it."""
    cortex = cortex_noise(scene)
    kept: dict[str, Floats] = {}
    uses = Counter(name for lead in leads for name in (lead.plus, lead.minus) if name)

    def potential(name: str) -> Floats:
        if name not in kept:
            kept[name] = (
                body.reference(scene, fs_hz)
                if name == "ref"
                else chin(scene, name, fs_hz)
                if name in CHIN_SITES
                else electrode(scene, SITES[name], cortex, fs_hz)
            )
        uses[name] -= 1
        return kept[name] if uses[name] else kept.pop(name)

    for lead in leads:
        rate_hz = lead.rate_hz(fs_hz)
        if lead.sensor:
            yield SimulatedSignal(lead, rate_hz, lead.sensor(scene, rate_hz))
        else:
            samples = potential(lead.plus) - potential(lead.minus)
            if lead.kind in AMPLIFIED and scene.effects.gain != 1:
                samples = samples * scene.effects.gain
            yield SimulatedSignal(lead, rate_hz, samples)
