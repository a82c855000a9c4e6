"""Which process is this, and does a process still run? Containers and machines are told apart.

A process number alone says little: it counts from 1 again in every container and after every start
of the machine, and cloned machines share their names. So a process is known by its machine, the
start of the machine (the boot), the namespace in which its number counts, its number, and the
moment at which it began.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

UNKNOWN = "0"
ProcessState = Literal["runs", "ended", "another boot", "unknown"]

_PROC = Path("/proc")
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_RANDOM_NODE = 1 << 40  # uuid.getnode sets this bit where it found no network card
_STATE, _BEGAN = 0, 19  # fields of /proc/PID/stat, counted from the one after the command's name
_ENDED_STATES = {"Z", "X"}


@dataclass(frozen=True)
class ProcessIdentity:
    """One process among those of all machines, containers and times.

    Attributes
    ----------
    machine, boot, namespace
        Hashes, because results should not carry the name of a laboratory's machine; `UNKNOWN`
        where the system does not tell.
    pid
        The process number in its namespace.
    began
        When it began, as the system counts; None where the system does not tell.
    """

    machine: str
    boot: str
    namespace: str
    pid: int
    began: int | None


def this_process() -> ProcessIdentity:
    """The identity of this process."""
    return _identity(os.getpid())


@cache
def _identity(own_pid: int) -> ProcessIdentity:
    began = _state_and_start(own_pid)
    return ProcessIdentity(
        _hash(_machine(), 8), _hash(_boot(), 12), _hash(_namespace(), 8), own_pid,
        began[1] if began else None,
    )  # fmt: skip


def state_of(process: ProcessIdentity) -> ProcessState:
    """Whether a process runs.

    ``another boot``: it began before this machine was started again, or on a machine with a copied
    id. ``unknown``: another machine or container, or a system that does not tell.
    """
    here = this_process()
    if UNKNOWN in (here.boot, here.namespace) or process.machine != here.machine:
        return "unknown"
    if process.boot != here.boot:
        return "unknown" if UNKNOWN in (here.machine, process.boot) else "another boot"
    if process.namespace != here.namespace:
        return "unknown"
    return "runs" if _runs(process) else "ended"


def _runs(process: ProcessIdentity) -> bool:
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # a process of another user
        pass
    now = _state_and_start(process.pid)
    if now is None or process.began is None:
        return True
    state, began = now
    return began == process.began and state not in _ENDED_STATES


def seconds_since_boot() -> float:
    """How long this machine has been running; at least that long on macOS, which may have slept."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def _hash(text: str | None, n_digits: int) -> str:
    if not text:
        return UNKNOWN
    return hashlib.sha256(f"psgpipe {text}".encode("utf-8", "replace")).hexdigest()[:n_digits]


def _machine() -> str | None:
    for path in _MACHINE_IDS if sys.platform == "linux" else ():
        machine_id = _line(path)
        if machine_id and machine_id != "uninitialized":
            return machine_id
    if sys.platform == "linux":  # a container's network card is made up
        return None
    import uuid

    node = uuid.getnode()
    return None if node & _RANDOM_NODE else f"{node:012x}"


def _boot() -> str | None:
    if sys.platform == "linux":
        return _line(_PROC / "sys/kernel/random/boot_id")
    if sys.platform == "darwin":
        return _macos_boot()
    return None


def _macos_boot() -> str | None:
    import ctypes

    value, size = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
    try:
        sysctl = ctypes.CDLL(None).sysctlbyname
        status = sysctl(
            b"kern.bootsessionuuid", value, ctypes.byref(size), None, ctypes.c_size_t(0)
        )
    except (AttributeError, OSError, TypeError):
        return None
    return value.value.decode("ascii", "replace") if status == 0 else None


def _namespace() -> str | None:
    """The namespaces that decide what a process number and a start time mean."""
    if sys.platform != "linux":
        return "one for all"
    try:
        pids = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return None
    try:
        times: Path | str = (_PROC / "self/ns/time").readlink()
    except OSError:  # before Linux 5.6
        times = ""
    return f"{pids} {times}"


@cache
def _proc_counts_as_we_do(own_pid: int) -> bool:
    """Whether /proc has the process numbers of our namespace, not those of one around it."""
    try:
        status = (_PROC / "self/status").read_text("ascii", "replace")
    except OSError:
        return False
    return f"\nNSpid:\t{own_pid}\n" in status


def _state_and_start(pid: int) -> tuple[str, int] | None:
    """State and start of a process, by Linux; None where there is no such process, or no /proc."""
    if sys.platform != "linux" or not _proc_counts_as_we_do(os.getpid()):
        return None
    try:
        line = (_PROC / f"{pid}/stat").read_text("ascii", "replace")
        fields = line.rpartition(")")[2].split()
        return fields[_STATE], int(fields[_BEGAN])
    except (OSError, ValueError, IndexError):
        return None


def _line(path: Path) -> str | None:
    try:
        return path.read_text("ascii", "replace").strip() or None
    except OSError:
        return None
