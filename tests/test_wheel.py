"""The wheel holds what a checkout holds: the same code, the pipelines, the templates."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import psgpipe
from psgpipe.night.fingerprint import code_sha256, code_sha256_in
from tests.shared_files import CHECKOUT


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package as an installation from the wheel has it."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=CHECKOUT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "installed")
    return folder / "installed" / "psgpipe"


def test_a_night_has_the_same_request_from_a_checkout_and_from_an_installation(installed):
    """Else all nights of a study would be computed again on a machine with the wheel."""
    assert code_sha256_in(installed) == code_sha256()
    (installed / "pipelines" / "own.toml").write_text("x = 1\n")
    assert code_sha256_in(installed) == code_sha256()
    (installed / "errors.py").write_text("changed = True\n")
    assert code_sha256_in(installed) != code_sha256()


def test_everything_that_ships_is_in_the_wheel(installed):
    checkout = Path(psgpipe.__file__).parent
    ours = {p.relative_to(checkout) for p in checkout.rglob("*") if p.is_file()}
    ours = {p for p in ours if "__pycache__" not in p.parts}
    ships = CHECKOUT / "pipelines"
    ours |= {"pipelines" / p.relative_to(ships) for p in ships.rglob("*") if p.is_file()}
    there = {p.relative_to(installed) for p in installed.rglob("*") if p.is_file()}
    assert ours <= there
