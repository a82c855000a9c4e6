"""The manifest of a finished night: what was done, and the hash of every output file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psgpipe.files.atomic import read_json
from psgpipe.files.hashing import sha256_of, sha256_of_bytes
from psgpipe.files.typed_values import typed, typed_record
from psgpipe.messages import short_repr

if TYPE_CHECKING:
    from psgpipe.model.calibration import StagerErrors

MANIFEST = "manifest.json"
FAILURE = "failure.json"


@dataclass(frozen=True)
class OutputFile:
    """One output file of a night, with its hash."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class RecordingIdentity:
    """The recording that was staged; `start` is its local start, ISO."""

    name: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    start: str | None = None
    start_clock: str | None = None
    duration_s: float | None = None
    span_s: float | None = None


@dataclass(frozen=True)
class PipelineIdentity:
    """The pipeline that was used."""

    name: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class StepRecord:
    """One step of the pipeline, with the time it took."""

    name: str
    version: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True)
class EngineRecord:
    """What staged the night; ``fast`` and ``reference`` are engines that give the same stages."""

    engine: str | None = None
    stager: str | None = None
    classifier: str | None = None
    classifier_sha256: str | None = None
    age_and_sex: bool | None = None
    calibration: str | None = None
    calibration_sha256: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DerivationRecord:
    """One derivation that was staged."""

    name: str
    role: str | None = None


@dataclass(frozen=True)
class LightsRecord:
    """Lights off and on: seconds from the start, local clock times, and who gave them."""

    off_s: float | None = None
    on_s: float | None = None
    off: str | None = None
    on: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What the manifest of a finished night says.

    `fingerprint` is the hash of everything that the result depends on, `request_sha256` that of the
    request, known before a header is read, and `manifest_sha256` that of the manifest itself.
    `stages` says whose stages the night has: ``auto``, ``expert`` or ``corrected``.
    `document` is the JSON object as written; it may have keys of other versions of psgpipe.
    """

    outputs: tuple[OutputFile, ...]
    document: Mapping[str, Any]
    fingerprint: str | None = None
    request_sha256: str | None = None
    psgpipe: str | None = None
    subject: str | None = None
    night: str | None = None
    recording: RecordingIdentity = RecordingIdentity()
    pipeline: PipelineIdentity = PipelineIdentity()
    steps: tuple[StepRecord, ...] = ()
    engine: EngineRecord = EngineRecord()
    derivations: tuple[DerivationRecord, ...] = ()
    lights: LightsRecord = LightsRecord()
    stages: str | None = None
    warnings: tuple[str, ...] = ()
    manifest_sha256: str | None = None

    __repr__ = short_repr

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Manifest | None:
        """The manifest in a JSON object; None where a value has the wrong type."""
        try:
            return typed_record(cls, {**document, "document": document})
        except TypeError:
            return None

    def to_dict(self) -> dict[str, Any]:
        """The JSON object as written."""
        return dict(self.document)

    @property
    def is_intact(self) -> bool:
        """Whether the manifest says what it said when it was written."""
        return bool(self.manifest_sha256 == signed(self.document)["manifest_sha256"])

    def output(self, name: str) -> OutputFile | None:
        """The output file with this name."""
        return next((output for output in self.outputs if output.name == name), None)


def output_file(name: str, content: bytes) -> OutputFile:
    """An output file with its size and hash."""
    return OutputFile(name, len(content), sha256_of_bytes(content))


def signed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest's JSON object with its own hash, which covers everything else in it."""
    content = {key: value for key, value in document.items() if key != "manifest_sha256"}
    return {**document, "manifest_sha256": sha256_of(content)}


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a finished night; None where there is no readable one."""
    document = read_json(folder / MANIFEST)
    return None if document is None else Manifest.from_dict(document)


def recipe_of(manifest: Manifest) -> dict[str, str]:
    """The fields of `RECIPE_FIELDS` that the manifest states."""
    engine = manifest.engine
    fields = {
        "calibration": _calibration(engine),
        "pipeline": manifest.pipeline.sha256,
        "stager": _stager(engine),
        "classifier": engine.classifier_sha256 or engine.classifier,
        "derivations": ", ".join(derivation.name for derivation in manifest.derivations),
        "demographics": _demographics(engine.age_and_sex),
        "window": _window_rule(manifest),
        "lights_source": manifest.lights.source,
    }
    return {name: value for name, value in fields.items() if value}


def stager_errors_of(manifest: Manifest) -> dict[str, StagerErrors] | None:
    """The stager's errors for ``rem`` and ``n3`` by the calibration of the stages; else None."""
    for step in manifest.steps:
        calibration = step.parameters.get("calibration")
        if isinstance(calibration, Mapping):
            # Nights that are not calibrated need none of this.
            from psgpipe.model.calibration import StagerErrors

            try:
                found: dict[str, StagerErrors] = typed(
                    calibration.get("errors"), Mapping[str, StagerErrors], "errors"
                )
            except TypeError:
                return None
            return found or None
    return None


def _stager(engine: EngineRecord) -> str | None:
    # The fast and the reference engine give the same stages: they are the same stager.
    if not engine.stager:
        return None
    return f"{engine.stager} {engine.versions.get(engine.stager, '')}".strip()


def _calibration(engine: EngineRecord) -> str | None:
    return engine.calibration_sha256 or ("none" if engine.classifier_sha256 else None)


def _demographics(used: bool | None) -> str | None:
    return None if used is None else "age and sex" if used else "none"


def _window_rule(manifest: Manifest) -> str | None:
    """What was staged: around known lights, or the whole recording."""
    source = manifest.lights.source
    if source is None:
        return None
    if source == "recording":
        return "whole recording"
    parameters = [step.parameters for step in manifest.steps]
    margins = [m for p in parameters if isinstance(m := p.get("margin_min"), int | float)]
    return f"lights with {margins[0]:g} min around" if margins else "lights"
