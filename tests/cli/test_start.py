"""How a command starts and is stopped: nothing from the working folder, and no traceback."""

import os
import signal
import subprocess
import sys

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.night import check
from tests.recordings import write_night

MODULES = ("signal", "numpy", "json", "typing", "click", "selectors", "pickle", "socket")
STOP_IN_AN_IMPORT = """
import os, signal, sys
class Stop:
    def find_spec(self, name, *_):
        if name == os.environ["STOP_AT"]:
            os.kill(os.getpid(), getattr(signal, os.environ["STOP_BY"]))
sys.meta_path.insert(0, Stop())
"""


@pytest.fixture
def folder(tmp_path):
    """A working folder with a recording and files named as modules of Python."""
    write_night(tmp_path / "night.edf", seconds=300)
    for module in MODULES:
        text = (
            f"open({str(tmp_path / 'imported.txt')!r}, 'a').write(__name__)\nraise SystemExit(99)"
        )
        (tmp_path / f"{module}.py").write_text(text, encoding="utf-8")
    return tmp_path


def imported(folder):
    path = folder / "imported.txt"
    return path.read_text(encoding="utf-8") if path.exists() else ""


SCRIPT = [
    sys.executable,
    "-c",
    "import sys; del sys.path[0]; from psgpipe.__main__ import main; main()",
]
MODULE = [sys.executable, "-m", "psgpipe"]


@pytest.mark.parametrize("program", [SCRIPT, MODULE], ids=["script", "python -m"])
@pytest.mark.parametrize("search_path", [None, "", ":", ".:"], ids=repr)
def test_no_process_imports_a_file_of_the_working_folder(folder, program, search_path):
    if program is SCRIPT and search_path:
        pytest.skip("Python itself imports from there before psgpipe starts")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {} if search_path is None else {"PYTHONPATH": search_path}
    done = subprocess.run(
        [*program, "batch", ".", "-o", "out", "-j1", "--no-figures", "-p", "eeg-only"],
        cwd=folder, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert imported(folder) == ""
    assert done.returncode == 0, done.stderr
    assert (folder / "out" / "nights.tsv").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("module", ["psgpipe.cli.app", "click", "psgpipe.cli.check", "numpy"])
@pytest.mark.parametrize(("stop", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_stop_while_modules_are_imported_leaves_no_traceback(tmp_path, module, stop, code):
    (tmp_path / "sitecustomize.py").write_text(STOP_IN_AN_IMPORT, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "STOP_AT": module, "STOP_BY": stop}
    done = subprocess.run(
        [*MODULE, "check", "no.edf"], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1
    assert "stopped" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_check_of_a_folder_stops_at_the_recording_in_hand(
    tmp_path, monkeypatch, capsys, number, code
):
    for name in ("a", "b", "c"):
        write_night(tmp_path / f"{name}.edf", seconds=60)
    read, names = check.read_header, []

    def read_header(path):
        names.append(path.name)
        if path.name == "b.edf":
            os.kill(os.getpid(), number)
        return read(path)

    monkeypatch.setattr(check, "read_header", read_header)
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert exit_code(["check", str(tmp_path)]) == code
    finally:
        for n, handler in before.items():
            signal.signal(n, handler)
    assert names == ["a.edf", "b.edf"]
    said = capsys.readouterr()
    assert "unsuitable" not in said.out
    assert said.err.strip().startswith("psgpipe: stopped")
