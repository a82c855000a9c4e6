"""One night as a task for a worker, and the failure of a night whose worker did not end well."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from psgpipe.batch.options import BatchOptions
from psgpipe.batch.worker_pool import TaskResult
from psgpipe.batch.worker_process import Note
from psgpipe.errors import (
    Bug,
    Concern,
    MachineFailed,
    NightTaken,
    OutOfMemory,
    PsgpipeError,
    TimedOut,
    WorkerDied,
)
from psgpipe.files.file_state import HashedFile
from psgpipe.files.regular import file_name
from psgpipe.model.night_status import NightStatus
from psgpipe.model.opened_night import OpenedNight
from psgpipe.model.study_table_row import StudyTableRow
from psgpipe.night.compute import Compute, NightFiles
from psgpipe.night.earlier_result import failure_dict
from psgpipe.night.recipe import Recipe
from psgpipe.night.update import PreparedNight, prepare_night, stage_prepared
from psgpipe.results.night_folder import night_folder, read_failure

KEPT_CONCERNS: frozenset[Concern] = frozenset({"night", "command", "installation"})
"""In a study, impossible lights and a missing classifier are failures of their night only."""


class NightNote(NamedTuple):
    """What a worker sends about the night in hand: its request, and whether it is computed."""

    request_sha256: str
    is_computed: bool = False


def stage_task(
    listed: StudyTableRow,
    note: Note,
    *,
    out: Path,
    recipe: Recipe,
    options: BatchOptions,
    compute: Compute,
) -> tuple[NightStatus, dict[str, Any] | None, HashedFile | None]:
    """Stage the night; its status, its failure if it has one, and the recording's hash."""
    night = listed.night
    earlier = read_failure(night_folder(out, night.subject, night.night))
    retry = options.retry_failed or has_more_time(earlier, options.limit_s)
    try:
        outcome = prepare_night(
            out, listed.recording, night, recipe,
            force=options.force, kept_concerns=KEPT_CONCERNS,
        )  # fmt: skip
        if isinstance(outcome, PreparedNight):
            # The parent needs the request where this worker dies.
            note(NightNote(outcome.request_sha256))
            outcome = stage_prepared(
                outcome, recipe, force=options.force, retry_failed=retry,
                kept_concerns=KEPT_CONCERNS,
                compute=partial(_noted_compute, note, outcome.request_sha256, compute),
            )  # fmt: skip
    except PsgpipeError as error:
        if error.concerns not in KEPT_CONCERNS and not isinstance(error, NightTaken):
            raise
        failure = failure_dict(error, listed.recording, night)
        # Reading the file found the same failure again; nothing was computed.
        return "failed before" if failure == earlier and not retry else "failed", failure, None
    if outcome.failure is not None:
        return "failed before", dict(outcome.failure), outcome.hashed
    return "finished" if outcome.computed else "unchanged", None, outcome.hashed


def _noted_compute(
    note: Note,
    request_sha256: str,
    compute: Compute,
    opened: OpenedNight,
    recipe: Recipe,
    recording_sha256: str,
) -> NightFiles:
    note(NightNote(request_sha256, is_computed=True))
    return compute(opened, recipe, recording_sha256)


def has_more_time(failure: Mapping[str, Any] | None, limit_s: float | None) -> bool:
    """Whether a night that timed out would get more time now."""
    earlier_s = failure.get("limit_s") if failure else None
    return earlier_s is not None and (limit_s is None or limit_s > earlier_s)


def lost_night_failure(result: TaskResult[StudyTableRow], limit_s: float | None) -> dict[str, Any]:
    """What ``failure.json`` holds of a night that brought its worker to an end."""
    listed = result.task
    error = _lost_night_error(result, limit_s)
    request = result.noted.request_sha256 if result.noted else None
    failure = failure_dict(error, listed.recording, listed.night, request)
    if result.outcome == "timed out":
        failure["limit_s"] = limit_s
    if result.outcome == "raised":
        failure["where"] = result.value["where"]
    return failure


def _lost_night_error(result: TaskResult[StudyTableRow], limit_s: float | None) -> PsgpipeError:
    name = file_name(result.task.recording)
    again = "then run again with --retry-failed"
    if result.outcome == "timed out":
        return TimedOut(
            f"{name}: no result within {limit_s:g} s, the limit for a night",
            "Look at the recording and at its disk; a larger --timeout tries again.",
        )
    if result.outcome == "no memory":
        return OutOfMemory(
            f"{name}: staging this night needs more memory than there is",
            f"Use fewer --jobs or a machine with more memory, {again}.",
        )
    if result.outcome == "raised":
        place = result.value["where"][-1] if result.value["where"] else "an unknown place"
        if result.value["machine"] is not None:
            return MachineFailed(
                f"{name}: the machine failed, not the night: {result.value['machine']}, at {place}",
                "Look at the machine's disks, folders for temporary files and libraries; the next "
                "run tries this night again.",
            )
        return Bug(
            f"{name}: a bug in psgpipe: {result.value['type']} at {place}",
            "Please report it with this night's failure.json; it holds no recording data.",
        )
    how = _cause_of_death(result.value)
    return WorkerDied(f"{name}: {how}", f"Look at the machine's memory, {again}.")


def _cause_of_death(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"the process that staged it ended with code {exit_code}"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    by = " (by the system, perhaps, for want of memory)" if name == "SIGKILL" else ""
    return f"the process that staged it was ended by {name}{by}"
