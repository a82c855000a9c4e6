"""Links of the documents, and the modules and functions that CONTRIBUTING names."""

import ast
import re
import tomllib

import pytest

import psgpipe
from psgpipe.cli.app import COMMANDS
from psgpipe.model.microstructure.names import GAIN_DEPENDENT, MICROSTRUCTURE_ENDPOINTS
from psgpipe.model.summary import ENDPOINTS
from tests.shared_files import CHECKOUT

PACKAGE = CHECKOUT / "src" / "psgpipe"
PAGES = [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md"), *CHECKOUT.glob("data/*/*.md")]


def anchors(page):
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    broken = []
    for link in (link for link in links if not link.startswith("http")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize(
    ("heading", "endpoints"),
    [("Definitions", ENDPOINTS), ("Spectra and events", MICROSTRUCTURE_ENDPOINTS)],
)
def test_the_page_of_endpoints_defines_what_psgpipe_computes_and_nothing_else(heading, endpoints):
    text = (CHECKOUT / "docs" / "reference" / "endpoints.md").read_text(encoding="utf-8")
    table = text.partition(f"## {heading}")[2].partition("\n\n| ")[2].partition("\n\n")[0]
    first_cells = [line.split("|")[1] for line in f"| {table}".splitlines()[2:]]
    assert re.findall(r"`(\w+)`", " ".join(first_cells)) == list(endpoints)


def test_the_page_of_endpoints_says_which_ones_move_with_the_gain():
    text = (CHECKOUT / "docs" / "reference" / "endpoints.md").read_text(encoding="utf-8")
    rows = text.partition("## Spectra and events\n")[2].partition("\n\n| ")[2].partition("\n\n")
    told = {name for row in rows[0].splitlines()[2:] if row.endswith("| yes |")
            for name in re.findall(r"`(\w+)`", row.split("|")[1])}  # fmt: skip
    assert told == GAIN_DEPENDENT


def test_the_first_page_of_the_documentation_leads_to_every_page():
    docs = CHECKOUT / "docs"
    linked = re.findall(r"\]\(([\w/.-]+)", (docs / "index.md").read_text(encoding="utf-8"))
    pages = {page.relative_to(docs).as_posix() for page in docs.glob("**/*.md")}
    assert pages - set(linked) == {"index.md", "questions/index.md"}


def test_the_readme_lists_every_command():
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8").partition("## Commands")[2]
    assert set(re.findall(r"^\| \[`psgpipe (\w+)`\]", text, flags=re.MULTILINE)) == set(COMMANDS)


def module(name):
    places = [folder / name for folder in (PACKAGE, CHECKOUT)]
    return next(path for path in places if path.is_file())


def names_in(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def test_every_function_in_contributing_is_in_the_module_named_beside_it():
    text = " ".join((CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8").split())
    lists = re.findall(r"((?:`\w+(?:\(\))?`(?:, | and )?)+) (?:\(|in |from )`([\w/]+\.py)`", text)
    lists += [
        (names, file) for file, names in re.findall(r"`([\w/]+\.py)`: (`\w+(?:\(\))?`)", text)
    ]
    pairs = {(name, file) for names, file in lists for name in re.findall(r"`(\w+)", names)}
    assert [(name, file) for name, file in pairs if name not in names_in(module(file))] == []
    assert {*re.findall(r"`(\w+)\(\)`", text)} - {name for name, _ in pairs} == {"add"}


def test_every_module_in_contributing_exists():
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in set(re.findall(r"`((?:\w+/)*\w+\.py)`", text)):
        assert module(name), name


def test_the_api_reference_has_every_public_name():
    page = (CHECKOUT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"auto(?:function|class):: (?:[\w.]+\.)?(\w+)", page))
    public = set(psgpipe.__all__) - {"errors"} | {"open"}
    assert public - named == set()


def layers():
    """The layers of packages that import-linter checks, the uppermost first."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        contract
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    assert not contract.get("ignore_imports")
    return [
        [package.removeprefix("psgpipe.") for package in layer.split(" | ")]
        for layer in contract["layers"]
    ]


def test_the_map_of_packages_in_contributing_is_that_of_the_import_contract():
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = text.partition("## The packages")[2].split("```")[1]
    rows = [re.split(r"\s{2,}", line)[0] for line in block.strip().splitlines() if line[0] != " "]
    assert [row.split(" | ") for row in rows] == layers()


def test_every_package_has_a_layer():
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    modules = {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("_")}
    assert packages | modules == {package for layer in layers() for package in layer}
