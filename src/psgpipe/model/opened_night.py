"""A night whose header has been read and whose montage is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from psgpipe.model.digital_recording import DigitalRecording
from psgpipe.model.header import Header
from psgpipe.model.montage import Montage
from psgpipe.model.night import Lights, Night


@dataclass(frozen=True)
class OpenedNight:
    """Everything known about a night before its samples are looked at.

    Attributes
    ----------
    path
        The recording.
    header
        As read from it.
    night
        Identity and what is known besides the signal.
    montage
        The derivations to build.
    lights
        In seconds from the start of the recording.
    window
        The epochs to stage.
    declared_units
        Unit by channel label, for channels whose header leaves it blank.
    recorded
        The samples that were read together with the header: the montage's, as a rule.
    """

    path: Path
    header: Header
    night: Night
    montage: Montage
    lights: Lights
    window: range
    declared_units: Mapping[str, str] = field(default_factory=dict)
    recorded: tuple[DigitalRecording, ...] = ()
