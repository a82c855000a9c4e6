"""A process that has loaded psgpipe and runs commands in copies of itself: a run takes no start.

The kill sweep needs a run for each write of each command. A fork of a process that has loaded
everything is ten times faster than a new process. The preloaded library (tests/batch/shim.py)
counts the changes of each copy, and kills it at one of them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.batch.shim import environment

CHECKOUT = Path(__file__).resolve().parents[1]
FIRST_LINE = "ready"


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

    def run(self, arguments, **settings):
        """Run a command, with settings of the shim; its exit code, negative after a signal."""
        order = {"arguments": arguments, "shim": {k: str(v) for k, v in settings.items()}}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def killed_at(self, arguments, under, at, counted):
        """Kill a command before the n-th change below `under`; its exit code and its changes."""
        counted.unlink(missing_ok=True)
        code = self.run(arguments, under=under, kill_at=at, count=counted)
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
    copy = os.fork()
    if copy == 0:
        code = 70
        try:
            os.environ.update({f"SHIM_{k.upper()}": v for k, v in order["shim"].items()})
            code = main(order["arguments"])
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])


if __name__ == "__main__":
    serve()
