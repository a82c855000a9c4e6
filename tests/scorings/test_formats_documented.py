"""The page of scorings has every format; the lists of words are written as they are compared."""

import re
import tomllib
from importlib import resources

from psgpipe.scorings.formats.catalogue import FORMATS
from psgpipe.scorings.stage_words import stage_word
from psgpipe.scorings.tables.table_columns import columns_of
from tests.shared_files import CHECKOUT

PACKAGE = resources.files("psgpipe") / "scorings"


def table(*place):
    return tomllib.loads(PACKAGE.joinpath(*place).read_text(encoding="utf-8"))


def test_the_page_has_every_format_and_no_other():
    text = (CHECKOUT / "docs" / "reference" / "scorings.md").read_text(encoding="utf-8")
    formats = text.partition("## Formats")[2].partition("\n\n- ")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \|", formats, flags=re.MULTILINE)
    assert sorted(rows) == sorted(f.name for f in FORMATS)


def test_every_word_of_the_list_is_found_again():
    listed = {
        (word, stage, certainty)
        for stage, lists in table("stage_words.toml").items()
        if stage not in {"around", "numbers"}
        for certainty, words in lists.items()
        for word in words
    }
    found = {(word, *map(str, stage_word(word) or ("", ""))) for word, *_ in listed}
    assert found == listed


def test_no_name_of_a_column_has_two_meanings():
    names = [n for role in table("tables", "table_columns.toml").values() for n in role]
    assert sorted(names) == sorted(set(names))
    assert all(columns_of([name]).place for name in names)
