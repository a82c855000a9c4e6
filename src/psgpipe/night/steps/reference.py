"""The step *reference*: build the montage's derivations from the recorded channels."""

from dataclasses import dataclass

from psgpipe.model.derived_signal import DerivedSignal, derive_signal
from psgpipe.model.digital_recording import DigitalRecording
from psgpipe.model.montage import ROLES, Role
from psgpipe.model.opened_night import OpenedNight
from psgpipe.montage.channel_labels import standard_name
from psgpipe.night.steps.step import Step


@dataclass(frozen=True)
class ReferenceParams:
    """Which derivations a night is staged from.

    Attributes
    ----------
    eeg, eog, emg
        Wanted derivations in order of preference; an empty list leaves the role out. ``chin`` is
        any chin EMG, ``horizontal`` any horizontal EOG.
    optional
        Roles that may stay empty. Nights staged with and without a role do not compare.
    min_fs_hz
        Channels sampled at this rate or below cannot be staged by YASA.
    declared_units
        Unit by channel label, only for channels whose header leaves it blank.
    """

    eeg: tuple[str, ...] = ("C4-M1", "C3-M2")
    eog: tuple[str, ...] = ()
    emg: tuple[str, ...] = ()
    optional: tuple[Role, ...] = ()
    min_fs_hz: float = 80.0
    declared_units: dict[str, str] | None = None

    def __post_init__(self) -> None:
        for role in ROLES:
            names = [standard_derivation(name, role) for name in getattr(self, role)]
            object.__setattr__(self, role, tuple(names))
        if not self.eeg:
            raise ValueError("eeg is empty; no stager works without EEG")

    @property
    def wanted(self) -> dict[Role, tuple[str, ...]]:
        """The derivations asked for, by role; a role left out is not in it."""
        named: dict[Role, tuple[str, ...]] = {"eeg": self.eeg, "eog": self.eog, "emg": self.emg}
        return {role: names for role, names in named.items() if names}


def standard_derivation(name: str, where: str) -> str:
    """`name` in standard electrode names; ValueError where it names no derivation."""
    standard = standard_name(name)
    if standard is None:
        raise ValueError(f"{where} lists {name!r}, which names no derivation; write it like C4-M1")
    return standard


def reference(
    opened: OpenedNight, recorded: tuple[DigitalRecording, ...], _params: ReferenceParams
) -> tuple[DerivedSignal, ...]:
    """The montage's derivations, EEG first; samples are computed when they are read."""
    return tuple(derive_signal(d, recorded) for d in opened.montage.derivations)


STEP = Step("reference", "2", ("opened", "recorded"), "referenced", ReferenceParams, reference)
