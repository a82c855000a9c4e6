"""A night opened: the recording read, lights placed, what can be built from it listed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from psgpipe.edf.reader import read_night
from psgpipe.errors import ChannelMissing, LightsNeeded, PsgpipeError, TooShort
from psgpipe.files.regular import file_name
from psgpipe.model.header import Channel, Finding, Header
from psgpipe.model.hypnogram import EPOCH_S
from psgpipe.model.montage import Candidates, LabelTable, Montage, Role
from psgpipe.model.night import Lights, LightsSource, Night
from psgpipe.model.opened_night import OpenedNight
from psgpipe.montage.candidates import candidates, choose
from psgpipe.montage.channel_labels import understand
from psgpipe.montage.event_labels import read_lights
from psgpipe.night.definition import Definition
from psgpipe.night.steps.reference import ReferenceParams
from psgpipe.night.steps.stage_sleep import StageSleepParams
from psgpipe.signals.epochs import epoch_count, staging_window
from psgpipe.sleep.lights import place_lights

LIGHTS_WARNINGS = {
    (False, False): "lights off and lights on are not known; the recording's start and end stand "
    "in for them: TIB, SE, SOL, LPS, WASO and REM latency from lights off depend on that",
    (False, True): "lights off is not known; the recording's start stands in for it: TIB, SE, SOL, "
    "LPS and REM latency from lights off depend on that",
    (True, False): "lights on is not known; the recording's end stands in for it: TIB, SE and WASO "
    "depend on that",
}
"""What to say where lights off, lights on, or both are not known."""


@dataclass(frozen=True)
class Chosen:
    """A night whose header is read and whose derivations are listed, best first.

    Attributes
    ----------
    recording_sha256
        The hash of the recording, where it was to be worked out on the way.
    """

    path: Path
    header: Header
    night: Night
    candidates: Candidates
    opened: OpenedNight
    findings: tuple[Finding, ...]
    recording_sha256: str | None = None


def open_night(
    path: Path,
    night: Night,
    definition: Definition,
    label_table: LabelTable | None = None,
    lights_given_by: LightsSource = "option",
    *,
    hashed: bool = False,
) -> Chosen:
    """Read the recording, place the lights, list what can be built.

    One walk through the file gives header, annotations and the samples of the montage that will
    be staged unless quality refuses it.

    Parameters
    ----------
    hashed
        Work out the recording's hash on the way.

    Raises
    ------
    psgpipe.errors.RecordingUnreadable, psgpipe.errors.DerivationMissing
    psgpipe.errors.LightsImpossible, psgpipe.errors.LightsNeeded
    psgpipe.errors.LabelTableInvalid
    """
    params: ReferenceParams = definition.params["reference"]
    staging: StageSleepParams = definition.params["stage_sleep"]
    declared = dict(params.declared_units or {})
    plan = cache(partial(_plan, path=path, definition=definition, label_table=label_table))

    def wanted(channels: tuple[Channel, ...]) -> tuple[str, ...]:
        # What stands against a montage is said below, after what stands against the file.
        with suppress(PsgpipeError):
            return plan(channels)[1].labels
        return ()

    read = read_night(path, wanted, units=declared, hashed=hashed)
    header = read.header
    require_an_epoch(header)
    found, montage = plan(header.channels)
    events_s: dict[str | None, list[float]] = {"off": [], "on": []}
    for annotation in read.annotations:
        meaning = read_lights(annotation.text, label_table)
        events_s.setdefault(meaning, []).append(annotation.onset_s)
    lights, odd = place_lights(night, header, events_s["off"], events_s["on"], lights_given_by)
    try:
        window = staging_window(
            epoch_count(header.span_s),
            lights,
            margin_min=staging.margin_min,
            longest_without_lights_h=staging.longest_without_lights_h,
        )
    except LightsNeeded as error:
        raise LightsNeeded(f"{header.file}: {error.problem}", error.remedy) from error
    opened = OpenedNight(path, header, night, montage, lights, window, declared, read.recorded)
    findings = (*header.findings, *odd)
    return Chosen(path, header, night, found, opened, findings, read.sha256)


def _plan(
    channels: tuple[Channel, ...],
    path: Path,
    definition: Definition,
    label_table: LabelTable | None,
) -> tuple[Candidates, Montage]:
    """What can be built from these channels, and what will be if quality refuses nothing."""
    params: ReferenceParams = definition.params["reference"]
    sources = understand(channels, label_table, dict(params.declared_units or {}))
    found = candidates(sources, wanted_derivations(definition), min_fs_hz=params.min_fs_hz)
    optional = frozenset(params.optional)
    first = choose(found, sources, file=file_name(path), optional=optional)
    if not definition.params["stage_sleep"].consensus:
        return found, first
    return found, Montage(found.of("eeg") + first.derivations[1:])


def wanted_derivations(definition: Definition) -> dict[Role, tuple[str, ...]]:
    """The derivations that a pipeline asks for, by role; a consensus names its EEG itself."""
    wanted = dict(definition.params["reference"].wanted)
    return wanted | {"eeg": definition.params["stage_sleep"].consensus or wanted["eeg"]}


def require_an_epoch(header: Header) -> None:
    """Refuse what is too short to hold a single epoch.

    Raises
    ------
    psgpipe.errors.TooShort
    psgpipe.errors.ChannelMissing
        There are annotations and nothing else.
    """
    if not header.channels:
        raise ChannelMissing(
            f"{header.file}: a recording was wanted, the file holds annotations only",
            "Give the recording itself; this looks like a scoring (run --scoring FILE).",
        )
    if header.span_s < EPOCH_S:
        raise TooShort(
            f"{header.file}: {header.span_s:g} s are less than one 30-s epoch",
            "Nothing can be staged; exclude the night.",
        )


def lights_warning(lights: Lights) -> str | None:
    """Which end of the time in bed is not known, and which endpoints depend on it; or None."""
    known = (lights.off_source != "recording", lights.on_source != "recording")
    return LIGHTS_WARNINGS.get(known)


def tell_choice(chosen: Chosen, tell: Callable[[str], None]) -> None:
    """Say which derivations were chosen and why, and what is odd about the file."""
    for derivation in chosen.opened.montage.derivations:
        tell(f"{derivation.role.upper()} {derivation.name}: {derivation.why}")
    used = chosen.opened.montage.labels
    beside = 0
    for finding in chosen.findings:
        if finding.channel is None or finding.channel in used:
            tell(f"{finding.code}: {finding.message}")
        else:
            beside += 1
    if beside:
        tell(f"{beside} findings on channels that are not used; psgpipe check lists them")
    lights = lights_warning(chosen.opened.lights)
    if lights:
        tell(lights)
