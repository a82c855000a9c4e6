"""Two studies do not share an output folder unasked; one study that changes keeps its own."""

import shutil

import pytest

from psgpipe.batch import run
from psgpipe.cli.app import exit_code
from tests.studies import read_json, tree


def with_subjects_called(study, letter):
    """The study with other subjects and the same recordings."""
    text = study.table.read_text(encoding="utf-8")
    lines = text.splitlines()
    renamed = [lines[0], *(letter + line[1:] for line in lines[1:])]
    study.table.write_text("\n".join(renamed) + "\n", encoding="utf-8")


def keep_rows(study, *numbers):
    header, *rows = study.table.read_text(encoding="utf-8").splitlines()
    kept = [header, *(rows[number - 1] for number in numbers)]
    study.table.write_text("\n".join(kept) + "\n", encoding="utf-8")


@pytest.fixture
def staged(study):
    """Three nights that are staged."""
    three = study("n1", "n1", "n1")
    assert three.run() == 0
    return three


@pytest.mark.parametrize("options", [[], ["--shard", "1/2"], ["--prepare"], ["--dry-run"]])
def test_another_study_is_refused_and_nothing_changes(staged, capsys, options):
    before = tree(staged.out, journals=True)
    with_subjects_called(staged, "P")
    assert staged.run(*options) == 7
    said = capsys.readouterr().err
    assert "out holds another study: study.tsv with 3 nights (S1 n1, ...)" in said
    assert "Give this study another -o folder" in said
    assert said.count("\n") <= 3
    assert tree(staged.out, journals=True) == before


def test_two_studies_that_begin_in_the_same_moment_are_not_both_said_to_be_done(
    study, capsys, monkeypatch
):
    one = study("n1", "n1", "n1")
    written = run.write_study

    def write_and_be_overtaken(out, *facts):
        written(out, *facts)
        described = out / "study.json"
        text = described.read_text(encoding="utf-8").replace('"S', '"P')
        sha256 = read_json(described)["study_table_sha256"]
        described.write_text(text.replace(sha256, "0" * 64), encoding="utf-8")

    monkeypatch.setattr(run, "write_study", write_and_be_overtaken)
    assert one.run("--shard", "1/2") == 7
    said = capsys.readouterr().err
    assert "out holds another study: study.tsv with 3 nights (P1 n1, ...)" in said


def test_with_force_the_other_study_takes_its_place_and_the_nights_stay(staged, capsys):
    with_subjects_called(staged, "P")
    assert staged.run("--force") == 0
    assert staged.states() == {"P1": "done", "P2": "done", "P3": "done"}
    assert (staged.night(1) / "manifest.json").exists()
    assert staged.run() == 0  # from now on it is the study of this folder


def test_a_table_that_grows_or_loses_nights_is_the_same_study(staged):
    text = staged.table.read_text(encoding="utf-8")
    keep_rows(staged, 3)
    assert staged.run() == 0
    staged.table.write_text(text, encoding="utf-8")
    assert staged.run() == 0
    assert staged.states() == {"S1": "done", "S2": "done", "S3": "done"}


def test_a_shard_of_a_grown_table_whose_own_nights_are_all_new_goes_on(study):
    four = study("n1", "n1", "n1", "n1")
    whole = four.table.read_text(encoding="utf-8")
    keep_rows(four, 1, 3)
    assert four.run() == 0
    four.table.write_text(whole, encoding="utf-8")
    assert four.run("--shard", "2/2") == 0  # S2 and S4
    assert exit_code(["gather", str(four.out), "--quiet"]) == 0
    assert len(four.states()) == 4


def test_a_subject_whose_id_is_spelled_otherwise_is_the_same_subject(staged):
    with_subjects_called(staged, "s")
    assert staged.run() == 0


def test_a_night_by_itself_and_a_study_share_a_folder(study, tmp_path):
    two = study("n1", "n1")
    alone = tmp_path / "alone.edf"
    shutil.copy(two.recording(1), alone)
    run = ["run", str(alone), "-o", str(two.out), "--no-figures", "--quiet"]
    from tests import cheap_nights

    assert cheap_nights.main(run) == 0
    assert two.run() == 0
    assert cheap_nights.main([*run, "--night", "2"]) == 0
    assert two.run() == 0


def test_where_no_night_was_staged_a_corrected_table_replaces_the_first_one(study):
    two = study("n1", "n1")
    assert two.run("--prepare") == 0
    with_subjects_called(two, "P")
    assert two.run() == 0
    assert two.states() == {"P1": "done", "P2": "done"}
