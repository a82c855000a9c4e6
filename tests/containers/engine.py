"""A base image from Debian's packages, and an engine that builds and runs images.

Both keep what they make in one folder. Nothing is asked of a registry of images.
"""

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.shared_files import CHECKOUT

WANTED = ("podman", "runc", "mmdebstrap", "unshare")
PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
BASE, IMAGE = "localhost/psgpipe-base:test", "localhost/psgpipe:test"
CONTAINERFILE = CHECKOUT / "pipelines" / "container" / "Containerfile"
# Debian's podman raises these limits, which a virtual machine may not allow.
LIMITS = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096")
PYTHON = re.compile(r"\./usr/bin/python(3\.\d+)")
NOTHING_CAN_BE_WRITTEN = ("--read-only", "--read-only-tmpfs=false", "--network=none")


def require_engine():
    """Skip the test where containers cannot be had; fail where they must be, as in CI."""
    absent = [name for name in WANTED if shutil.which(name, path=PLACES) is None]
    if absent:
        refuse(f"containers are not here: {', '.join(absent)}")
    if os.getuid() != 0:
        refuse("the base image is made by root")


def refuse(why):
    (pytest.fail if os.environ.get("PSGPIPE_REQUIRE_CONTAINERS") == "1" else pytest.skip)(why)


def make_base(folder):
    """A Debian with Python and the OpenMP runtime; the archive, and its Python version."""
    sources = [Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")]
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    suite = re.search(r"^VERSION_CODENAME=(\w+)$", release, re.MULTILINE)
    if not suite or "\nID=debian\n" not in release:
        refuse("the base image is a Debian, made on a Debian")
    archive = folder / "base.tar"
    made = attempt([
        "mmdebstrap", "--quiet", "--variant=essential", "--dpkgopt=force-unsafe-io",
        "--include=python3,python3-venv,libgomp1,libstdc++6", suite[1], str(archive),
        *(str(path) for path in sources if path.is_file()),
    ])  # fmt: skip
    if made.returncode:
        refuse(f"mmdebstrap makes no base image here: {made.stderr[-500:]}")
    with tarfile.open(archive) as base:
        names = [PYTHON.fullmatch(name) for name in base.getnames()]
    (version,) = (name[1] for name in names if name)
    return archive, version


def attempt(command, **more):
    """Run a command to its end, whatever its exit code."""
    return subprocess.run(
        command, env={**os.environ, "PATH": PLACES}, capture_output=True, text=True, check=False,
        timeout=600, **more,
    )  # fmt: skip


def run(command, **more):
    """Run a command; what it said where it fails."""
    done = attempt(command, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


class Engine:
    """podman with its images in `folder`, which is removed with them."""

    def __init__(self, folder):
        self.folder = folder
        self.podman = [
            "podman", "--root", str(folder / "images"), "--runroot", str(folder / "run"),
            "--storage-driver=overlay", "--cgroup-manager=cgroupfs", "--runtime=runc",
        ]  # fmt: skip

    def require_start(self, base):
        """Skip the test where this machine lets podman start nothing, whatever the image."""
        true = [*NOTHING_CAN_BE_WRITTEN, *LIMITS, BASE, "true"]
        imported = [*self.podman, "import", "--quiet", str(base), BASE]
        for command in (imported, [*self.podman, "run", "--rm", *true]):
            done = attempt(command)
            if done.returncode:
                refuse(f"podman starts no container here: {done.stderr[-500:]}")

    def build(self, context):
        """Build the image as the docs say, from another base, without a network."""
        run([
            "unshare", "--net", *self.podman, "build", "--isolation=chroot", "--layers=false",
            f"--build-arg=BASE={BASE}", "-f", str(CONTAINERFILE), "-t", IMAGE, str(context),
        ])  # fmt: skip

    def command(self, uid, data, *options):
        """What starts the image as a user whom it does not know, with one folder to write."""
        return [
            *self.podman, "run", "--rm", *NOTHING_CAN_BE_WRITTEN, *LIMITS, f"--user={uid}:{uid}",
            f"--volume={data}:/data", *options, IMAGE,
        ]  # fmt: skip

    def remove(self):
        for command in ("rm", "rmi"):
            subprocess.run(
                [*self.podman, command, "--all", "--force"], capture_output=True, check=False
            )
        shutil.rmtree(self.folder, ignore_errors=True)
