"""``psgpipe simulate``: the files of the study, and the options that it refuses."""

import csv
import datetime as dt
import hashlib
import json
from collections import Counter
from pathlib import Path

import edfio
import mne
import numpy as np
import pytest

from psgpipe.cli.app import exit_code

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def simulate(out, *options):
    return exit_code(["simulate", "-o", str(out), "--hours", "0.25", "-q", *options])


def table(out):
    with (out / "study.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def hashes(out):
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    out = tmp_path_factory.mktemp("simulated") / "study"
    assert simulate(out, "--nights", "2", "--effect", "rem_pct=-8") == 0
    return out


def test_the_table_names_every_night_and_files_that_are_there(study):
    rows = table(study)
    assert [(r["subject"], r["night"], r["condition"]) for r in rows] == [
        (subject, night, condition)
        for subject in ("S01", "S02")
        for night, condition in (
            ("base1", "baseline"),
            ("base2", "baseline"),
            ("treat1", "treatment"),
            ("treat2", "treatment"),
        )
    ]
    for row in rows:
        assert (study / row["recording"]).is_file()
        assert (study / row["scoring"]).is_file()
        assert 20 <= int(row["age"]) <= 60
        assert row["sex"] in "FM"
    assert [r["night_in_lab"] for r in rows] == ["2", "3", "4", "5"] * 2


def test_a_subject_keeps_age_and_sex(study):
    assert len({(r["subject"], r["age"], r["sex"]) for r in table(study)}) == 2


def test_the_scoring_holds_the_true_stages_from_the_start_of_the_recording(study):
    described = json.loads((study / "simulation.json").read_text(encoding="utf-8"))
    for row, night in zip(table(study), described["nights"], strict=True):
        scoring = edfio.read_edf(study / row["scoring"])
        recording = edfio.read_edf(study / row["recording"])
        assert scoring.starttime == recording.starttime
        assert len(scoring.annotations) * 30 == recording.duration
        in_bed = Counter(a.text for a in scoring.annotations)
        assert in_bed["Sleep stage R"] / 2 == night["true"]["rem_min"]
        assert in_bed["Sleep stage N3"] / 2 == night["true"]["n3_min"]


def test_the_recording_is_edf_plus_that_mne_and_edfio_read_alike(study):
    path = study / table(study)[0]["recording"]
    raw = mne.io.read_raw_edf(path, verbose="ERROR")
    edf = edfio.read_edf(path)
    assert raw.ch_names == ["EEG C4-M1", "EEG C3-M2", "EOG E1-M2", "EOG E2-M2", "EMG chin"]
    assert (raw.info["sfreq"], edf.reserved, edf.duration) == (128, "EDF+C", 900)
    eeg_uv = edf.get_signal("EEG C4-M1").data
    np.testing.assert_allclose(raw.get_data(picks=[0])[0] * 1e6, eeg_uv, atol=1e-6)
    assert 6 < eeg_uv.std() < 45


def test_lights_in_the_table_are_those_annotated_in_the_recording(study):
    for row in table(study):
        edf = edfio.read_edf(study / row["recording"])
        start = dt.datetime.combine(edf.startdate, edf.starttime)
        lights = {a.text: start + dt.timedelta(seconds=a.onset) for a in edf.annotations}
        assert f"{lights['Lights off']:%H:%M:%S}" == row["lights_off"]
        assert f"{lights['Lights on']:%H:%M:%S}" == row["lights_on"]


def test_no_header_names_a_patient_and_it_says_that_the_recording_is_simulated(study):
    header = (study / table(study)[0]["recording"]).read_bytes()[:256]
    assert header[8:88].split() == [b"X", b"X", b"X", b"X"]
    assert header[88:168].split()[-1] == b"psgpipe_simulate"


def test_the_description_holds_the_seed_the_planted_effect_and_the_true_difference(study):
    described = json.loads((study / "simulation.json").read_text(encoding="utf-8"))
    assert described["design"]["seed"] == 0
    assert described["planted_effects"] == {"rem_pct": -8}
    # A quarter of an hour holds 27 epochs in bed: one epoch is 4 points.
    assert described["true_difference"]["rem_pct"] == pytest.approx(-8, abs=4)


def test_the_same_command_gives_the_same_bytes_and_another_seed_others(study, tmp_path):
    again, other = tmp_path / "again", tmp_path / "other"
    assert simulate(again, "--nights", "2", "--effect", "rem_pct=-8") == 0
    assert simulate(other, "--nights", "2", "--effect", "rem_pct=-8", "--seed", "1") == 0
    assert hashes(again) == hashes(study)
    assert not set(hashes(other).values()) & set(hashes(study).values())


def test_fewer_subjects_and_nights_are_the_first_ones_of_the_larger_study(study, tmp_path):
    small = tmp_path / "small"
    assert simulate(small, "--subjects", "1", "--effect", "rem_pct=-8") == 0
    recordings = {n: h for n, h in hashes(small).items() if n.endswith(".edf")}
    assert len(recordings) == 4
    assert recordings.items() <= hashes(study).items()


def test_the_clinical_montage_has_24_signals_at_their_own_rates(tmp_path):
    assert simulate(tmp_path / "s", "--subjects", "1", "--montage", "clinical") == 0
    edf = edfio.read_edf(tmp_path / "s" / table(tmp_path / "s")[0]["recording"])
    rates = {s.label: s.sampling_frequency for s in edf.signals}
    assert len(rates) == 24
    assert (rates["C4"], rates["ECG II"], rates["Flow"], rates["SpO2"]) == (256, 512, 32, 1)


def test_fs_sets_the_rate_of_eeg_eog_and_emg(tmp_path):
    assert simulate(tmp_path / "s", "--subjects", "1", "--fs", "100") == 0
    edf = edfio.read_edf(tmp_path / "s" / table(tmp_path / "s")[0]["recording"])
    assert {s.sampling_frequency for s in edf.signals} == {100}


def test_json_alone_stands_on_stdout(tmp_path, capsys):
    assert simulate(tmp_path / "s", "--subjects", "1", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert [n["night"] for n in result["nights"]] == ["base1", "treat1"]


def test_a_line_for_each_night_goes_to_stderr(tmp_path, capsys):
    options = ["--subjects", "1", "--hours", "0.1"]
    assert exit_code(["simulate", "-o", str(tmp_path / "s"), *options]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "1/2 S01 base1" in said.err
    assert "2 nights in" in said.err


@pytest.mark.parametrize(
    "options",
    [
        ("--hours", "0"),
        ("--hours", "25"),
        ("--subjects", "0"),
        ("--nights", "-1"),
        ("--seed", "-1"),
        ("--fs", "20"),
        ("--montage", "huge"),
        ("--effect", "rem_pct"),
        ("--effect", "rem=-4"),
        ("--effect", "rem_pct=-90"),
        ("--effect", "rem_pct=-4", "--effect", "rem_pct=-4"),
    ],
)
def test_nonsense_is_a_usage_error_and_nothing_is_written(tmp_path, capsys, options):
    assert simulate(tmp_path / "s", *options) == 2
    assert not (tmp_path / "s").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_an_unknown_effect_is_answered_with_the_likely_word(tmp_path, capsys):
    assert simulate(tmp_path / "s", "--effect", "rem_pc=-4") == 2
    assert "did you mean 'rem_pct'?" in capsys.readouterr().err


def test_a_folder_with_something_in_it_is_left_alone_unless_forced(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert simulate(tmp_path, "--subjects", "1") == 7
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    assert "--force" in capsys.readouterr().err
    assert simulate(tmp_path, "--subjects", "1", "--force") == 0
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert len(table(tmp_path)) == 2


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "s").write_text("a file", encoding="utf-8")
    assert simulate(tmp_path / "s") == 7


def test_a_study_that_stops_halfway_has_no_table(tmp_path, monkeypatch):
    import psgpipe.simulation.study as pipeline

    written = []

    def second_fails(file, *rest):
        written.append(file.name)
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        file.write(b"")

    assert simulate(tmp_path / "s", "--subjects", "1") == 0
    monkeypatch.setattr(pipeline, "write_recording", second_fails)
    assert simulate(tmp_path / "s", "--subjects", "1", "--force") == 75
    assert not (tmp_path / "s" / "study.tsv").exists()
    assert not list((tmp_path / "s").rglob(".psgpipe-*"))


def test_the_sample_recordings_are_what_their_readme_says(tmp_path):
    described = json.loads((SAMPLE / "simulation.json").read_text(encoding="utf-8"))
    # NEP 19: another major version of numpy may draw other numbers from the same seed.
    if described["numpy"].split(".")[0] != np.__version__.split(".")[0]:
        pytest.skip(f"made with numpy {described['numpy']}, here is {np.__version__}")
    words = (SAMPLE / "README.md").read_text(encoding="utf-8").split("```")[1].split()[1:]
    assert words[:4] == ["psgpipe", "simulate", "-o", "data/sample"]
    assert exit_code(["simulate", "-q", "-o", str(tmp_path / "s"), *words[4:]]) == 0
    listed = (SAMPLE / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    wanted = {name: digest for digest, name in (line.split("  ") for line in listed)}
    made = hashes(tmp_path / "s")
    del made["simulation.json"]
    assert made == wanted


def test_the_sample_recordings_are_small_and_whole():
    listed = (SAMPLE / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    for line in listed:
        digest, name = line.split("  ")
        content = (SAMPLE / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert len(content) < 2_000_000
    assert sum(p.stat().st_size for p in SAMPLE.rglob("*") if p.is_file()) < 6_000_000
