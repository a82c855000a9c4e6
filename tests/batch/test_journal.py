"""The journal of a batch: what is new, and nothing about nights that are as they were."""

import json

import pytest


@pytest.fixture
def nights(study):
    return study("n1", "n1", "refused", "n1")


def lines(study):
    return [json.loads(line) for line in (study.out / "journal.jsonl").read_bytes().splitlines()]


def test_each_night_that_is_computed_is_started_and_ends_in_the_journal(nights):
    nights.run()
    events = lines(nights)
    assert events[0]["event"] == "batch began"
    assert (events[0]["nights"], events[0]["jobs"]) == (4, 1)
    ends = ["finished", "finished", "failed", "finished"]
    assert [(e["event"], e["subject"]) for e in events[1:-1]] == [
        event for i, end in enumerate(ends, 1) for event in (("started", f"S{i}"), (end, f"S{i}"))
    ]
    assert events[-1]["event"] == "batch ended"


@pytest.mark.parametrize("options", [[], ["--trust-mtime"]])
def test_a_rerun_that_does_nothing_writes_a_line(nights, options):
    nights.run()
    before = len(lines(nights))
    assert nights.run(*options) == 8
    (line,) = lines(nights)[before:]
    assert (line["event"], line["unchanged"], line["failed before"]) == ("batch ended", 3, 1)


def test_a_rerun_notes_only_the_night_that_changed(nights):
    nights.run()
    before = len(lines(nights))
    content = bytearray(nights.recording(2).read_bytes())
    content[-1] ^= 1
    nights.recording(2).write_bytes(content)
    nights.run()
    events = lines(nights)[before:]
    assert [(e["event"], e.get("subject")) for e in events] == [
        ("batch began", None), ("started", "S2"), ("finished", "S2"), ("batch ended", None),
    ]  # fmt: skip
