"""Shards in containers share one output folder: none dies, and no night is torn.

Every container counts its processes from 1 and has the host's name, so that the processes of two
containers look alike.
"""

import os
import queue
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from psgpipe.cli.app import exit_code
from tests.batch.shim import compile_shim
from tests.command_server import CommandServer
from tests.studies import assert_old_or_new, make_study, read_json

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


@pytest.fixture(scope="module")
def servers(container, shared, tmp_path_factory):
    """Processes that run shards in copies, each in a container of its own."""
    library = compile_shim(tmp_path_factory.mktemp("shim"))
    started = [CommandServer(library) for _ in range(AT_ONCE)]
    for server in started:
        # Here, so that the copies find loaded what a worker loads.
        recording, out = shared.recording(1), tmp_path_factory.mktemp("loaded")
        assert server.run(["run", recording, "-o", out, "--no-figures", "--quiet"]) == 0
    yield started
    for server in started:
        server.close()


def run_shards(study, servers, *options, delay_ms=0):
    """Run all shards, each in a container of its own; the exit code and the errors of each."""
    free = queue.SimpleQueue()
    for server in servers:
        free.put(server)

    def run(number):
        server, errors = free.get(), study.folder / f"errors{number}.txt"
        errors.write_text("", encoding="utf-8")
        arguments = study.arguments("-j1", "--quiet", "--shard", f"{number}/{SHARDS}", *options)
        code = server.run(
            arguments, container=True, errors=errors, under=study.out, delay_ms=delay_ms
        )
        free.put(server)
        return code, errors.read_text(encoding="utf-8")

    with ThreadPoolExecutor(len(servers)) as pool:
        return dict(enumerate(pool.map(run, range(1, SHARDS + 1)), start=1))


def assert_all_whole(study, ended):
    assert {n: end for n, end in ended.items() if end != (0, "")} == {}
    assert len(list(study.out.glob("nights/*/*/manifest.json"))) == NIGHTS
    assert_old_or_new(study.out)
    assert exit_code(["verify", str(study.out), "--quiet"]) == 0
    assert not list(study.out.glob(".psgpipe-*"))


def test_72_shards_in_containers_lose_and_tear_no_night(shared, servers):
    for options in ((), ("--force",), ("--force",)):
        assert_all_whole(shared, run_shards(shared, servers, *options))


def test_nor_do_they_where_the_file_server_is_slow(shared, servers):
    shutil.rmtree(shared.out, ignore_errors=True)
    assert_all_whole(shared, run_shards(shared, servers, delay_ms=20))


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
