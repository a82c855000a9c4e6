"""A night is brought up to date in its folder: computed, unchanged, or failed with its reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psgpipe.errors import ChangedWhileRead, Concern, OutputConflict, PsgpipeError, UsageError
from psgpipe.files.file_state import FileState, HashedFile
from psgpipe.files.regular import file_name
from psgpipe.model.night import Night
from psgpipe.model.opened_night import OpenedNight
from psgpipe.night.compute import Compute, compute_night
from psgpipe.night.earlier_result import (
    failed_on,
    failure_dict,
    is_a_persons,
    is_same_result,
    is_unchanged,
    keep_reason,
    refuse_another_night,
    refuse_another_recording,
    refuse_another_start,
    refuse_uncorrected,
)
from psgpipe.night.fingerprint import night_fingerprint
from psgpipe.night.open import choice_lines, doubt_lines
from psgpipe.night.parts import hash_recording
from psgpipe.night.recipe import Recipe
from psgpipe.results import journal
from psgpipe.results.manifest import Manifest, read_manifest
from psgpipe.results.night_folder import night_folder, read_failure
from psgpipe.results.night_writer import correct_manifest, finish_night
from psgpipe.results.replace_folder import remove_abandoned
from psgpipe.results.study_file import lists_nights, write_study_file
from psgpipe.study import blinding

LOGGER = logging.getLogger("psgpipe")
NIGHT_ALONE: frozenset[Concern] = frozenset({"night"})
RESULTS_GONE = (
    "the earlier results of this night do not belong to this recording and these settings: they "
    "are removed, and failure.json says why the night failed"
)

PERSON_STAYS = "the stages that a person gave to this night stay: automatic staging failed"


@dataclass(frozen=True)
class Outcome:
    """How a night ended.

    `failure` is why it has failed before, where nothing has changed since. `hashed` is None where
    the recording's hash was not needed.
    """

    folder: Path
    computed: bool
    failure: Mapping[str, Any] | None = None
    hashed: HashedFile | None = None


@dataclass(frozen=True)
class PreparedNight:
    """A night that is opened and whose request is known; `old` is the finished one there."""

    folder: Path
    opened: OpenedNight
    old: Manifest | None
    hashed: HashedFile
    request_sha256: str


def run_to_folder(
    path: Path,
    night: Night,
    recipe: Recipe,
    out: Path,
    *,
    force: bool = False,
    blind: bool = False,
    compute: Compute = compute_night,
) -> Outcome:
    """Stage one night into ``out/nights/<subject>/<night>/``, unless it is finished and unchanged.

    With `blind` its condition is put under seal; a study that was blinded once stays blinded.
    """
    remove_abandoned(out)
    blind = blinding.goes_blind(out, recipe.definition, asked=blind)
    if blind:
        night = _sealed(out, night)
    if not lists_nights(out):
        pipeline = {**recipe.definition.as_dict(), "sha256": recipe.pipeline_sha256}
        write_study_file(out, pipeline, {"study_table_sha256": None}, blind=blind)
    ids = {"subject": night.subject, "night": night.night}
    try:
        result = prepare_night(out, path, night, recipe, force=force)
        outcome = (
            result
            if isinstance(result, Outcome)
            else stage_prepared(result, recipe, force=force, compute=compute)
        )
    except PsgpipeError as error:
        if error.concerns in NIGHT_ALONE:
            journal.note(out, "failed", **ids, kind=error.kind)
        raise
    finally:
        remove_abandoned(out)
    if outcome.computed:
        journal.note(out, "finished", **ids)
    return outcome


def _sealed(out: Path, night: Night) -> Night:
    """The night without its condition, which is put under seal."""
    if not blinding.is_blind(out) and lists_nights(out):
        raise UsageError(
            f"{out.name or out} holds a study that names its conditions, and one night was to be "
            "blind",
            "Give another -o folder, or blind the whole study: psgpipe batch --blind.",
        )
    sealed = {(night.subject, night.night): blinding.cells_to_seal(night)}
    if not blinding.is_blind(out):
        # It imports what reads tables; nights that are not blind do without.
        from psgpipe.study.blind_check import telling_files

        telling = next(telling_files(out, sealed), None)
        if telling is not None:
            raise OutputConflict(
                f"{out.name or out} holds a night that is not blind: "
                f"{telling.relative_to(out).as_posix()} shows its condition",
                "Give another -o folder.",
            )
    blinding.seal(out, sealed)
    return blinding.blinded_night(night)


def prepare_night(
    out: Path,
    path: Path,
    night: Night,
    recipe: Recipe,
    *,
    force: bool = False,
    kept_concerns: Collection[Concern] = NIGHT_ALONE,
) -> PreparedNight | Outcome:
    """Open a night and work out its request; an Outcome where the same request is finished.

    A finished night stays until it is known that the request has changed: a network share that is
    not mounted costs no result. With `force` a finished night is computed again, and the night of
    another recording is replaced. ``failure.json`` keeps failures that concern one of
    `kept_concerns`.
    """
    folder = night_folder(out, night.subject, night.night)
    old, hashed, request = read_manifest(folder), None, None
    try:
        if old is not None and not force:
            hashed = hash_recording(path, night)
            request = recipe.request_sha256(night, hashed.sha256)
            if is_unchanged(old, folder, request, night, recipe):
                return _unchanged(old, folder, path, request, hashed)
            # Before anything can fail: a failure would replace the night of another recording.
            _refuse_another(old, folder, path, night, hashed.sha256)
        opened, hashed = _open_and_hash(path, night, recipe, hashed)
    except PsgpipeError as error:
        if error.concerns in kept_concerns:
            _keep_failure(error, folder, path, night, request, recipe)
        raise
    for line in choice_lines(opened):
        LOGGER.info(line)
    for line in doubt_lines(opened):
        LOGGER.debug(line)
    request = recipe.request_sha256(night, hashed.sha256)
    return PreparedNight(folder, opened, old, hashed, request)


def stage_prepared(
    prepared: PreparedNight,
    recipe: Recipe,
    *,
    force: bool = False,
    retry_failed: bool = True,
    kept_concerns: Collection[Concern] = NIGHT_ALONE,
    compute: Compute = compute_night,
) -> Outcome:
    """Stage an opened night and write its folder, unless the same was done before.

    With `retry_failed` a night that has failed is tried again although nothing has changed since.
    """
    folder, opened, request = prepared.folder, prepared.opened, prepared.request_sha256
    try:
        fingerprint = _fingerprint(prepared, recipe)
        if not force:
            earlier = _earlier_outcome(prepared, recipe, fingerprint, retry_failed=retry_failed)
            if earlier is not None:
                return earlier
        outputs, provenance = compute(opened, recipe, prepared.hashed.sha256)
        _require_unchanged_recording(opened, prepared.hashed)
        _require_unchanged_scoring(prepared, recipe)
        identity = {"fingerprint": fingerprint, "request_sha256": request}
        finish_night(folder, outputs, {**identity, **provenance})
    except PsgpipeError as error:
        if error.concerns in kept_concerns:
            _keep_failure(error, folder, opened.file_path, opened.night, request, recipe)
        raise
    return Outcome(folder, computed=True, hashed=prepared.hashed)


def _fingerprint(prepared: PreparedNight, recipe: Recipe) -> str:
    opened = prepared.opened
    roles = tuple(derivation.role for derivation in opened.montage.derivations)
    engine = recipe.engine(roles, opened.night)
    return night_fingerprint(opened, prepared.hashed.sha256, recipe.definition, engine)


def _earlier_outcome(
    prepared: PreparedNight, recipe: Recipe, fingerprint: str, *, retry_failed: bool
) -> Outcome | None:
    """The earlier result in the folder where nothing has changed, else None."""
    folder, opened, old = prepared.folder, prepared.opened, prepared.old
    hashed, request = prepared.hashed, prepared.request_sha256
    if old is not None and is_same_result(old, folder, fingerprint, recipe):
        return _unchanged(old, folder, opened.file_path, request, hashed)
    failure = None if retry_failed else read_failure(folder)
    if failure and failed_on(failure, request):
        return Outcome(folder, computed=False, failure=failure, hashed=hashed)
    if old is not None and old.is_intact:
        refuse_another_start(old, opened, hashed.sha256, folder)
    return None


def _keep_failure(
    error: PsgpipeError,
    folder: Path,
    path: Path,
    night: Night,
    request: str | None,
    recipe: Recipe,
) -> None:
    """Write why the night failed; stages of a person stay where automatic staging fails."""
    old = read_manifest(folder)
    if old is not None and is_a_persons(old, night, recipe):
        LOGGER.info(PERSON_STAYS)
    elif keep_reason(folder, failure_dict(error, path, night, request)) and old is not None:
        LOGGER.info(RESULTS_GONE)


def _refuse_another(
    old: Manifest, folder: Path, path: Path, night: Night, recording_sha256: str
) -> None:
    if old.is_intact:  # a damaged manifest says nothing
        refuse_another_night(old, night, folder)
        refuse_another_recording(old, file_name(path), recording_sha256, folder)
        refuse_uncorrected(old, night, folder)


def _open_and_hash(
    path: Path, night: Night, recipe: Recipe, hashed: HashedFile | None
) -> tuple[OpenedNight, HashedFile]:
    """Read the recording, and hash it in the same pass unless that has been done."""
    began_s, state = time.time(), FileState.of(path)
    opened = recipe.open_night(path, night, hashed=hashed is None or bool(night.further_parts))
    if opened.recording_sha256 is not None:
        # One file's state says nothing of the other parts.
        state = None if night.further_parts else state
        hashed = HashedFile.since(began_s, state, opened.recording_sha256)
    return opened, hashed or hash_recording(path, night)


def _unchanged(
    old: Manifest, folder: Path, path: Path, request: str, hashed: HashedFile
) -> Outcome:
    """The finished night stays; its manifest takes the recording's present name."""
    correct_manifest(folder, old, request, file_name(path))
    return Outcome(folder, computed=False, hashed=hashed)


def _require_unchanged_scoring(prepared: PreparedNight, recipe: Recipe) -> None:
    """Refuse the results where somebody saved the scoring after it was hashed."""
    night = prepared.opened.night
    if night.scoring is None:
        return
    if recipe.request_sha256(night, prepared.hashed.sha256) != prepared.request_sha256:
        raise ChangedWhileRead(
            f"{file_name(night.scoring.path)}: replaced or changed while the night was computed",
            "Wait until the scoring is saved, then run again.",
        )


def _require_unchanged_recording(opened: OpenedNight, hashed: HashedFile) -> None:
    """Refuse the results where somebody replaced the file after it was hashed."""
    path = opened.file_path
    is_same = not opened.parts and FileState.of(path) == hashed.state
    if is_same or hash_recording(path, opened.night).sha256 == hashed.sha256:
        return
    raise ChangedWhileRead(
        f"{file_name(path)}: replaced or changed while the night was staged",
        "Wait until the recording or the copy is finished, then run again.",
    )
