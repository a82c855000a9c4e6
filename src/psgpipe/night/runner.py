"""One night: open, run the steps, keep what came of it."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psgpipe import __version__
from psgpipe.errors import ChangedWhileRead, QualityRefused
from psgpipe.model.digital_recording import DigitalRecording
from psgpipe.model.montage import Derivation, Montage
from psgpipe.model.night import StagedNight
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.staging import Staging
from psgpipe.model.summary import QualityFlag, QualityReport
from psgpipe.montage.label_table import read_label_table
from psgpipe.night.definition import DEFAULT_PIPELINE, Definition, load_definition
from psgpipe.night.fingerprint import FileState, pipeline_sha256
from psgpipe.night.open import Chosen, lights_warning, open_night
from psgpipe.night.steps.catalogue import CATALOGUE
from psgpipe.night.steps.step import Step
from psgpipe.quality.flags import judge_stages
from psgpipe.sleep.lights import clock_at
from psgpipe.study.file_ids import night_from

LOGGER = logging.getLogger("psgpipe")
RESULTS = ("staged", "summary", "quality")
"""The slots that a night's numbers are in; pictures show *filtered*, too."""


@dataclass(frozen=True)
class Made:
    """Every slot of a night that ran through, and how long each step took."""

    slots: Mapping[str, Any]
    seconds: Mapping[str, float]
    quality: QualityReport


def make_night(chosen: Chosen, definition: Definition, wanted: Collection[str] = RESULTS) -> Made:
    """Run the steps; a derivation refused by quality gives way to the next in the list.

    Parameters
    ----------
    wanted : the slots to fill, as far as the pipeline has a step that gives them; a step that
        leads to none of them is not run.

    Raises
    ------
    psgpipe.errors.QualityRefused : no derivation of a role is left.
    psgpipe.errors.PsgpipeError : whatever a step raises.
    """
    refused: list[QualityFlag] = []
    measures: dict[str, Mapping[str, float | None]] = {}
    while True:
        montage = _montage(chosen, refused, definition)
        opened = replace(chosen.opened, montage=montage)
        slots, seconds = _run_steps(opened, definition, wanted)
        quality: QualityReport = slots["quality"]
        measures |= quality.measures
        if not quality.refused:
            flags = (*refused, *quality.flags, *_implausible(slots, definition))
            return Made(slots, seconds, replace(quality, measures=measures, flags=flags))
        refused += [flag for flag in quality.flags if flag.derivation in quality.refused]


def _implausible(slots: Mapping[str, Any], definition: Definition) -> tuple[QualityFlag, ...]:
    """What the stages themselves say against the night.

    Raises
    ------
    psgpipe.errors.QualityRefused : no such night exists.
    """
    if "summary" not in slots:
        return ()
    flags = judge_stages(
        slots["staged"].hypnogram, slots["summary"], definition.params["check_quality"]
    )
    for flag in flags:
        if flag.refused:
            raise QualityRefused(
                f"{slots['opened'].header.file}: {flag.message}",
                "Look at the signal; list another derivation, or exclude the night.",
            )
    return flags


def _montage(chosen: Chosen, refusals: list[QualityFlag], definition: Definition) -> Montage:
    """The best derivation of each role that quality has not refused; for a consensus all EEG."""
    optional = definition.params["reference"].optional
    is_consensus = bool(definition.params["stage_sleep"].consensus)
    refused = {flag.derivation for flag in refusals}
    derivations: list[Derivation] = []
    # A role that was optional and could not be built is not in the montage first chosen.
    for role in dict.fromkeys(d.role for d in chosen.opened.montage.derivations):
        left = [d for d in chosen.candidates.of(role) if d.name not in refused]
        if not left and role in optional:
            continue
        if not left:
            names = [d.name for d in chosen.candidates.of(role)]
            why = "; ".join(
                f"{flag.derivation}: {flag.message}"
                for flag in refusals
                if flag.refused and flag.derivation in names
            )
            raise QualityRefused(
                f"{chosen.header.file}: no {role.upper()} derivation is fit to be staged: {why}",
                "Look at the signal; list another derivation, or exclude the night.",
            )
        derivations += left if is_consensus and role == "eeg" else left[:1]
    return Montage(tuple(derivations))


def needed_steps(definition: Definition, wanted: Collection[str]) -> list[Step]:
    """The pipeline's steps, in order, without those that lead to none of the slots `wanted`."""
    needed, steps = set(wanted), []
    for name in reversed(definition.steps):
        step = CATALOGUE[name]
        if step.gives in needed:
            needed.update(step.reads)
            steps.append(step)
    return steps[::-1]


def _run_steps(
    opened: OpenedNight, definition: Definition, wanted: Collection[str]
) -> tuple[dict[str, Any], dict[str, float]]:
    """The slots wanted and what leads to them; stops where quality refuses a derivation."""
    slots: dict[str, Any] = {"opened": opened}
    seconds: dict[str, float] = {}
    for step in needed_steps(definition, wanted):
        name = step.name
        began = time.perf_counter()
        slots[step.gives] = step.run(*(slots[slot] for slot in step.reads), definition.params[name])
        seconds[name] = round(time.perf_counter() - began, 3)
        LOGGER.debug("%s: %.2f s", name, seconds[name])
        if step.gives == "quality" and slots["quality"].refused:
            break
    return slots, seconds


def run_night(
    recording: str | Path,
    pipeline: str | Path | Definition = DEFAULT_PIPELINE,
    *,
    subject: str | None = None,
    night: str | None = None,
    condition: str | None = None,
    lights_off: str | None = None,
    lights_on: str | None = None,
    age: float | None = None,
    sex: str | None = None,
    dose_end: str | None = None,
    labels: str | Path | None = None,
) -> StagedNight:
    """Stage and summarize one night; nothing is written.

    Parameters
    ----------
    recording : EDF or BDF file, gzip-compressed or not.
    pipeline : a TOML file, the name of one shipped with psgpipe, or a Definition.
    subject, night, condition : identity; the recording's file name stands in for the subject.
    lights_off, lights_on : local clock time (``22:41``) or ISO date-time; where absent, the
        recording's annotations, else its start and end.
    age, sex : years and ``F`` or ``M``; passed to the stager where both are known.
    dose_end : ISO date-time; a night within the sedation window of a dose has no architecture.
    labels : a label table that goes before those shipped with psgpipe.

    Returns
    -------
    StagedNight
        ``hypnogram``, ``hypnodensity`` (n_epochs, 5), ``summary`` (units in the names),
        ``quality``.

    Raises
    ------
    psgpipe.errors.PsgpipeError
        Every explainable failure; ``problem``, ``remedy`` and ``exit_code`` say which.

    References
    ----------
    Vallat R, Walker MP (2021), eLife 10:e70092, for the stages; AASM Manual, version 3, and
    docs/reference/endpoints.md for the architecture.
    """
    path = Path(recording)
    identity = night_from(
        path, subject=subject, night=night, condition=condition, lights_off=lights_off,
        lights_on=lights_on, age_y=age, sex=sex, dose_end=dose_end,
    )  # fmt: skip
    definition = pipeline if isinstance(pipeline, Definition) else load_definition(pipeline)
    before = FileState.of(path)
    chosen = open_night(path, identity, definition, read_label_table(labels) if labels else None)
    made = make_night(chosen, definition)
    # The header and each sampling rate are read one after the other, each from one whole file.
    if FileState.of(path) != before:
        raise ChangedWhileRead(
            f"{chosen.header.file}: replaced or changed while the night was staged",
            "Wait until the recording or the copy is finished, then run again.",
        )
    return staged_night(chosen, definition, made, None)


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
