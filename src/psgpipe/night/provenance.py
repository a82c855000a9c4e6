"""The provenance of a night: recording, pipeline, engine, derivations and warnings."""

from __future__ import annotations

import dataclasses
from typing import Any

from psgpipe._version import __version__
from psgpipe.files.file_state import FileState
from psgpipe.model.digital_recording import DigitalRecording
from psgpipe.model.microstructure.records import Microstructure
from psgpipe.model.night import StagedNight
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.staging import Staging
from psgpipe.night.definition import Definition
from psgpipe.night.expert.record import scoring_record, stages_by
from psgpipe.night.expert.results import with_scoring
from psgpipe.night.fingerprint import pipeline_sha256
from psgpipe.night.open import lights_warning
from psgpipe.night.runner import StepResults
from psgpipe.night.steps.detect_events import with_events
from psgpipe.sleep.local_clock import local_clock

WITHOUT_STAGING = ("check_quality", "stage_sleep", "summarize")
"""Steps whose parameters count where a person scored the night."""


def staged_night(
    definition: Definition, results: StepResults, recording_sha256: str | None
) -> StagedNight:
    """The night's results with their provenance, and with the scoring that was given."""
    results = with_scoring(results, definition)
    staged: Staging = results.slots["staged"]
    opened: OpenedNight = results.slots["opened"]
    return StagedNight(
        night=opened.night,
        hypnogram=staged.hypnogram,
        hypnodensity=staged.hypnodensity,
        summary=results.slots["summary"],
        quality=results.quality,
        lights=opened.lights,
        disagreement=staged.disagreement,
        stages_by=stages_by(results),
        expert=results.slots.get("expert"),
        automatic=results.slots.get("automatic"),
        provenance=_provenance(opened, staged, definition, results, recording_sha256),
        microstructure=_microstructure(results),
        prediction_intervals=_prediction_intervals(definition, results),
    )


def _prediction_intervals(
    definition: Definition, results: StepResults
) -> dict[str, tuple[float, float]]:
    """Of a night with calibrated stages that nobody has corrected."""
    calibration = definition.params["stage_sleep"].calibration
    if calibration is None or stages_by(results) != "auto":
        return {}
    # Nights that are not calibrated need none of this.
    from psgpipe.staging.calibration.use import prediction_intervals

    return prediction_intervals(results.slots["summary"].endpoints(), calibration)


def _microstructure(results: StepResults) -> Microstructure | None:
    found: Microstructure | None = results.slots.get("microstructure")
    return None if found is None else with_events(found, results.slots.get("events"))


def _provenance(
    opened: OpenedNight,
    staged: Staging,
    definition: Definition,
    results: StepResults,
    recording_sha256: str | None,
) -> dict[str, Any]:
    header, lights = opened.header, opened.lights
    clock = local_clock(header.start, header.start_clock, opened.night.timezone)
    return {
        "psgpipe": __version__,
        "subject": opened.night.subject,
        "night": opened.night.night,
        "recording": {
            "name": header.file,
            "bytes": _bytes(opened),
            "sha256": recording_sha256,
            "start": header.start.isoformat() if header.start else None,
            "start_clock": clock.clock_at(0.0),
            "duration_s": header.duration_s,
            "span_s": header.span_s,
            **_parts(opened),
        },
        "pipeline": {"name": definition.name, "sha256": pipeline_sha256(definition)},
        "steps": [
            {**step, "seconds": results.seconds.get(step["name"])}
            for step in definition.as_dict()["steps"]
            if not definition.by_expert or step["name"] in WITHOUT_STAGING
        ],
        "engine": staged.engine,
        "derivations": [dataclasses.asdict(d) for d in opened.montage.derivations],
        "lights": {
            "off_s": lights.off_s,
            "on_s": lights.on_s,
            "off": clock.clock_at(lights.off_s),
            "on": clock.clock_at(lights.on_s),
            "source": lights.source,
            **_chosen_by(opened),
        },
        "stages": stages_by(results),
        **scoring_record(results),
        "window": {"first_epoch": staged.first_epoch, "last_epoch": staged.last_epoch},
        "warnings": _warnings(opened, staged, results),
    }


def _bytes(opened: OpenedNight) -> int | None:
    """Of the recording, all parts together."""
    paths = [part.path for part in opened.parts] or ([opened.path] if opened.path else [])
    states = [state for path in paths if (state := FileState.of(path))]
    return sum(state.size for state in states) if paths and len(states) == len(paths) else None


def _parts(opened: OpenedNight) -> dict[str, Any]:
    """The files of a night that has several; the recording's hash is that of their hashes."""
    if not opened.parts:
        return {}
    parts = [{"name": p.file, "onset_s": p.onset_s, "sha256": p.sha256} for p in opened.parts]
    return {"parts": parts}


def _chosen_by(opened: OpenedNight) -> dict[str, Any]:
    """The time zone and the sleep period that the lights were placed with, where given."""
    night = opened.night
    given = {"timezone": night.timezone, "sleep_period": night.sleep_period}
    return {key: value for key, value in given.items() if value is not None}


def _warnings(opened: OpenedNight, staged: Staging, results: StepResults) -> list[str]:
    """Warnings for the reader of a night, each once, without those on channels not used."""
    recorded: tuple[DigitalRecording, ...] = results.slots["recorded"]
    used = (None, *opened.montage.labels)
    findings = [*opened.findings, *(f for r in recorded for f in r.findings)]
    lights = lights_warning(opened)
    warnings = [
        *(f"{f.code}: {f.message}" for f in findings if f.channel in used),
        *([lights] if lights else []),
        *staged.notes,
        *(f"{flag.code}: {flag.message}" for flag in results.quality.flags),
    ]
    return list(dict.fromkeys(warnings))
