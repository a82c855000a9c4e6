"""The wheel and the source distribution hold what psgpipe needs when it is installed."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest

import psgpipe
from tests.shared_files import CHECKOUT

PACKAGE = CHECKOUT / "src" / "psgpipe"


def build(kind, source, target):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", target],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (made,) = target.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    with zipfile.ZipFile(build("wheel", CHECKOUT, tmp_path_factory.mktemp("wheel"))) as archive:
        yield archive


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The folder that the source distribution unpacks to."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build("sdist", CHECKOUT, folder / "built")) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"psgpipe-{psgpipe.__version__}"


def test_the_wheel_has_every_file_of_the_package_and_the_pipelines(wheel):
    in_package = {
        f"psgpipe/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    pipelines = {
        f"psgpipe/{path.relative_to(CHECKOUT).as_posix()}"
        for path in (CHECKOUT / "pipelines").rglob("*")
        if path.is_file()
    }
    files = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert files == in_package | pipelines
    assert {"psgpipe/py.typed", "psgpipe/pipelines/standard-night.toml"} <= files
    for kind in (".toml", ".ttf", ".css"):
        assert any(name.endswith(kind) for name in files), kind


def test_the_wheel_names_its_licences_and_says_that_it_has_types(wheel):
    (metadata,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    text = wheel.read(metadata).decode()
    assert f"Version: {psgpipe.__version__}\n" in text
    assert "License-Expression: BSD-3-Clause\n" in text
    assert "Classifier: Typing :: Typed\n" in text
    licences = [name for name in wheel.namelist() if "/licenses/" in name]
    assert any(name.endswith("/LICENSE") for name in licences)
    assert any("DejaVu" in name for name in licences)


def test_a_wheel_made_from_the_source_distribution_is_the_same(wheel, sdist, tmp_path):
    with zipfile.ZipFile(build("wheel", sdist, tmp_path / "again")) as again:
        assert {i.filename: i.CRC for i in again.infolist()} == {
            i.filename: i.CRC for i in wheel.infolist()
        }


def test_the_source_distribution_has_what_readme_and_tests_need(sdist):
    names = ["README.md", "LICENSE", "CITATION.cff", "Makefile", "requirements.lock", "tests"]
    names += ["docs/index.md", "docs/images/night.png", "pipelines", "data/sample/study.tsv"]
    assert [name for name in names if not (sdist / name).exists()] == []


@pytest.mark.parametrize(
    ("file", "pattern"),
    [("CITATION.cff", r"^version: (\S+)$"), ("conda/recipe.yaml", r'^  version: "(\S+)"$')],
)
def test_citation_and_recipe_name_the_version_of_the_source(file, pattern):
    text = (CHECKOUT / file).read_text(encoding="utf-8")
    assert re.findall(pattern, text, flags=re.MULTILINE) == [psgpipe.__version__]


def test_the_conda_recipe_has_the_dependencies_of_the_package():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    recipe = (CHECKOUT / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    listed = recipe.partition("  run:\n")[2].partition("\n\n")[0]
    in_recipe = {
        re.sub(r"\s*#.*", "", line).strip("- ").replace(" ", "") for line in listed.splitlines()
    }
    in_recipe = {line.replace("mne-base", "mne") for line in in_recipe} - {"python>=3.11", "tzdata"}
    assert in_recipe == {name for name in project["dependencies"] if ";" not in name}
