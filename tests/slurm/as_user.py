"""Tests as an ordinary user, who may see nothing of root but Python and this checkout."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.slurm.node import refuse
from tests.studies import CHECKOUT

USER = "psgpipe-test"
NEEDED = tuple(dict.fromkeys(map(Path, (sys.base_prefix, sys.prefix, CHECKOUT))))


def run_as_user(arguments):
    """Run pytest with these arguments as a new user; what it said."""
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin")
    unshare, setpriv = shutil.which("unshare"), shutil.which("setpriv")
    if not (useradd and unshare and setpriv):
        refuse("an ordinary user needs useradd, unshare and setpriv")
    add = [useradd, "--system", "--no-create-home", USER]
    subprocess.run(add, check=False, capture_output=True)
    home = Path(tempfile.mkdtemp(prefix="psgpipe-user-"))
    try:
        shutil.chown(home, USER)
        tests = shlex.join([sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
                            f"--basetemp={home}/pytest", *arguments])  # fmt: skip
        user = f"--reuid={USER} --regid={USER} --clear-groups"
        script = "\n".join(["set -e", *openings(home), f"exec setpriv {user} -- {tests}"])
        env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        return subprocess.run(
            [unshare, "--mount", "bash", "-c", script],
            env={**env, "HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=CHECKOUT, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
    finally:
        subprocess.run(["/usr/sbin/userdel", USER], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


def openings(home):
    """Shell lines that show what is needed in folders that are closed to others.

    They hold in a mount namespace of their own: nothing changes outside.
    """
    closed = {}
    for path in NEEDED:
        ancestors = [p for p in reversed(path.parents) if not p.stat().st_mode & 0o001]
        if ancestors:
            closed.setdefault(ancestors[0], []).append(path)
    for number, (folder, paths) in enumerate(closed.items()):
        kept = [f"{home}/.open-{number}-{i}" for i in range(len(paths))]
        for path, place in zip(paths, kept, strict=True):
            yield f"mkdir {place} && mount --rbind {shlex.quote(str(path))} {place}"
        yield f"mount -t tmpfs -o mode=755 none {shlex.quote(str(folder))}"
        for path, place in zip(paths, kept, strict=True):
            where = shlex.quote(str(path))
            yield f"mkdir -p {where} && mount --move {place} {where}"
