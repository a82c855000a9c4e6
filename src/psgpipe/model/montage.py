"""Electrodes, derivations and how a derivation is built from what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["eeg", "eog", "emg"]
ROLES: tuple[Role, ...] = ("eeg", "eog", "emg")


@dataclass(frozen=True)
class Source:
    """What one channel of a file measures.

    Attributes
    ----------
    label : as in the file.
    plus, minus : standard electrode names (``C4``, ``M1``, ``E1``, ``chin1``); `minus` is
        ``ref`` where the channel was recorded against the system's common reference, and ``M1M2``
        for linked mastoids.
    """

    label: str
    plus: str
    minus: str


@dataclass(frozen=True)
class Term:
    """One channel's share in a derivation: `weight` times the channel's samples."""

    label: str
    weight: float


@dataclass(frozen=True)
class Derivation:
    """A derivation and the channels it is built from.

    Attributes
    ----------
    name : ``C4-M1``, in standard electrode names.
    role : ``eeg``, ``eog`` or ``emg``.
    terms : the channels and their weights; one term of weight 1 where it was recorded as such.
    why : how it was found, one phrase for the technician.
    """

    name: str
    role: Role
    terms: tuple[Term, ...]
    why: str


@dataclass(frozen=True)
class Montage:
    """The derivations chosen for one night, at most one for each role, EEG first."""

    derivations: tuple[Derivation, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Every channel label needed, once each, in the order of first use."""
        return tuple(dict.fromkeys(t.label for d in self.derivations for t in d.terms))

    def of(self, role: Role) -> Derivation | None:
        """The derivation that plays `role`, or None."""
        return next((d for d in self.derivations if d.role == role), None)
