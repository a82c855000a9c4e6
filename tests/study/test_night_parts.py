"""Rows of a study table that are parts of one night."""

import pytest

from psgpipe.errors import StudyTableInvalid
from psgpipe.study.study_table import study_table

COLUMNS = "subject\tnight\tcondition\trecording\tlights_off\tlights_on\tpart\n"


def nights(folder, *rows):
    path = folder / "study.tsv"
    path.write_text(COLUMNS + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return study_table(path)


def test_the_parts_of_a_night_are_one_row_in_the_order_of_their_numbers(tmp_path):
    listed, other = nights(
        tmp_path,
        "S1\tn\tbaseline\tb.edf\t\t06:30\t2",
        "S1\tn\tbaseline\ta.edf\t22:40\t\t1",
        "S2\tn\tbaseline\tc.edf\t22:10\t\t",
    )
    assert listed.recording == tmp_path / "a.edf"
    assert listed.night.further_parts == (tmp_path / "b.edf",)
    assert (listed.night.lights_off, listed.night.lights_on) == ("22:40", "06:30")
    assert "part" not in listed.night.extra
    assert other.night.further_parts == ()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["S1\tn\tbaseline\ta.edf\t\t\t1", "S1\tn\tbaseline\tc.edf\t\t\t3"],
         "row 2, column part: part 2 of this night is not listed"),
        (["S1\tn\tbaseline\tb.edf\t\t\t2"], "part 1 of this night is not listed"),
        (["S1\tn\tbaseline\ta.edf\t\t\t1", "S1\tn\tbaseline\tb.edf\t\t\t1"],
         "row 3, column part: part 1 of this night is in row 2"),
        (["S1\tn\tbaseline\ta.edf\t\t\t1", "S1\tn\ttreatment\tb.edf\t\t\t2"],
         "row 3, column condition: wanted 'baseline' as in row 2, the same night"),
        (["S1\tn\tbaseline\ta.edf\t\t\t1", "S1\tn\tbaseline\ta.edf\t\t\t2"],
         "column recording: the same recording"),
        (["S1\tn\tbaseline\ta.edf\t\t\t1", "S1\tn\tbaseline\tb.edf\t\t\t"],
         "column night: 'n' of subject 'S1' stands twice"),
        (["S1\tn\tbaseline\ta.edf\t\t\tfirst"], "column part: wanted a whole number from 1"),
    ],
)  # fmt: skip
def test_parts_that_do_not_make_a_night_are_named(tmp_path, rows, said):
    with pytest.raises(StudyTableInvalid) as refused:
        nights(tmp_path, *rows)
    assert said in refused.value.problem
