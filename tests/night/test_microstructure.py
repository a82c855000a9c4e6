"""The step *measure_microstructure*, and its files in the folder of a night."""

import csv
import json
import math

import numpy as np
import pytest

from psgpipe.cli.app import exit_code
from psgpipe.errors import PipelineInvalid
from psgpipe.model.microstructure.names import MICROSTRUCTURE_ENDPOINTS
from psgpipe.night.definition import definition_from, load_definition
from psgpipe.night.run_night import run_night
from psgpipe.simulation.study import simulate_study
from psgpipe.simulation.study_design import StudyDesign
from tests.recordings import write_night

STEPS = ["load", "reference", "check_quality", "stage_sleep", "summarize", "measure_microstructure"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The folder of one simulated baseline night of two hours, and of its treatment night."""
    folder = tmp_path_factory.mktemp("study")
    simulate_study(StudyDesign(subjects=1, hours=2.0, fs_hz=256, seed=4), folder)
    return folder


@pytest.fixture(scope="module")
def finished(study):
    arguments = ["run", str(study / "recordings" / "sub-S01_ses-base1.edf"), "--no-figures"]
    assert exit_code([*arguments, "-o", str(study / "out"), "--quiet"]) == 0
    return study / "out" / "nights" / "S01" / "base1"


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_power_by_epoch_and_by_stage_are_of_the_same_epochs(finished):
    found = read_json(finished / "microstructure.json")
    with (finished / "power.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == 240
    assert found["derivation"] == "C4-M1"
    used = [row for row in rows if row["used"] == "true"]
    for stage, told in found["stages"].items():
        wanted = ("N2", "N3") if stage == "NREM" else (stage,)
        powers = [float(row["sigma_uv2"]) for row in used if row["stage"] in wanted]
        assert told["minutes"] == len(powers) / 2
        if told["power_ln"] is None:
            assert told["reason"] == f"{told['minutes']:g} min without artefact, 10 are needed"
        else:
            assert told["power_ln"]["sigma"] == pytest.approx(math.log(np.mean(powers)), abs=1e-5)


def test_the_power_of_an_epoch_is_that_of_the_recording_as_yasa_computes_it(finished, study):
    from yasa import bandpower

    import psgpipe

    recording = psgpipe.read_recording(
        study / "recordings" / "sub-S01_ses-base1.edf", ["EEG C4-M1"]
    )
    with (finished / "power.tsv").open(encoding="utf-8", newline="") as file:
        row = next(r for r in csv.DictReader(file, delimiter="\t") if r["epoch"] == "100")
    epoch_uv = recording.signals_uv[0, 100 * 7680 : 101 * 7680]
    wanted = bandpower(
        epoch_uv, 256.0, bands=[(0.5, 4, "swa"), (12, 15, "sigma")], relative=False,
        welch_kwargs={"window": "hann", "average": "mean"},
    )  # fmt: skip
    assert float(row["swa_uv2"]) == pytest.approx(wanted["swa"].iloc[0], rel=1e-6)
    assert float(row["sigma_uv2"]) == pytest.approx(wanted["sigma"].iloc[0], rel=1e-6)


def test_every_endpoint_is_in_the_summary_or_absent_with_its_reason(finished):
    summary = read_json(finished / "summary.json")
    assert [name for name in MICROSTRUCTURE_ENDPOINTS if name not in summary] == []
    absent = {name for name in MICROSTRUCTURE_ENDPOINTS if summary[name] is None}
    assert absent == set(summary["absent"]) & set(MICROSTRUCTURE_ENDPOINTS)
    assert summary["swa_ln"] is not None
    assert summary["slope_30_45"] is not None  # 256 Hz, no low-pass is stated


def test_a_night_without_the_step_has_the_same_stages_and_no_spectra(finished, study, tmp_path):
    pipeline = tmp_path / "no-spectra.toml"
    text = '["C4-M1"]\neog = ["E1-M2", "E2-M1", "E2-M2"]\nemg = ["chin"]\n'
    pipeline.write_text(f"steps = {STEPS[:-1]}\n[reference]\neeg = {text}", encoding="utf-8")
    night = run_night(study / "recordings" / "sub-S01_ses-base1.edf", pipeline)
    assert night.microstructure is None
    with (finished / "hypnogram.tsv").open(encoding="utf-8", newline="") as file:
        stages = [row["stage"] for row in csv.DictReader(file, delimiter="\t")]
    assert [stage.value for stage in night.hypnogram.stages] == stages


def test_a_low_pass_in_the_header_forbids_the_slope_of_high_frequencies(tmp_path):
    path = write_night(tmp_path / "night.edf", seconds=1800, fs_hz=256)
    path.write_bytes(path.read_bytes().replace(b"LP:75Hz", b"LP:35Hz"))
    found = run_night(path, "eeg-only").microstructure
    spectrum = next(s for s in found.stages.values() if s.mean.power_uv2 is not None)
    assert spectrum.slope_30_45 is None
    assert spectrum.absent["slope_30_45"] == "the recorder's low-pass is at 35 Hz"


def test_a_low_pass_below_30_hz_forbids_every_slope(tmp_path):
    path = write_night(tmp_path / "night.edf", seconds=1800, fs_hz=256)
    path.write_bytes(path.read_bytes().replace(b"LP:75Hz", b"LP:15Hz"))
    found = run_night(path, "eeg-only").microstructure
    spectrum = next(s for s in found.stages.values() if s.mean.power_uv2 is not None)
    assert (spectrum.slope_2_30, spectrum.slope_30_45, spectrum.sigma_peak_hz) == (None, None, None)
    assert set(spectrum.absent.values()) == {"the recorder's low-pass is at 15 Hz"}


def test_a_sampling_rate_below_200_hz_forbids_it_too(tmp_path):
    path = write_night(tmp_path / "night.edf", seconds=900, fs_hz=128)
    found = run_night(path, "eeg-only").microstructure
    spectrum = next(s for s in found.stages.values() if s.mean.power_uv2 is not None)
    assert spectrum.absent["slope_30_45"] == "sampled at 128 Hz, below 200 Hz"


def test_a_night_soon_after_a_dose_has_no_number_of_sleep(study):
    dose_end = "2024-03-04T21:00:00"
    night = run_night(study / "recordings" / "sub-S01_ses-base1.edf", dose_end=dose_end)
    assert night.summary.tst_min is None
    assert set(night.microstructure.endpoints.values()) == {None}
    assert night.microstructure.absent["swa_ln"].startswith("withheld: ")


def test_the_rule_for_cycles_is_that_of_the_summary():
    table = {"steps": STEPS, "summarize": {"nrem_min": 20.0}, "reference": {"eeg": ["C4-M1"]}}
    params = definition_from(table, "mine.toml").params
    assert params["measure_microstructure"].cycles.nrem_min == 20
    with pytest.raises(PipelineInvalid, match="no key 'cycles'"):
        definition_from({**table, "measure_microstructure": {"cycles": {}}}, "mine.toml")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("movement_ratio", 1.0, "movement_ratio 1 is not above 1"),
        ("muscle_ratio", -2.0, "muscle_ratio -2 is not above 1"),
        ("around_epochs", 2, "around_epochs 2 is below 3"),
        ("least_min", 0.0, "least_min 0 is not above 0"),
    ],
)
def test_impossible_parameters_are_refused(key, value, told):
    with pytest.raises(PipelineInvalid, match=told):
        definition_from({"steps": STEPS, "measure_microstructure": {key: value}}, "mine.toml")


@pytest.mark.parametrize("pipeline", ["standard-night", "eeg-only"])
def test_the_pipelines_of_psgpipe_measure_spectra(pipeline):
    assert load_definition(pipeline).steps[-1] == "measure_microstructure"


@pytest.fixture(scope="module")
def with_events(study):
    """The folders of the baseline night with events, and of a treatment night by its thresholds."""
    out = study / "events"
    for night, option in (("base1", ["--microstructure"]), ("treat1", ["--thresholds-from", out])):
        arguments = ["run", study / "recordings" / f"sub-S01_ses-{night}.edf", *option]
        condition = {"base1": "baseline", "treat1": "treatment"}[night]
        arguments += ["-o", out, "--no-figures", "--quiet", "--condition", condition]
        assert exit_code([str(a) for a in arguments]) == 0
    return out / "nights" / "S01" / "base1", out / "nights" / "S01" / "treat1"


def test_events_are_there_where_they_were_asked_for(with_events, finished):
    baseline, treatment = (read_json(folder / "microstructure.json") for folder in with_events)
    events = baseline["events"]
    assert events["thresholds_from"] == "night"
    assert events["spindles"]["N2"]["per_min"] > 0.5
    assert events["spindles"]["N2"]["sigma_ln"] is not None
    assert events["absent"] == {}
    assert events["rems_per_min"] > 1
    summary = read_json(with_events[0] / "summary.json")
    assert summary["spindles_n2_per_min"] == events["spindles"]["N2"]["per_min"]
    by_baseline = treatment["events"]
    assert by_baseline["thresholds_from"] == "baseline"
    assert by_baseline["spindle_threshold_uv"] == events["spindle_threshold_uv"]
    assert by_baseline["large_slow_waves"]["threshold_uv"] == events["large_slow_wave_uv"]
    assert read_json(finished / "microstructure.json")["events"] is None
    # Spectra and stages do not depend on events.
    without = read_json(finished / "microstructure.json")
    assert {**without, "events": 0, "endpoints": 0, "absent": 0} == {
        **baseline, "events": 0, "endpoints": 0, "absent": 0,
    }  # fmt: skip


def test_thresholds_of_another_subject_are_not_taken(with_events, study, capsys):
    out = with_events[0].parents[2]
    arguments = ["run", str(study / "recordings" / "sub-S01_ses-base1.edf"), "--subject", "S02"]
    arguments += ["-o", str(study / "other"), "--thresholds-from", str(out), "--no-figures"]
    assert exit_code(arguments) == 2
    told = capsys.readouterr().err
    assert "no finished baseline night of subject S02 with spindles and slow waves" in told
    assert not (study / "other").exists()


def test_a_recording_with_one_eye_has_no_density_of_eye_movements(tmp_path):
    path = write_night(tmp_path / "night.edf", seconds=1800)
    out = tmp_path / "out"
    arguments = ["run", str(path), "-o", str(out), "--no-figures", "--quiet", "--microstructure"]
    assert exit_code(arguments) == 0
    (folder,) = (out / "nights").glob("*/*")
    events = read_json(folder / "microstructure.json")["events"]
    assert events["rems_per_min"] is None
    assert events["absent"]["rems_per_min"].startswith("two EOGs are needed")


def said_at_level(study, finished, *options):
    arguments = ["run", study / "recordings" / "sub-S01_ses-base1.edf", "--no-figures", "--json"]
    return exit_code([str(a) for a in (*arguments, "-o", study / "out", *options)])


def test_the_number_of_epochs_that_change_at_another_level_can_be_asked_for(
    study, finished, capsys
):
    assert said_at_level(study, finished, "--eeg-gain", 2) == 0
    found = json.loads(capsys.readouterr().out)["level_sensitivity"]
    assert found["gain"] == 2
    assert 0 < found["n_changed"] < found["n_epochs"] <= 240
    assert any(found["changes"].values())
    assert said_at_level(study, finished, "--eeg-gain", 1) == 0
    same = json.loads(capsys.readouterr().out)["level_sensitivity"]
    assert (same["n_changed"], set(same["changes"].values())) == (0, {0.0})


def test_the_level_is_that_of_another_night(study, finished, with_events, capsys):
    assert said_at_level(study, finished, "--level-of", with_events[1]) == 0
    found = json.loads(capsys.readouterr().out)["level_sensitivity"]
    levels = [read_json(f / "summary.json")["broadband_ln"] for f in (finished, with_events[1])]
    assert found["gain"] == pytest.approx(math.exp((levels[1] - levels[0]) / 2))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--eeg-gain", "0"], "a gain of 0 was asked for, wanted 0.01 to 100"),
        (["--eeg-gain", "nan"], "a gain of nan was asked for"),
        (["--level-of", "nowhere"], "nowhere holds no finished night with the level of its EEG"),
        (["--level-of", "nowhere", "--eeg-gain", "2"], "both say the level"),
    ],
)
def test_an_impossible_level_is_refused(study, finished, capsys, options, told):
    assert said_at_level(study, finished, *options) == 2
    assert told in capsys.readouterr().err


def test_a_stage_that_is_too_short_has_no_rate_and_the_others_have_theirs(tmp_path):
    path = write_night(tmp_path / "night.edf", seconds=300)
    out = tmp_path / "out"
    arguments = ["run", str(path), "-o", str(out), "--no-figures", "--quiet", "--microstructure"]
    assert exit_code(arguments) == 0
    (folder,) = (out / "nights").glob("*/*")
    events = read_json(folder / "microstructure.json")["events"]
    assert (events["spindles"], events["slow_waves"]) == ({}, None)
    for name in ("spindles N2", "spindles N2+N3", "slow_waves"):
        assert events["absent"][name].endswith("min without artefact, 10 are needed")
    absent = read_json(folder / "summary.json")["absent"]
    assert absent["spindles_n2_per_min"] == events["absent"]["spindles N2"]


def test_eye_movements_near_r_are_those_that_yasa_finds_in_the_whole_night(with_events, study):
    from yasa import rem_detect

    import psgpipe
    from psgpipe.staging.fast.resampling import resample

    recording = psgpipe.read_recording(
        study / "recordings" / "sub-S01_ses-base1.edf", ["EOG E1-M2", "EOG E2-M2"]
    )
    left_uv, right_uv = (resample(row, 256.0) for row in recording.signals_uv)
    with (with_events[0] / "power.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    in_rem = np.array([row["stage"] == "R" and row["used"] == "true" for row in rows])
    found = rem_detect(left_uv, right_uv, 100.0, hypno=np.repeat(4 * in_rem, 3000), include=4)
    told = read_json(with_events[0] / "microstructure.json")["events"]["rems_per_min"]
    assert told * in_rem.sum() / 2 == pytest.approx(len(found.summary()), abs=1)


def test_events_of_a_night_that_an_expert_scored_are_refused(study, capsys):
    recording = study / "recordings" / "sub-S01_ses-base1.edf"
    scoring = study / "scorings" / "sub-S01_ses-base1.edf"
    arguments = ["run", recording, "--scoring", scoring, "--stages", "expert", "--microstructure"]
    assert exit_code([str(a) for a in (*arguments, "-o", study / "expert")]) == 2
    assert "it has no events either" in capsys.readouterr().err


def test_a_correction_of_the_stages_corrects_the_spectra(study, finished, capsys):
    from psgpipe.edf.writer import write_scoring
    from psgpipe.model.hypnogram import Hypnogram, SleepStage

    with (finished / "hypnogram.tsv").open(encoding="utf-8", newline="") as file:
        stages = [SleepStage(row["stage"]) for row in csv.DictReader(file, delimiter="\t")]
    no_rem = [SleepStage.N2 if stage is SleepStage.R else stage for stage in stages]
    edited = study / "edited.edf"
    edited.write_bytes(write_scoring(Hypnogram(tuple(no_rem))))
    arguments = ["run", study / "recordings" / "sub-S01_ses-base1.edf", "--no-figures", "--quiet"]
    arguments += ["--scoring", edited, "--as", "correction", "-o", study / "corrected"]
    assert exit_code([str(a) for a in arguments]) == 0
    (folder,) = (study / "corrected" / "nights").glob("*/*")
    before, after = (read_json(f / "microstructure.json") for f in (finished, folder))
    n_rem = sum(stage is SleepStage.R for stage in stages)
    assert n_rem > 10
    assert after["stages"]["R"]["minutes"] == 0
    assert after["stages"]["N2"]["minutes"] == pytest.approx(
        before["stages"]["N2"]["minutes"] + before["stages"]["R"]["minutes"], abs=1
    )


@pytest.mark.parametrize("which", ["spectra", "events"])
def test_spectra_are_read_back_from_the_files_of_a_night(finished, with_events, which):
    from psgpipe.night.microstructure_files import microstructure_dict, power_tsv
    from psgpipe.results.manifest import read_manifest
    from psgpipe.results.staged_night import read_staged_night

    folder = {"spectra": finished, "events": with_events[1]}[which]
    night = read_staged_night(folder, read_manifest(folder))
    found = night.microstructure
    assert power_tsv(found.epochs, night.hypnogram) == (folder / "power.tsv").read_bytes()
    told, again = read_json(folder / "microstructure.json"), microstructure_dict(found)
    again = json.loads(json.dumps(again))
    assert again["endpoints"] == told["endpoints"]
    assert again["events"] == told["events"]
    for name, stage in told["stages"].items():
        assert again["stages"][name].pop("power_ln") == pytest.approx(stage.pop("power_ln"))
        assert again["stages"][name] == stage
    assert [c["minutes"] for c in again["cycles"]] == [c["minutes"] for c in told["cycles"]]
    assert again["swa_by_hour"] == pytest.approx(told["swa_by_hour"])
