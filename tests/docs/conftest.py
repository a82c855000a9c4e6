"""Fixtures of the tests that run the pages: their files, and their commands."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.material import MAKERS
from tests.docs.python_session import PythonSession


@pytest.fixture(scope="session")
def put_files(tmp_path_factory):
    """Put files that a page names into its folder."""
    made = {}

    def put(names, folder):
        for name in names.split():
            if name not in made:
                made[name] = tmp_path_factory.mktemp("files")
                MAKERS[name](made[name])
            shutil.copytree(made[name], folder, dirs_exist_ok=True)

    return put


@pytest.fixture
def run_command(tmp_path):
    """Run a line of a shell in the folder of a page; its exit code and its output."""

    def run(line):
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=900,
        )
        return done.returncode, done.stdout

    return run


@pytest.fixture
def python_session(tmp_path):
    """A Python in the folder of a page; it starts when a block of Python is run."""
    session = PythonWhenNeeded(tmp_path)
    yield session
    session.close()


class PythonWhenNeeded:
    """A Python that starts with its first block: most pages have none."""

    def __init__(self, folder):
        self._folder = folder
        self._session = None

    def run(self, source):
        if self._session is None:
            self._session = PythonSession(self._folder, environment())
        return self._session.run(source)

    def close(self):
        if self._session is not None:
            self._session.close()


def environment():
    """The environment of this process, with the commands of its Python first."""
    commands = Path(sys.executable).parent
    return os.environ | {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "BROWSER": "true",  # --open opens nothing
        "COLUMNS": "100",
        "PYTHONUNBUFFERED": "1",  # both streams in the order in which a terminal shows them
    }
