"""The import of matplotlib, which yasa needs, whatever settings the user has for it."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_RC_FILE = "matplotlibrc"
_BACKEND = "MPLBACKEND"


def import_matplotlib() -> Any:
    """The package matplotlib.

    It reads the user's settings when it is imported, and an import can fail on them: a notebook
    names a backend in ``MPLBACKEND`` that is not installed here, or a file cannot be read.
    """
    try:
        import matplotlib as mpl
    except (ValueError, OSError, RuntimeError):
        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]  # parts of a package that was not imported
        with _without_settings():
            import matplotlib as mpl
    return mpl


@contextlib.contextmanager
def _without_settings() -> Iterator[None]:
    """Hide the user's settings: an empty file in the working folder goes before all others."""
    backend = os.environ.pop(_BACKEND, None)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        Path(folder, _RC_FILE).write_bytes(b"")
        stack.enter_context(contextlib.chdir(folder))
        try:
            yield
        finally:
            if backend is not None:
                os.environ[_BACKEND] = backend
