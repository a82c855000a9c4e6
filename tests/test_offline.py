"""psgpipe is installed and works on a machine without a network.

The test needs a package index, or pip's cache, to collect the wheels, and ``unshare`` to cut the
network off. It runs where ``PSGPIPE_REQUIRE_OFFLINE=1``, as in CI.
"""

import os
import shutil
import subprocess
import sys

import pytest

from tests.shared_files import CHECKOUT

CUT_OFF = (("unshare", "--net"), ("unshare", "--user", "--map-root-user", "--net"))
LOCK = """\
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via psgpipe
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
tzdata==2026.6 ; sys_platform == 'win32' \\
    --hash=sha256:dd
click==8.5.1 \\
    --hash=sha256:ee
"""


@pytest.fixture(scope="module")
def wheelhouse_tool():
    import importlib.util

    pytest.importorskip("packaging")
    path = CHECKOUT / "tools" / "wheelhouse.py"
    spec = importlib.util.spec_from_file_location("wheelhouse", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("python", "platform", "wanted"),
    [
        ("3.11", "manylinux_2_28_x86_64", "numpy==2.4.6 aa bb click==8.5.1 ee"),
        ("3.13", "macosx_14_0_arm64", "numpy==2.5.5 cc click==8.5.1 ee"),
        ("3.12", "win_amd64", "numpy==2.5.5 cc tzdata==2026.6 dd click==8.5.1 ee"),
    ],
)
def test_the_wheels_are_those_of_the_other_machine(wheelhouse_tool, python, platform, wanted):
    environment = wheelhouse_tool.environment_of(python, platform)
    text = wheelhouse_tool.for_environment(LOCK, environment)
    assert text.replace("--hash=sha256:", "").replace("\\", "").split() == wanted.split()


def test_wheels_for_an_older_glibc_are_good_too(wheelhouse_tool):
    tags = wheelhouse_tool.tags("3.12", "manylinux_2_28_x86_64")
    assert tags[:4] == ["--python-version", "3.12", "--implementation", "cp"]
    assert {"manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"} <= {*tags}


def test_every_requirement_of_the_runtime_lock_has_the_version_of_the_development_lock():
    """A lock of its own, and no other versions than those that the tests ran with."""
    pinned = {
        name: {
            line.split(" \\")[0].strip()
            for line in (CHECKOUT / name).read_text(encoding="utf-8").splitlines()
            if "==" in line and not line.startswith((" ", "#"))
        }
        for name in ("requirements-runtime.lock", "requirements.lock")
    }
    without_condition = {line.split(" ;")[0] for line in pinned["requirements.lock"]}
    runtime = {line.split(" ;")[0] for line in pinned["requirements-runtime.lock"]}
    assert runtime <= without_condition
    assert len(runtime) < len(without_condition)
    assert not any(name.startswith(("pytest", "pyedflib", "ruff")) for name in runtime)


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get("PSGPIPE_REQUIRE_OFFLINE") != "1", reason="collects 230 MB: in CI only"
)
def test_psgpipe_is_installed_and_its_demo_runs_without_a_network(tmp_path):
    wheels = tmp_path / "wheelhouse"
    subprocess.run([sys.executable, "tools/wheelhouse.py", str(wheels)], cwd=CHECKOUT, check=True)
    cut_off = next(
        command
        for command in CUT_OFF
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    )
    script = f"""
        set -e
        ! {sys.executable} -c "import socket; socket.getaddrinfo('example.org', 443)" 2> /dev/null
        {sys.executable} -m venv '{tmp_path}/venv'
        '{tmp_path}/venv/bin/pip' install --quiet --no-index --find-links '{wheels}' \\
          --require-hashes -r '{wheels}/requirements.txt'
        rm -r '{wheels}'
        cd '{tmp_path}'
        venv/bin/psgpipe demo --out demo
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_"))}
    done = subprocess.run(
        [*cut_off, "bash", "-c", script], env=clean, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "demo").is_dir()
    shutil.rmtree(tmp_path / "venv")
