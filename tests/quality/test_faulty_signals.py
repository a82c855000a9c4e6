"""Effects of a signal fault on a whole night: another derivation, no derivation, or a refusal."""

import numpy as np
import pytest

import psgpipe
from psgpipe.errors import QualityRefused
from tests.edf_files import Signal, annotations, keeping_time, write_edf
from tests.recordings import brain_noise

pytestmark = pytest.mark.slow

FS_HZ = 100
MINUTES_10 = 600
EPOCH_S = 30


def eeg(seconds=MINUTES_10, seed=0):
    return brain_noise(seconds, FS_HZ, seed=seed)


def signal(label, signal_uv):
    digital = np.clip(np.rint(signal_uv * 65.535), -32768, 32767)
    return Signal(label=label, digital=digital, per_record=FS_HZ)


def recording(path, **signals_uv):
    """A recording of these channels; a label's underscore is its hyphen."""
    channels = [signal(name.replace("_", "-"), values) for name, values in signals_uv.items()]
    seconds = len(next(iter(signals_uv.values()))) // FS_HZ
    return write_edf(path, channels, seconds)


def run(path, **options):
    return psgpipe.run_night(path, "eeg-only", **options)


def stages(night):
    return [str(stage) for stage in night.hypnogram.stages]


def codes(night):
    return {flag.code for flag in night.quality.flags if flag.refused}


def test_a_dead_derivation_gives_way_to_the_next_and_says_why(tmp_path):
    path = recording(tmp_path / "n.edf", C4_M1=np.zeros(MINUTES_10 * FS_HZ), C3_M2=eeg())
    night = run(path)
    assert night.provenance["derivations"][0]["name"] == "C3-M2"
    assert night.quality.refused == ("C4-M1",)
    assert "flat" in codes(night)


def test_a_subtraction_from_a_dead_electrode_gives_way_too(tmp_path):
    dead = np.zeros(MINUTES_10 * FS_HZ)
    path = recording(tmp_path / "n.edf", C4=dead, M1=eeg(), C3=eeg(seed=1), M2=eeg(seed=2))
    night = run(path)
    assert night.provenance["derivations"][0]["name"] == "C3-M2"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda clean: np.random.default_rng(0).normal(0, 30, len(clean)), "spectral slope"),
        (lambda clean: clean * 0.01, "median epoch SD"),
        (lambda clean: np.clip(clean, -10, 10), "clipped"),
        (lambda clean: np.where(np.arange(len(clean)) < 0.4 * len(clean), 0, clean), "flat for 40"),
    ],
    ids=["white noise", "a hundredth of the voltage", "clipped at 10 uV", "flat for 40 %"],
)
def test_a_night_of_one_unfit_derivation_is_refused_with_the_reason(tmp_path, fault, said):
    path = recording(tmp_path / "n.edf", C4_M1=fault(eeg()))
    with pytest.raises(QualityRefused, match=said) as caught:
        run(path)
    assert caught.value.exit_code == 5


def test_a_flat_minute_is_artefact_and_bends_no_other_epoch(tmp_path):
    whole = eeg()
    flat = whole.copy()
    flat[120 * FS_HZ : 180 * FS_HZ] = 0
    night = run(recording(tmp_path / "n.edf", C4_M1=flat))
    assert stages(night)[4:6] == ["ART", "ART"]
    cut = run(recording(tmp_path / "cut.edf", C4_M1=np.delete(whole, np.s_[12000:18000])))
    assert stages(night)[:4] + stages(night)[6:] == stages(cut)
    assert night.summary.unscored_min == 1.0


def test_a_gap_is_unscored_on_the_true_clock(tmp_path):
    # Recorded 0-150 s and 210-660 s: epochs 5 and 6 (150-210 s) are empty.
    onsets_s = [*range(150), *range(210, 660)]
    channels = [signal("C4-M1", eeg()), annotations(keeping_time(onsets_s))]
    night = run(write_edf(tmp_path / "n.edf", channels, 600, reserved="EDF+D"))
    assert len(night.hypnogram) == 22
    assert [i for i, stage in enumerate(stages(night)) if stage == "UNS"] == [5, 6]
    assert night.summary.tib_min == 11.0
    assert night.summary.unscored_min == 1.0


def test_an_epoch_with_a_gap_inside_is_unscored_whole(tmp_path):
    onsets_s = [*range(160), *range(170, 610)]
    channels = [signal("C4-M1", eeg()), annotations(keeping_time(onsets_s))]
    night = run(write_edf(tmp_path / "n.edf", channels, 600, reserved="EDF+D"))
    unscored = [i for i, stage in enumerate(stages(night)) if stage == "UNS"]
    assert unscored == [5, 20]  # 150-180 s holds the gap; 600-610 s is the tail


def test_electrodes_that_hang_from_the_recorder_after_lights_on_do_not_matter(tmp_path):
    hours_3 = 3 * 3600
    signal_uv = eeg(hours_3)
    signal_uv[5400 * FS_HZ :] = 0  # off from 23:30, half an hour after lights on
    path = recording(tmp_path / "n.edf", C4_M1=signal_uv)
    night = run(path, lights_off="22:00", lights_on="23:00")
    assert night.quality.refused == ()
    assert set(stages(night)[180:]) == {"UNS"}
    with pytest.raises(QualityRefused, match="flat"):
        run(path)


def test_the_window_is_half_an_hour_on_either_side_of_the_night(tmp_path):
    path = recording(tmp_path / "n.edf", C4_M1=eeg(3 * 3600))
    night = run(path, lights_off="23:00", lights_on="23:45")
    staged = [i for i, stage in enumerate(stages(night)) if stage != "UNS"]
    assert (staged[0], staged[-1]) == (60, 269)  # 22:30 to 00:15
    assert night.summary.tib_min == 45.0


def test_an_optional_role_that_is_unfit_is_left_out(tmp_path):
    pipeline = tmp_path / "lab.toml"
    steps = ["load", "reference", "check_quality", "filter_eeg", "stage_sleep", "summarize"]
    pipeline.write_text(
        f'steps = {steps}\n[reference]\neeg = ["C4-M1"]\neog = ["E1-M2"]\noptional = ["eog"]\n',
        encoding="utf-8",
    )
    path = recording(tmp_path / "n.edf", C4_M1=eeg(), E1_M2=np.zeros(MINUTES_10 * FS_HZ))
    night = psgpipe.run_night(path, pipeline)
    assert [d["name"] for d in night.provenance["derivations"]] == ["C4-M1"]
    assert night.provenance["engine"]["classifier"].startswith("clf_eeg_lgb")


def test_longer_than_14_hours_without_lights_is_refused(tmp_path):
    path = recording(tmp_path / "n.edf", C4_M1=eeg(15 * 3600))
    beyond_14_h = r"^n\.edf: 15\.0 h would be staged without known lights off"
    with pytest.raises(psgpipe.errors.LightsNeeded, match=beyond_14_h):
        run(path)


def test_an_eog_that_is_the_eeg_turned_over_is_flagged_in_the_night(tmp_path):
    path = recording(tmp_path / "n.edf", C4_M1=eeg(), E1_M2=-0.5 * eeg(), chin=eeg(seed=3))
    night = psgpipe.run_night(path)
    (copy,) = [flag for flag in night.quality.flags if flag.code == "copy"]
    assert (copy.derivation, copy.refused) == ("E1-M2", False)
    assert any("copy of C4-M1" in warning for warning in night.provenance["warnings"])


def test_minutes_in_which_the_recorder_was_stuck_are_artefact(tmp_path):
    signal_uv = eeg()
    # Ten seconds again and again, from 120 s to 190 s: the epochs at 150 s repeat what was before.
    signal_uv[120 * FS_HZ : 190 * FS_HZ] = np.resize(signal_uv[: 10 * FS_HZ], 70 * FS_HZ)
    night = run(recording(tmp_path / "n.edf", C4_M1=signal_uv))
    # The epoch at 120 s consists of the ten seconds at 0 s, repeated.
    assert [i for i, stage in enumerate(stages(night)) if stage == "ART"] == [5]
    assert "repeated" in {flag.code for flag in night.quality.flags}


def test_a_night_of_thirty_seconds_again_and_again_is_refused(tmp_path):
    path = recording(tmp_path / "n.edf", C4_M1=np.resize(eeg()[: 30 * FS_HZ], 600 * FS_HZ))
    with pytest.raises(QualityRefused, match="95 % of the epochs repeat earlier signal"):
        run(path)


THREE_ROLES = """
steps = ["load", "reference", "check_quality", "filter_eeg", "stage_sleep", "summarize"]
[reference]
eeg = ["C4-M1"]
eog = ["E1-M2"]
emg = ["chin"]
"""


def polygraph(path, **changed_uv):
    """Electrodes against a common reference that is far off, and a chin of two electrodes."""
    seconds = MINUTES_10
    muscle, ref = (np.random.default_rng(k).normal(0, 4, seconds * FS_HZ) for k in (8, 9))
    signals_uv = {
        "C4": eeg(seed=1) + ref, "M1": 0.3 * eeg(seed=2) + ref, "E1": eeg(seed=3) + ref,
        "M2": 0.3 * eeg(seed=4) + ref, "Chin1": ref, "Chin2": ref - muscle,
    }  # fmt: skip
    return recording(path, **(signals_uv | changed_uv))


def pipeline(folder, optional=""):
    path = folder / "lab.toml"
    path.write_text(f"{THREE_ROLES}optional = [{optional}]\n", encoding="utf-8")
    return path


def in_steps_of(step_uv, signal_uv):
    return step_uv * np.rint(signal_uv / step_uv)


def test_a_coarse_eeg_gives_way_to_a_fine_one_and_says_why(tmp_path):
    path = recording(tmp_path / "n.edf", C4_M1=in_steps_of(10, eeg()), C3_M2=eeg(seed=1))
    night = run(path)
    assert night.provenance["derivations"][0]["name"] == "C3-M2"
    assert codes(night) == {"resolution"}


def test_a_night_of_coarse_eeg_is_refused_before_its_stages_move(tmp_path):
    sd_uv = run(recording(tmp_path / "n.edf", C4_M1=eeg())).quality.measures["C4-M1"]
    step_uv = 0.4 * sd_uv["median_epoch_sd_uv"]
    path = recording(tmp_path / "m.edf", C4_M1=in_steps_of(step_uv, eeg()))
    with pytest.raises(QualityRefused, match=r"a step of the samples \(.* uV\) is 0\.\d+ of the"):
        run(path)


def test_a_chin_of_two_electrodes_holds_no_eeg(tmp_path):
    night = psgpipe.run_night(polygraph(tmp_path / "n.edf"), pipeline(tmp_path))
    assert night.quality.measures["chin"]["eeg_in_emg"] < 0.05
    assert "eeg-in-emg" not in {flag.code for flag in night.quality.flags}


def chin_with_mastoid(path, part):
    """The polygraph with `part` of M1 in its chin."""
    muscle, ref = (np.random.default_rng(k).normal(0, 4, MINUTES_10 * FS_HZ) for k in (8, 9))
    return polygraph(path, Chin1=ref + muscle - part * 0.3 * eeg(seed=2), Chin2=ref)


def test_a_chin_with_some_eeg_is_flagged(tmp_path):
    night = psgpipe.run_night(chin_with_mastoid(tmp_path / "n.edf", 1.0), pipeline(tmp_path))
    (flag,) = [flag for flag in night.quality.flags if flag.code == "eeg-in-emg"]
    assert (flag.derivation, flag.effect) == ("chin", "doubt")


def test_a_chin_that_is_mostly_eeg_is_refused_or_left_out(tmp_path):
    path = chin_with_mastoid(tmp_path / "n.edf", 3.0)
    with pytest.raises(QualityRefused, match=r"EEG and EOG hold 0\.\d+ of its power"):
        psgpipe.run_night(path, pipeline(tmp_path))
    night = psgpipe.run_night(path, pipeline(tmp_path, '"emg"'))
    assert [d["name"] for d in night.provenance["derivations"]] == ["C4-M1", "E1-M2"]


def test_seconds_that_a_recorder_filled_in_are_lost_samples(tmp_path):
    signal_uv = eeg()
    for at_s in range(5, 595, 14):  # 43 of 600 s
        signal_uv[at_s * FS_HZ : (at_s + 1) * FS_HZ] = signal_uv[at_s * FS_HZ]
    (flag,) = [
        flag
        for flag in run(recording(tmp_path / "n.edf", C4_M1=signal_uv)).quality.flags
        if flag.code == "dropout"
    ]
    assert flag.message.startswith("7.17 % of the samples stand still in epochs that are staged")
    assert flag.effect == "doubt"
