"""A night is brought up to date in its folder: computed, unchanged, or failed with its reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psgpipe.errors import ChangedWhileRead, PsgpipeError, UsageError
from psgpipe.files.hashing import FileState, HashedFile, hash_file, sha256_of_file
from psgpipe.files.regular import file_name
from psgpipe.model.night import Night
from psgpipe.model.opened_night import OpenedNight
from psgpipe.night.earlier_result import (
    failed_on,
    failure_dict,
    is_same_result,
    is_unchanged,
    keep_reason,
    refuse_another_night,
    refuse_another_recording,
    refuse_another_start,
)
from psgpipe.night.fingerprint import night_fingerprint
from psgpipe.night.open import choice_lines, open_night
from psgpipe.night.recipe import Recipe
from psgpipe.results import journal
from psgpipe.results.manifest import Manifest, read_manifest
from psgpipe.results.night_folder import correct_manifest, finish_night, night_folder, read_failure
from psgpipe.results.study_file import lists_nights, write_study_file
from psgpipe.study import blinding

LOGGER = logging.getLogger("psgpipe")
RESULTS_GONE = (
    "the night that was finished here does not answer what is asked now; failure.json has taken "
    "its place"
)


@dataclass(frozen=True)
class Outcome:
    """How a night ended.

    Attributes
    ----------
    folder
        Where the night's files are.
    computed
        False where nothing had changed and nothing was computed.
    failure
        Why it has failed before, where nothing has changed since; else None.
    hashed
        The recording's hash; None where it was not needed.
    """

    folder: Path
    computed: bool
    failure: Mapping[str, Any] | None = None
    hashed: HashedFile | None = None


@dataclass(frozen=True)
class PreparedNight:
    """A night that is opened and whose request is known.

    Attributes
    ----------
    old
        The manifest of the finished night in the folder, or None.
    request_sha256
        The hash of everything that goes into the night, the engine excepted.
    """

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
) -> Outcome:
    """Stage one night into ``out/nights/<subject>/<night>/``, unless it is finished and unchanged.

    Parameters
    ----------
    blind
        Put the night's condition under seal; a study that was blinded once stays blinded.

    Raises
    ------
    psgpipe.errors.PsgpipeError
        Every explainable failure. Where it is the recording's, ``failure.json`` says so, too.
    """
    blind = blinding.goes_blind(out, recipe.definition, asked=blind)
    if blind:
        night = _sealed(out, night)
    if not lists_nights(out):
        pipeline = {**recipe.definition.as_dict(), "sha256": recipe.pipeline_sha256}
        write_study_file(out, pipeline, {"study_table_sha256": None}, blind=blind)
    ids = {"subject": night.subject, "night": night.night}
    try:
        outcome = stage_into(out, path, night, recipe, force=force)
    except PsgpipeError as error:
        if error.exit_code in recipe.own_faults:
            journal.note(out, "failed", **ids, kind=error.kind)
        raise
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
    blinding.seal(out, {(night.subject, night.night): blinding.cells_of(night)})
    return blinding.bare(night)


def stage_into(
    out: Path,
    path: Path,
    night: Night,
    recipe: Recipe,
    *,
    force: bool = False,
    retry_failed: bool = True,
    asked: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Stage a night into its folder in `out`, unless nothing has changed since it was done.

    Parameters
    ----------
    force
        Compute a finished night again, and replace the night of another recording.
    retry_failed
        Try a night that has failed before although nothing has changed since.

    Raises
    ------
    psgpipe.errors.PsgpipeError
        Every explainable failure; where it is the night's own, ``failure.json`` says so, too.
    """
    prepared = prepare_night(out, path, night, recipe, force=force)
    if isinstance(prepared, Outcome):
        return prepared
    asked(prepared.request_sha256)
    return stage_prepared(prepared, recipe, force=force, retry_failed=retry_failed)


def prepare_night(
    out: Path, path: Path, night: Night, recipe: Recipe, *, force: bool = False
) -> PreparedNight | Outcome:
    """Open a night and work out its request; an Outcome where the same request is finished.

    A finished night stays until it is known that the request has changed: a network share that is
    not mounted costs no result.
    """
    folder = night_folder(out, night.subject, night.night)
    old, hashed, request = read_manifest(folder), None, None
    try:
        if old is not None and not force:
            hashed = hash_file(path)
            request = recipe.request_sha256(night, hashed.sha256)
            if is_unchanged(old, folder, request, night, recipe):
                return _unchanged(old, folder, path, request, hashed)
            # Before anything can fail: a failure would replace the night of another recording.
            _refuse_another(old, folder, path, night, hashed.sha256)
        opened, hashed = _open_and_hash(path, night, recipe, hashed)
    except PsgpipeError as error:
        _keep_failure(error, recipe, folder, path, night, request)
        raise
    for line in choice_lines(opened):
        LOGGER.info(line)
    request = recipe.request_sha256(night, hashed.sha256)
    return PreparedNight(folder, opened, old, hashed, request)


def stage_prepared(
    prepared: PreparedNight, recipe: Recipe, *, force: bool = False, retry_failed: bool = True
) -> Outcome:
    """Stage an opened night and write its folder, unless the same was done before."""
    try:
        return _stage(prepared, recipe, force=force, retry_failed=retry_failed)
    except PsgpipeError as error:
        opened = prepared.opened
        _keep_failure(
            error, recipe, prepared.folder, opened.path, opened.night, prepared.request_sha256
        )
        raise


def _stage(prepared: PreparedNight, recipe: Recipe, *, force: bool, retry_failed: bool) -> Outcome:
    folder, opened, old = prepared.folder, prepared.opened, prepared.old
    hashed, request = prepared.hashed, prepared.request_sha256
    roles = tuple(d.role for d in opened.montage.derivations)
    engine = recipe.engine(roles, opened.night)
    fingerprint = night_fingerprint(opened, hashed.sha256, recipe.definition, engine)
    if not force:
        if old is not None and is_same_result(old, folder, fingerprint, recipe):
            return _unchanged(old, folder, opened.path, request, hashed)
        failure = None if retry_failed else read_failure(folder)
        if failure and failed_on(failure, request):
            return Outcome(folder, computed=False, failure=failure, hashed=hashed)
        if old is not None and old.is_intact:
            refuse_another_start(old, opened, hashed.sha256, folder)
    outputs, provenance = recipe.compute(opened, recipe, hashed.sha256)
    _require_unchanged_recording(opened.path, hashed)
    identity = {"fingerprint": fingerprint, "request_sha256": request}
    finish_night(folder, outputs, {**identity, **provenance})
    return Outcome(folder, computed=True, hashed=hashed)


def _keep_failure(
    error: PsgpipeError,
    recipe: Recipe,
    folder: Path,
    path: Path,
    night: Night,
    request: str | None,
) -> None:
    """Write ``failure.json`` where the failure is the night's own."""
    if error.exit_code not in recipe.own_faults:
        return
    was_finished = read_manifest(folder) is not None
    if keep_reason(folder, failure_dict(error, path, night, request)) and was_finished:
        LOGGER.info(RESULTS_GONE)


def _refuse_another(
    old: Manifest, folder: Path, path: Path, night: Night, recording_sha256: str
) -> None:
    if old.is_intact:  # a damaged manifest says nothing
        refuse_another_night(old, night, folder)
        refuse_another_recording(old, file_name(path), recording_sha256, folder)


def _open_and_hash(
    path: Path, night: Night, recipe: Recipe, hashed: HashedFile | None
) -> tuple[OpenedNight, HashedFile]:
    """Read the recording, and hash it in the same pass unless that has been done."""
    began_s, state = time.time(), FileState.of(path)
    opened = open_night(
        path, night, recipe.definition, recipe.label_table, recipe.lights_given_by,
        hashed=hashed is None,
    )  # fmt: skip
    if opened.recording_sha256 is not None:
        hashed = HashedFile.since(began_s, state, opened.recording_sha256)
    return opened, hashed or hash_file(path)


def _unchanged(
    old: Manifest, folder: Path, path: Path, request: str, hashed: HashedFile
) -> Outcome:
    """The finished night stays; its manifest takes the recording's present name."""
    correct_manifest(folder, old, request, file_name(path))
    return Outcome(folder, computed=False, hashed=hashed)


def _require_unchanged_recording(path: Path, hashed: HashedFile) -> None:
    """Refuse the results where somebody replaced the file after it was hashed."""
    if FileState.of(path) == hashed.state or sha256_of_file(path) == hashed.sha256:
        return
    raise ChangedWhileRead(
        f"{file_name(path)}: replaced or changed while the night was staged",
        "Wait until the recording or the copy is finished, then run again.",
    )
