"""A kill at any write, flush or rename leaves old or new nights, and the next run completes.

The tests can kill a run at every change. CI does so (``PSGPIPE_KILL_SWEEP=1``); elsewhere they kill
it at every seventh change, the first and the last included. Parent and worker are copies of a
process that has loaded everything; tests/batch/test_signals.py ends processes that start as usual.
"""

import os
import shutil

import pytest

from tests.batch.shim import compile_shim
from tests.command_server import CommandServer
from tests.studies import assert_old_or_new, make_study, read_json, tree

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="runs commands in forked processes"),
]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory, templates):
    """A study of two nights, the second failing, as an unbroken run leaves it; run twice.

    `old` has nights with other lights, which the run replaces.
    """
    folder = tmp_path_factory.mktemp("unbroken")
    study = make_study(
        folder / "study", ["n1", "refused"], templates,
        columns="\tlights_off", cells=["\t22:01:30", "\t"],
    )  # fmt: skip
    new_table = study.table.read_text(encoding="utf-8")
    study.table.write_text(new_table.replace("22:01:30", "22:01:00"), encoding="utf-8")
    assert study.run() == 8
    old = folder / "old"
    shutil.copytree(study.out, old)
    study.table.write_text(new_table, encoding="utf-8")
    assert study.run() == 8
    new = tree(study.out)
    return study, old, new


@pytest.fixture(scope="module")
def server(tmp_path_factory, unbroken):
    started = CommandServer(compile_shim(tmp_path_factory.mktemp("shim")))
    # Here, so that the copies find loaded what a worker loads.
    recording, out = unbroken[0].recording(1), tmp_path_factory.mktemp("loaded")
    assert started.run(["run", recording, "-o", out, "--no-figures", "--quiet"]) == 0
    yield started
    started.close()


def killed_at(study, server, role, at, old=None):
    """Run with a kill at the n-th change; number of changes, the last one, and the exit code."""
    shutil.rmtree(study.out, ignore_errors=True)
    if old is not None:
        shutil.copytree(old, study.out)
    code, lines = server.killed_at(
        study.arguments("-j1", "--quiet"), study.out, at, study.folder / "changes.txt", role=role
    )
    return len(lines), lines[-1], code


def is_old_or_new(study, old, new):
    """Each night has its old files or its new files, and every file is complete.

    If a worker died and the night is new, the night reports it.
    """
    assert_old_or_new(study.out)
    before = tree(old) if old else {}
    now = tree(study.out)
    for night in {name.rsplit("/", 1)[0] for name in (*before, *new) if name.startswith("nights/")}:
        files = {name: sha for name, sha in now.items() if name.startswith(night + "/")}
        versions = [
            {name: sha for name, sha in whole.items() if name.startswith(night + "/")}
            for whole in (before, new)
        ]
        if not old and list(files) == [f"{night}/failure.json"]:
            reason = read_json(study.out / night / "failure.json")
            assert reason["kind"] in ("WorkerDied", "QualityRefused")
        else:
            assert files in versions, night


def places(n_changes):
    """The changes at which the run is killed."""
    if os.environ.get("PSGPIPE_KILL_SWEEP") == "1":
        return range(1, n_changes + 1)
    return sorted({1, n_changes, *range(4, n_changes, 7)})


@pytest.mark.parametrize("role", ["worker", "parent"])
@pytest.mark.parametrize("again", [False, True], ids=["from nothing", "over old nights"])
def test_killed_at_every_change(unbroken, server, role, again):
    study, old, new = unbroken
    old = old if again else None
    n_changes, _, _ = killed_at(study, server, role, 10**9, old)
    assert n_changes > 20
    for at in places(n_changes):
        _, last, code = killed_at(study, server, role, at, old)
        assert role == "worker" or code == -9, last
        is_old_or_new(study, old, new)
        assert server.run(study.arguments("-j1", "--quiet"), under="/nowhere") == 8
        assert tree(study.out) == new, f"killed at change {at}: {last}"
