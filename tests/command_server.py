"""A process that has loaded psgpipe and runs commands in copies of itself: a run takes no start.

The kill sweeps need a run for each write of each command. A fork of a process that has loaded
everything is ten times faster than a new process. The preloaded library (tests/batch/shim.py)
counts the changes of each copy, and kills it at one of them. The workers of a batch are forks of
its copy, too. A copy can be the first process of a container.
"""

import ctypes
import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from tests.batch.shim import environment

CHECKOUT = Path(__file__).resolve().parents[1]
FIRST_LINE = "ready"
PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000


class CommandServer:
    """The process as a test sees it; `library` is the compiled shim."""

    def __init__(self, library):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.command_server"],
            cwd=CHECKOUT,
            env=environment(library, "/nowhere", role="parent"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline().strip() == FIRST_LINE

    def run(self, arguments, *, container=False, errors=os.devnull, **settings):
        """Run a command; its exit code, negative after a signal.

        With settings of the shim the command is run in a copy, with `container` in a container of
        its own; what it writes to stderr is added to the file `errors`.
        """
        order = {
            "arguments": [str(a) for a in arguments],
            "container": container,
            "errors": str(errors),
            "shim": {k: str(v) for k, v in settings.items()},
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def killed_at(self, arguments, under, at, counted, **settings):
        """Kill a command before the n-th change below `under`; its exit code and its changes."""
        counted.unlink(missing_ok=True)
        code = self.run(arguments, under=under, kill_at=at, count=counted, **settings)
        lines = counted.read_text(encoding="utf-8").splitlines() if counted.exists() else []
        return code, lines

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(60)


def serve():
    """Run the commands that come as lines on stdin, and answer with their exit codes."""
    from tests import cheap_nights

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    print(FIRST_LINE, file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if order["shim"]:
            code = in_a_copy(order, cheap_nights.main)
        else:
            # Here, so that the copies find the command's modules loaded.
            code = cheap_nights.main(order["arguments"])
        print(json.dumps(code), file=answers, flush=True)


def in_a_copy(order, main):
    """Run the command in a copy, and wait for every process that it leaves; its exit code."""

    def run():
        os.setpgid(0, 0)
        return run_order(order, main)

    copy, code = of_a_fork(run)
    while True:
        try:
            os.waitpid(-copy, 0)  # a process of the copy's group
        except ChildProcessError:
            return code


def run_order(order, main):
    os.environ.update({f"SHIM_{k.upper()}": v for k, v in order["shim"].items()})
    os.dup2(os.open(order["errors"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    if not order["container"]:
        return run_with_forked_workers(order["arguments"], main)
    enter_new_namespaces()

    def first_process():
        mount_proc()
        return run_with_forked_workers(order["arguments"], main)

    return of_a_fork(first_process)[1]


def run_with_forked_workers(arguments, main):
    fork = multiprocessing.get_context("fork")
    held_by_parent = []

    def pipe():
        ours, theirs = fork.Pipe()
        held_by_parent.append(ours)
        return ours, theirs

    def become_worker():
        os.environ["SHIM_IS_WORKER"] = "1"
        # A spawned worker has no copy of the parent's ends, and sees that the parent closes one.
        for end in held_by_parent:
            end.close()

    # The only processes that a command starts are its workers.
    os.register_at_fork(after_in_child=become_worker)
    context = SimpleNamespace(Pipe=pipe, Process=fork.Process)
    multiprocessing.get_context = lambda method=None: context
    return main(arguments)


def of_a_fork(function):
    """Number and exit code of a copy of this process that calls `function` for its exit code."""
    copy = os.fork()
    if copy == 0:
        code = 70
        try:
            code = function()
        finally:
            os._exit(code)
    return copy, os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])


def enter_new_namespaces():
    """The next fork is the first process of a PID namespace, as `unshare --pid --fork` makes it."""
    user, group = os.getuid(), os.getgid()
    if call("unshare", CLONE_NEWPID | CLONE_NEWNS):
        return
    if not call("unshare", CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS):
        raise OSError("no PID namespace")
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"0 {user} 1"),
        ("gid_map", f"0 {group} 1"),
    ):
        Path("/proc/self", name).write_text(line, encoding="ascii")


def mount_proc():
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    if not call("mount", b"proc", b"/proc", b"proc", 0, None):
        raise OSError("no /proc of its own")


def call(name, *arguments):
    """Whether this function of the C library succeeds."""
    return getattr(ctypes.CDLL(None), name)(*arguments) == 0


if __name__ == "__main__":
    serve()
