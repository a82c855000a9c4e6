"""Exported nights as a BIDS data set: labels, the files that describe it, and the validator."""

import csv
import json
import os
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.errors import OutputConflict
from psgpipe.results.export.bids_labels import bids_labels
from psgpipe.results.export.export import export
from tests.shared_files import CHECKOUT
from tests.studies import read_json

VALIDATOR = CHECKOUT / "tests/bids/node_modules/bids-validator/bin/bids-validator"


def validate(folder):
    """What the validator of bids-standard.org finds: errors and warnings, each with its key."""
    if not (shutil.which("node") and VALIDATOR.is_file()):
        missing = pytest.fail if os.environ.get("PSGPIPE_REQUIRE_BIDS") == "1" else pytest.skip
        missing("the BIDS validator is not installed: npm ci --prefix tests/bids")
    command = ["node", str(VALIDATOR), str(folder), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    issues = json.loads(run.stdout)["issues"]
    return {kind: sorted(i["key"] for i in issues[kind]) for kind in ("errors", "warnings")}


@pytest.fixture
def results(study):
    """Two subjects with two nights each, and ids that are no labels of BIDS."""
    made = study("base-1", "base-1")
    lines = made.table.read_text(encoding="utf-8").splitlines()
    lines = [line.replace("S1\t", "sub-01\t").replace("S2\t", "P_2\t") for line in lines]
    second = lines[1].replace("base-1", "treat 1").replace("S1.edf", "S1b.edf")
    shutil.copy(made.recording(1), made.folder / "recordings" / "S1b.edf")
    with (made.folder / "recordings" / "S1b.edf").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\1")
    made.table.write_text("\n".join([*lines, second]) + "\n", encoding="utf-8")
    made.run()
    return made.out


def test_the_validator_finds_nothing_but_that_no_author_is_named(results, tmp_path):
    export(results, "bids", tmp_path / "bids")
    issues = validate(tmp_path / "bids")
    assert issues["errors"] == []
    # One subject has two nights here, the other one.
    assert issues["warnings"] == ["MISSING_SESSION", "NO_AUTHORS"]


def test_the_validator_would_see_a_file_that_is_not_named_by_the_rules(results, tmp_path):
    export(results, "bids", tmp_path / "bids")
    events = next((tmp_path / "bids").rglob("*_events.tsv"))
    events.rename(events.with_name(events.name.replace("_events", "_stages")))
    assert "NOT_INCLUDED" in validate(tmp_path / "bids")["errors"]


def test_the_data_set_says_what_made_it_and_which_id_each_label_stands_for(results, tmp_path):
    folder = tmp_path / "bids"
    files = export(results, "bids", folder).files
    assert {path for path in files if path.endswith("events.tsv")} == {
        "sub-01/ses-base1/eeg/sub-01_ses-base1_task-sleep_desc-yasa_events.tsv",
        "sub-01/ses-treat1/eeg/sub-01_ses-treat1_task-sleep_desc-yasa_events.tsv",
        "sub-P2/ses-base1/eeg/sub-P2_ses-base1_task-sleep_desc-yasa_events.tsv",
    }
    description = read_json(folder / "dataset_description.json")
    assert description["DatasetType"] == "derivative"
    made_by = [
        (program["Name"], bool(program["Version"])) for program in description["GeneratedBy"]
    ]
    assert made_by[0] == ("psgpipe", True)
    assert [name for name, _ in made_by[1:]] == ["yasa"]

    def table(name):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return [tuple(row.values()) for row in csv.DictReader(file, delimiter="\t")]

    assert table("participants.tsv") == [("sub-P2", "P_2"), ("sub-01", "sub-01")]
    assert table("sub-01/sub-01_sessions.tsv") == [
        ("ses-base1", "base-1"),
        ("ses-treat1", "treat 1"),
    ]


def test_ids_that_become_one_label_are_refused():
    with pytest.raises(OutputConflict, match="'S-1' and 's1' both become sub-s1"):
        bids_labels(["S-1", "s1"], "sub")


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=6))
def test_a_label_has_only_letters_and_digits_and_stands_for_one_id(ids):
    try:
        labels = bids_labels(ids, "ses", "S1")
    except OutputConflict:
        return
    assert all(label.isascii() and label.isalnum() for label in labels.values())
    assert len({label.casefold() for label in labels.values()}) == len(set(ids))
