"""Shards in containers share one output folder: none dies, and no night is torn.

Every container counts its processes from 1 and has the host's name, so that the processes of two
containers look alike.
"""

import os
import shutil
import subprocess
import sys
import time

import pytest

from psgpipe.cli.app import exit_code
from tests.batch.shim import compile_shim, environment
from tests.studies import CHECKOUT, PROGRAM, assert_old_or_new, make_study, read_json

pytestmark = pytest.mark.slow

SHARDS, AT_ONCE, NIGHTS = 24, 4, 72
CONTAINERS = (
    ("unshare", "--pid", "--fork", "--mount-proc"),
    ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"),
)


@pytest.fixture(scope="module")
def container():
    """The command that starts a process as the first one of a container."""
    for command in CONTAINERS if shutil.which("unshare") else ():
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    pytest.skip("a PID namespace needs unshare and its permission")


@pytest.fixture(scope="module")
def shared(tmp_path_factory, templates):
    return make_study(tmp_path_factory.mktemp("shared") / "study", ["n1"] * NIGHTS, templates)


def run_shards(study, container, *options, env=None):
    """Run all shards, each in a container of its own; the exit code and the errors of each."""
    waiting, running, ended = list(range(1, SHARDS + 1)), {}, {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            number = waiting.pop(0)
            arguments = study.arguments("-j1", "--quiet", "--shard", f"{number}/{SHARDS}", *options)
            running[number] = subprocess.Popen(
                [*container, *PROGRAM, *arguments],
                cwd=CHECKOUT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
        for number in [n for n, process in running.items() if process.poll() is not None]:
            process = running.pop(number)
            ended[number] = (process.returncode, process.communicate()[1])
        time.sleep(0.01)
    return ended


def assert_all_whole(study, ended):
    assert {n: end for n, end in ended.items() if end != (0, "")} == {}
    assert len(list(study.out.glob("nights/*/*/manifest.json"))) == NIGHTS
    assert_old_or_new(study.out)
    assert exit_code(["verify", str(study.out), "--quiet"]) == 0
    assert not list(study.out.glob(".psgpipe-*"))


def test_72_shards_in_containers_lose_and_tear_no_night(shared, container):
    for options in ((), ("--force",), ("--force",)):
        assert_all_whole(shared, run_shards(shared, container, *options))


def test_nor_do_they_where_the_file_server_is_slow(shared, container, tmp_path):
    shutil.rmtree(shared.out, ignore_errors=True)
    env = environment(compile_shim(tmp_path), shared.out, delay_ms=20)
    assert_all_whole(shared, run_shards(shared, container, env=env))


@pytest.mark.parametrize(
    "options", [(), ("--pid", "--fork")], ids=["host", "with the host's /proc"]
)
def test_a_night_being_written_in_a_container_is_left_alone(study, container, options):
    """The second container sees process numbers of the host, which are not its own."""
    one = study("n1", "n1")
    others = one.out / ".psgpipe-new"
    program = (
        "import pathlib, sys, time\n"
        "from psgpipe.files.owner_tag import abandoned, new_tag\n"
        "folder = pathlib.Path(sys.argv[1]) / new_tag()\n"
        "(folder / 'new').mkdir(parents=True)\n"
        "assert not list(abandoned(folder.parent))\n"
        "print(folder.name, flush=True)\n"
        "time.sleep(600)\n"
    )
    command = (*container[:-1], *options) if options else container
    with subprocess.Popen(
        [*command, sys.executable, "-c", program, str(others)], stdout=subprocess.PIPE, text=True
    ) as process:
        tag = process.stdout.readline().strip()
        try:
            assert tag
            assert one.run() == 0
            assert [entry.name for entry in others.iterdir()] == [tag]
        finally:
            process.kill()
    assert read_json(one.night(1) / "manifest.json")
    # Nobody here can know that the container has ended, and its folder stays for a week.
    assert one.run("--force") == 0
    assert [entry.name for entry in others.iterdir()] == [tag]
    os.utime(others / tag, (1, 1))
    assert one.run() == 0
    assert not others.exists()
