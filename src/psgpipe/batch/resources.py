"""Cores and memory: how many nights a batch stages at once."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from psgpipe.errors import UsageError
from psgpipe.messages import count_of

WORKER_BYTES = {"fast": 1_000 * 2**20, "reference": 1_800 * 2**20}
"""Peak memory of a worker for a clinical night of 8 h, rounded up: docs/explanation/batch.md."""

_SCHEDULERS = ("SLURM_CPUS_PER_TASK", "NSLOTS", "PBS_NCPUS", "NCPUS", "SLURM_CPUS_ON_NODE")
# Version 1 of cgroups says "unlimited" by a number of this size.
_UNLIMITED = 2**60


@dataclass(frozen=True)
class Jobs:
    """How many workers, where that number came from, and a warning if they need too much memory."""

    count: int
    source: str
    warning: str | None = None


def choose_jobs(
    wanted: str,
    worker_bytes: int = WORKER_BYTES["fast"],
    environment: Mapping[str, str] = os.environ,
    root: Path = Path("/"),
) -> Jobs:
    """Workers for ``--jobs``: a number as it is; ``auto`` is what the scheduler gave and what fits.

    Schedulers state what they gave in `environment`; the files below `root` show the limits of this
    process.

    Raises
    ------
    psgpipe.errors.UsageError
        Neither a number from 1 nor ``auto``.
    """
    limits = (memory_limit(root), _slurm_memory(environment))
    memory = min((limit for limit in limits if limit is not None), default=None)
    if wanted != "auto":
        if not (wanted.isascii() and wanted.isdigit() and int(wanted) >= 1):
            raise UsageError(
                f"jobs is {wanted!r}, wanted a number from 1, or auto", "Correct --jobs."
            )
        return Jobs(int(wanted), "--jobs", _memory_warning(int(wanted), worker_bytes, memory))
    count, source = _given(environment, root)
    fitting = count if memory is None else max(1, memory // worker_bytes)
    if fitting < count:
        source = f"{source}: {count}, of which memory admits {fitting}"
    count = min(count, fitting)
    return Jobs(count, source, _memory_warning(count, worker_bytes, memory))


def _memory_warning(count: int, worker_bytes: int, memory: int | None) -> str | None:
    needed = count * worker_bytes
    if memory is None or needed <= memory:
        return None
    return (
        f"{count_of(count, 'worker')} may need {needed / 2**30:.1f} GiB of memory and "
        f"{memory / 2**30:.1f} GiB are there; fewer --jobs are safer"
    )


def _given(environment: Mapping[str, str], root: Path) -> tuple[int, str]:
    for name in _SCHEDULERS:
        text = environment.get(name, "")
        if text.isascii() and text.isdigit() and int(text) >= 1:
            return int(text), name
    quota = _cpu_quota(root)
    return min(_cores(), _cores() if quota is None else quota), "cores"


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_quota(root: Path) -> int | None:
    """Whole cores that a container may use; None where there is no limit."""
    for folder in _cgroup_folders(root, "cpu"):
        words = _text(folder / "cpu.max").split()
        if len(words) == 2 and words[0].isdigit():
            return max(1, math.ceil(int(words[0]) / int(words[1])))
        quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():
            return max(1, math.ceil(int(quota) / int(period)))
    return None


def memory_limit(root: Path = Path("/")) -> int | None:
    """Bytes of memory that this process and its workers may use, or None if unknown.

    The least of what the machine has and what the control groups of this process, version 1 or
    2, and their parents allow.
    """
    limits = [
        int(text)
        for folder in _cgroup_folders(root, "memory")
        for name in ("memory.max", "memory.limit_in_bytes")
        if (text := _text(folder / name)).isdigit()
    ]
    machine = _machine_memory()
    known = [n for n in (*limits, machine) if n is not None and n < _UNLIMITED]
    return min(known, default=None)


def _slurm_memory(environment: Mapping[str, str]) -> int | None:
    """What Slurm gave to this job on its node: in megabytes, for the node, a processor or a GPU.

    Zero megabytes are all memory of the node. Without an enforced limit a job that takes more may
    still be killed.
    """
    whole = _number(environment, "SLURM_MEM_PER_NODE")
    if whole is not None:
        return whole * 2**20 or None
    cpu, cpus = (
        _number(environment, "SLURM_MEM_PER_CPU"),
        _number(environment, "SLURM_CPUS_ON_NODE") or _number(environment, "SLURM_CPUS_PER_TASK"),
    )
    if cpu is not None:
        return cpu * (cpus or 1) * 2**20 or None
    gpu = _number(environment, "SLURM_MEM_PER_GPU")
    if gpu is not None:
        return gpu * (_number(environment, "SLURM_GPUS_ON_NODE") or 1) * 2**20 or None
    return None


def _number(environment: Mapping[str, str], name: str) -> int | None:
    """The number in a variable of a scheduler; None where it is absent or of another form."""
    text = environment.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _machine_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return None


def _cgroup_folders(root: Path, controller: str) -> list[Path]:
    """The folders of this process's control group and its parents, innermost first."""
    mount = root / "sys/fs/cgroup"
    folders: list[Path] = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, controllers_and_path = line.partition(":")
        controllers, _, path = controllers_and_path.partition(":")
        if controllers == "":
            top = mount
        elif controller in controllers.split(","):
            joint = mount / controllers
            top = joint if joint.is_dir() else mount / controller
        else:
            continue
        inner = top / path.lstrip("/")
        # Within a container the path is often that of the host, and only the top is there.
        folders += [f for f in (inner, *inner.parents) if f == top or top in f.parents]
    return folders


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
