"""The documentation explains every finding of the reader, and no others."""

import re

from tests.shared_files import CHECKOUT

SOURCES = [
    path
    for package in ("edf", "sleep", "night")
    for path in (CHECKOUT / "src" / "psgpipe" / package).glob("*.py")
    if path.name != "writer.py"
]
CODE = r"\"([a-z0-9]+(?:-[a-z0-9]+)+|clipped|flat|plateau|short)\""
GIVEN = re.compile(rf"(?:\.add\(\s*|Finding\(\s*|_report\(findings, ){CODE}")


def codes_given() -> set[str]:
    return {code for path in SOURCES for code in GIVEN.findall(path.read_text(encoding="utf-8"))}


def codes_documented() -> set[str]:
    text = (CHECKOUT / "docs" / "reference" / "findings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*) \|", text, flags=re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([a-z0-9-]+)`", row)}


def test_every_finding_is_explained_and_every_explanation_is_given():
    assert len(codes_given()) > 40
    assert codes_documented() == codes_given()
