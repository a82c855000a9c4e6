"""Findings in the samples."""

import numpy as np
import pytest

from psgpipe.edf.reader import read_recording
from tests.edf_files import FS_HZ, Signal, annotations, sine_uv, write_edf

EEG = "EEG C4-M1"
N_SAMPLES = 300 * FS_HZ


def findings(tmp_path, digital, **fields) -> dict[str, str]:
    signals = [Signal(digital=digital, **fields), Signal(label="EMG")]
    recording = read_recording(write_edf(tmp_path / "night.edf", signals), [EEG])
    return {finding.code: finding.message for finding in recording.findings}


def wave(amplitude: float = 3000.0) -> np.ndarray:
    return np.rint(sine_uv(N_SAMPLES, amplitude_uv=amplitude)).astype(int)


def test_a_wave_within_its_range_is_nothing_to_talk_about(tmp_path):
    assert findings(tmp_path, wave()) == {}


@pytest.mark.parametrize("value", [0, 17, -32768, 32767])
def test_a_flat_channel(tmp_path, value):
    assert list(findings(tmp_path, np.full(N_SAMPLES, value))) == ["flat"]


def test_samples_outside_the_declared_range(tmp_path):
    digital = wave(1000)
    digital[:300] = 5000
    found = findings(tmp_path, digital, digital_min=-2048, digital_max=2047)
    assert (
        "1 % of samples lie outside the digital range -2048 to 2047"
        in (found["digital-out-of-range"])
    )


def test_clipped_waves(tmp_path):
    digital = np.clip(wave(3000), -2048, 2047)
    found = findings(tmp_path, digital, digital_min=-2048, digital_max=2047)
    share = 100 * np.mean(np.isin(digital, (-2048, 2047)))
    assert f"clipped: {share:.3g} % of samples" in found["clipped"]
    assert "drop-outs" not in found


def test_drop_outs_jump_to_the_limit(tmp_path):
    digital = wave(3000)
    digital.reshape(-1, 1000)[:, :100] = -32768
    found = findings(tmp_path, digital)
    assert "drop-outs: 10 % of samples" in found["drop-outs"]
    assert "clipped" not in found


def test_flat_tops_below_the_files_own_limits(tmp_path):
    found = findings(tmp_path, np.minimum(wave(3000), 1500))
    assert "exactly the highest number" in found["plateau"]


def test_one_sample_at_the_limit_is_nothing_to_talk_about(tmp_path):
    digital = wave()
    digital[1234] = 32767
    assert findings(tmp_path, digital) == {}


def test_a_tail_of_zeros_was_never_written(tmp_path):
    digital = wave()
    digital[20000:] = 0
    assert "the last 100 s are exact digital zero" in findings(tmp_path, digital)["zero-tail"]


def test_a_tail_of_zeros_over_many_records_and_blocks(tmp_path):
    digital = np.tile(wave(), 100)
    digital[1_000_000:] = 0
    path = write_edf(tmp_path / "night.edf", [Signal(digital=digital)], 30000)
    codes = {f.code: f.message for f in read_recording(path, [EEG]).findings}
    assert "the last 20000 s are exact" in codes["zero-tail"]


@pytest.mark.parametrize(("unit", "said"), [("mV", False), ("V", True), ("nV", True)])
def test_an_amplitude_that_only_a_wrong_unit_explains(tmp_path, unit, said):
    """50 of a unit: 50 uV is an EEG, 50 mV might be an electrode, 50 V or 5 nV is no biosignal."""
    amplitude = 0.05 if unit == "nV" else 5.0
    limit = 50 * amplitude / 5
    digital = np.rint(sine_uv(N_SAMPLES, amplitude_uv=3000)).astype(int)
    found = findings(tmp_path, digital, unit=unit, physical_min=-limit, physical_max=limit)
    assert ("amplitude-implausible" in found) == said


@pytest.mark.parametrize(("limit_uv", "affects"), [(0.5, "numbers"), (5e6, "nothing")])
def test_a_channel_far_too_small_makes_numbers_doubtful_and_drift_does_not(
    tmp_path, limit_uv, affects
):
    digital = np.rint(sine_uv(N_SAMPLES, amplitude_uv=3000)).astype(int)
    eeg = Signal(digital=digital, physical_min=-limit_uv, physical_max=limit_uv)
    path = write_edf(tmp_path / "night.edf", [eeg], N_SAMPLES // 100)
    found = {f.code: f.affects for f in read_recording(path, [EEG]).findings}
    assert found["amplitude-implausible"] == affects


@pytest.mark.parametrize(
    ("n_records", "said"),
    [(20, "less than one 30-s epoch"), (240, "too short for reliable staging"), (300, None)],
)
def test_a_short_recording_is_said(tmp_path, n_records, said):
    recording = read_recording(write_edf(tmp_path / "night.edf", [Signal()], n_records), [EEG])
    messages = [f.message for f in recording.findings if f.code == "short"]
    assert [said in message for message in messages] == ([True] if said else [])


def test_a_zero_tail_of_a_preallocated_edf_plus_file(tmp_path):
    digital = wave()
    digital[20000:] = 0
    keep = annotations().tals
    blank = annotations(lambda record: keep(record) if record < 200 else b"")
    path = write_edf(tmp_path / "night.edf", [Signal(digital=digital), blank], reserved="EDF+C")
    codes = [f.code for f in read_recording(path, [EEG]).findings]
    assert codes == ["timekeeping-missing", "zero-tail"]
