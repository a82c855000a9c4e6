"""Electrodes, derivations, montages and label tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from psgpipe.model.hypnogram import SleepStage

Role = Literal["eeg", "eog", "emg"]
ROLES: tuple[Role, ...] = ("eeg", "eog", "emg")

# The 10-10 system (Nuwer et al. 2018, doi:10.1016/j.cnp.2018.08.001), front to back.
_10_10 = """
Nz Fp1 Fpz Fp2 AF7 AF3 AFz AF4 AF8 F9 F7 F5 F3 F1 Fz F2 F4 F6 F8 F10 FT9 FT7 FC5 FC3 FC1 FCz FC2
FC4 FC6 FT8 FT10 T9 T7 C5 C3 C1 Cz C2 C4 C6 T8 T10 TP9 TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8 TP10
P9 P7 P5 P3 P1 Pz P2 P4 P6 P8 P10 PO9 PO7 PO3 POz PO4 PO8 PO10 O1 Oz O2 Iz
"""
SCALP: frozenset[str] = frozenset(_10_10.split())
MASTOIDS: frozenset[str] = frozenset({"M1", "M2"})
EYES: frozenset[str] = frozenset({"E1", "E2"})
PHARYNX: frozenset[str] = frozenset({"Pg1", "Pg2"})
CHIN: frozenset[str] = frozenset({"chin1", "chin2", "chinZ"})

LINKED = "M1M2"
"""Linked mastoids or ears, by wire or computed; only a reference."""
COMMON = "ref"
"""The recorder's common reference: a bare electrode name was recorded against it."""
AVERAGE = "avg"
"""The average of all scalp electrodes; only a reference."""
REFERENCES: frozenset[str] = frozenset({LINKED, COMMON, AVERAGE})

ELECTRODES: frozenset[str] = SCALP | MASTOIDS | PHARYNX | EYES | CHIN | REFERENCES

# Bipolar channels whose electrodes the label does not say, and the role that each can play.
BIPOLAR: Mapping[str, Role] = {"horizontal": "eog", "EOG": "eog", "chin": "emg", "EMG": "emg"}


Cure = Literal["numbers", "unit"]
"""What a channel needs that is not used: a number for each sample, or its unit."""


@dataclass(frozen=True)
class ChannelSource:
    """What one channel of a file measures, according to its label.

    `plus` and `minus` are standard electrode names (``C4``, ``M1``, ``E1``, ``chin1``); `minus` is
    ``ref`` where the channel was recorded against the system's common reference, and ``M1M2`` for
    linked mastoids. Both are the same word of ``BIPOLAR`` (``chin``, ``horizontal``, ``EMG``) where
    the electrodes are not said, and None where the label means nothing here. `refused` says why no
    derivation may be built from this channel, in one phrase, and `cure` what would help.
    """

    label: str
    plus: str | None
    minus: str | None
    table: str = "generic"
    fs_hz: float | None = None
    refused: str | None = None
    cure: Cure | None = None
    is_numbered: bool = False

    @property
    def understood(self) -> bool:
        """Whether the label says what was recorded."""
        return self.plus is not None


@dataclass(frozen=True)
class Term:
    """One channel's share in a derivation: `weight` times the channel's samples."""

    label: str
    weight: float


@dataclass(frozen=True)
class Derivation:
    """A derivation, in standard electrode names (``C4-M1``), and the channels it is built from.

    A single term of weight 1 is a channel as recorded. `why` is how the derivation was found, one
    phrase for the technician without control characters.
    """

    name: str
    role: Role
    terms: tuple[Term, ...]
    why: str

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the channels it is built from."""
        return tuple(term.label for term in self.terms)


@dataclass(frozen=True)
class Montage:
    """The derivations chosen for one night, EEG first: one for each role, or several EEG."""

    derivations: tuple[Derivation, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Every channel label needed, once each, in the order of first use."""
        return tuple(dict.fromkeys(t.label for d in self.derivations for t in d.terms))


@dataclass(frozen=True)
class Candidates:
    """Every wanted derivation that can be built, by role, best first, and why the others cannot.

    `reasons` has, by ``(role, name)``, what there is to say beyond that its channels are not there.
    """

    derivations: Mapping[Role, tuple[Derivation, ...]]
    wanted: Mapping[Role, tuple[str, ...]]
    reasons: Mapping[tuple[Role, str], str] = field(default_factory=dict)

    def of(self, role: Role) -> tuple[Derivation, ...]:
        """The derivations that can play `role`, best first; empty where there is none."""
        return self.derivations.get(role, ())


@dataclass(frozen=True)
class Signature:
    """Normalised labels that identify a data set: all conditions hold; an empty one always does."""

    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def found_in(self, labels: frozenset[str]) -> bool:
        """Whether a file with these normalised labels has the signature."""
        return (
            labels.issuperset(self.all_of)
            and (not self.any_of or not labels.isdisjoint(self.any_of))
            and labels.isdisjoint(self.none_of)
        )


@dataclass(frozen=True, eq=False)
class LabelTable:
    """How one lab, vendor or data set spells its channels, stages and lights.

    Every mapping goes from a normalised spelling to what it means, a derivation's to ``(plus,
    minus)``. Labels in `ignore` are never used. The table applies by itself where one of its
    signatures is found, or always if it has none. Its name is the file's stem.
    """

    name: str
    electrodes: Mapping[str, str] = field(default_factory=dict)
    derivations: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    stages: Mapping[str, SleepStage] = field(default_factory=dict)
    lights: Mapping[str, Literal["off", "on", "ignore"]] = field(default_factory=dict)
    signatures: tuple[Signature, ...] = ()
