"""For any wrong input: the right exit code, two lines of text, and no temporary file."""

import os
import sys

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.edf.writer import write_scoring
from psgpipe.model.hypnogram import Hypnogram, SleepStage
from tests.recordings import write_night


@pytest.fixture
def run(tmp_path, capsys):
    """Run ``psgpipe run`` into a fresh folder; returns exit code, output and folder."""

    def run(recording, *options, out=tmp_path / "out"):
        code = exit_code(["run", str(recording), "-o", str(out), "--quiet", *map(str, options)])
        return code, capsys.readouterr().err, out

    return run


def leftovers(out):
    """All files in the night folders except the reason of the failure."""
    return [p for p in out.glob("nights/**/*") if p.is_file() and p.name != "failure.json"]


def refused(result, code, said):
    """The stated exit code, at most three lines that say why, and no half-written night."""
    got, err, out = result
    assert said in err
    assert got == code
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) <= 3
    assert leftovers(out) == []


def test_a_recording_that_is_not_there(run, tmp_path):
    refused(run(tmp_path / "nowhere.edf"), 4, "nowhere.edf")


def test_a_folder_instead_of_a_recording(run, tmp_path):
    (tmp_path / "night.edf").mkdir()
    refused(run(tmp_path / "night.edf"), 4, "folder")


def test_a_text_file_called_edf(run, tmp_path):
    (tmp_path / "night.edf").write_text("Epoch,Stage\n" + "1,W\n" * 400, encoding="utf-8")
    refused(run(tmp_path / "night.edf"), 4, "night.edf")


def test_a_scoring_instead_of_a_recording(run, tmp_path):
    scoring = Hypnogram((SleepStage.W,) * 4)
    (tmp_path / "scoring.edf").write_bytes(write_scoring(scoring))
    refused(run(tmp_path / "scoring.edf"), 5, "annotations only")


def test_a_channel_that_is_not_recorded(run, tmp_path):
    recording = write_night(tmp_path / "night.edf", ["EEG Pz-Oz", "EOG E1-M2", "EMG chin"])
    refused(run(recording), 5, "none of C4-M1, C3-M2")


def test_a_unit_that_is_not_known(run, tmp_path):
    recording = write_night(tmp_path / "night.edf", unit="furlong")
    refused(run(recording), 5, "unit")


def test_an_eeg_at_50_hz(run, tmp_path):
    recording = write_night(tmp_path / "night.edf", fs_hz=50)
    refused(run(recording), 5, "more than 80 Hz")


def test_a_recording_of_20_seconds(run, tmp_path):
    recording = write_night(tmp_path / "night.edf", seconds=20)
    refused(run(recording, "-p", "eeg-only"), 5, "30-s epoch")


def test_an_unknown_key_in_the_pipeline(run, tmp_path):
    pipeline = tmp_path / "lab.toml"
    pipeline.write_text("stepz = []\nsteps = ['load']", encoding="utf-8")
    refused(run(tmp_path / "nowhere.edf", "-p", pipeline), 3, "lab.toml")


def test_a_label_table_with_a_mistake(run, tmp_path):
    labels = tmp_path / "lab.toml"
    labels.write_text("[electrode]\nC4 = ['X1']", encoding="utf-8")
    refused(run(tmp_path / "nowhere.edf", "--labels", labels), 3, "electrode")


@pytest.mark.parametrize(
    ("option", "time", "said"),
    [
        ("--lights-off", "21:59", "outside the recording"),
        ("--lights-on", "22:11", "outside the recording"),
        ("--lights-off", "25:00", "wanted HH:MM"),
    ],
)
def test_impossible_lights(run, tmp_path, option, time, said):
    recording = write_night(tmp_path / "night.edf")
    refused(run(recording, option, time), 2, said)


def test_a_misspelt_condition(run, tmp_path):
    refused(run(tmp_path / "nowhere.edf", "--condition", "basline"), 2, "wanted 'baseline'")


def test_a_scoring_that_is_not_there_costs_no_earlier_result(run, tmp_path):
    recording = write_night(tmp_path / "night.edf", seconds=600)
    code, _, out = run(recording, "--no-figures")
    before = leftovers(out)
    code_without, said, _ = run(recording, "--no-figures", "--scoring", tmp_path / "night.txt")
    assert (code, code_without) == (0, 5)
    assert "night.txt: no such file" in said
    assert before
    assert leftovers(out) == before


def test_an_impossible_age(run, tmp_path):
    refused(run(tmp_path / "nowhere.edf", "--age", "212"), 2, "age is 212")


def test_an_output_folder_that_is_a_file(run, tmp_path):
    (tmp_path / "taken").write_text("", encoding="utf-8")
    refused(run(write_night(tmp_path / "night.edf"), out=tmp_path / "taken"), 7, "cannot write")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_no_permission_to_write(run, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("the superuser may write anywhere")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    refused(run(write_night(tmp_path / "night.edf"), out=closed), 7, "Permission denied")


def test_a_failed_night_says_why_in_its_folder(run, tmp_path):
    recording = write_night(tmp_path / "night.edf", fs_hz=50)
    _, _, out = run(recording, "--subject", "S1", "--night", "base1")
    failure = (out / "nights" / "S1" / "base1" / "failure.json").read_text(encoding="utf-8")
    assert '"kind": "DerivationMissing"' in failure
    assert '"exit_code": 5' in failure


def test_a_command_that_does_not_exist(capsys):
    assert exit_code(["rum"]) == 2
    assert "there is no command 'rum'; did you mean 'run'?" in capsys.readouterr().err


def test_a_recording_that_is_replaced_while_it_is_staged_gives_no_night(run, tmp_path, monkeypatch):
    from psgpipe.night import compute

    recording = write_night(tmp_path / "night.edf", seconds=60)
    run_steps = compute.run_steps

    def replaced_meanwhile(*arguments):
        results = run_steps(*arguments)
        write_night(recording, seconds=90)
        return results

    monkeypatch.setattr(compute, "run_steps", replaced_meanwhile)
    refused(run(recording), 4, "replaced or changed while the night was staged")
