"""A night in a container: an unknown user, and nothing that can be written but the results."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.recordings import write_night
from tests.slurm.as_user import openings
from tests.studies import CHECKOUT, read_json

pytestmark = pytest.mark.slow
UNKNOWN_USER = 54321


@pytest.fixture
def shared():
    """A folder that any user may enter, with a recording of ten minutes and one for results."""
    if os.name != "posix" or os.getuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("a read-only root needs root, unshare and setpriv")
    folder = Path(tempfile.mkdtemp(prefix="psgpipe-container-"))
    folder.chmod(0o755)
    (folder / "out").mkdir()
    os.chown(folder / "out", UNKNOWN_USER, UNKNOWN_USER)
    write_night(folder / "night.edf", seconds=600)
    yield folder
    shutil.rmtree(folder)


def run_in_a_container(folder, *options, temporary):
    """``psgpipe run`` with a read-only root; `temporary` says whether there is a small /tmp."""
    command = [sys.executable, "-m", "psgpipe", "run", str(folder / "night.edf"), "-o",
               str(folder / "out"), "--quiet", *options]  # fmt: skip
    out = shlex.quote(str(folder / "out"))
    writable = "/var/tmp"  # noqa: S108 - a file system of its own
    user = f"--reuid={UNKNOWN_USER} --regid={UNKNOWN_USER} --clear-groups"
    stays = "|".join(["/proc*", "/sys*", "/dev*", out, *([writable] if temporary else [])])
    closed = ["/tmp/x"] if temporary else ["/tmp/x", f"{writable}/x"]  # noqa: S108
    script = "\n".join([
        "set -e",
        *openings(folder),
        f"mount --bind {out} {out}",
        *([f"mount -t tmpfs -o size=16m,mode=1777 none {writable}"] if temporary else []),
        "while read -r _ place _; do",
        f"  case $place in {stays}) continue ;; esac",
        '  mount -o remount,bind,ro "$place" 2> /dev/null || true',
        "done < /proc/mounts",
        "cd /",
        f"if setpriv {user} touch {' '.join(closed)} 2> /dev/null; then exit 99; fi",
        f"exec setpriv {user} -- env -i PATH=/usr/bin:/bin HOME=/nonexistent "
        f"PYTHONPATH={shlex.quote(str(CHECKOUT / 'src'))} {shlex.join(command)}",
    ])  # fmt: skip
    return subprocess.run(
        ["unshare", "--mount", "bash", "-c", script],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("temporary", [True, False], ids=["small /tmp", "no /tmp"])
def test_a_night_is_staged_where_only_its_results_can_be_written(shared, temporary):
    done = run_in_a_container(shared, temporary=temporary)
    assert done.returncode == 0, done.stderr
    (manifest,) = shared.glob("out/nights/*/*/manifest.json")
    assert read_json(manifest)["engine"]["engine"] == "fast"
    assert (manifest.parent / "hypnogram.png").is_file()
    assert {p.stat().st_uid for p in (shared / "out").rglob("*")} == {UNKNOWN_USER}
