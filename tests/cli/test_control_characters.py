"""Text that a terminal or a spreadsheet would obey reaches neither a table nor the terminal."""

import json
import unicodedata

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.comparison.nights.nights_table import nights_table
from psgpipe.errors import StudyTableInvalid, UsageError
from psgpipe.messages import without_controls
from psgpipe.study.discovery import nights_in_folder
from psgpipe.study.file_ids import night_from
from psgpipe.study.study_table import study_table

RED, BELL, RIGHT_TO_LEFT, ZERO_WIDTH = "\x1b[31m", "\a", "\u202e", "\u200b"
HOSTILE = [RED, BELL, "\x9b2J", RIGHT_TO_LEFT, ZERO_WIDTH, "\u2066", "\u2028", "\x7f", "\r"]


def obeyed(text):
    """The characters that a terminal or a spreadsheet would obey."""
    return {
        c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain, ä 睡眠 100 %", "plain, ä 睡眠 100 %"),
        (f"fell {RED}out of bed", "fell  [31mout of bed"),
        ("two\r\nlines\tand a tab", "two\nlines\tand a tab"),
        (f"gnirp{RIGHT_TO_LEFT}abc{ZERO_WIDTH}", "gnirpabc"),
        ("line\u2028end\x85next", "line end next"),
    ],
)
def test_text_loses_what_is_obeyed_and_keeps_what_is_read(text, line):
    assert without_controls(text) == line


@pytest.mark.parametrize("hostile", HOSTILE)
def test_free_text_of_a_study_table_is_cleaned(study, capsys, hostile):
    cells = ["\tward\t\t", "\tAB\t\t", f'\t"A{hostile}B"\tyes\t"came{hostile} late"']
    columns = f'\t"ward{hostile}"\texclude\texclude_reason'
    three = study("n1", "refused", "n1", columns=columns, cells=cells)
    assert exit_code(["batch", str(three.table), "-o", str(three.out), "-j1", "--dry-run"]) == 0
    three.run()
    assert exit_code(["status", str(three.out)]) == 0
    exit_code(["gather", str(three.out)])
    said = capsys.readouterr()
    assert not obeyed(said.out + said.err)
    for name in ("nights.tsv", "study.json", "journal.jsonl"):
        assert not obeyed((three.out / name).read_text(encoding="utf-8")), name
    (late,) = [row for row in three.rows() if row["subject"] == "S3"]
    column = " ".join(without_controls(f"ward{hostile}").split())
    assert late[column] == without_controls(f"A{hostile}B")
    assert late["reason"] == without_controls(f"came{hostile} late")


@pytest.mark.parametrize("column", ["subject", "night", "condition"])
@pytest.mark.parametrize("hostile", [RED, BELL, RIGHT_TO_LEFT, "\x9b2J"])
def test_an_id_or_a_condition_with_a_control_character_is_refused_with_its_row(
    tmp_path, column, hostile
):
    """Two that differ only in what nobody sees would be one, or another night than meant."""
    row = {"subject": "S1", "night": "n1", "condition": "visit", "recording": "a.edf"}
    row[column] = f"x{hostile}y"
    table = tmp_path / "study.tsv"
    text = "\t".join(row) + "\n" + "\t".join(row.values()) + "\n"
    table.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(StudyTableInvalid) as refused:
        study_table(table)
    assert f"row 2, column {column}: wanted" in refused.value.problem
    assert not obeyed(refused.value.problem)
    with pytest.raises(StudyTableInvalid, match=f"row 2, column {column}"):
        nights_table(table)


@pytest.mark.parametrize("option", ["subject", "night", "condition"])
def test_an_option_with_a_control_character_is_refused(tmp_path, option):
    with pytest.raises(UsageError, match=f"{option} is ") as refused:
        night_from(tmp_path / "a.edf", **{option: f"x{RED}"})
    assert not obeyed(refused.value.problem)


def test_an_id_from_a_file_name_has_no_control_character(tmp_path):
    try:
        (tmp_path / f"S1{RED}{RIGHT_TO_LEFT}.edf").write_bytes(b"")
    except OSError:
        pytest.skip("this system has no such file names")
    ((listed,), _) = nights_in_folder(tmp_path)
    assert listed.night.subject == "S1 [31m"


def test_a_reason_that_somebody_wrote_into_a_failure_is_cleaned(study, capsys):
    one = study("refused")
    one.run()
    path = one.night(1) / "failure.json"
    failure = json.loads(path.read_bytes())
    failure |= {"problem": f"a {RED}flat{RIGHT_TO_LEFT} line", "kind": f"Quality{BELL}Refused"}
    path.write_text(json.dumps(failure), encoding="utf-8")
    exit_code(["gather", str(one.out)])
    exit_code(["status", str(one.out)])
    said = capsys.readouterr()
    assert not obeyed(said.out + said.err)
    assert not obeyed((one.out / "nights.tsv").read_text(encoding="utf-8"))
    assert one.rows()[0]["reason"] == "a  [31mflat line"


def test_a_comparison_shows_no_control_character_of_its_table(tmp_path, capsys):
    rows = ["subject\tnight\tcondition\trem_pct\tsequence\tnote"]
    for subject in range(1, 9):
        for condition, level in (("baseline", 20), ("treatment", 22)):
            value = level + subject / 10
            rows.append(
                f"S{subject}\t{condition}\t{condition}\t{value}\tA{RED}B\tx{RIGHT_TO_LEFT}y"
            )
    table = tmp_path / "nights.tsv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert exit_code(["compare", str(table), "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert not obeyed(said.out + said.err)
    for path in (tmp_path / "out").rglob("*.*"):
        assert not obeyed(path.read_text(encoding="utf-8")), path.name
