"""A Python in the folder of a page, which keeps its names from one block to the next.

As a program it reads sources from stdin, one JSON text in a line, and answers with whether each
failed and what it printed.
"""

import contextlib
import doctest
import io
import json
import subprocess
import sys
import traceback

from tests.shared_files import CHECKOUT


class PythonSession:
    """The process as a test sees it."""

    def __init__(self, folder, environment):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.docs.python_session"],
            cwd=folder,
            env=environment | {"PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, source):
        """Run statements, or a session with ``>>>``; whether it failed, and what it printed."""
        self._process.stdin.write(json.dumps(source) + "\n")
        self._process.stdin.flush()
        failed, printed = json.loads(self._process.stdout.readline())
        return failed, printed

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def run(source, names):
    """Run a block with the names of the blocks before it; whether it failed."""
    if ">>> " not in source:
        exec(compile(source, "page", "exec"), names)  # noqa: S102
        return False
    test = doctest.DocTestParser().get_doctest(source, names, "page", None, 0)
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, clear_globs=False).failed
    names.update(test.globs)
    return failed > 0


def serve():
    names = {"__name__": "page"}
    for line in sys.stdin:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                failed = run(json.loads(line), names)
            except BaseException:
                failed = True
                traceback.print_exc()
        print(json.dumps([failed, printed.getvalue()]), flush=True)


if __name__ == "__main__":
    serve()
