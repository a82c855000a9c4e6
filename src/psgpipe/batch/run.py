"""Many nights: each is finished or has its reason, whatever happens in between."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from psgpipe.batch.hash_cache import STEM, SUFFIX, KnownHashes
from psgpipe.batch.night_task import (
    OWN_FAULTS,
    NightTask,
    NightWork,
    State,
    error_of,
    has_more_time,
)
from psgpipe.batch.stop_signals import Asked, signals_noted
from psgpipe.batch.worker_pool import Ended, run_tasks
from psgpipe.errors import (
    PsgpipeError,
)
from psgpipe.files.owner_tag import new_tag
from psgpipe.files.regular import file_name
from psgpipe.model.listed_night import ListedNight
from psgpipe.model.night import Night
from psgpipe.night.earlier_result import (
    failed_on,
    failure_dict,
    is_unchanged,
    keep_reason,
)
from psgpipe.night.recipe import Recipe
from psgpipe.results import journal
from psgpipe.results.manifest import read_manifest
from psgpipe.results.night_folder import is_finished, night_folder, read_failure
from psgpipe.results.replace_folder import remove_abandoned
from psgpipe.study import blinding
from psgpipe.study.shard import Shard
from psgpipe.study.study import Study, blinded, write_study

DEFAULT_LIMIT_S = 3600.0
SIGN_OF_LIFE_S = 60.0
MOST_FAILURES_KEPT = 1000


@dataclass(frozen=True)
class BatchOptions:
    """How a batch is run; nothing here changes a result.

    Attributes
    ----------
    jobs
        Workers.
    limit_s
        A night that takes longer is given up; None for no limit.
    shard
        The part of the study to do.
    retry_failed
        Try failed nights again although nothing has changed.
    trust_times
        Take recordings and results of the same size and times for the same.
    force
        Compute finished nights again, and replace nights of other recordings.
    blind
        Conditions, doses and all further columns of the study go under seal.
    """

    jobs: int = 1
    limit_s: float | None = DEFAULT_LIMIT_S
    shard: Shard = field(default_factory=Shard)
    retry_failed: bool = False
    trust_times: bool = False
    force: bool = False
    blind: bool = False


@dataclass(frozen=True)
class NightEnd:
    """How one night ended.

    Attributes
    ----------
    subject, night
        Ids.
    state
        ``finished`` now; ``unchanged``, finished before; ``failed`` now; ``failed before``.
    seconds
        In a worker.
    failure
        What ``failure.json`` holds, or None.
    kept
        It failed now, and results of an earlier run are still there.
    """

    subject: str
    night: str
    state: State
    seconds: float = 0.0
    failure: Mapping[str, Any] | None = None
    kept: bool = False


class Watcher(Protocol):
    """Whoever wants to see how a batch comes along."""

    def begins(self, nights: int) -> None:
        """So many nights are to be done."""

    def night_ended(self, end: NightEnd) -> None:
        """A night has ended."""

    def tick(self) -> None:
        """Some time has passed."""


@dataclass
class BatchResult:
    """What a batch came to.

    Attributes
    ----------
    nights
        Asked for, in this shard; excluded ones do not count.
    excluded
        Left out by the study.
    ends
        How many nights ended in each state.
    failures
        Of the failed nights; the first `MOST_FAILURES_KEPT`.
    """

    nights: int
    excluded: int
    ends: dict[State, int] = field(default_factory=dict)
    failures: list[NightEnd] = field(default_factory=list)

    def count(self, *states: State) -> int:
        """How many nights ended in one of these states."""
        return sum(self.ends.get(state, 0) for state in states)

    @property
    def done(self) -> int:
        """Nights that are finished, now or before."""
        return self.count("finished", "unchanged")

    @property
    def failed(self) -> int:
        """Nights that failed, now or before."""
        return self.count("failed", "failed before")

    def add(self, end: NightEnd) -> None:
        """Count a night that has ended."""
        self.ends[end.state] = self.ends.get(end.state, 0) + 1
        if end.failure is not None and len(self.failures) < MOST_FAILURES_KEPT:
            self.failures.append(end)


def run_batch(
    study: Study, recipe: Recipe, out: Path, options: BatchOptions, watcher: Watcher
) -> BatchResult:
    """Bring every night of the study, or of its shard, to a finished night or a reason.

    A study that was blinded once stays so.

    Raises
    ------
    psgpipe.errors.Interrupted, psgpipe.errors.Terminated, psgpipe.errors.TryAgain
        A signal, or a full disk; what is finished stays.
    psgpipe.errors.OutputConflict
        `out` cannot be written.
    psgpipe.errors.StagerUnavailable
        No night could be staged.
    """
    recipe = replace(recipe, lights_given_by="table", own_faults=OWN_FAULTS)
    versions = require_stager(recipe)
    if blinding.goes_blind(out, recipe.definition, asked=options.blind):
        study = blinded(study)
    with signals_noted() as asked:
        remove_abandoned(out)
        pipeline = {**recipe.definition.as_dict(), "sha256": recipe.pipeline_sha256}
        write_study(out, study, pipeline, recipe.labels_sha256, versions)
        try:
            return _Run(study, recipe, out, options, watcher, asked).carry_out()
        finally:
            remove_abandoned(out)


def require_stager(recipe: Recipe) -> dict[str, str]:
    """Versions of what will stage the nights.

    Raises
    ------
    psgpipe.errors.StagerUnavailable
        It is absent, and so every night would fail.
    """
    roles = tuple(recipe.definition.params["reference"].wanted)
    versions: dict[str, str] = recipe.engine(roles, Night("", ""))["versions"]
    return versions


class _Run:
    """One run of a batch: who ended how, and the files that say so."""

    def __init__(
        self,
        study: Study,
        recipe: Recipe,
        out: Path,
        options: BatchOptions,
        watcher: Watcher,
        asked: Asked,
    ) -> None:
        self.recipe, self.out, self.options = recipe, out, options
        self.watcher, self.asked = watcher, asked
        self.nights = options.shard.part(study.asked)
        self.result = BatchResult(len(self.nights), len(study.excluded))
        self.journal = options.shard.file("journal", ".jsonl")
        self.id = new_tag().rpartition("-")[2]
        self.known = KnownHashes(out)
        self.last_noted_s = time.monotonic()

    def carry_out(self) -> BatchResult:
        self.watcher.begins(len(self.nights))
        self._note("batch began", nights=len(self.nights), jobs=self.options.jobs)
        try:
            self._do(list(self._unsettled()))
        except PsgpipeError as error:
            self._leave(error)
        stopped = self.asked.as_error(f"{self.result.done} of {len(self.nights)} nights finished")
        if stopped is not None:
            self._leave(stopped)
        self.known.save(self.out, self.options.shard.file(STEM, SUFFIX))
        self._note("batch ended", **self.result.ends)
        return self.result

    def _leave(self, error: PsgpipeError) -> None:
        """Put down how far it came, as far as that can be put down, and leave."""
        self.known.save(self.out, self.options.shard.file(STEM, SUFFIX))
        with suppress(PsgpipeError):
            self._note("batch stopped", kind=error.kind, **self.result.ends)
        raise error

    def _unsettled(self) -> Iterator[ListedNight]:
        """Nights for the workers; with trust in times, the others need none."""
        for listed in self.nights:
            if self.asked.names:
                return
            end = self._settled(listed) if self.options.trust_times else None
            if end is None:
                yield listed
            else:
                self._count(end)

    def _settled(self, listed: ListedNight) -> NightEnd | None:
        """How the night ended in an earlier run, if nothing has changed as far as times tell."""
        sha256 = None if self.options.force else self.known.get(listed.recording)
        if sha256 is None:
            return None
        night = replace(listed.night, extra={})
        folder = night_folder(self.out, night.subject, night.night)
        request = self.recipe.request_sha256(night, sha256)
        old = read_manifest(folder)
        if old is not None:
            same_name = old.recording.name == file_name(listed.recording)
            same = is_unchanged(old, folder, request, night, self.recipe, trust_times=True)
            unchanged = NightEnd(night.subject, night.night, "unchanged")
            return unchanged if same and same_name else None
        failure = None if self.options.retry_failed else read_failure(folder)
        if failure is not None and self._still_failed(failure, request):
            return NightEnd(night.subject, night.night, "failed before", failure=failure)
        return None

    def _still_failed(self, failure: Mapping[str, Any], request: str) -> bool:
        return failed_on(failure, request) and not has_more_time(failure, self.options.limit_s)

    def _do(self, unsettled: Sequence[ListedNight]) -> None:
        options = self.options
        work = NightWork(
            self.out, self.recipe, options.force, options.retry_failed, options.limit_s
        )
        ends = run_tasks(
            _tasks(unsettled),
            work,
            jobs=min(self.options.jobs, max(1, len(unsettled))),
            limit_s=self.options.limit_s,
            stop=self.asked.urgency,
            started=lambda task: self._note("started", **_ids(task.night)),
            tick=self._tick,
        )
        with closing(ends):
            for ended in ends:
                self._take(ended)

    def _take(self, ended: Ended[NightTask]) -> None:
        task = ended.task
        if ended.fate == "refused":
            # The night's own failures came back as results: this one would meet every night.
            raise ended.value
        if ended.fate == "done":
            state, failure, hashed = ended.value
            self.known.learn(task.recording, hashed)
        else:
            state, failure = "failed", self._lost(ended)
        subject, night = task.night.subject, task.night.night
        kept = state == "failed" and is_finished(self.out, subject, night)
        end = NightEnd(subject, night, state, ended.seconds, failure, kept)
        self._write_down(end)
        self._count(end)

    def _lost(self, ended: Ended[NightTask]) -> dict[str, Any]:
        """The reason of a night that brought its worker to an end, kept in its folder."""
        task = ended.task
        remove_abandoned(self.out)
        error = error_of(ended, self.options.limit_s)
        failure = failure_dict(error, task.recording, task.night, ended.noted)
        if ended.fate == "timed out":
            failure["limit_s"] = self.options.limit_s
        if ended.fate == "raised":
            failure["where"] = ended.value["where"]
        keep_reason(night_folder(self.out, task.night.subject, task.night.night), failure)
        return failure

    def _count(self, end: NightEnd) -> None:
        self.result.add(end)
        self.watcher.night_ended(end)

    def _write_down(self, end: NightEnd) -> None:
        facts: dict[str, Any] = {"seconds": round(end.seconds, 3)}
        if end.failure is not None:
            facts = {"kind": end.failure["kind"], "problem": end.failure["problem"]}
        self._note(end.state, **_ids(end), **facts)

    def _note(self, event: str, **facts: Any) -> None:
        self.last_noted_s = time.monotonic()
        journal.note(self.out, event, journal=self.journal, run=self.id, **facts)

    def _tick(self) -> None:
        self.watcher.tick()
        if time.monotonic() - self.last_noted_s > SIGN_OF_LIFE_S:
            self._note("alive")


def _tasks(nights: Iterable[ListedNight]) -> Iterator[NightTask]:
    for listed in nights:
        # The study's further columns stay with the study: no file of a night holds them.
        yield NightTask(listed.recording, replace(listed.night, extra={}))


def _ids(night: Night | NightEnd) -> dict[str, str]:
    return {"subject": night.subject, "night": night.night}
