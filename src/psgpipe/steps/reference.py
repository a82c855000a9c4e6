"""Build the montage's derivations from the channels recorded."""

from dataclasses import dataclass, replace

import numpy as np

from psgpipe.adapters.labels import standard_name
from psgpipe.model.montage import ROLES, Derivation, Role
from psgpipe.model.opened import OpenedNight
from psgpipe.model.recording import Recording
from psgpipe.steps.step import Step


@dataclass(frozen=True)
class ReferenceParams:
    """Which derivations a night is staged from.

    Attributes
    ----------
    eeg, eog, emg : wanted derivations in order of preference; an empty list leaves the role out.
        ``chin`` is any chin EMG, ``horizontal`` any horizontal EOG.
    optional : roles that may stay empty. Nights staged with and without a role do not compare.
    min_fs_hz : channels sampled at this rate or below cannot be staged by YASA.
    declared_units : unit by channel label, only for channels whose header leaves it blank.
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
    """`name` in standard electrode names.

    Raises
    ------
    ValueError : it names no derivation.
    """
    standard = standard_name(name)
    if standard is None:
        raise ValueError(f"{where} lists {name!r}, which names no derivation; write it like C4-M1")
    return standard


def reference(
    opened: OpenedNight, recorded: tuple[Recording, ...], _params: ReferenceParams
) -> tuple[Recording, ...]:
    """The montage's derivations in microvolt, one Recording of one row each, EEG first."""
    return tuple(_build(derivation, recorded) for derivation in opened.montage.derivations)


def _build(derivation: Derivation, recorded: tuple[Recording, ...]) -> Recording:
    labels = [term.label for term in derivation.terms]
    source = next(r for r in recorded if set(labels) <= set(r.derivations))
    channels = source.pick(*labels)
    weights = np.array([term.weight for term in derivation.terms])
    as_recorded = weights.tolist() == [1.0]
    return replace(
        channels,
        # A channel used as it is keeps its very samples: no rounding by a multiplication.
        signals_uv=channels.signals_uv if as_recorded else weights[None, :] @ channels.signals_uv,
        derivations=(derivation.name,),
        kinds=(derivation.role,),
        digital_limits_uv=_limits(channels, weights),
    )


def _limits(channels: Recording, weights: np.ndarray) -> tuple[tuple[float, float], ...]:
    """What the derivation can reach when every channel stands at its own limit."""
    if not channels.digital_limits_uv:
        return ()
    reach = np.sort(np.array(channels.digital_limits_uv) * weights[:, None], axis=1)
    return ((float(reach[:, 0].sum()), float(reach[:, 1].sum())),)


STEP = Step("reference", "1", ("opened", "recorded"), "referenced", ReferenceParams, reference)
