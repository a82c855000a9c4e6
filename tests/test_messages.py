"""Words of messages: ``1 night``, ``2 nights``."""

import ast
import itertools
import re
from pathlib import Path

import pytest

import psgpipe
from psgpipe.messages import count_of

SOURCE = Path(psgpipe.__file__).parent
COUNTED = re.compile(
    r" (?:more |other )?(nights|subjects|epochs|recordings|channels|files|scorings|annotations|"
    r"findings|rows|cells|records|labels|workers|stages|periods|samples)\b"
)
FROM_TWO_ON = {
    "agreement/scoring_files.py", "concordance/nights.py", "night/lights_events.py",
    "starter/scoring_pairs.py",
}  # fmt: skip
"""Modules with a sentence that is said where there are several."""


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 nights"), (1, "1 night"), (2, "2 nights"), (1.0, "1 night"),
                         (1.5, "1.5 nights"), (12_345_678, "12345678 nights")],
)  # fmt: skip
def test_one_is_counted_in_the_singular(number, text):
    assert count_of(number, "night") == text


def counts_before_plurals():
    """Numbers of things in f-strings that are followed by a plural, whatever the number is."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else []
            for count, text in itertools.pairwise(parts):
                if isinstance(count, ast.FormattedValue) and isinstance(text, ast.Constant):
                    number = ast.unparse(count.value)
                    is_number = re.match(r"len\(|n_|self\.n_|count$", number)
                    if is_number and COUNTED.match(text.value):
                        yield path.relative_to(SOURCE).as_posix(), ast.unparse(node)


def test_no_message_counts_one_thing_in_the_plural():
    found = [(path, text) for path, text in counts_before_plurals() if path not in FROM_TWO_ON]
    assert found == []
