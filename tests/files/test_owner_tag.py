"""A temporary file is abandoned if its process has ended; a living one is never taken for dead."""

import dataclasses
import os
import subprocess
import sys
import time

import pytest

from psgpipe.files.owner_tag import ABANDONED_AFTER_S, abandoned, new_tag, owner_of, tag_of
from psgpipe.files.process_identity import UNKNOWN, seconds_since_boot, this_process

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

DAY_S = 24 * 3600.0
PRINT_A_TAG = "from psgpipe.files.owner_tag import new_tag; print(new_tag(), flush=True)"


def owned_by(folder, **other):
    """A temporary folder of a process that differs from this one in these facts."""
    path = folder / tag_of(dataclasses.replace(this_process(), **other))
    path.mkdir()
    return path


def changed(path, seconds_ago):
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))


def tag_of_another(program=PRINT_A_TAG, **more):
    """The tag of a process that has ended."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, **more
    )
    return done.stdout.strip()


def test_a_tag_names_its_process():
    assert owner_of(new_tag()) == this_process()
    assert new_tag() != new_tag()


def test_a_tag_is_short_and_safe_in_every_path():
    tag = tag_of(
        dataclasses.replace(
            this_process(),
            machine="f" * 8,
            boot="f" * 12,
            namespace="f" * 8,
            pid=4194304,
            began=10**12,
        )
    )
    assert len(tag) <= 70
    assert set(tag) <= set("0123456789abcdef-")


def test_what_this_process_writes_is_not_abandoned(tmp_path):
    changed(owned_by(tmp_path), 30 * DAY_S)
    assert list(abandoned(tmp_path)) == []


@linux
def test_what_a_process_wrote_that_has_ended_is_abandoned(tmp_path):
    path = tmp_path / tag_of_another()
    path.mkdir()
    assert list(abandoned(tmp_path)) == [path]


@linux
def test_a_process_that_ended_and_that_nobody_waited_for_has_ended(tmp_path):
    with subprocess.Popen([sys.executable, "-c", PRINT_A_TAG], stdout=subprocess.PIPE) as process:
        path = tmp_path / process.stdout.readline().decode().strip()
        path.mkdir()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        os.kill(process.pid, 0)  # its number is still taken
        assert list(abandoned(tmp_path)) == [path]


@linux
def test_another_process_that_got_the_same_number_later_is_not_the_owner(tmp_path):
    path = owned_by(tmp_path, began=this_process().began - 1)
    assert list(abandoned(tmp_path)) == [path]


@linux
def test_the_same_number_in_another_container_may_be_alive(tmp_path):
    owned_by(tmp_path, namespace="0123abcd", pid=999_999_999)
    assert list(abandoned(tmp_path)) == []


def test_the_same_number_on_another_machine_may_be_alive(tmp_path):
    owned_by(tmp_path, machine="0123abcd", pid=999_999_999)
    owned_by(tmp_path, machine="0123abcd", boot="0123abcd0123", pid=999_999_999)
    changed(owned_by(tmp_path, machine=UNKNOWN, boot="0123abcd0123"), 2 * DAY_S)
    assert list(abandoned(tmp_path)) == []


@linux
def test_a_process_before_the_machine_was_started_again_has_ended(tmp_path):
    path = owned_by(tmp_path, boot="0123abcd0123")
    changed(path, seconds_since_boot() + 60)
    assert list(abandoned(tmp_path)) == [path]


@linux
def test_a_cloned_machine_with_the_same_id_is_no_earlier_start_of_this_one(tmp_path):
    owned_by(tmp_path, boot="0123abcd0123")  # it has written after this machine was started
    assert list(abandoned(tmp_path)) == []


@pytest.mark.parametrize(
    "tag",
    ["0123abcd-0123abcd0123-0123abcd-17-4711-0123abcd", "0123abcd-17-0123abcd", "new", "S1.edf"],
    ids=["another machine", "an older psgpipe", "a name", "a recording"],
)
def test_an_owner_that_nobody_knows_keeps_its_files_for_a_week(tmp_path, tag):
    path = tmp_path / f".psgpipe-{tag}"
    path.write_bytes(b"")
    changed(path, ABANDONED_AFTER_S - DAY_S / 24)
    assert list(abandoned(tmp_path, ".psgpipe-")) == []
    changed(path, ABANDONED_AFTER_S + DAY_S / 24)
    assert list(abandoned(tmp_path, ".psgpipe-")) == [path]
    assert sorted(tmp_path.iterdir()) == [path]  # reading the clock leaves nothing


@pytest.mark.parametrize("days_off", [-10, 2, 10])
def test_a_machine_whose_clock_is_days_off_leaves_the_others_alone(tmp_path, monkeypatch, days_off):
    owned_by(tmp_path, machine="0123abcd")
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + days_off * DAY_S)
    assert list(abandoned(tmp_path)) == []


def test_a_file_from_the_future_is_left_alone(tmp_path):
    changed(owned_by(tmp_path, machine="0123abcd"), -30 * DAY_S)
    assert list(abandoned(tmp_path)) == []


def test_only_entries_with_the_prefix_are_looked_at(tmp_path):
    changed(owned_by(tmp_path, machine="0123abcd"), 30 * DAY_S)
    assert list(abandoned(tmp_path, ".psgpipe-")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="plays another system")
@pytest.mark.parametrize("system", ["win32", "darwin", "freebsd14"])
def test_a_system_that_does_not_tell_leaves_files_for_a_week(tmp_path, system):
    program = (
        "import sys, pathlib, psgpipe.files.owner_tag as o, psgpipe.files.process_identity as p\n"
        "import os, ctypes\n"
        f"sys.platform = {system!r}\n"
        "def forbidden(pid, number):\n"
        "    raise AssertionError('on Windows this would end the process')\n"
        "os.kill = forbidden\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "(folder / o.new_tag()).mkdir()\n"
        "(folder / '0123abcd-0-0-17-0-0123abcd').mkdir()\n"
        "old = folder / '0123abcd-0-0-17-0-4567abcd'\n"
        "old.mkdir()\n"
        "os.utime(old, (1, 1))\n"
        "assert list(o.abandoned(folder)) == [old], list(o.abandoned(folder))\n"
        "print(p.this_process().boot, p.this_process().began)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{UNKNOWN} None\n", done.stderr
