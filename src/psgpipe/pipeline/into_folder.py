"""One night into its folder: computed, found unchanged, or failed with its reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from psgpipe import __version__
from psgpipe.adapters.edf_file import file_name
from psgpipe.errors import ChangedWhileRead, NightTaken, PsgpipeError, UsageError
from psgpipe.model.montage import LabelTable, Role
from psgpipe.model.night import LightsSource, Night
from psgpipe.pipeline import blinding, journal, store
from psgpipe.pipeline.fingerprint import (
    FileState,
    HashedFile,
    hash_file,
    night_fingerprint,
    pipeline_sha256,
    request_sha256,
    sha256_of_file,
)
from psgpipe.pipeline.night import (
    RESULTS,
    Chosen,
    Made,
    make_night,
    open_night,
    staged_night,
    tell_choice,
)
from psgpipe.pipeline.outputs import night_outputs
from psgpipe.pipeline.spec import Definition
from psgpipe.steps.stage_sleep import demographics, stager_for
from psgpipe.steps.stagers import Engine

LOGGER = logging.getLogger("psgpipe")
STUDY = "study.json"
PASSING = ("ReadFailed", "ChangedWhileRead", "StagerUnavailable", "WorkerDied", "OutOfMemory")
"""Failures that say nothing about the next attempt: it is made, and costs no finished night."""
RESULTS_GONE = (
    "the night that was finished here does not answer what is asked now; failure.json has taken "
    "its place"
)

Computed = tuple[Mapping[str, bytes], Mapping[str, Any]]
"""The bytes of a night's files by name, and its provenance."""


def compute_night(chosen: Chosen, recipe: Recipe, recording_sha256: str) -> Computed:
    """Stage a night that was opened: the bytes of its files, and what the manifest says."""
    made = make_night(
        chosen, recipe.definition, (*RESULTS, "filtered") if recipe.pictures else RESULTS
    )
    return night_files(chosen, recipe, made, recording_sha256)


def night_files(chosen: Chosen, recipe: Recipe, made: Made, recording_sha256: str) -> Computed:
    """The files of a night whose steps have run."""
    staged = staged_night(chosen, recipe.definition, made, recording_sha256)
    outputs = night_outputs(staged, made.slots.get("filtered", ()), pictures=recipe.pictures)
    return outputs, staged.provenance


@dataclass(frozen=True)
class Recipe:
    """What is done to a night, whichever it is.

    Attributes
    ----------
    definition : the pipeline.
    label_table, labels_sha256 : the site's own label table, and the hash of its file.
    pictures : whether there are any.
    lights_given_by : where lights that stand with the night came from.
    own_faults : exit codes of failures that are the night's own and go into ``failure.json``.
    compute : gives the files; another one is of use in tests of everything around it.
    """

    definition: Definition
    label_table: LabelTable | None = None
    labels_sha256: str | None = None
    pictures: bool = True
    lights_given_by: LightsSource = "option"
    own_faults: tuple[int, ...] = (4, 5)
    compute: Callable[[Chosen, Recipe, str], Computed] = field(default=compute_night)

    @property
    def engine_name(self) -> Engine:
        """Which engine stages: ``fast`` or ``reference``."""
        engine: Engine = self.definition.params["stage_sleep"].engine
        return engine

    @cached_property
    def pipeline_sha256(self) -> str:
        """The hash of the pipeline."""
        return pipeline_sha256(self.definition)

    def request_sha256(self, night: Night, recording_sha256: str) -> str:
        """The hash of everything that goes into `night`, the engine excepted."""
        return request_sha256(
            recording_sha256,
            night,
            self.pipeline_sha256,
            self.labels_sha256,
            self.lights_given_by,
        )

    def engine(self, roles: tuple[Role, ...], night: Night) -> dict[str, Any]:
        """What would stage `night` from these roles.

        Raises
        ------
        psgpipe.errors.StagerUnavailable
        """
        params = self.definition.params["stage_sleep"]
        asked = (frozenset(roles), demographics(night, params) is not None)
        if asked not in self._engines:
            needs = stager_for(roles, night, params).requirements()
            versions = dict(needs.versions)
            self._engines[asked] = {
                "classifier_sha256": needs.classifier_sha256, "versions": versions,
            }  # fmt: skip
        return self._engines[asked]

    @cached_property
    def _engines(self) -> dict[Any, dict[str, Any]]:
        """Engines looked up so far: neither versions nor classifiers change while psgpipe runs."""
        return {}


@dataclass(frozen=True)
class Outcome:
    """What became of a night.

    Attributes
    ----------
    folder : where the night's files are.
    computed : False where nothing had changed and nothing was computed.
    failure : why it has failed before, where nothing has changed since; else None.
    hashed : the recording's hash, for whoever remembers it; None where it was not needed.
    """

    folder: Path
    computed: bool
    failure: Mapping[str, Any] | None = None
    hashed: HashedFile | None = None


def run_to_folder(
    path: Path,
    night: Night,
    definition: Definition,
    out: Path,
    *,
    label_table: LabelTable | None = None,
    pictures: bool = True,
    force: bool = False,
    blind: bool = False,
    tell: Callable[[str], None] = LOGGER.info,
) -> Outcome:
    """Stage one night into ``out/nights/<subject>/<night>/``; finished and unchanged, do nothing.

    Parameters
    ----------
    blind : the night's condition goes under seal; a study that was blinded once stays so.

    Raises
    ------
    psgpipe.errors.PsgpipeError
        Every explainable failure. Where it is the recording's, ``failure.json`` says so, too.
    """
    recipe = Recipe(definition, label_table, _unknown(label_table), pictures)
    blind = blind or definition.blind or blinding.is_blind(out)
    if blind:
        night = _sealed(out, night)
    _write_study(out, definition, blind=blind)
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
    if not blinding.is_blind(out) and (store.read_json(out / STUDY) or {}).get("nights"):
        raise UsageError(
            f"{out.name or out} holds a study that names its conditions, and one night was to be "
            "blind",
            "Give another -o folder, or blind the whole study: psgpipe batch --blind.",
        )
    blinding.seal(out, {(night.subject, night.night): blinding.cells_of(night)})
    return blinding.bare(night)


def _unknown(label_table: LabelTable | None) -> str | None:
    """A table given as a value has no file to be hashed: the fingerprint decides."""
    return None if label_table is None else "given"


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
    retry_failed : try a night that has failed before although nothing has changed since.
    asked : is told the request's hash as soon as it is known.

    Raises
    ------
    psgpipe.errors.PsgpipeError
        Every explainable failure; ``failure.json`` says the night's own ones.
    """
    folder = store.night_folder(out, night.subject, night.night)
    attempt = _Attempt(folder, path, night, recipe, force, retry_failed, tell, asked)
    try:
        return attempt.carry_out()
    except PsgpipeError as error:
        if error.exit_code in recipe.own_faults:
            finished = store.read_manifest(folder) is not None
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
        old = store.read_manifest(self.folder)
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
        if old is not None and not self.force and store.manifest_intact(old):
            _refuse_another_start(old, chosen, hashed.sha256, self.folder)
        outputs, provenance = recipe.compute(chosen, recipe, hashed.sha256)
        self._require_unchanged_recording(hashed)
        store.finish_night(
            self.folder,
            outputs,
            {"fingerprint": fingerprint, "request_sha256": request, **provenance},
        )
        return Outcome(self.folder, computed=True, hashed=hashed)

    def _refuse_another(self, old: Mapping[str, Any]) -> None:
        if store.manifest_intact(old):  # a damaged one says nothing
            _refuse_another_night(old, self.night, self.folder)
            _refuse_another_recording(old, file_name(self.path), self._hash().sha256, self.folder)

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

    def _done_before(
        self, old: Mapping[str, Any] | None, fingerprint: str, request: str
    ) -> Outcome | None:
        if old is not None and _same_result(old, self.folder, fingerprint, self.recipe):
            return self._unchanged(old, request)
        failure = None if self.retry_failed else store.read_failure(self.folder)
        if failure and failed_on(failure, request):
            return Outcome(self.folder, computed=False, failure=failure, hashed=self.hashed)
        return None

    def _unchanged(self, old: Mapping[str, Any], request: str) -> Outcome:
        """The finished night stays; its manifest learns what the recording is called by now."""
        recording = {**old.get("recording", {}), "name": file_name(self.path)}
        now = {**old, "request_sha256": request, "recording": recording}
        if now != old:
            store.correct_manifest(self.folder, now)
        return Outcome(self.folder, computed=False, hashed=self.hashed)

    def _require_unchanged_recording(self, hashed: HashedFile) -> None:
        """What was read is what was hashed: nobody has replaced the file in between."""
        if FileState.of(self.path) == hashed.state or sha256_of_file(self.path) == hashed.sha256:
            return
        raise ChangedWhileRead(
            f"{file_name(self.path)}: replaced or changed while the night was staged",
            "Wait until the recording or the copy is finished, then run again.",
        )


def is_unchanged(
    old: Mapping[str, Any],
    folder: Path,
    request: str,
    night: Night,
    recipe: Recipe,
    *,
    trust_times: bool = False,
) -> bool:
    """Whether a finished night is what the same request would give again; no header is read.

    Parameters
    ----------
    trust_times : believe the outputs' sizes and times instead of reading them.
    """
    if old.get("request_sha256") != request or not store.manifest_intact(old):
        return False
    roles = tuple(d["role"] for d in old.get("derivations", ()))
    engine = {key: old.get("engine", {}).get(key) for key in ("classifier_sha256", "versions")}
    intact = store.outputs_untouched if trust_times else store.outputs_intact
    return (
        engine == recipe.engine(roles, night) and _has_pictures(old, recipe) and intact(folder, old)
    )


def _same_result(old: Mapping[str, Any], folder: Path, fingerprint: str, recipe: Recipe) -> bool:
    return (
        old.get("fingerprint") == fingerprint
        and store.manifest_intact(old)
        and _has_pictures(old, recipe)
        and store.outputs_intact(folder, old)
    )


def _has_pictures(old: Mapping[str, Any], recipe: Recipe) -> bool:
    return not recipe.pictures or any(e["name"].endswith(".png") for e in old["outputs"])


def failed_on(failure: Mapping[str, Any], request: str) -> bool:
    """Whether a night has failed on the same request, and not by a passing trouble."""
    return failure.get("request_sha256") == request and failure.get("kind") not in PASSING


def keep_reason(folder: Path, failure: Mapping[str, Any]) -> bool:
    """Write ``failure.json``, unless there is a finished night that must not be lost to it.

    That is one that may still answer what is asked, or one that the next attempt may replace.
    Returns whether it was written.
    """
    old, request = store.read_manifest(folder), failure["request_sha256"]
    still_asked = old is not None and request in (None, old.get("request_sha256"))
    if still_asked or (old is not None and failure["kind"] in PASSING):
        return False
    store.fail_night(folder, failure)
    return True


def _refuse_another_night(old: Mapping[str, Any], night: Night, folder: Path) -> None:
    """Two ids may become one folder: ``S/1`` and ``S-1``."""
    ids = {"subject": night.subject, "night": night.night}
    differs = [key for key, wanted in ids.items() if old.get(key) not in (None, wanted)]
    if differs:
        held = ", ".join(f"{key} {old[key]}" for key in differs)
        raise _taken(folder, f"{held}, which is written alike in a path")


def _refuse_another_recording(
    old: Mapping[str, Any], name: str, recording_sha256: str, folder: Path
) -> None:
    """A changed recording replaces its own night; another recording must not, unasked."""
    was = old.get("recording", {})
    if name != was.get("name") and recording_sha256 != was.get("sha256"):
        raise _taken(folder, f"the night recorded in {was.get('name')}")


def _refuse_another_start(
    old: Mapping[str, Any], chosen: Chosen, recording_sha256: str, folder: Path
) -> None:
    """Many recorders give every night one file name; a changed recording keeps its start."""
    was, start = old.get("recording", {}), chosen.header.start
    if recording_sha256 == was.get("sha256") or start is None:
        return
    if was.get("start") not in (None, start.isoformat()):
        raise _taken(folder, f"a night recorded in another {was.get('name')}, from {was['start']}")


def _taken(folder: Path, what: str) -> NightTaken:
    return NightTaken(
        f"{folder.parent.name}/{folder.name} already holds {what}",
        "Give another --subject or --night, another -o folder, or --force to replace it.",
    )


def _write_study(out: Path, definition: Definition, *, blind: bool) -> None:
    """What was asked last, unless a batch has said what the whole study is."""
    path = out / STUDY
    if (store.read_json(path) or {}).get("nights"):
        return
    study = {
        "psgpipe": __version__,
        "pipeline": {**definition.as_dict(), "sha256": pipeline_sha256(definition)},
        "study_table_sha256": None,
        **({"blind": True} if blind else {}),
    }
    store.write_file(path, store.json_bytes(study))


def failure_dict(
    error: PsgpipeError, path: Path, night: Night, request_sha256: str | None = None
) -> dict[str, Any]:
    """What ``failure.json`` holds."""
    return {
        "subject": night.subject,
        "night": night.night,
        "condition": night.condition,
        "recording": file_name(path),
        "kind": error.kind,
        "exit_code": error.exit_code,
        "problem": error.problem,
        "remedy": error.remedy,
        "request_sha256": request_sha256,
    }
