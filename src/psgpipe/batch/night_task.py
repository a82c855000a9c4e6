"""What a worker does with one night of a batch, and the words for what befalls it."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from psgpipe.batch.worker import Note
from psgpipe.batch.worker_pool import Ended
from psgpipe.errors import Bug, NightTaken, OutOfMemory, PsgpipeError, TimedOut, WorkerDied
from psgpipe.files.hashing import HashedFile
from psgpipe.files.regular import file_name
from psgpipe.model.night import Night
from psgpipe.night.earlier_result import failure_dict
from psgpipe.night.recipe import Recipe
from psgpipe.night.update import stage_into
from psgpipe.results.night_folder import night_folder, read_failure

OWN_FAULTS = (2, 4, 5, 6)
"""In a study, impossible lights (2) and a classifier that lacks (6) are faults of their night."""

State = Literal["finished", "unchanged", "failed", "failed before"]


@dataclass(frozen=True)
class NightTask:
    """A night for a worker: the recording, and whose it is."""

    recording: Path
    night: Night


@dataclass(frozen=True)
class NightWork:
    """What a worker does with a night; goes to the worker's process once."""

    out: Path
    recipe: Recipe
    force: bool
    retry_failed: bool
    limit_s: float | None = None

    def __call__(self, task: NightTask, note: Note) -> tuple[State, Any, HashedFile | None]:
        """Stage the night; its state, its failure if it has one, and the recording's hash."""
        before = read_failure(night_folder(self.out, task.night.subject, task.night.night))
        retry = self.retry_failed or has_more_time(before, self.limit_s)
        try:
            outcome = stage_into(
                self.out, task.recording, task.night, self.recipe,
                force=self.force, retry_failed=retry, asked=note,
            )  # fmt: skip
        except PsgpipeError as error:
            if error.exit_code not in OWN_FAULTS and not isinstance(error, NightTaken):
                raise
            failure = failure_dict(error, task.recording, task.night)
            # Found again by a look at the file, and nothing was computed.
            return "failed before" if failure == before and not retry else "failed", failure, None
        if outcome.failure is not None:
            return "failed before", dict(outcome.failure), outcome.hashed
        return "finished" if outcome.computed else "unchanged", None, outcome.hashed


def has_more_time(failure: Mapping[str, Any] | None, limit_s: float | None) -> bool:
    """Whether a night that timed out would now be given more."""
    had_s = failure.get("limit_s") if failure else None
    return had_s is not None and (limit_s is None or limit_s > had_s)


def error_of(ended: Ended[NightTask], limit_s: float | None) -> PsgpipeError:
    """What befell a worker, in words."""
    name = file_name(ended.task.recording)
    again = "then run again with --retry-failed"
    if ended.fate == "timed out":
        return TimedOut(
            f"{name}: no result within {limit_s:g} s, the limit for a night",
            "Look at the recording and at its disk; a larger --timeout tries again.",
        )
    if ended.fate == "no memory":
        return OutOfMemory(
            f"{name}: staging this night needs more memory than there is",
            f"Use fewer --jobs or a machine with more memory, {again}.",
        )
    if ended.fate == "raised":
        place = ended.value["where"][-1] if ended.value["where"] else "an unknown place"
        return Bug(
            f"{name}: a bug in psgpipe: {ended.value['type']} at {place}",
            "Please report it with this night's failure.json; it holds no recording data.",
        )
    return WorkerDied(f"{name}: {_death(ended.value)}", f"Look at the machine's memory, {again}.")


def _death(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"the process that staged it ended with code {exit_code}"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    by = " (by the system, perhaps, for want of memory)" if name == "SIGKILL" else ""
    return f"the process that staged it was ended by {name}{by}"
