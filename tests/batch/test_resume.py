"""The same command again computes only the nights that are missing or have changed."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from psgpipe.batch import run
from psgpipe.cli.app import exit_code
from psgpipe.results.night_writer import finish_night
from tests import cheap_nights
from tests.studies import CHECKOUT, flip_a_bit, in_this_process, read_json, tree

WITH_WORKERS = (
    "test_a_study_from_table_to_nights",
    "test_nothing_changed_nothing_computed",
    "test_a_failed_night_is_left_until_something_changes",
    "test_a_night_that_took_too_long_is_tried_again_with_more_time",
)


@pytest.fixture(autouse=True)
def _nights_in_this_process(request, monkeypatch):
    """What a night does is the same without a worker, which takes longer to start."""
    if request.function.__name__ not in WITH_WORKERS:
        monkeypatch.setattr(run, "run_tasks", in_this_process)


def computed_again(study, *options):
    """The subjects whose nights a further run stages."""
    before = len(events(study))
    study.run(*options)
    return {e["subject"] for e in events(study)[before:] if e["event"] == "finished"}


def events(study, *names):
    """The events of the journal."""
    lines = (study.out / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return [e for e in map(json.loads, lines) if not names or e["event"] in names]


def test_a_study_from_table_to_nights(study):
    three = study("n1", "n1", "n2", columns="\tage\tsex\tward", cells=["\t41\tF\tA"] * 3)
    assert three.run() == 0
    assert three.states() == {"S1": "done", "S2": "done", "S3": "done"}
    first = three.rows()[0]
    assert (first["night"], first["condition"], first["ward"]) == ("n1", "treatment", "A")
    assert (first["age"], first["sex"], first["recording"]) == ("41.0", "F", "S1.edf")
    assert first["tib_min"] == "2.0"
    assert first["lights_source"] == "recording"
    assert first["derivations"] == "C4-M1, E1-M2, chin"


@pytest.mark.parametrize("trust", [[], ["--trust-mtime"]])
def test_nothing_changed_nothing_computed(study, trust):
    two = study("n1", "n1")
    assert two.run() == 0
    before = tree(two.out)
    assert computed_again(two, *trust) == set()
    assert tree(two.out) == before


@pytest.mark.parametrize("trust", [[], ["--trust-mtime"]])
def test_a_changed_recording_is_staged_again(study, trust):
    two = study("n1", "n1")
    two.run()
    flip_a_bit(two.recording(2))
    assert computed_again(two, *trust) == {"S2"}


def test_a_recording_replaced_by_one_of_the_same_size_and_date_is_noticed(study):
    two = study("n1", "n1")
    two.run()
    two.run("--trust-mtime")
    was = two.recording(1).stat()
    flip_a_bit(two.recording(1))
    os.utime(two.recording(1), ns=(was.st_atime_ns, was.st_mtime_ns))
    assert computed_again(two, "--trust-mtime") == {"S1"}


def test_a_touched_recording_is_not_staged_again(study):
    one = study("n1")
    one.run()
    os.utime(one.recording(1), (0, 0))
    assert computed_again(one, "--trust-mtime") == set()


def test_a_changed_pipeline_stages_every_night_again(study, tmp_path):
    two = study("n1", "n1")
    pipeline = tmp_path / "lab.toml"
    text = (CHECKOUT / "pipelines" / "standard-night.toml").read_text(encoding="utf-8")
    pipeline.write_text(text, encoding="utf-8")
    two.run("-p", str(pipeline))
    pipeline.write_text(f"# only a comment\n{text}", encoding="utf-8")
    assert computed_again(two, "-p", str(pipeline)) == set()
    changed = text.replace('name = "standard-night"', 'name = "lab"')
    assert changed != text
    pipeline.write_text(changed, encoding="utf-8")
    assert computed_again(two, "-p", str(pipeline)) == {"S1", "S2"}


def test_a_comment_in_the_label_table_changes_nothing(study, tmp_path):
    one = study("n1")
    labels = tmp_path / "lab.toml"
    labels.write_text("[electrodes]\nC3 = ['our C3']\n", encoding="utf-8")
    one.run("--labels", str(labels))
    labels.write_text("# ours\n[electrodes]\nC3 = ['our C3']\n", encoding="utf-8")
    assert computed_again(one, "--labels", str(labels)) == set()
    assert computed_again(one, "--labels", str(labels), "--trust-mtime") == set()


@pytest.mark.parametrize("trust", [[], ["--trust-mtime"]])
def test_a_night_made_by_another_version_of_yasa_is_staged_again(study, trust):
    one = study("n1")
    one.run()
    manifest = read_json(one.night(1) / "manifest.json")
    version = manifest["engine"]["versions"]["yasa"]
    outputs = {e["name"]: (one.night(1) / e["name"]).read_bytes() for e in manifest["outputs"]}
    manifest["engine"]["versions"]["yasa"] = "0.8.0"
    finish_night(one.night(1), outputs, {**manifest, "fingerprint": "that of yasa 0.8.0"})
    assert computed_again(one, *trust) == {"S1"}
    assert read_json(one.night(1) / "manifest.json")["engine"]["versions"]["yasa"] == version


def test_a_changed_lights_off_stages_again_and_a_changed_ward_does_not(study):
    two = study("n1", "n1", columns="\tlights_off\tward", cells=["\t\tA", "\t\tA"])
    two.run()
    text = two.table.read_text(encoding="utf-8")
    two.table.write_text(text.replace("\tA\n", "\tB\n"), encoding="utf-8")
    assert computed_again(two) == set()
    assert {row["ward"] for row in two.rows()} == {"B"}
    text = two.table.read_text(encoding="utf-8")
    two.table.write_text(text.replace("S1.edf\t", "S1.edf\t22:01:30"), encoding="utf-8")
    assert computed_again(two) == {"S1"}
    assert two.rows()[0]["lights_source"] == "table/recording"


@pytest.mark.parametrize("trust", [[], ["--trust-mtime"]])
def test_a_failed_night_is_left_until_something_changes(study, trust):
    two = study("refused", "n1")
    assert two.run() == 8
    failure = two.night(1) / "failure.json"
    before = failure.stat().st_mtime_ns
    assert two.run(*trust) == 8
    assert failure.stat().st_mtime_ns == before
    assert len(events(two, "failed")) == 1
    flip_a_bit(two.recording(1))
    assert two.run(*trust) == 8
    assert len(events(two, "failed")) == 2


def test_a_failed_night_can_be_tried_again(study):
    one = study("refused")
    one.run()
    assert one.run("--retry-failed") == 8
    assert len(events(one, "failed")) == 2


def test_a_night_that_took_too_long_is_tried_again_with_more_time(study):
    one = study("slow")
    assert one.run("--timeout", "0.5") == 8
    assert one.kinds() == {"S1": "TimedOut"}
    assert one.run("--timeout", "0.5") == 8
    assert len(events(one, "failed")) == 1
    assert one.run("--timeout", "30") == 0
    assert one.states() == {"S1": "done"}


def test_a_recording_that_is_not_there_fails_its_night_alone(study):
    three = study("n1", "n1", "n1")
    three.recording(2).unlink()
    assert three.run() == 8
    assert three.states() == {"S1": "done", "S2": "failed", "S3": "done"}
    assert read_json(three.night(2) / "failure.json")["exit_code"] == 4


def test_a_share_that_is_not_mounted_costs_no_result(study):
    two = study("n1", "n1")
    two.run()
    before = tree(two.out)
    (two.folder / "recordings").rename(two.folder / "elsewhere")
    assert two.run() == 8
    assert two.run("--trust-mtime") == 8
    assert tree(two.out) == before
    assert two.states() == {"S1": "done", "S2": "done"}


def test_a_recording_that_became_unreadable_takes_its_results_with_it(study):
    one = study("n1")
    one.run()
    one.recording(1).write_bytes(b"0       " + bytes(4096))
    assert one.run() == 8
    assert sorted(path.name for path in one.night(1).iterdir()) == ["failure.json"]


def test_another_recording_does_not_take_the_place_of_a_night_unasked(study):
    two = study("n1", "n1")
    two.run()
    text = two.table.read_text(encoding="utf-8")
    two.recording(1).rename(two.recording(9))
    flip_a_bit(two.recording(9))
    two.table.write_text(text.replace("S1.edf", "S9.edf"), encoding="utf-8")
    before = tree(two.out / "nights")
    assert two.run() == 8
    assert tree(two.out / "nights") == before
    assert two.states() == {"S1": "missing", "S2": "done"}
    assert two.run("--force") == 0
    assert two.states() == {"S1": "done", "S2": "done"}


def test_a_renamed_recording_is_the_same_night(study):
    one = study("n1")
    one.run()
    one.recording(1).rename(one.recording(9))
    text = one.table.read_text(encoding="utf-8")
    one.table.write_text(text.replace("S1.edf", "S9.edf"), encoding="utf-8")
    assert one.run() == 0
    assert one.states() == {"S1": "done"}


@pytest.mark.parametrize(
    "file", ["hypnogram.tsv", "hypnogram.edf", "summary.json", "quality.json", "manifest.json"]
)
@pytest.mark.parametrize("at", [0.2, 0.6])
def test_a_bit_that_flips_is_found_and_the_night_staged_again(study, file, at, capsys):
    two = study("n1", "n1")
    two.run()
    before = tree(two.out)
    assert exit_code(["verify", str(two.out)]) == 0
    flip_a_bit(two.night(2) / file, at)
    capsys.readouterr()
    assert exit_code(["verify", str(two.out), "--json"]) == 7
    said = json.loads(capsys.readouterr().out)
    (damaged,) = said["damaged"]
    assert (damaged["subject"], damaged["damage"][0].split(":")[0]) == ("S2", file)
    assert computed_again(two) == {"S2"}
    assert tree(two.out) == before


def test_a_missing_output_is_found_and_made_again(study):
    one = study("n1")
    one.run()
    (one.night(1) / "summary.json").unlink()
    assert exit_code(["verify", str(one.out), "--quiet"]) == 7
    assert computed_again(one, "--trust-mtime") == {"S1"}
    assert exit_code(["verify", str(one.out), "--quiet"]) == 0


def test_results_can_be_moved(study):
    two = study("n1", "n1")
    two.run()
    before = tree(two.out)
    moved = two.folder / "archive" / "renamed"
    moved.parent.mkdir()
    shutil.move(two.out, moved)
    arguments = [a.replace(str(two.out), str(moved)) for a in two.arguments("--quiet", "-j1")]
    assert cheap_nights.main([*arguments, "--trust-mtime"]) == 0
    assert exit_code(["gather", str(moved), "--quiet", "--no-figures"]) == 0
    assert tree(moved) == before
    assert str(two.folder) not in b"".join(
        p.read_bytes() for p in moved.rglob("*") if p.is_file()
    ).decode("utf-8", "replace")


def test_force_stages_again(study):
    one = study("n1")
    one.run()
    before = tree(one.out)
    assert computed_again(one, "--force") == {"S1"}
    assert tree(one.out) == before


@pytest.mark.parametrize("trust", [[], ["--trust-mtime"]])
def test_a_clock_set_back_neither_hides_a_change_nor_makes_one(study, trust):
    two = study("n1", "n1")
    two.run()
    before = tree(two.out)
    long_ago = 946684800  # the year 2000: the clock of a machine with an empty battery
    for path in [*two.out.rglob("*"), two.recording(1), two.recording(2)]:
        os.utime(path, (long_ago, long_ago))
    os.utime(two.recording(2), (4102444800, 4102444800))  # and one from the year 2100
    assert computed_again(two, *trust) == set()
    assert tree(two.out) == before
    flip_a_bit(two.recording(1))
    os.utime(two.recording(1), (long_ago, long_ago))
    assert computed_again(two, *trust) == {"S1"}


def test_outputs_from_the_future_are_read_before_they_are_believed(study):
    one = study("n1")
    one.run()
    flip_a_bit(one.night(1) / "summary.json")
    os.utime(one.night(1) / "summary.json", (4102444800, 4102444800))
    assert computed_again(one, "--trust-mtime") == {"S1"}


def test_resuming_a_finished_batch_imports_no_stager(study):
    two = study("n1", "n1")
    two.run()
    done = subprocess.run(
        [sys.executable, "-m", "tests.cheap_nights", *two.arguments("-j2")],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "psgpipe" in imported
    assert imported.isdisjoint({"yasa", "mne", "lightgbm", "pandas", "matplotlib"})
