"""A dry run lists the work and does nothing."""

import json

from tests import cheap_nights


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
    assert said[1] == "! 1 have no recording where it should be: S2 n1"
    assert said[-1] == "Nothing was computed and nothing was written."
