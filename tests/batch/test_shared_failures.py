"""A reason that many nights share is said once; nights that the table no longer lists are named."""

import json

import pytest

from tests import cheap_nights
from tests.recordings import write_night
from tests.studies import tree


@pytest.fixture
def without_mastoids(study):
    """Five nights; three have no mastoid, and other channels beside C4."""
    five = study("n1", "n1", "n1", "n1", "n1")
    for number, beside in ((2, "Leg"), (3, "Leg"), (5, "SpO2")):
        write_night(five.recording(number), ("C4", beside), seconds=120)
    return five


def said(study, capsys, command, *options):
    capsys.readouterr()
    code = cheap_nights.main([command, *map(str, options)])
    return code, capsys.readouterr().out.splitlines()


def assert_said_once(lines):
    """C4-M1 is missing in three nights, which are named, and there is one remedy."""
    (reason,) = [line for line in lines if "C4-M1" in line and "be built" in line]
    assert "3 nights, for example S2 n1: none of" in reason
    assert ".edf" not in reason
    after = lines[lines.index(reason) + 1 :][:2]
    assert after[0].startswith("    Not understood: Leg. Name them in a label table")
    assert after[1].strip() == "Nights: S2 n1, S3 n1, S5 n1"


def test_a_batch_says_a_shared_reason_once_with_its_count_and_remedy(without_mastoids, capsys):
    arguments = without_mastoids.arguments("-j1")
    code, lines = said(without_mastoids, capsys, *arguments)
    assert code == 8
    assert_said_once(lines)
    _, lines = said(without_mastoids, capsys, *arguments, "--json")
    (group,) = json.loads("\n".join(lines))["failure_groups"]
    assert (group["kind"], group["count"]) == ("DerivationMissing", 3)
    assert group["names"] == ["S2 n1", "S3 n1", "S5 n1"]


def test_the_lines_of_a_log_say_a_shared_reason_once(without_mastoids):
    batch = without_mastoids.start("-j1")
    _, log = batch.communicate(timeout=120)
    night_lines = [line for line in log.splitlines() if ": failed" in line]
    assert len(night_lines) == 3
    assert "none of C4-M1" in night_lines[0]
    assert [line.split(": ")[-1] for line in night_lines[1:]] == ["failed like S2 n1"] * 2


def test_status_says_a_shared_reason_once(without_mastoids, capsys):
    without_mastoids.run()
    _, lines = said(without_mastoids, capsys, "status", without_mastoids.out)
    assert lines[0] == "2 done, 3 failed"
    assert_said_once(lines)


def test_a_dry_run_reads_headers_and_says_what_will_fail(without_mastoids, capsys):
    without_mastoids.recording(4).write_bytes(b"no recording")
    arguments = without_mastoids.arguments("--dry-run", "-j1")
    code, lines = said(without_mastoids, capsys, *arguments)
    assert code == 0
    assert "! 4 will fail, by what their headers say:" in lines
    assert_said_once(lines)
    assert any(line.startswith("  S4 n1: ") for line in lines)
    assert not without_mastoids.out.exists()
    _, lines = said(without_mastoids, capsys, *arguments, "--json")
    groups = json.loads("\n".join(lines))["will_fail"]
    assert [(g["kind"], g["count"]) for g in groups] == [
        ("DerivationMissing", 3),
        ("HeaderInvalid", 1),
    ]


def test_the_check_of_a_folder_says_a_shared_reason_once(without_mastoids, capsys):
    folder = without_mastoids.folder / "recordings"
    code, lines = said(without_mastoids, capsys, "check", folder)
    assert code == 5
    assert lines[-1].startswith("5 recordings: 3 unsuitable, 2 ")
    assert sum("none of C4-M1" in line for line in lines) == 1
    remedies = [line for line in lines if "Not understood: Leg" in line]
    assert len(remedies) == 1
    assert remedies[0].startswith("  S2.edf and 2 recordings like it: ")
    assert [line.split("  ")[-1] for line in lines if line.startswith("unsuitable")][1:] == (
        ["like S2.edf"] * 2
    )


def test_two_reasons_are_two_groups(study, capsys):
    four = study("refused", "refused", "n1", "n1")
    four.recording(3).unlink()
    four.recording(4).unlink()
    _, lines = said(four, capsys, *four.arguments("-j1"))
    assert "  2 nights: a flat line" in lines
    assert "  2 nights: no such file" in lines
    assert "4 nights: 0 finished, 4 failed." in lines


def test_results_of_an_earlier_run_are_counted(study, capsys):
    three = study("n1", "n1", "n1")
    three.run()
    for number in (1, 2, 3):
        three.recording(number).unlink()
    _, lines = said(three, capsys, *three.arguments("-j1"))
    assert "    Results of an earlier run are still there in 3 of them." in lines


@pytest.fixture
def shortened(study):
    """A study of three finished nights whose table lost S2."""
    three = study("n1", "n1", "n1")
    three.run()
    lines = three.table.read_text(encoding="utf-8").splitlines(keepends=True)
    three.table.write_text("".join(line for line in lines if "S2" not in line), "utf-8")
    return three


NOT_LISTED = "! 1 night in this folder, not in the study table: S2 n1"


def test_a_batch_names_nights_that_left_the_table_and_keeps_them(shortened, capsys):
    before = tree(shortened.out / "nights")
    code, lines = said(shortened, capsys, *shortened.arguments("-j1"))
    assert code == 0
    assert NOT_LISTED in lines
    assert tree(shortened.out / "nights") == before
    assert set(shortened.states()) == {"S1", "S3"}


@pytest.mark.parametrize("command", ["status", "verify"])
def test_status_and_verify_name_nights_that_left_the_table(shortened, capsys, command):
    shortened.run()
    code, lines = said(shortened, capsys, command, shortened.out)
    assert code == 0
    assert NOT_LISTED in lines
    _, lines = said(shortened, capsys, command, shortened.out, "--json")
    assert json.loads("\n".join(lines))["unlisted"] == [{"subject": "S2", "night": "n1"}]


def test_verify_reads_nights_that_left_the_table(shortened, capsys):
    shortened.run()
    (shortened.night(2) / "hypnogram.tsv").write_bytes(b"")
    code, lines = said(shortened, capsys, "verify", shortened.out)
    assert code == 7
    assert lines[-1] == "3 finished nights, 15 files: 1 night damaged"


def test_a_dry_run_names_nights_that_left_the_table(shortened, capsys):
    _, lines = said(shortened, capsys, *shortened.arguments("--dry-run"))
    assert NOT_LISTED in lines


def test_nights_without_a_table_left_no_table(study, capsys):
    two = study("n1", "n1")
    assert cheap_nights.main(["run", str(two.recording(1)), "-o", str(two.out), "-q"]) == 0
    code, lines = said(two, capsys, "status", two.out)
    assert (code, lines) == (0, ["1 done"])
