"""``psgpipe run``: one recording from the command line to a finished night."""

import csv
import datetime as dt
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import psgpipe
from psgpipe.cli.app import exit_code
from psgpipe.night.runner import run_steps
from tests.recordings import CANARIES, write_night
from tests.reports.test_night_picture import stages_read_back

pytestmark = pytest.mark.slow

ENDPOINTS = [
    "tib_min",
    "spt_min",
    "tst_min",
    "se_pct",
    "sme_pct",
    "sol_min",
    "lps_min",
    "waso_min",
    "waso_spt_min",
    "rem_latency_min",
    "rem_latency_from_lights_off_min",
    "n1_min",
    "n2_min",
    "n3_min",
    "rem_min",
    "nrem_min",
    "wake_min",
    "unscored_min",
    "n1_pct",
    "n2_pct",
    "n3_pct",
    "rem_pct",
    "nrem_pct",
    "awakenings",
    "awakenings_per_h",
    "sleep_to_wake_per_h",
    "stage_shifts",
    "stage_shifts_per_h",
    "cycles",
    "rem_third1_min",
    "rem_third2_min",
    "rem_third3_min",
    "mean_confidence",
]
FULL_DISK = Path("/dev/full")
LIGHTS = ["--lights-off", "22:01", "--lights-on", "22:09:30"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished night of ten minutes, and its folder."""
    folder = tmp_path_factory.mktemp("study")
    recording = write_night(folder / "night.edf")
    arguments = ["run", str(recording), "-o", str(folder / "out"), *LIGHTS]
    arguments += ["--subject", "S1", "--night", "base1", "--condition", "baseline"]
    assert exit_code(arguments) == 0
    return arguments, folder / "out", folder / "out" / "nights" / "S1" / "base1"


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def hypnogram_rows(night):
    with (night / "hypnogram.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_a_finished_night_has_every_file_of_the_contract(finished):
    _, out, night = finished
    assert sorted(p.name for p in night.iterdir()) == [
        "hypnogram.edf", "hypnogram.png", "hypnogram.svg", "hypnogram.tsv",
        "manifest.json", "microstructure.json", "power.tsv", "quality.json", "report.html",
        "summary.json",
    ]  # fmt: skip
    assert (out / "study.json").exists()
    assert (out / "journal.jsonl").exists()


def test_the_hypnogram_has_one_row_for_each_epoch_on_the_clock(finished):
    rows = hypnogram_rows(finished[2])
    assert [row["epoch"] for row in rows] == [str(i) for i in range(20)]
    assert (rows[3]["onset_s"], rows[3]["duration_s"], rows[3]["clock"]) == ("90", "30", "22:01:30")
    assert {row["stage"] for row in rows} <= {"W", "N1", "N2", "N3", "R"}
    assert all(abs(sum(float(row[p]) for p in row if p[:2] == "p_") - 1) < 1e-5 for row in rows)


def test_in_bed_is_from_lights_off_to_lights_on(finished):
    in_bed = [row["in_bed"] for row in hypnogram_rows(finished[2])]
    assert in_bed == ["false"] * 2 + ["true"] * 17 + ["false"]


def test_the_summary_has_every_endpoint_and_a_reason_for_each_that_is_absent(finished):
    summary = read_json(finished[2] / "summary.json")
    assert [name for name in ENDPOINTS if name not in summary] == []
    assert summary["tib_min"] == 8.5
    assert summary["lights_source"] == "option"
    assert {n for n in ENDPOINTS if summary[n] is None} == set(summary["absent"]) & set(ENDPOINTS)
    assert {summary[n] for n in summary["absent"]} == {None}
    assert summary["awakenings_q1"] is None  # 8.5 min without persistent sleep
    assert summary["tst_q2_min"] is None
    assert summary["quarters_in_bed_min"] == [8.5, 0.0, 0.0, 0.0]


def test_the_manifest_names_what_went_in(finished):
    manifest = read_json(finished[2] / "manifest.json")
    assert manifest["engine"]["classifier"] == "clf_eeg+eog+emg_lgb_0.5.0.joblib"
    assert [d["name"] for d in manifest["derivations"]] == ["C4-M1", "E1-M2", "chin"]
    assert [s["name"] for s in manifest["steps"]][-1] == "measure_microstructure"
    assert manifest["lights"]["off"] == "22:01:00"
    assert manifest["recording"]["name"] == "night.edf"


def test_other_programs_open_the_hypnogram(finished):
    import mne

    annotations = mne.read_annotations(finished[2] / "hypnogram.edf")
    rows = hypnogram_rows(finished[2])
    assert list(annotations.description) == [f"Sleep stage {row['stage']}" for row in rows]
    assert list(annotations.onset) == [30.0 * i for i in range(20)]


def test_nothing_changed_nothing_computed(finished, capsys):
    arguments, _, night = finished
    before = {path: path.stat().st_mtime_ns for path in night.iterdir()}
    assert exit_code([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["computed"] is False
    assert {path: path.stat().st_mtime_ns for path in night.iterdir()} == before


def test_an_id_cannot_command_the_terminal(tmp_path, monkeypatch):
    """The option is refused; an id from the name of a file loses what a terminal would obey."""
    shown = []
    monkeypatch.setattr("click.echo", lambda text="", **_: shown.append(text))
    path, out = write_night(tmp_path / "S\x1b[31m1\u202e.edf"), tmp_path / "out"
    arguments = ["run", str(path), "-o", str(out), "--no-figures"]
    assert exit_code([*arguments, "--subject", "S\x1b[31m1"]) == 2
    assert exit_code([*arguments, "--night", "\u202e1"]) == 2
    assert any("wanted printable characters" in text for text in shown)
    assert exit_code(arguments) == 0
    assert any("Time in bed" in text for text in shown)
    assert not set("\x1b\u202e") & set("".join(shown))


def test_a_name_from_right_to_left_leaves_the_other_words_in_the_title_in_place(tmp_path):
    path, out = write_night(tmp_path / "n.edf"), tmp_path / "out"
    assert exit_code(["run", str(path), "-q", "-o", str(out), "--subject", "שלום"]) == 0
    (picture,) = out.rglob("hypnogram.svg")
    # First strong isolate, and its end: Unicode Standard Annex 9, 2.4.
    assert ">\u2068שלום\u2069 · 1</text>" in picture.read_text(encoding="utf-8")


def test_force_computes_again_and_gives_the_same_bytes(finished):
    arguments, _, night = finished
    results = [p for p in night.iterdir() if p.name != "manifest.json"]
    before = {path: path.read_bytes() for path in results}
    assert exit_code([*arguments, "--force", "--quiet"]) == 0
    assert {path: path.read_bytes() for path in results} == before


def test_another_recording_does_not_replace_a_finished_night(finished, tmp_path, capsys):
    arguments, _, night = finished
    other = write_night(tmp_path / "other.edf", seconds=900)
    manifest = (night / "manifest.json").read_bytes()
    assert exit_code(["run", str(other), *arguments[2:]]) == 7
    assert "already holds the night recorded in night.edf" in capsys.readouterr().err
    assert (night / "manifest.json").read_bytes() == manifest


def test_a_recording_that_fails_does_not_take_the_place_of_another_night(
    finished, tmp_path, capsys
):
    arguments, _, night = finished
    broken = tmp_path / "broken.edf"
    broken.write_bytes(b"not a recording")
    assert exit_code(["run", str(broken), *arguments[2:]]) == 7
    assert "already holds the night recorded in night.edf" in capsys.readouterr().err
    assert (night / "manifest.json").exists()


def test_results_that_give_way_to_a_failure_are_not_gone_in_silence(tmp_path, capsys):
    path, out = write_night(tmp_path / "n.edf", ["EEG C4-M1"]), tmp_path / "out"
    arguments = ["run", str(path), "-o", str(out), "--no-figures", "-p"]
    assert exit_code([*arguments, "eeg-only"]) == 0
    assert exit_code([*arguments, "standard-night"]) == 5  # there is no EOG
    assert "failure.json says why the night failed" in capsys.readouterr().err
    assert [p.name for p in (out / "nights/n/1").iterdir()] == ["failure.json"]
    assert exit_code([*arguments, "standard-night"]) == 5
    assert "failure.json" not in capsys.readouterr().err


def test_a_night_of_the_same_file_name_and_another_start_is_another_night(
    finished, tmp_path, capsys
):
    arguments, _, night = finished
    other = write_night(tmp_path / "night.edf", start=dt.time(22, 0, 30))
    manifest = (night / "manifest.json").read_bytes()
    assert exit_code(["run", str(other), *arguments[2:]]) == 7
    assert "recorded in another night.edf, from 2024-03-01T22:00:00" in capsys.readouterr().err
    assert (night / "manifest.json").read_bytes() == manifest


def test_ids_that_are_written_alike_in_a_path_do_not_replace_each_other(finished, capsys):
    arguments, _, night = finished
    manifest = (night / "manifest.json").read_bytes()
    assert exit_code([*arguments, "--subject", "../S1"]) == 7
    assert "S1/base1 already holds subject S1" in capsys.readouterr().err
    assert (night / "manifest.json").read_bytes() == manifest


@pytest.mark.skipif(not FULL_DISK.exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_no_bug(finished):
    with FULL_DISK.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "psgpipe", *finished[0]],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 75
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_of_the_header_comes_out(finished, capfd):
    arguments, out, _ = finished
    assert exit_code([*arguments, "--force", "--verbose"]) == 0
    assert exit_code(["check", arguments[1]]) == 0
    assert exit_code(["check", arguments[1], "--json"]) == 0
    said = "".join(capfd.readouterr()).encode()
    written = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    for canary in (*CANARIES, "Ana", "rang the bell"):
        assert canary.encode() not in said
        assert [p for p, content in written.items() if canary.encode() in content] == []


def test_from_python_the_same_night_comes_out(finished):
    arguments, _, folder = finished
    night = psgpipe.run_night(arguments[1], lights_off="22:01", lights_on="22:09:30")
    rows = hypnogram_rows(folder)
    assert [str(stage) for stage in night.hypnogram.stages] == [row["stage"] for row in rows]
    assert night.hypnodensity.probabilities.shape == (20, 5)
    assert night.summary.tib_min == 8.5
    assert list(night.hypnogram.to_yasa().hypno)[:1] == [
        {"W": "WAKE", "R": "REM"}.get(rows[0]["stage"], rows[0]["stage"])
    ]


def test_a_recording_replaced_between_its_header_and_its_samples_is_no_night(tmp_path, monkeypatch):
    path = write_night(tmp_path / "night.edf", ["EEG C4-M1"])
    other = write_night(tmp_path / "other.edf", ["EEG C4-M1"], start=dt.time(23, 0))

    def replaced_first(*arguments):
        other.replace(path)
        return run_steps(*arguments)

    monkeypatch.setattr("psgpipe.night.run_night.run_steps", replaced_first)
    with pytest.raises(psgpipe.errors.ChangedWhileRead, match="replaced or changed"):
        psgpipe.run_night(path, "eeg-only")


def test_a_recording_becomes_an_mne_raw_in_volt(finished):
    recording = psgpipe.read_recording(finished[0][1], ["EEG C4-M1"])
    raw = recording.to_mne()
    assert raw.info["sfreq"] == 128
    assert raw.get_channel_types() == ["eeg"]
    # YASA's rule: a channel without a type stays in volt.
    np.testing.assert_allclose(
        raw.get_data(units={"eeg": "uV"})[0], recording.signals_uv[0], rtol=1e-12
    )
    np.testing.assert_allclose(raw.get_data()[0], recording.signals_uv[0] * 1e-6)
    assert raw.info["meas_date"].isoformat() == "2024-03-01T22:00:00+00:00"


def test_lights_may_be_annotated(tmp_path):
    events = [(60.0, "Lights off"), (570.0, "Lights on")]
    recording = write_night(tmp_path / "night.edf", ["EEG C4-M1"], annotations=events)
    night = psgpipe.run_night(recording, "eeg-only")
    assert (night.lights.off_s, night.lights.on_s) == (60.0, 570.0)
    assert night.lights.source == "annotation"


def test_a_night_of_which_one_end_is_known_says_what_depends_on_the_other(tmp_path):
    path = write_night(tmp_path / "n.edf")
    (off,) = (w for w in warnings(path, lights_on="22:09") if "stands in" in w)
    (on,) = (w for w in warnings(path, lights_off="22:01") if "stands in" in w)
    assert off.startswith("lights off is not known")
    assert on.startswith("lights on is not known")
    assert [name for name in ("TIB", "SOL", "WASO") if name in off] == ["TIB", "SOL"]
    assert [name for name in ("TIB", "SOL", "WASO") if name in on] == ["TIB", "WASO"]


@pytest.mark.parametrize(("given", "alone"), [({"age": 34}, "age"), ({"sex": "F"}, "sex")])
def test_age_or_sex_alone_is_not_used_and_that_is_said(tmp_path, given, alone):
    said = warnings(write_night(tmp_path / "n.edf"), **given)
    assert any(w.startswith(f"{alone} is known") and "neither is used" in w for w in said)


def warnings(path, **options):
    return psgpipe.run_night(path, **options).provenance["warnings"]


def test_age_and_sex_choose_the_classifier_that_knows_them(tmp_path):
    recording = write_night(tmp_path / "night.edf", ["EEG C4-M1"])
    both = psgpipe.run_night(recording, "eeg-only", age=40, sex="F")
    assert both.provenance["engine"]["classifier"] == "clf_eeg+demo_lgb_0.5.0.joblib"
    one = psgpipe.run_night(recording, "eeg-only", age=40)
    assert one.provenance["engine"]["classifier"] == "clf_eeg_lgb_0.5.0.joblib"


def test_the_version_is_that_of_the_package_installed(capsys):
    assert exit_code(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"psgpipe {psgpipe.__version__}"
    assert psgpipe.__version__ == importlib.metadata.version("psgpipe")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_and_version_import_neither_mne_nor_yasa(arguments):
    program = (
        "import sys\nfrom psgpipe.cli.app import exit_code\n"
        f"code = exit_code({arguments!r})\n"
        "heavy = {'mne', 'yasa', 'pandas', 'matplotlib', 'lightgbm', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_picture_has_the_stages_of_the_hypnogram(finished):
    rows = hypnogram_rows(finished[2])
    shown = stages_read_back((finished[2] / "hypnogram.svg").read_text(encoding="utf-8"))
    known = ("W", "N1", "N2", "N3", "R")
    assert shown == [row["stage"] if row["stage"] in known else None for row in rows]
    assert any(shown)
