"""A wrong folder, table or word: what each command answers, and with which exit code."""

import shlex

import pytest

from psgpipe.cli.app import exit_code
from tests.recordings import write_night

READ_RESULTS = ("status", "gather", "verify", "doubts", "agree", "report")


@pytest.fixture
def refused(capsys):
    """The refusal of a command line, at most three lines."""

    def refused(code, *arguments):
        assert exit_code([str(argument) for argument in arguments]) == code
        said = capsys.readouterr().err
        assert "Traceback" not in said
        assert len(said.splitlines()) <= 3
        return said

    return refused


@pytest.mark.parametrize("command", READ_RESULTS)
def test_results_that_are_not_there_and_a_folder_without_results(command, refused, tmp_path):
    assert "absent: no such folder" in refused(2, command, tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    assert "empty: wanted a folder of results" in refused(2, command, tmp_path / "empty")


def test_a_folder_in_place_of_a_file_of_counts(refused, tmp_path):
    (tmp_path / "counts").mkdir()
    said = refused(5, "actigraphy", tmp_path / "counts", "-o", tmp_path / "out")
    assert "counts: a file was wanted, this is a folder" in said


def test_a_misspelt_condition_of_a_comparison(refused, tmp_path):
    table = tmp_path / "nights.tsv"
    table.write_text(
        "subject\tnight\tcondition\trem_pct\nS1\t1\tbaseline\t20\nS1\t2\ttreatment\t18\n", "utf-8"
    )
    said = refused(7, "compare", table, "--baseline", "basline")
    assert "Did you mean 'baseline'? Correct --baseline" in said


def test_a_difference_that_is_what_arithmetic_leaves_of_zero_is_shown_as_zero(tmp_path, capsys):
    # 0.1 + 0.2 - 0.3 is 5.6e-17 in binary numbers.
    rows = [f"S{s}\t{n}\t{c}\t{v}" for s in "123" for n, c, v in
            ((1, "baseline", 0.3), (2, "treatment", 0.1 + 0.2))]  # fmt: skip
    table = tmp_path / "nights.tsv"
    table.write_text("\n".join(["subject\tnight\tcondition\trem_pct", *rows]) + "\n", "utf-8")
    assert exit_code(["compare", str(table), "--no-figures"]) == 0
    out = capsys.readouterr().out
    (row,) = [line for line in out.splitlines() if line.strip().startswith("rem_pct  %")]
    assert "e-" not in row
    assert " 0.00 " in row


def test_a_table_in_the_folder_of_recordings_is_named(tmp_path, capsys):
    write_night(tmp_path / "S1.edf", seconds=60)
    (tmp_path / "study.tsv").write_text("subject\tnight\tcondition\trecording\n", "utf-8")
    exit_code(["batch", str(tmp_path), "-o", str(tmp_path / "out"), "--dry-run"])
    assert "study.tsv is not read where its folder is given" in capsys.readouterr().err


def test_the_command_that_makes_a_table_has_the_path_that_was_typed(tmp_path, refused):
    for name in ("a", "b"):
        (tmp_path / "two nights" / name).mkdir(parents=True)
        write_night(tmp_path / "two nights" / name / "S1.edf", seconds=60)
    said = refused(3, "batch", tmp_path / "two nights", "-o", tmp_path / "out")
    assert f"psgpipe table {shlex.quote(str(tmp_path / 'two nights'))} -o" in said.replace(
        "\n", " "
    )


def test_the_demo_writes_into_no_folder_of_another_study(tmp_path, refused):
    (tmp_path / "nights").mkdir()
    assert "this one holds other files" in refused(7, "demo", "-o", tmp_path)


@pytest.mark.parametrize(
    ("cell", "may_be_blank"), [("baseline\t34y", True), ("\t34", False), ("basline\t34", False)]
)
def test_only_a_cell_that_may_be_blank_is_said_to(cell, may_be_blank, tmp_path, refused):
    table = tmp_path / "study.tsv"
    table.write_text(f"subject\tnight\tcondition\tage\trecording\nS1\t1\t{cell}\tS1.edf\n", "utf-8")
    said = refused(3, "batch", table, "-o", tmp_path / "out")
    assert ("leave the cell blank" in said) == may_be_blank
