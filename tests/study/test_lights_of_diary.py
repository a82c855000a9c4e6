"""Lights of a diary: only by declaration, under a word of their own."""

import pytest

from psgpipe.comparison.compare import compare
from psgpipe.errors import NightsNotComparable, StudyTableInvalid
from psgpipe.study.study_table import study_table

HEAD = "subject\tnight\tcondition\trecording\tlights_off\tlights_on\tlights_source\n"


def read(tmp_path, cells):
    path = tmp_path / "study.tsv"
    path.write_text(HEAD + "S1\tn1\tbaseline\ta.edf\t" + "\t".join(cells) + "\n", "utf-8")
    return study_table(path)[0].night


def test_only_the_word_diary_declares_the_lights_of_a_diary(tmp_path):
    assert read(tmp_path, ("23:00", "07:00", "diary")).lights_source == "diary"
    for other in ("", "table", "annotation"):
        assert read(tmp_path, ("23:00", "07:00", other)).lights_source is None


def test_another_word_and_a_declaration_without_times_are_refused(tmp_path):
    with pytest.raises(StudyTableInvalid, match="row 2, column lights_source: wanted diary"):
        read(tmp_path, ("23:00", "07:00", "dairy"))
    with pytest.raises(StudyTableInvalid, match="row 2, column lights_off: wanted the times of"):
        read(tmp_path, ("", "", "diary"))


def test_lights_of_a_diary_are_not_compared_with_observed_ones(tmp_path):
    path = tmp_path / "nights.tsv"
    rows = [
        f"S{s}\t{condition}\t{condition}\t{400 + s + shift}\t{source}"
        for s in range(4)
        for condition, shift, source in (("baseline", 0, "table"), ("treatment", 9, "diary"))
    ]
    path.write_text(
        "\n".join(["subject\tnight\tcondition\ttst_min\tlights_source", *rows]), "utf-8"
    )
    with pytest.raises(NightsNotComparable, match="lights source differs"):
        compare(path)
    assert compare(path, allow_unlike=["lights_source"]).contrasts
