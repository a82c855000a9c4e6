"""The size of an array: its elements, and the time and memory of each."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from psgpipe.batch.cluster.scheduler import ArrayLimit
from psgpipe.batch.resources import WORKER_BYTES
from psgpipe.errors import UsageError
from psgpipe.messages import count_of
from psgpipe.model.staging import Engine

ELEMENT_S = 1800.0
"""An element works about this long: starting psgpipe costs less than a thousandth of it."""
LEAST_TIME_S = 300.0
"""Slurm warns two minutes before the end; a shorter time would leave none for a night."""
PARENT_BYTES = 300 * 2**20
MARGIN = 3.0
"""Nights, disks and nodes differ: an element may take this many times what is expected."""


@dataclass(frozen=True)
class ArraySize:
    """The elements of an array and how many nights each of them has at most."""

    elements: int
    nights_each: int


def array_size(
    n_nights: int, night_s: float, jobs: int, limit: ArrayLimit, per_task: int | None = None
) -> ArraySize:
    """The elements for `n_nights`, with about half an hour of work each.

    A night takes `night_s`; `jobs` are staged at once. `per_task` sets the nights of an element.

    Raises
    ------
    psgpipe.errors.UsageError
        `per_task` needs more elements than the scheduler admits.
    """
    if per_task is None:
        wanted = math.ceil(n_nights * night_s / (jobs * ELEMENT_S))
        elements = max(1, min(wanted, limit.elements, n_nights))
    else:
        elements = max(1, math.ceil(n_nights / per_task))
        if elements > limit.elements:
            raise UsageError(
                f"--per-task {per_task} makes {elements} elements of "
                f"{count_of(n_nights, 'night')}, wanted {limit.elements} at most ({limit.source})",
                f"Give --per-task {math.ceil(n_nights / limit.elements)} or more, or auto.",
            )
    return ArraySize(elements, math.ceil(n_nights / elements))


def element_time_s(size: ArraySize, night_s: float, jobs: int, limit_s: float | None) -> float:
    """The wall time of an element: a night that hangs must meet its own limit first."""
    work_s = size.nights_each * night_s / jobs
    return LEAST_TIME_S + MARGIN * work_s + (limit_s or 0.0)


def gather_time_s(n_nights: int) -> float:
    """The wall time of the job that gathers, or that compares: much more than was ever measured."""
    return 1800.0 + 0.02 * n_nights


def element_bytes(jobs: int, engine: Engine) -> int:
    """The memory of an element."""
    return PARENT_BYTES + jobs * WORKER_BYTES[engine]


def gather_bytes(n_nights: int) -> int:
    """The memory of the job that gathers, or that compares."""
    return 2 * 2**30 + 10_000 * n_nights


def read_time(text: str) -> float:
    """Seconds of ``90`` (minutes), ``HH:MM:SS`` or ``D-HH:MM:SS``.

    Raises
    ------
    psgpipe.errors.UsageError
    """
    minutes = re.fullmatch(r"[0-9]{1,6}", text)
    clock = re.fullmatch(r"(?:([0-9]{1,3})-)?([0-9]{1,4}):([0-5][0-9]):([0-5][0-9])", text)
    if minutes:
        seconds = 60.0 * int(text)
    elif clock:
        days, hours, mins, secs = (int(part or 0) for part in clock.groups())
        seconds = 86400.0 * days + 3600.0 * hours + 60.0 * mins + secs
    else:
        raise UsageError(
            f"--time is {text!r}, wanted minutes, HH:MM:SS or D-HH:MM:SS", "Correct it."
        )
    if seconds < LEAST_TIME_S:
        raise UsageError(
            f"--time is {text!r}, wanted {LEAST_TIME_S / 60:g} minutes or more",
            "psgpipe stops two minutes before the end; give more time.",
        )
    return seconds


def read_memory(text: str) -> int:
    """Bytes of ``1500M`` or ``4G``.

    Raises
    ------
    psgpipe.errors.UsageError
    """
    match = re.fullmatch(r"([1-9][0-9]{0,6})([MG])", text.upper())
    if match is None:
        raise UsageError(f"--mem is {text!r}, wanted for example 1500M or 4G", "Correct it.")
    return int(match[1]) * (2**20 if match[2] == "M" else 2**30)
