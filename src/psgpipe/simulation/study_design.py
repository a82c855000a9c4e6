"""The design of a simulated study: subjects, nights, effects, arms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from psgpipe.errors import UsageError
from psgpipe.messages import unknown
from psgpipe.simulation.leads import DEFAULT_FS_HZ
from psgpipe.simulation.signal_effects import SIGNAL_EFFECTS, split_effects
from psgpipe.simulation.targets import EFFECTS

CONTROL_ARM = "placebo"
ARMS = ("drug", CONTROL_ARM)
FEWEST_WITH_ARMS = 4
SUBJECTS, NIGHTS, FS_HZ = (1, 999), (1, 14), (64, 1024)


@dataclass(frozen=True)
class StudyDesign:
    """The design of a study.

    Attributes
    ----------
    nights
        Of each condition and subject.
    fs_hz
        Rate of EEG, EOG and EMG; None is 128 for the minimal and 256 for the clinical montage.
    effects
        What treatment changes, by name, see EFFECTS.
    arms
        Whether every second pair of subjects is in a control arm, in which treatment changes
        nothing.
    diary, actigraphy
        Whether the study has them, too.
    """

    subjects: int = 2
    nights: int = 1
    hours: float = 8.0
    seed: int = 0
    montage: str = "minimal"
    fs_hz: int | None = None
    effects: Mapping[str, float] = field(default_factory=dict)
    arms: bool = False
    diary: bool = False
    actigraphy: bool = False

    def arm(self, subject: int) -> str | None:
        """The arm of a subject; subjects who mirror each other are in one arm."""
        return ARMS[(subject - 1) // 2 % 2] if self.arms else None

    @property
    def rate_hz(self) -> int:
        """The rate of EEG, EOG and EMG."""
        return DEFAULT_FS_HZ[self.montage] if self.fs_hz is None else self.fs_hz


def check_design(design: StudyDesign) -> None:
    """Refuse an impossible design.

    Raises
    ------
    psgpipe.errors.UsageError
        Names the option.
    """
    split_effects(design.effects)
    for option, value, (lowest, highest) in (
        ("--subjects", design.subjects, SUBJECTS),
        ("--nights", design.nights, NIGHTS),
        ("--fs", design.rate_hz, FS_HZ),
        ("--seed", design.seed, (0, 2**63 - 1)),
    ):
        if not lowest <= value <= highest:
            raise UsageError(
                f"{option} is {value}, wanted {lowest} to {highest}", f"Correct {option}."
            )
    if design.arms and design.subjects < FEWEST_WITH_ARMS:
        raise UsageError(
            f"--arms with --subjects {design.subjects}, wanted {FEWEST_WITH_ARMS} or more",
            "Pairs of subjects are in turn in the arms drug and placebo.",
        )


def parse_effects(texts: Sequence[str]) -> dict[str, float]:
    """``NAME=VALUE`` texts as numbers by name.

    Raises
    ------
    psgpipe.errors.UsageError
        A name is unknown or given twice, a value is no number.
    """
    effects: dict[str, float] = {}
    for text in _separate(texts):
        name, _, value = text.partition("=")
        known = (*EFFECTS, *SIGNAL_EFFECTS)
        if name not in known:
            raise UsageError(
                f"--effect: {unknown('effect', name, known)}",
                f"An effect is one of {', '.join(known)}.",
            )
        if name in effects:
            raise UsageError(f"--effect {name} is given twice", "Give it once.")
        effects[name] = _number(name, value)
    return effects


def _separate(texts: Sequence[str]) -> Iterator[str]:
    """The effects one by one: ``swa=0.8,sigma=1.2`` is two."""
    return (part.strip() for text in texts for part in text.split(","))


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(
            f"--effect {name} has the value {text!r}, wanted a number", f"Write --effect {name}=-4."
        )
    return value
