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
    path : the recording.
    header : as read from it.
    night : identity and what is known besides the signal.
    montage : the derivations to build.
    lights : in seconds from the start of the recording.
    window : the epochs to stage.
    declared_units : unit by channel label, for channels whose header leaves it blank.
    recorded : the samples that were read together with the header: the montage's, as a rule.
    """

    path: Path
    header: Header
    night: Night
    montage: Montage
    lights: Lights
    window: range
    declared_units: Mapping[str, str] = field(default_factory=dict)
    recorded: tuple[DigitalRecording, ...] = ()
