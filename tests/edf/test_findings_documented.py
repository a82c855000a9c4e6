"""The documentation explains every finding of the reader, what it makes doubtful, and no others."""

import ast
import re
from collections.abc import Iterable, Iterator

from tests.shared_files import CHECKOUT

SOURCES = [
    path
    for package in ("edf", "recordings", "sleep", "night", "scorings")
    for path in (CHECKOUT / "src" / "psgpipe" / package).rglob("*.py")
    if path.name != "writer.py"
]
CODE = r"\"([a-z0-9]+(?:-[a-z0-9]+)+|clipped|flat|plateau|short)\""
GIVEN = re.compile(rf"(?:\.add\(\s*|Finding\(\s*|_report\(\s*findings, ){CODE}")
# Words of the page for the values of Finding.affects.
WORDS = {"the end": "end", "gaps": "gaps", "the numbers": "numbers"}


def codes_given() -> set[str]:
    return {code for path in SOURCES for code in GIVEN.findall(path.read_text(encoding="utf-8"))}


def documented() -> dict[str, str]:
    """What each finding makes doubtful, in the words of the page, by code."""
    text = (CHECKOUT / "docs" / "reference" / "findings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*) \|[^|]*\|[^|]*\| ?([^|]*?) ?\|", text, flags=re.MULTILINE)
    return {code: what for codes, what in rows for code in re.findall(r"`([a-z0-9-]+)`", codes)}


def calls() -> Iterator[ast.Call]:
    for path in SOURCES:
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        yield from (node for node in nodes if isinstance(node, ast.Call))


def constants(nodes: Iterable[ast.AST]) -> list[object]:
    return [n.value for node in nodes for n in ast.walk(node) if isinstance(n, ast.Constant)]


def affected() -> dict[str, set[object]]:
    """The values of `affects` in the calls that make each finding, by code."""
    given = codes_given()
    found: dict[str, set[object]] = {}
    for call in calls():
        codes = given & {a.value for a in call.args if isinstance(a, ast.Constant)}
        # The helper for samples takes it by position.
        by_position = call.args[3:] if getattr(call.func, "attr", "") == "_report" else []
        values = constants([*by_position, *(k.value for k in call.keywords if k.arg == "affects")])
        for code in codes:
            found.setdefault(code, set()).update(v for v in values if v in WORDS.values())
    return {code: values for code, values in found.items() if values}


def test_every_finding_is_explained_and_every_explanation_is_given():
    assert len(codes_given()) > 40
    assert set(documented()) == codes_given()


def test_the_page_says_what_each_finding_makes_doubtful():
    said = {
        code: {value for words, value in WORDS.items() if words in what}
        for code, what in documented().items()
    }
    assert {code: values for code, values in said.items() if values} == affected()
