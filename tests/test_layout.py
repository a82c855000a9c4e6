"""The layout of the source: light commands, small folders, no import cycle, a first line each."""

import ast
import graphlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psgpipe
from psgpipe.results.night_folder import night_folder
from psgpipe.results.night_writer import finish_night

PACKAGE = Path(psgpipe.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

MOST_FILES_IN_A_FOLDER = 20

RUN_AND_COUNT = """
import sys
from psgpipe.cli.app import exit_code
code = exit_code(sys.argv[1:])
modules = [m for m in sys.modules if m == "psgpipe" or m.startswith("psgpipe.")]
print(code, *sorted(modules))
"""


def holds_code(name):
    """Whether a module is more than a docstring, which the ``__init__`` of most packages is not."""
    body = TREES[name].body
    return len(body) > (ast.get_docstring(TREES[name]) is not None)


def modules_of_a_run(*arguments):
    """The modules of psgpipe with code in them that a command has imported when it ends."""
    run = subprocess.run(
        [sys.executable, "-c", RUN_AND_COUNT, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    code, *modules = run.stdout.splitlines()[-1].split()
    assert code == "0", run.stderr
    return [name for name in modules if holds_code(name)]


def test_the_status_of_a_study_depends_on_few_modules(tmp_path):
    finish_night(night_folder(tmp_path, "S1", "n1"), {"summary.json": b"{}"}, {})
    modules = modules_of_a_run("status", tmp_path, "-q")
    assert len(modules) <= 20, modules


def test_a_comparison_depends_on_few_modules(tmp_path):
    nights = [
        f"S{subject}\t{condition}\t{condition}\t{20 + subject}"
        for subject in (1, 2)
        for condition in ("baseline", "treatment")
    ]
    table = tmp_path / "nights.tsv"
    table.write_text("\n".join(["subject\tnight\tcondition\trem_pct", *nights]) + "\n", "utf-8")
    own, others = own_and_others(modules_of_a_run("compare", table, "-q", "--no-figures"))
    # A maintainer must know what a comparison takes from other packages. How finely it is divided
    # itself costs a fraction of a millisecond a module, and makes it easier to read.
    assert len(others) <= 35, others
    assert len(own) <= 58, own
    # What few studies have is imported where it is used.
    rare = {"arms", "pages", "signal_level", "stager_error"}
    assert [module for module in own if rare.intersection(module.split("."))] == []
    # The page needs the files of nights; no heavy library.
    with_page = own_and_others(modules_of_a_run("compare", table, "-q"))[1]
    assert len(with_page) <= 59, with_page


def own_and_others(modules):
    """The modules of the comparison itself, its records included, and those of other packages."""
    packages = ("psgpipe.comparison.", "psgpipe.model.comparison.")
    own = [module for module in modules if module.startswith(packages)]
    return own, [module for module in modules if module not in own]


def test_help_imports_no_command():
    before_a_command = {"app", "printing", "process.stop_at_once"}
    commands = {f"psgpipe.cli.{module}" for module in before_a_command}
    modules = modules_of_a_run("--help")
    assert {m for m in modules if m.startswith("psgpipe.cli.")} <= commands
    assert len(modules) <= 10, modules


def test_no_folder_holds_too_many_files():
    files = Counter(path.parent for path in MODULES.values())
    assert {folder: n for folder, n in files.items() if n > MOST_FILES_IN_A_FOLDER} == {}


def test_every_module_says_what_it_is_in_its_first_line():
    without = [name for name, tree in TREES.items() if not first_line(tree)]
    assert without == []


def first_line(tree):
    """The first line of a module's docstring."""
    return (ast.get_docstring(tree) or "").partition("\n")[0].strip()


def test_modules_do_not_import_each_other_in_a_circle():
    graph = {name: set(imports(name)) - {name} for name in MODULES}
    graphlib.TopologicalSorter(graph).prepare()


def imports(name):
    """The modules of psgpipe that a module imports, in functions too, but not for types alone."""
    for node in nodes_at_run_time(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in MODULES else node.module


def nodes_at_run_time(node):
    """Every node of a tree except what stands under ``if TYPE_CHECKING``."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from nodes_at_run_time(child)
