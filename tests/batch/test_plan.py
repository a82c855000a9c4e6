"""A dry run lists the work and does nothing."""

import json
import time

import pytest

from tests import cheap_nights
from tests.recordings import write_night


def plan(study, capsys, *options):
    capsys.readouterr()
    assert cheap_nights.main(study.arguments("--dry-run", "--json", "-j2", *options)) == 0
    return json.loads(capsys.readouterr().out)


def test_nothing_is_written(study, capsys):
    two = study("n1", "n1")
    said = plan(two, capsys)
    assert said["compute"] == [["S1", "n1"], ["S2", "n1"]]
    assert not said["measured"]
    assert said["disk_free_bytes"] > 0
    assert not two.out.exists()


def test_what_is_done_and_what_is_left(study, capsys):
    four = study(
        "n1", "refused", "n1", "n1", columns="\texclude", cells=["\t", "\t", "\t", "\tyes"]
    )
    four.run("--shard", "1/3")
    four.run("--shard", "2/3")
    four.recording(3).unlink()
    said = plan(four, capsys)
    assert said["check"] == [["S1", "n1"]]
    assert said["leave"] == [["S2", "refused"]]
    assert said["compute"] == said["without_recording"] == [["S3", "n1"]]
    assert said["excluded"] == [["S4", "n1"]]
    assert said["measured"]
    assert plan(four, capsys, "--retry-failed")["compute"] == [["S2", "refused"], ["S3", "n1"]]
    assert plan(four, capsys, "-p", "eeg-only")["compute"] == [["S1", "n1"], ["S3", "n1"]]
    assert plan(four, capsys, "--shard", "3/3")["compute"] == [["S3", "n1"]]


def test_the_plan_for_a_person(study, capsys):
    two = study("n1", "n1")
    two.recording(2).unlink()
    assert cheap_nights.main(two.arguments("--dry-run", "-j2")) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "2 nights would be staged: S1 n1, S2 n1"
    assert said[1] == "! 1 has no recording where it should be: S2 n1"
    assert said[-1] == "Nothing was computed and nothing was written."


def test_results_that_a_change_in_the_table_replaces_are_named(study, capsys):
    three = study("n1", "n1", "n1", columns="\tlights_off", cells=["\t", "\t", "\t"])
    three.run()
    text = three.table.read_text(encoding="utf-8").splitlines()
    three.table.write_text("\n".join([*text[:2], text[2] + "22:05", text[3]]) + "\n", "utf-8")
    said = plan(three, capsys)
    assert said["replace"] == said["compute"] == [["S2", "n1"]]
    assert said["check"] == [["S1", "n1"], ["S3", "n1"]]
    assert len(plan(three, capsys, "-p", "eeg-only")["replace"]) == 3
    assert len(plan(three, capsys, "--force")["replace"]) == 3
    assert cheap_nights.main(three.arguments("--dry-run")) == 0
    assert (
        "1 of them is finished, but not as asked now; results that change are replaced: S2 n1"
    ) in capsys.readouterr().out
    three.run()
    assert plan(three, capsys)["replace"] == []


def test_the_results_of_another_recording_are_not_replaced_unasked(study, capsys):
    two = study("n1", "n1")
    two.run()
    longer = two.recording(1).with_name("other.edf")
    write_night(longer, seconds=180)
    text = two.table.read_text(encoding="utf-8").replace("S1.edf", "other.edf")
    two.table.write_text(text, "utf-8")
    assert plan(two, capsys)["taken"] == [["S1", "n1"]]
    assert plan(two, capsys, "--force")["replace"] == [["S1", "n1"], ["S2", "n1"]]
    assert two.run() == 8
    assert two.states() == {"S1": "missing", "S2": "done"}


def test_a_blinded_study_that_has_not_changed_replaces_nothing(study, capsys):
    two = study("n1", "n1", columns="\tdose_mg_per_kg", cells=["\t0.5", "\t0"])
    two.run("--blind")
    said = plan(two, capsys)
    assert (said["replace"], said["check"]) == ([], [["S1", "n1"], ["S2", "n1"]])


@pytest.mark.slow
def test_once_a_night_has_run_the_time_is_right_within_a_factor_of_1_5(study, capsys):
    nine = study(*["slow"] * 9)
    assert nine.run("--shard", "1/9") == 0
    said = plan(nine, capsys)
    assert said["measured"]
    began_s = time.monotonic()
    assert nine.run(jobs=2) == 0
    took_s = time.monotonic() - began_s
    assert took_s / 1.5 <= said["seconds"] <= took_s * 1.5
