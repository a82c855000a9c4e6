"""What a night's manifest says of how its numbers came about."""

from __future__ import annotations

import dataclasses
from typing import Any

from psgpipe._version import __version__
from psgpipe.files.hashing import FileState
from psgpipe.model.digital_recording import DigitalRecording
from psgpipe.model.night import StagedNight
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.staging import Staging
from psgpipe.night.definition import Definition
from psgpipe.night.fingerprint import pipeline_sha256
from psgpipe.night.open import Chosen, lights_warning
from psgpipe.night.runner import Made
from psgpipe.sleep.lights import clock_at


def staged_night(
    chosen: Chosen, definition: Definition, made: Made, recording_sha256: str | None
) -> StagedNight:
    """The night's results with their provenance."""
    staged: Staging = made.slots["staged"]
    opened: OpenedNight = made.slots["opened"]
    return StagedNight(
        night=chosen.night,
        hypnogram=staged.hypnogram,
        hypnodensity=staged.hypnodensity,
        summary=made.slots["summary"],
        quality=made.quality,
        lights=opened.lights,
        disagreement=staged.disagreement,
        provenance=_provenance(chosen, definition, made, recording_sha256),
    )


def _provenance(
    chosen: Chosen, definition: Definition, made: Made, recording_sha256: str | None
) -> dict[str, Any]:
    staged: Staging = made.slots["staged"]
    opened: OpenedNight = made.slots["opened"]
    recorded: tuple[DigitalRecording, ...] = made.slots["recorded"]
    header, lights = chosen.header, opened.lights
    return {
        "psgpipe": __version__,
        "subject": chosen.night.subject,
        "night": chosen.night.night,
        "recording": {
            "name": header.file,
            "bytes": state.size if (state := FileState.of(chosen.path)) else None,
            "sha256": recording_sha256,
            "start": header.start.isoformat() if header.start else None,
            "start_clock": clock_at(header.start_clock, 0.0),
            "duration_s": header.duration_s,
            "span_s": header.span_s,
        },
        "pipeline": {"name": definition.name, "sha256": pipeline_sha256(definition)},
        "steps": [
            {**step, "seconds": made.seconds.get(step["name"])}
            for step in definition.as_dict()["steps"]
        ],
        "engine": staged.engine,
        "derivations": [dataclasses.asdict(d) for d in opened.montage.derivations],
        "lights": {
            "off_s": lights.off_s,
            "on_s": lights.on_s,
            "off": clock_at(header.start_clock, lights.off_s),
            "on": clock_at(header.start_clock, lights.on_s),
            "source": lights.source,
        },
        "window": {"first_epoch": staged.first_epoch, "last_epoch": staged.last_epoch},
        "warnings": _warnings(chosen, made, recorded),
    }


def _warnings(chosen: Chosen, made: Made, recorded: tuple[DigitalRecording, ...]) -> list[str]:
    """What a reader of the night should know: nothing twice, nothing of channels not used."""
    staged: Staging = made.slots["staged"]
    used = (None, *made.slots["opened"].montage.labels)
    findings = [*chosen.findings, *(f for r in recorded for f in r.findings)]
    lights = lights_warning(made.slots["opened"].lights)
    said = [
        *(f"{f.code}: {f.message}" for f in findings if f.channel in used),
        *([lights] if lights else []),
        *staged.notes,
        *(f"{flag.code}: {flag.message}" for flag in made.quality.flags),
    ]
    return list(dict.fromkeys(said))
