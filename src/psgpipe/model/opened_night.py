"""A night whose recording was read, whose lights are placed and whose montage is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from psgpipe.model.digital_recording import DigitalRecording
from psgpipe.model.header import Finding, Header
from psgpipe.model.montage import Candidates, Montage
from psgpipe.model.night import Lights, Night
from psgpipe.model.scoring import AlignedScoring


@dataclass(frozen=True)
class Part:
    """One file of a night that has several: when it begins, its name without folders, its hash."""

    path: Path
    onset_s: float
    file: str
    sha256: str | None


@dataclass(frozen=True)
class OpenedNight:
    """Everything known about a night before its samples are looked at.

    `path` is None for a recording that a program gave in memory. `candidates` has every derivation
    that can be built, best first. `findings` are about the file
    and the lights. `declared_units` has the unit, by label, of channels whose header leaves it
    blank. `recorded` has the samples that were read together with the header: the montage's, as a
    rule. `recording_sha256` is None where it was not worked out while reading. `scored` is the
    scoring that was given with the night, on its epochs.
    """

    path: Path | None
    header: Header
    night: Night
    candidates: Candidates
    montage: Montage
    lights: Lights
    window: range
    findings: tuple[Finding, ...] = ()
    declared_units: Mapping[str, str] = field(default_factory=dict)
    recorded: tuple[DigitalRecording, ...] = ()
    recording_sha256: str | None = None
    parts: tuple[Part, ...] = ()
    scored: AlignedScoring | None = None

    @property
    def file_path(self) -> Path:
        """The path of a recording that is a file."""
        if self.path is None:
            raise ValueError(f"{self.header.file} is no file")
        return self.path
