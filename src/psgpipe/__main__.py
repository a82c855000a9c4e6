"""Where the command ``psgpipe`` and ``python -m psgpipe`` start.

Until `forget_working_folder` has run, nothing is imported that Python has not loaded itself.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; a stop signal while it is imported leaves no traceback."""
    forget_working_folder()
    from psgpipe.threads import use_one_thread

    use_one_thread(os.environ)
    from psgpipe.cli.process.stop_at_once import StopAtOnce

    with StopAtOnce():
        from psgpipe.cli.app import main as run_command_line
    run_command_line()


def forget_working_folder() -> None:
    """Import nothing from the folder where the command was started.

    ``python -m`` searches it first, and so does an empty entry of ``PYTHONPATH``: a file
    ``numpy.py`` beside the recordings would be run.
    """
    psgpipe_folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    asked = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    n_doubtful = 1 + sum(entry in ("", os.curdir) for entry in asked)
    for entry in sys.path[: 1 + len(asked)]:
        if n_doubtful and _is_same(entry or os.curdir, os.curdir):
            n_doubtful -= 1
            if not _is_same(entry or os.curdir, psgpipe_folder):
                sys.path.remove(entry)


def _is_same(path: str, folder: str) -> bool:
    """Whether two paths are one folder; False where one does not exist."""
    try:
        return os.path.samefile(path, folder)
    except OSError:
        return False


if __name__ == "__main__":
    main()
