"""An image is built as the docs say, and stages nights although nothing but results can be written.

The tests need podman, runc and mmdebstrap (Debian packages), root, a kernel that lets podman start
a container, and a package index for the wheels. Elsewhere they are skipped; where
``PSGPIPE_REQUIRE_CONTAINERS=1`` they fail.
"""

import csv
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from psgpipe.cli.app import exit_code
from tests.containers.engine import Engine, make_base, require_engine, run
from tests.shared_files import CHECKOUT
from tests.slurm.node import wait_for
from tests.studies import read_json

pytestmark = pytest.mark.slow
NOBODY, UNKNOWN_USER = 65534, 54321
SMALL = "--tmpfs=/tmp:size=16m,mode=1777"


@pytest.fixture(scope="module")
def engine():
    """The engine with the image: base and wheels are collected, then no network is asked."""
    require_engine()
    folder = Path(tempfile.mkdtemp(prefix="image-"))  # podman takes no path above 50 characters
    context, made = folder / "context", Engine(folder)
    try:
        base, python = make_base(folder)
        made.require_start(base)
        wheels = [str(context / "wheelhouse"), "--python", python]
        wheels += ["--platform", f"manylinux_2_28_{platform.machine()}"]
        run([sys.executable, "tools/wheelhouse.py", *wheels], cwd=CHECKOUT)
        made.build(context)
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def demo(engine, tmp_path_factory):
    """The demo of an unknown user: the folder that he may write to."""
    data = tmp_path_factory.mktemp("data")
    data.chmod(0o755)
    os.chown(data, UNKNOWN_USER, UNKNOWN_USER)
    run([*engine.command(UNKNOWN_USER, data, SMALL), "demo", "--out", "/data/demo"])
    return data / "demo"


def states(results):
    with (results / "nights.tsv").open(encoding="utf-8", newline="") as file:
        return [row["state"] for row in csv.DictReader(file, delimiter="\t")]


def test_an_unknown_user_stages_and_compares_nights(demo):
    assert states(demo / "results") == ["done"] * 8
    assert len([*demo.glob("results/nights/*/*/report.html")]) == 8
    assert (demo / "results" / "comparison" / "comparison.json").is_file()
    assert {path.stat().st_uid for path in demo.rglob("*")} == {UNKNOWN_USER}
    assert exit_code(["verify", str(demo / "results"), "--quiet"]) == 0


def test_a_container_that_is_stopped_keeps_finished_nights_and_the_next_one_completes(demo, engine):
    """The first process of the container is psgpipe. It hears the signal all the same."""
    table = demo / "study" / "three.tsv"
    rows = (demo / "study" / "study.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join(rows[:4]), encoding="utf-8")
    out = demo.parent / "of-nobody"
    out.mkdir()
    os.chown(out, NOBODY, NOBODY)
    image = engine.command(NOBODY, demo.parent, SMALL, "--name=stopped")
    batch = ["batch", "/data/demo/study/three.tsv", "-o", "/data/of-nobody", "-j1", "--quiet"]
    with subprocess.Popen([*image, *batch], stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: process.poll() is not None or finished_nights(out), "the first night", 120)
        run([*engine.podman, "stop", "--time=60", "stopped"])
        code, errors = process.wait(60), process.stderr.read()
    kept = finished_nights(out)
    assert (code, 1 <= len(kept) < 3) == (143, True), errors
    run([*image, *batch])
    assert states(out) == ["done"] * 3
    assert kept.items() <= finished_nights(out).items()
    for manifest in finished_nights(out):
        same = demo / "results" / manifest.relative_to(out)
        assert read_json(manifest)["outputs"] == read_json(same)["outputs"]


def finished_nights(results):
    """The manifest of each finished night, and when it was written."""
    return {p: p.stat().st_mtime_ns for p in results.glob("nights/*/*/manifest.json")}
