"""The scripts of an array, from the templates in ``pipelines/cluster``."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from psgpipe.batch.cluster.scheduler import Scheduler
from psgpipe.errors import UsageError
from psgpipe.files.atomic import output_errors, write_file
from psgpipe.files.temporary_files import remove_abandoned_files
from psgpipe.files.toml_file import shipped_pipelines
from psgpipe.messages import safe_text

FOLDER = "cluster"
LOGS = "logs"
ARRAY, GATHER, COMPARE = "array", "gather", "compare"
PLACE = re.compile(r"@\{([a-z_]+)\}")
"""A place in a template: a dollar belongs to the shell."""
SIGNAL_S = 120
"""So long before the end of the wall time psgpipe is told."""


@dataclass(frozen=True)
class JobNeeds:
    """Wall time and memory of a job."""

    time_s: float
    memory_bytes: int


@dataclass(frozen=True)
class ClusterStudy:
    """What the scripts of a study say.

    Attributes
    ----------
    psgpipe
        The shell command that starts psgpipe on a node.
    study, out, spec
        Absolute paths; `spec` is None where nothing is compared.
    arguments
        Further arguments of ``psgpipe batch``.
    elements, throttle
        The shards, and how many of them may run at once; None for no limit.
    jobs
        Nights at once in an element.
    element, after
        What an element of the array needs, and what the jobs after it need.
    partition, account, options
        Options for the scheduler.
    """

    psgpipe: str
    study: Path
    out: Path
    spec: Path | None
    arguments: tuple[str, ...]
    elements: int
    throttle: int | None
    jobs: int
    element: JobNeeds
    after: JobNeeds
    partition: str | None
    account: str | None
    options: tuple[str, ...]
    figures: bool

    @property
    def folder(self) -> Path:
        """Where the scripts lie."""
        return self.out / FOLDER

    @property
    def names(self) -> tuple[str, ...]:
        """The scripts, in the order in which they are sent."""
        return (ARRAY, GATHER) if self.spec is None else (ARRAY, GATHER, COMPARE)


def script_path(folder: Path, name: str) -> Path:
    """The script of a job."""
    return folder / f"{name}.sh"


def refuse_path_of_logs(scheduler: Scheduler, out: Path) -> None:
    """Refuse results in a folder into which the scheduler cannot write a log.

    Raises
    ------
    psgpipe.errors.UsageError
    """
    special = re.search(scheduler.special_in_paths, os.fspath(out))
    if special is not None:
        raise UsageError(
            f"{safe_text(os.fspath(out))}: {scheduler.name} does not take "
            f"{special[0]!a} in the path of a log",
            "Choose another -o folder.",
        )


def write_scripts(scheduler: Scheduler, study: ClusterStudy) -> None:
    """Write the scripts, and make the folder of their logs."""
    texts = {
        name: _array_script(scheduler, study)
        if name == ARRAY
        else _after_script(scheduler, study, name)
        for name in study.names
    }
    with output_errors(study.folder):
        (study.folder / LOGS).mkdir(parents=True, exist_ok=True)
    remove_abandoned_files(study.folder)
    for name, text in texts.items():
        write_file(script_path(study.folder, name), os.fsencode(text))


def _array_script(scheduler: Scheduler, study: ClusterStudy) -> str:
    time_s = study.element.time_s
    values = {
        "elements": str(study.elements),
        "array": _array_option(scheduler, study),
        "log": _log(scheduler, study, ARRAY),
        "cpus": str(study.jobs),
        "slots": f"#$ -pe smp {study.jobs}" if study.jobs > 1 else "",
        "memory_mb": _megabytes(study.element.memory_bytes),
        "time": clock(time_s),
        "soft_time": clock(max(time_s - SIGNAL_S, time_s / 2)),
        "folder": _quoted(study.folder),
        "psgpipe": study.psgpipe,
        "study": _quoted(study.study),
        "out": _quoted(study.out),
        "arguments": shlex.join((f"-j{study.jobs}", *study.arguments)),
    }
    return _filled(scheduler, f"{scheduler.name}.sh.tmpl", study, values)


def _after_script(scheduler: Scheduler, study: ClusterStudy, name: str) -> str:
    purpose = {
        GATHER: "The table of all nights, nights.tsv",
        COMPARE: "Treatment against baseline",
    }
    values = {
        "purpose": purpose[name],
        "name": name,
        "log": _log(scheduler, study, name),
        "memory_mb": _megabytes(study.after.memory_bytes),
        "time": clock(study.after.time_s),
        "commands": "\n".join(_commands(study, name)),
    }
    return _filled(scheduler, f"{scheduler.name}-after.sh.tmpl", study, values)


def _commands(study: ClusterStudy, name: str) -> tuple[str, ...]:
    out, figures = _quoted(study.out), "" if study.figures else " --no-figures"
    if name == GATHER or study.spec is None:
        return (f"{study.psgpipe} gather {out}{figures}",)
    compare = f"{study.psgpipe} compare {out} --spec {_quoted(study.spec)}{figures}"
    return (f"{compare} || exit", f"{study.psgpipe} report {out}") if study.figures else (compare,)


def _filled(
    scheduler: Scheduler, template: str, study: ClusterStudy, values: Mapping[str, str]
) -> str:
    """The template with its values, without lines that nothing has filled."""
    path = shipped_pipelines() / "cluster" / template
    lines = path.read_text(encoding="utf-8").splitlines()
    values = {**values, "options": _options(scheduler, study)}
    filled = ((line, PLACE.sub(lambda place: values[place[1]], line)) for line in lines)
    return "\n".join(text for line, text in filled if text or not line) + "\n"


def _options(scheduler: Scheduler, study: ClusterStudy) -> str:
    options = [
        scheduler.partition + study.partition if study.partition else "",
        scheduler.account + study.account if study.account else "",
        *study.options,
    ]
    return "\n".join(scheduler.directive + option for option in options if option)


def _array_option(scheduler: Scheduler, study: ClusterStudy) -> str:
    """The elements; PBS knows no array of one, and Grid Engine has an option for the throttle."""
    elements, throttle = f"1-{study.elements}", study.throttle
    if scheduler.name == "sge":
        return elements + (f"\n#$ -tc {throttle}" if throttle else "")
    text = elements + (f"%{throttle}" if throttle else "")
    if scheduler.name == "pbs":
        return f"#PBS -J {text}" if study.elements > 1 else ""
    return text


def _log(scheduler: Scheduler, study: ClusterStudy, name: str) -> str:
    """The log of a job: Slurm has a file for each element, the others choose a name."""
    folder = os.fspath(study.folder / LOGS)
    if scheduler.name != "slurm":
        return f"{folder}/"
    log = f"{folder}/{'%A_%a' if name == ARRAY else f'{name}-%j'}.log"
    return '"' + log.replace('"', '\\"') + '"'


def _quoted(path: Path) -> str:
    return shlex.quote(os.fspath(path))


def _megabytes(n_bytes: int) -> str:
    return str(-(-n_bytes // 2**20))


def clock(seconds: float) -> str:
    """``HH:MM:SS``, as all schedulers read it; rounded up to a minute."""
    minutes = -(-int(seconds) // 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:00"
