"""One night into its folder: computed, found unchanged, or failed with its reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psgpipe._version import __version__
from psgpipe.errors import ChangedWhileRead, PsgpipeError, UsageError
from psgpipe.files import atomic
from psgpipe.files.hashing import FileState, HashedFile, hash_file, sha256_of_file
from psgpipe.files.regular import file_name
from psgpipe.model.night import Night
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
from psgpipe.night.open import Chosen, open_night, tell_choice
from psgpipe.night.recipe import Recipe
from psgpipe.results import journal
from psgpipe.results.manifest import Manifest, read_manifest
from psgpipe.results.night_folder import correct_manifest, finish_night, night_folder, read_failure
from psgpipe.study import blinding

LOGGER = logging.getLogger("psgpipe")
STUDY = "study.json"
RESULTS_GONE = (
    "the night that was finished here does not answer what is asked now; failure.json has taken "
    "its place"
)


@dataclass(frozen=True)
class Outcome:
    """What became of a night.

    Attributes
    ----------
    folder
        Where the night's files are.
    computed
        False where nothing had changed and nothing was computed.
    failure
        Why it has failed before, where nothing has changed since; else None.
    hashed
        The recording's hash, for whoever remembers it; None where it was not needed.
    """

    folder: Path
    computed: bool
    failure: Mapping[str, Any] | None = None
    hashed: HashedFile | None = None


def run_to_folder(
    path: Path,
    night: Night,
    recipe: Recipe,
    out: Path,
    *,
    force: bool = False,
    blind: bool = False,
    tell: Callable[[str], None] = LOGGER.info,
) -> Outcome:
    """Stage one night into ``out/nights/<subject>/<night>/``; finished and unchanged, do nothing.

    Parameters
    ----------
    blind
        The night's condition goes under seal; a study that was blinded once stays so.

    Raises
    ------
    psgpipe.errors.PsgpipeError
        Every explainable failure. Where it is the recording's, ``failure.json`` says so, too.
    """
    blind = blinding.goes_blind(out, recipe.definition, asked=blind)
    if blind:
        night = _sealed(out, night)
    _write_study(out, recipe, blind=blind)
    told = {"subject": night.subject, "night": night.night}
    try:
        outcome = stage_into(out, path, night, recipe, force=force, tell=tell)
    except PsgpipeError as error:
        if error.exit_code in recipe.own_faults:
            journal.note(out, "failed", **told, kind=error.kind)
        raise
    if outcome.computed:
        journal.note(out, "finished", **told)
    return outcome


def _sealed(out: Path, night: Night) -> Night:
    """The night without its condition, which is put under seal."""
    if not blinding.is_blind(out) and (atomic.read_json(out / STUDY) or {}).get("nights"):
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
    tell: Callable[[str], None] = LOGGER.debug,
    asked: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Stage a night into its folder in `out`, unless nothing has changed since it was done.

    A finished night stays as it is while it is not known that something else is asked for now: a
    share that is not mounted costs no result.

    Parameters
    ----------
    retry_failed
        Try a night that has failed before although nothing has changed since.
    asked
        Is told the request's hash as soon as it is known.

    Raises
    ------
    psgpipe.errors.PsgpipeError
        Every explainable failure; ``failure.json`` says the night's own ones.
    """
    folder = night_folder(out, night.subject, night.night)
    attempt = _Attempt(folder, path, night, recipe, force, retry_failed, tell, asked)
    try:
        return attempt.carry_out()
    except PsgpipeError as error:
        if error.exit_code in recipe.own_faults:
            finished = read_manifest(folder) is not None
            written = keep_reason(folder, failure_dict(error, path, night, attempt.request))
            if finished and written:
                tell(RESULTS_GONE)
        raise


@dataclass
class _Attempt:
    folder: Path
    path: Path
    night: Night
    recipe: Recipe
    force: bool
    retry_failed: bool
    tell: Callable[[str], None]
    asked: Callable[[str], None]
    hashed: HashedFile | None = None
    request: str | None = None

    def carry_out(self) -> Outcome:
        old = read_manifest(self.folder)
        if old is not None and not self.force:
            request = self._ask(self._hash())
            if is_unchanged(old, self.folder, request, self.night, self.recipe):
                return self._unchanged(old, request)
            # Before anything can fail: a failure would take the place of somebody else's night.
            self._refuse_another(old)
        recipe = self.recipe
        chosen, hashed = self._open()
        tell_choice(chosen, self.tell)
        request = self._ask(hashed)
        fingerprint = self._fingerprint(chosen, hashed.sha256)
        before = None if self.force else self._done_before(old, fingerprint, request)
        if before:
            return before
        if old is not None and not self.force and old.is_intact:
            refuse_another_start(old, chosen, hashed.sha256, self.folder)
        outputs, provenance = recipe.compute(chosen, recipe, hashed.sha256)
        self._require_unchanged_recording(hashed)
        finish_night(
            self.folder,
            outputs,
            {"fingerprint": fingerprint, "request_sha256": request, **provenance},
        )
        return Outcome(self.folder, computed=True, hashed=hashed)

    def _refuse_another(self, old: Manifest) -> None:
        if old.is_intact:  # a damaged one says nothing
            refuse_another_night(old, self.night, self.folder)
            refuse_another_recording(old, file_name(self.path), self._hash().sha256, self.folder)

    def _hash(self) -> HashedFile:
        if self.hashed is None:
            self.hashed = hash_file(self.path)
        return self.hashed

    def _open(self) -> tuple[Chosen, HashedFile]:
        """Read the recording, and hash it on the way unless that has been done."""
        recipe, began_s, state = self.recipe, time.time(), FileState.of(self.path)
        chosen = open_night(
            self.path, self.night, recipe.definition, recipe.label_table, recipe.lights_given_by,
            hashed=self.hashed is None,
        )  # fmt: skip
        if chosen.recording_sha256 is not None:
            self.hashed = HashedFile.since(began_s, state, chosen.recording_sha256)
        return chosen, self._hash()

    def _ask(self, hashed: HashedFile) -> str:
        self.request = self.recipe.request_sha256(self.night, hashed.sha256)
        self.asked(self.request)
        return self.request

    def _fingerprint(self, chosen: Chosen, recording_sha256: str) -> str:
        roles = tuple(d.role for d in chosen.opened.montage.derivations)
        engine = self.recipe.engine(roles, self.night)
        definition = self.recipe.definition
        return night_fingerprint(
            chosen.opened, chosen.candidates, recording_sha256, definition, engine
        )

    def _done_before(self, old: Manifest | None, fingerprint: str, request: str) -> Outcome | None:
        if old is not None and is_same_result(old, self.folder, fingerprint, self.recipe):
            return self._unchanged(old, request)
        failure = None if self.retry_failed else read_failure(self.folder)
        if failure and failed_on(failure, request):
            return Outcome(self.folder, computed=False, failure=failure, hashed=self.hashed)
        return None

    def _unchanged(self, old: Manifest, request: str) -> Outcome:
        """The finished night stays; its manifest learns what the recording is called by now."""
        correct_manifest(self.folder, old, request, file_name(self.path))
        return Outcome(self.folder, computed=False, hashed=self.hashed)

    def _require_unchanged_recording(self, hashed: HashedFile) -> None:
        """What was read is what was hashed: nobody has replaced the file in between."""
        if FileState.of(self.path) == hashed.state or sha256_of_file(self.path) == hashed.sha256:
            return
        raise ChangedWhileRead(
            f"{file_name(self.path)}: replaced or changed while the night was staged",
            "Wait until the recording or the copy is finished, then run again.",
        )


def _write_study(out: Path, recipe: Recipe, *, blind: bool) -> None:
    """What was asked last, unless a batch has said what the whole study is."""
    path = out / STUDY
    if (atomic.read_json(path) or {}).get("nights"):
        return
    study = {
        "psgpipe": __version__,
        "pipeline": {**recipe.definition.as_dict(), "sha256": recipe.pipeline_sha256},
        "study_table_sha256": None,
        **({"blind": True} if blind else {}),
    }
    atomic.write_file(path, atomic.json_bytes(study))
