"""Caches of libraries lie in scratch: no night needs a home that can be written."""

import os
import subprocess
import sys
import tempfile

import pytest

from psgpipe.batch.worker_pool import TaskResult, run_tasks
from psgpipe.files.scratch import cache_variables
from tests.batch import worker_tasks
from tests.studies import CHECKOUT, PROGRAM

VARIABLES = ("MPLCONFIGDIR", "NUMBA_CACHE_DIR")


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """A folder for temporary files, and none of the variables of the user."""
    for name in (*VARIABLES, "SLURM_TMPDIR"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_caches_lie_among_temporary_files_in_a_folder_of_the_user_alone(scratch):
    folders = cache_variables()
    (own,) = scratch.iterdir()
    assert own.stat().st_mode & 0o077 == 0
    assert folders == {
        "MPLCONFIGDIR": str(own / "matplotlib"), "NUMBA_CACHE_DIR": str(own / "numba")
    }  # fmt: skip


def test_the_scratch_folder_of_a_slurm_job_comes_first(scratch, tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_TMPDIR", str(tmp_path))
    assert not any(str(scratch) in folder for folder in cache_variables().values())
    monkeypatch.setenv("SLURM_TMPDIR", str(tmp_path / "gone"))
    assert all(str(scratch) in folder for folder in cache_variables().values())


def test_what_the_user_has_set_stays(scratch, monkeypatch):
    monkeypatch.setenv("MPLCONFIGDIR", "/opt/fonts")
    assert [*cache_variables()] == ["NUMBA_CACHE_DIR"]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have no owner there")
def test_a_folder_that_others_can_write_is_not_used(scratch):
    cache_variables()
    (own,) = scratch.iterdir()
    own.chmod(0o777)
    assert cache_variables() == {}


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="links need a right there")
def test_a_link_to_another_folder_is_not_followed(scratch, tmp_path):
    (scratch / f"psgpipe-cache-{os.getuid()}").symlink_to(tmp_path)
    assert cache_variables() == {}


def test_workers_keep_their_caches_there_too(scratch):
    asked = [("environment", name) for name in VARIABLES]
    ends = [e for e in run_tasks(asked, worker_tasks.act, jobs=1) if isinstance(e, TaskResult)]
    assert len(ends) == 2
    assert all(str(scratch) in end.value for end in ends)


@pytest.mark.parametrize("command", ["batch", "run"])
@pytest.mark.parametrize("home", ["", "no folder"], ids=["no home", "home that cannot be written"])
def test_a_picture_is_drawn_without_a_home(study, tmp_path, command, home):
    one, scratch, blocked = study("n1"), tmp_path / "scratch", tmp_path / "file"
    scratch.mkdir()
    blocked.write_bytes(b"")
    left_out = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", *VARIABLES, "SLURM_TMPDIR")
    env = {key: value for key, value in os.environ.items() if key not in left_out}
    env |= {"TMPDIR": str(scratch), "PYTHONPATH": str(CHECKOUT)}
    if home:
        env["HOME"] = str(blocked / "home")
    source = one.table if command == "batch" else one.recording(1)
    done = subprocess.run(
        [*PROGRAM, command, str(source), "-o", str(one.out), "--quiet"],
        env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [*one.out.glob("nights/S1/*/hypnogram.png")]


def test_compiled_functions_of_numba_lie_in_scratch(scratch, tmp_path):
    """Numba refuses to import yasa's functions where it finds no folder for them."""
    pytest.importorskip("numba")
    module = tmp_path / "doubled.py"
    module.write_text(
        "import numba\n@numba.njit(cache=True)\ndef doubled(x):\n    return 2 * x\n"
        "print(doubled(21))\n",
        encoding="utf-8",
    )
    env = {**os.environ, **cache_variables(), "HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, str(module)], env=env, capture_output=True, text=True, timeout=300
    )
    assert done.stdout == "42\n", done.stderr
    assert [*scratch.glob("psgpipe-cache-*/numba/**/*.nbi")]
