"""The schedulers that psgpipe writes scripts for: their commands, options and limits."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from psgpipe.errors import TryAgain, UsageError
from psgpipe.messages import printable

COMMAND_LIMIT_S = 120.0


@dataclass(frozen=True)
class Scheduler:
    """A kind of scheduler.

    Attributes
    ----------
    name
        As in ``--engine``.
    send
        The command that sends a script and prints the id of the job.
    after
        The options that make a job wait until another one, ``{job}``, has ended in any way.
    array
        The options that send some elements of an array, ``{elements}``, in place of those that the
        script names; none where the scheduler takes no list of elements.
    queue
        The command that succeeds, with output, while a job is waiting or running.
    cancel
        The command that ends a job, waiting or running.
    directive
        How an option begins in a script.
    partition, account
        The options for a partition or queue, and for an account or project.
    largest_array
        The number of elements that an array has at most where the site has not changed it.
    special_in_paths
        A pattern of what cannot stand in the path of a log.
    """

    name: str
    send: tuple[str, ...]
    after: tuple[str, ...]
    array: tuple[str, ...]
    queue: tuple[str, ...]
    cancel: tuple[str, ...]
    directive: str
    partition: str
    account: str
    largest_array: int
    special_in_paths: str


_UNUSUAL = r"[^\w./+=~-]"
SCHEDULERS = {
    "slurm": Scheduler(
        "slurm",
        send=("sbatch", "--parsable"),
        after=("--dependency=afterany:{job}",),
        array=("--array={elements}",),
        queue=("squeue", "--noheader", "--jobs={job}"),
        cancel=("scancel", "{job}"),
        directive="#SBATCH ",
        partition="--partition=",
        account="--account=",
        largest_array=1000,
        # Slurm replaces what follows a percent sign, and replaces nothing where it finds a
        # backslash.
        special_in_paths=r"[%\\\x00-\x1f\x7f]",
    ),
    "pbs": Scheduler(
        "pbs",
        send=("qsub",),
        after=("-W", "depend=afterany:{job}"),
        array=(),
        queue=("qstat", "{job}"),
        cancel=("qdel", "{job}"),
        directive="#PBS ",
        partition="-q ",
        account="-A ",
        largest_array=10_000,
        special_in_paths=_UNUSUAL,
    ),
    "sge": Scheduler(
        "sge",
        send=("qsub", "-terse"),
        after=("-hold_jid", "{job}"),
        array=(),
        queue=("qstat", "-j", "{job}"),
        cancel=("qdel", "{job}"),
        directive="#$ ",
        partition="-q ",
        account="-P ",
        largest_array=75_000,
        special_in_paths=_UNUSUAL,
    ),
}


@dataclass(frozen=True)
class ArrayLimit:
    """The number of elements that an array has at most; `source` says where it came from."""

    elements: int
    source: str


def array_limit(scheduler: Scheduler, *, must_answer: bool) -> ArrayLimit:
    """What this machine's scheduler admits; its usual limit where that cannot be asked.

    Raises
    ------
    psgpipe.errors.TryAgain
        The scheduler does not answer, and `must_answer`.
    """
    usual = ArrayLimit(scheduler.largest_array, f"the usual limit of {scheduler.name}")
    if scheduler.name != "slurm" or shutil.which("scontrol") is None:
        return usual
    answer = run_command(("scontrol", "show", "config"))
    if answer.returncode != 0:
        if not must_answer:
            return usual
        raise TryAgain(
            f"Slurm does not answer: {words(answer)}",
            "Ask again when it does, or write the scripts alone with --emit-only.",
        )
    match = re.search(r"^MaxArraySize\s*=\s*(\d+)", answer.stdout, re.MULTILINE)
    # The limit is one more than the largest number of an element.
    return usual if match is None else ArrayLimit(int(match[1]) - 1, "MaxArraySize of Slurm")


def typed(command: Sequence[str], job: str) -> str:
    """A command about a job, as a person types it."""
    return shlex.join(part.format(job=job) for part in command)


def require_command(scheduler: Scheduler) -> None:
    """Refuse to send where this machine has no command for that."""
    command = scheduler.send[0]
    if shutil.which(command) is None:
        raise UsageError(
            f"{command} is not on this machine: nothing can be sent to {scheduler.name}",
            "Give this command on a login node, or write the scripts alone with --emit-only.",
        )


def is_queued(scheduler: Scheduler, job: str) -> bool:
    """Whether a job is waiting or running, as far as the scheduler tells."""
    command = [part.format(job=job) for part in scheduler.queue]
    if shutil.which(command[0]) is None:
        return False
    answer = run_command(command)
    return answer.returncode == 0 and bool(answer.stdout.strip())


def run_command(command: Sequence[str], cwd: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the scheduler.

    Raises
    ------
    psgpipe.errors.TryAgain
        It does not end.
    """
    try:
        return subprocess.run(  # noqa: S603 - the scheduler's own command, without a shell
            command, cwd=cwd, capture_output=True, encoding="utf-8", errors="replace",
            stdin=subprocess.DEVNULL, timeout=COMMAND_LIMIT_S, check=False,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, OSError) as error:
        what = "does not end" if isinstance(error, subprocess.TimeoutExpired) else "cannot be run"
        raise TryAgain(
            f"{command[0]} {what}", "Look whether the scheduler works, then try again."
        ) from error


def words(answer: subprocess.CompletedProcess[str]) -> str:
    """What a command said, in one line."""
    return printable(answer.stderr or answer.stdout, 300)
