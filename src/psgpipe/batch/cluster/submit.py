"""A study is sent to a scheduler: an array of shards, then what gathers and compares them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from psgpipe.batch.cluster.scheduler import (
    Scheduler,
    is_queued,
    require_command,
    run_command,
    typed,
    words,
)
from psgpipe.batch.cluster.scripts import ARRAY, ClusterStudy, script_path, write_scripts
from psgpipe.errors import OutputConflict, UsageError
from psgpipe.messages import count_of
from psgpipe.results.cluster.submission import (
    Submission,
    as_ranges,
    missing_elements,
    read_submission,
    write_submission,
)
from psgpipe.results.status import stored_night, study_nights


@dataclass(frozen=True)
class Elements:
    """The elements to send: `numbers` of `of`."""

    numbers: tuple[int, ...]
    of: int

    @property
    def are_all(self) -> bool:
        """Whether no element is left out."""
        return len(self.numbers) == self.of

    @property
    def ranges(self) -> str:
        """``1-3,7``."""
        return as_ranges(self.numbers)


def refuse_queued(scheduler: Scheduler, out: Path) -> None:
    """Refuse to send a study whose array is waiting or running.

    Raises
    ------
    psgpipe.errors.OutputConflict
    """
    earlier = read_submission(out)
    job = earlier.jobs.get(ARRAY) if earlier and earlier.engine == scheduler.name else None
    if job is not None and is_queued(scheduler, job):
        raise OutputConflict(
            f"job {job} of this study is waiting or running",
            f"Wait until it has ended, or cancel it ({typed(scheduler.cancel, job)}); "
            "then give the same command again.",
        )


def elements_to_send(
    scheduler: Scheduler,
    out: Path,
    request: str,
    elements: int,
    *,
    everything: bool,
    retry_failed: bool,
) -> Elements:
    """All elements of a study that is new or has changed; else those with a missing night.

    `request` is a hash of what each element does. A study that was sent before keeps its number of
    shards. A scheduler that takes no list of elements gets all of them.
    """
    earlier = read_submission(out)
    if everything or earlier is None or earlier.request != request:
        return Elements(tuple(range(1, elements + 1)), elements)
    of = earlier.elements
    nights = [(night, stored_night(night)) for night in study_nights(out)]
    missing = missing_elements(nights, of, retry_failed=retry_failed)
    if missing and not scheduler.array:
        return Elements(tuple(range(1, of + 1)), of)
    return Elements(tuple(missing), of)


def write_cluster_study(
    scheduler: Scheduler, study: ClusterStudy, elements: Elements, request: str, again: str
) -> Submission:
    """Write the scripts, and what will be sent; nothing is sent yet."""
    write_scripts(scheduler, study)
    submission = Submission(
        engine=scheduler.name,
        at=None,
        request=request,
        elements=elements.of,
        sent=elements.ranges,
        scripts=study.names if elements.numbers else study.names[1:],
        jobs={},
        look=None,
        cancel=None,
        gather=gather_command(study),
        again=again,
    )
    write_submission(study.out, submission)
    return submission


def gather_command(study: ClusterStudy) -> str:
    """The command that gathers the nights, to be typed anywhere."""
    return _quoted_command(study.psgpipe, "gather", os.fspath(study.out))


def _quoted_command(psgpipe: str, *arguments: str) -> str:
    import shlex

    return f"{psgpipe} {shlex.join(arguments)}"


def send(
    scheduler: Scheduler, out: Path, submission: Submission, elements: Elements, at: str
) -> Submission:
    """Send the scripts; after each job its id is written down.

    Raises
    ------
    psgpipe.errors.UsageError
        The scheduler refuses a job.
    """
    require_command(scheduler)
    folder = script_path(out / "cluster", ARRAY).parent
    submission = replace(submission, at=at)
    write_submission(out, submission)
    last = None
    for name in submission.scripts:
        options = [option.format(job=last) for option in scheduler.after] if last else []
        if name == ARRAY and not elements.are_all:
            options += [option.format(elements=elements.ranges) for option in scheduler.array]
        last = _send_one(scheduler, folder, name, options, submission.jobs)
        submission = replace(submission, jobs={**submission.jobs, name: last})
        if name == ARRAY:
            look, cancel = typed(scheduler.queue, last), typed(scheduler.cancel, last)
            submission = replace(submission, look=look, cancel=cancel)
        write_submission(out, submission)
    return submission


def _send_one(
    scheduler: Scheduler, folder: Path, name: str, options: list[str], sent: Mapping[str, str]
) -> str:
    """Send one script; the id of its job."""
    command = [*scheduler.send, *options, script_path(folder, name).name]
    answer = run_command(command, cwd=os.fspath(folder))
    job = answer.stdout.strip().split(";")[0]
    if scheduler.name == "sge":
        job = job.split(".")[0]
    if answer.returncode != 0 or not job:
        others = ", ".join(f"{other} is job {job}" for other, job in sent.items())
        raise UsageError(
            f"{command[0]} refused {name}.sh: {words(answer)}" + (f" ({others})" * bool(others)),
            "Correct the options, or look at the scheduler; then give the same command again"
            + (f" when {count_of(len(sent), 'job')} above has ended." if sent else "."),
        )
    return job
