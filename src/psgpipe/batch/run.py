"""A batch: every night ends finished or with a reason, whatever happens to the others."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from psgpipe.batch.hash_cache import STEM, SUFFIX, HashCache
from psgpipe.batch.night_task import has_more_time, lost_night_failure, stage_task
from psgpipe.batch.options import BatchOptions
from psgpipe.batch.result import BatchProgress, BatchResult, NightResult
from psgpipe.batch.stop_signals import StopRequest, stop_signals
from psgpipe.batch.worker_pool import TaskNote, TaskResult, run_tasks
from psgpipe.errors import OutputConflict, PsgpipeError
from psgpipe.files.owner_tag import new_tag
from psgpipe.files.regular import file_name
from psgpipe.messages import count_of
from psgpipe.model.night import Night
from psgpipe.model.study_table_row import StudyTableRow
from psgpipe.night.compute import Compute, compute_night
from psgpipe.night.earlier_result import failed_on, is_unchanged, keep_reason
from psgpipe.night.recipe import Recipe
from psgpipe.results import journal
from psgpipe.results.doubts import read_doubts
from psgpipe.results.manifest import read_manifest
from psgpipe.results.night_folder import is_finished, night_folder, read_failure
from psgpipe.results.nights_tsv import NIGHTS
from psgpipe.results.replace_folder import remove_abandoned
from psgpipe.results.short_table import SHORT
from psgpipe.results.study_file import STUDY
from psgpipe.study import blinding
from psgpipe.study.blind_check import telling_files
from psgpipe.study.other_study import refuse_another_study
from psgpipe.study.prepared import remove_rows, write_rows
from psgpipe.study.study import Study, blinded, write_study

SIGN_OF_LIFE_S = 60.0
NOW = ("finished", "failed")
"""What is new about a night: the journal says nothing about nights that are as they were."""
LARGE_STUDY_NIGHTS = 1000
"""A smaller table is read as fast as its prepared rows."""


def run_batch(
    study: Study, recipe: Recipe, out: Path, options: BatchOptions, compute: Compute = compute_night
) -> Generator[BatchProgress, None, None]:
    """Bring every night of the study, or of its shard, to a finished night or a reason.

    Yields once at the start, when a night has ended, and several times a second; the batch runs
    while its progress is read. A study that was blinded once stays blinded. `compute` gives each
    night's files.

    Raises
    ------
    psgpipe.errors.Interrupted, psgpipe.errors.Terminated, psgpipe.errors.TryAgain
        A signal, or a full disk; what is finished stays.
    psgpipe.errors.OutputConflict
        `out` cannot be written.
    psgpipe.errors.StagerUnavailable
        No night could be staged.
    """
    recipe = replace(recipe, lights_given_by="table")
    with stop_signals() as stop:
        study = prepare_study(study, recipe, out, options)
        try:
            yield from _run_nights(study, recipe, out, options, stop, compute)
        finally:
            remove_abandoned(out)


def prepare_study(study: Study, recipe: Recipe, out: Path, options: BatchOptions) -> Study:
    """Write what is asked of `out`, and the rows that shards read; the study, blinded if need be.

    Raises
    ------
    psgpipe.errors.OutputConflict, psgpipe.errors.TryAgain, psgpipe.errors.StagerUnavailable
    """
    versions = _require_stager(recipe)
    if not options.force:
        refuse_another_study(out, study)
    if blinding.goes_blind(out, recipe.definition, asked=options.blind):
        study = blinded(study)
        refuse_telling_files(out, study.sealed or {}, options)
    remove_abandoned(out)
    pipeline = {**recipe.definition.as_dict(), "sha256": recipe.pipeline_sha256}
    write_study(out, study, pipeline, recipe.labels_sha256, versions)
    if study.part is None:
        large = options.shard.of > 1 and len(study.nights) >= LARGE_STUDY_NIGHTS
        if study.folder is not None and (large or options.prepare):
            write_rows(out, study, study.folder)
        else:
            remove_rows(out, study)
    return study


def refuse_telling_files(out: Path, sealed: blinding.Sealed, options: BatchOptions) -> None:
    """Refuse to blind a study in a folder whose files show its conditions.

    Only the files that this run writes anew without them may do so.
    """
    if blinding.is_blind(out):
        return
    renewed = (STUDY,) if options.shard.of > 1 else (STUDY, NIGHTS, SHORT)
    telling = next(telling_files(out, sealed, besides=renewed), None)
    if telling is not None:
        raise OutputConflict(
            f"{out.name or out} holds results of an open run: "
            f"{telling.relative_to(out).as_posix()} shows a condition or dose",
            "Give the blinded study another -o folder.",
        )


def _require_stager(recipe: Recipe) -> dict[str, str]:
    """Versions of what will stage the nights; without it every night would fail."""
    roles = tuple(recipe.definition.params["reference"].wanted)
    versions: dict[str, str] = recipe.engine(roles, Night("", ""))["versions"]
    return versions


@dataclass
class _Journal:
    """The journal of one run.

    A run begins in the journal when there is something to note. A run that finds all nights
    unchanged notes its end, and nothing else.
    """

    out: Path
    name: str
    facts_of_run: Mapping[str, Any]
    process: str = field(default_factory=new_tag)
    has_begun: bool = False
    last_s: float = field(default_factory=time.monotonic)

    def note(self, event: str, **facts: Any) -> None:
        if not self.has_begun:
            self.has_begun = True
            self._write("batch began", process=self.process, **self.facts_of_run)
        self._write(event, **facts)

    def note_end(self, **counts: int) -> None:
        self._write("batch ended", **counts)

    def note_sign_of_life(self) -> None:
        if time.monotonic() - self.last_s > SIGN_OF_LIFE_S:
            self.note("alive")

    def _write(self, event: str, **facts: Any) -> None:
        self.last_s = time.monotonic()
        run = self.process.rpartition("-")[2]
        journal.note(self.out, event, journal=self.name, run=run, **facts)


def _run_nights(
    study: Study,
    recipe: Recipe,
    out: Path,
    options: BatchOptions,
    stop: StopRequest,
    compute: Compute,
) -> Iterator[BatchProgress]:
    nights = study.included if study.part else options.shard.part(study.included)
    result = BatchResult(len(nights), study.n_excluded)
    facts = {"nights": len(nights), "jobs": options.jobs}
    log = _Journal(out, options.shard.file("journal", ".jsonl"), facts)
    recordings = [listed.recording for listed in nights]
    hashes = HashCache(out, options.shard.file(STEM, SUFFIX), recordings)
    yield BatchProgress(result)
    try:
        for night in _night_results(nights, recipe, out, options, stop, hashes, log, compute):
            group = None if night is None else result.add(night)
            like = group.names[0] if group and group.count > 1 else None
            yield BatchProgress(result, night, like)
        stopped = stop.as_error(f"{result.done} of {count_of(len(nights), 'night')} finished")
        if stopped is not None:
            raise stopped
        # Another study may have begun in the same moment: only one of them is listed in `out`.
        refuse_another_study(out, study)
    except PsgpipeError as error:
        with suppress(PsgpipeError):
            log.note("batch stopped", kind=error.kind, **result.counts)
        raise
    finally:
        hashes.save()
    log.note_end(**result.counts)


def _night_results(
    nights: Sequence[StudyTableRow],
    recipe: Recipe,
    out: Path,
    options: BatchOptions,
    stop: StopRequest,
    hashes: HashCache,
    log: _Journal,
    compute: Compute,
) -> Iterator[NightResult | None]:
    """The nights as they end, and None when only some time has passed."""
    remaining = []
    for listed in nights:
        settled = None
        if options.trust_times and not options.force and not stop.signals:
            settled = _earlier_night_result(_without_extra(listed), recipe, out, options, hashes)
        if settled is None:
            remaining.append(listed)
        else:
            yield settled
    events = run_tasks(
        map(_without_extra, remaining),
        partial(stage_task, out=out, recipe=recipe, options=options, compute=compute),
        jobs=min(options.jobs, max(1, len(remaining))),
        limit_s=options.limit_s,
        stop=stop,
    )
    with closing(events):
        for event in events:
            if isinstance(event, TaskNote):
                night = event.task.night
                if event.fact.is_computed:
                    log.note("started", subject=night.subject, night=night.night)
            elif isinstance(event, TaskResult):
                yield _night_result(event, out, options, hashes, log)
            else:
                log.note_sign_of_life()
                yield None


def _without_extra(listed: StudyTableRow) -> StudyTableRow:
    """The study's further columns stay with the study: no file of a night holds them."""
    return replace(listed, night=replace(listed.night, extra={}))


def _earlier_night_result(
    listed: StudyTableRow, recipe: Recipe, out: Path, options: BatchOptions, hashes: HashCache
) -> NightResult | None:
    """How the night ended in an earlier run; None if something has changed as far as times tell."""
    sha256 = hashes.get(listed.recording)
    if sha256 is None:
        return None
    night = listed.night
    folder = night_folder(out, night.subject, night.night)
    request = recipe.request_sha256(night, sha256)
    manifest = read_manifest(folder)
    if manifest is not None:
        same_name = manifest.recording.name == file_name(listed.recording)
        if same_name and is_unchanged(manifest, folder, request, night, recipe, trust_times=True):
            doubts = read_doubts(folder)
            return NightResult(night.subject, night.night, "unchanged", doubts=doubts)
        return None
    failure = None if options.retry_failed else read_failure(folder)
    if failure is None or not failed_on(failure, request):
        return None
    if has_more_time(failure, options.limit_s):
        return None
    return NightResult(night.subject, night.night, "failed before", failure=failure)


def _night_result(
    result: TaskResult[StudyTableRow],
    out: Path,
    options: BatchOptions,
    hashes: HashCache,
    log: _Journal,
) -> NightResult:
    """How a night ended in a worker; the journal, and ``failure.json`` if need be, say so too."""
    listed = result.task
    subject, night = listed.night.subject, listed.night.night
    if result.outcome == "refused":
        # A night's own failure comes as a result: this error would meet every night.
        raise result.value
    if result.outcome == "done":
        status, failure, hashed = result.value
        hashes.add(listed.recording, hashed)
    else:
        status, failure = "failed", lost_night_failure(result, options.limit_s)
        remove_abandoned(out)
        keep_reason(night_folder(out, subject, night), failure)
    facts = {"seconds": round(result.seconds, 3)}
    if failure is not None:
        facts = {"kind": failure["kind"], "problem": failure["problem"]}
    if status in NOW:
        log.note(status, subject=subject, night=night, **facts)
    kept = status == "failed" and is_finished(out, subject, night)
    doubts = () if failure else read_doubts(night_folder(out, subject, night))
    return NightResult(subject, night, status, result.seconds, failure, kept, doubts)
