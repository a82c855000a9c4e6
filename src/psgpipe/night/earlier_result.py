"""The earlier result in a night's folder: whether it is up to date or may be replaced."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from psgpipe.errors import NightTaken, PsgpipeError
from psgpipe.files.regular import file_name
from psgpipe.model.montage import Role
from psgpipe.model.night import Night
from psgpipe.model.opened_night import OpenedNight
from psgpipe.night.recipe import Recipe
from psgpipe.results.manifest import Manifest, read_manifest
from psgpipe.results.night_folder import PASSING
from psgpipe.results.night_writer import fail_night
from psgpipe.results.output_check import outputs_intact, outputs_untouched


def is_unchanged(
    old: Manifest,
    folder: Path,
    request: str,
    night: Night,
    recipe: Recipe,
    *,
    trust_times: bool = False,
) -> bool:
    """Whether the same request would give the finished night again; no header is read.

    With `trust_times` the outputs' sizes and times are compared, not their bytes.
    """
    intact = outputs_untouched if trust_times else outputs_intact
    return answers(old, request, night, recipe) and intact(folder, old)


def answers(old: Manifest, request: str, night: Night, recipe: Recipe) -> bool:
    """Whether a finished night answers the request by its manifest; its outputs are not read."""
    if old.request_sha256 != request or not old.is_intact:
        return False
    roles = tuple(cast(Role, derivation.role) for derivation in old.derivations)
    engine = recipe.engine(roles, night)
    same_engine = all(getattr(old.engine, key) == value for key, value in engine.items())
    return same_engine and _has_pictures(old, recipe)


def is_same_result(old: Manifest, folder: Path, fingerprint: str, recipe: Recipe) -> bool:
    """Whether a finished night has the same fingerprint and is complete."""
    return (
        old.fingerprint == fingerprint
        and old.is_intact
        and _has_pictures(old, recipe)
        and outputs_intact(folder, old)
    )


def _has_pictures(old: Manifest, recipe: Recipe) -> bool:
    return not recipe.pictures or any(o.name.endswith(".png") for o in old.outputs)


def failed_on(failure: Mapping[str, Any], request: str) -> bool:
    """Whether a night has failed on the same request, for a reason that will not pass."""
    return failure.get("request_sha256") == request and failure.get("kind") not in PASSING


def keep_reason(folder: Path, failure: Mapping[str, Any]) -> bool:
    """Write ``failure.json`` unless it would replace a finished night that must stay.

    A finished night stays where its request may be unchanged, or where the failure may not happen
    again. Returns whether the file was written.
    """
    old, request = read_manifest(folder), failure["request_sha256"]
    still_asked = old is not None and request in (None, old.request_sha256)
    if still_asked or (old is not None and failure["kind"] in PASSING):
        return False
    fail_night(folder, failure)
    return True


def is_a_persons(old: Manifest, night: Night, recipe: Recipe) -> bool:
    """Whether a finished night has a person's stages, where automatic ones are asked for."""
    by_person = recipe.definition.by_expert or (
        night.scoring is not None and night.scoring.use == "correction"
    )
    return old.stages in ("expert", "corrected") and not by_person


def refuse_another_night(old: Manifest, night: Night, folder: Path) -> None:
    """Refuse a folder that holds other ids: ``S/1`` and ``S-1`` have the same folder."""
    ids = {"subject": (old.subject, night.subject), "night": (old.night, night.night)}
    differs = {key: was for key, (was, wanted) in ids.items() if was not in (None, wanted)}
    if differs:
        held = ", ".join(f"{key} {was}" for key, was in differs.items())
        raise _taken(folder, f"{held}, which is written alike in a path")


def refuse_another_recording(old: Manifest, name: str, recording_sha256: str, folder: Path) -> None:
    """Refuse to replace the night of another recording; a changed recording replaces its own."""
    was = old.recording
    if name != was.name and recording_sha256 != was.sha256:
        raise _taken(folder, f"the night recorded in {was.name}")


def refuse_uncorrected(old: Manifest, night: Night, folder: Path) -> None:
    """Refuse to replace stages that were corrected by hand with automatic ones."""
    is_correction = night.scoring is not None and night.scoring.use == "correction"
    if old.stages == "corrected" and not is_correction:
        raise NightTaken(
            f"{folder.parent.name}/{folder.name} holds stages that were corrected by hand",
            "Name the edited file (psgpipe run --scoring FILE --as correction, or the table's "
            "column correction), or give --force to replace them.",
        )


def refuse_another_start(
    old: Manifest, opened: OpenedNight, recording_sha256: str, folder: Path
) -> None:
    """Refuse a recording of the same name with another start: recorders reuse file names."""
    was, start = old.recording, opened.header.start
    if recording_sha256 == was.sha256 or start is None:
        return
    if was.start not in (None, start.isoformat()):
        raise _taken(folder, f"a night recorded in another {was.name}, from {was.start}")


def _taken(folder: Path, what: str) -> NightTaken:
    return NightTaken(
        f"{folder.parent.name}/{folder.name} already holds {what}",
        "Give another --subject or --night, another -o folder, or --force to replace it.",
    )


def failure_dict(
    error: PsgpipeError, path: Path, night: Night, request_sha256: str | None = None
) -> dict[str, Any]:
    """What ``failure.json`` holds."""
    return {
        "subject": night.subject,
        "night": night.night,
        "condition": night.condition,
        "recording": file_name(path),
        **error.as_dict(),
        "request_sha256": request_sha256,
    }
