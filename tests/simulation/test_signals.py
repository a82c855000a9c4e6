"""Simulated signals have the features that a technician expects in each stage."""

import warnings

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt, welch

from psgpipe.model.hypnogram import Hypnogram
from psgpipe.model.recording import Recording
from psgpipe.simulation.leads import CLINICAL, MINIMAL, simulate_signals
from psgpipe.simulation.night import night_signals, plan_night, simulate_night
from psgpipe.simulation.noise import shaped_noise
from psgpipe.simulation.scene import NightKey, Traits, draw_scene
from tests.builders import stages

STAGES = ("W", "N1", "N2", "N3", "R")
HALF_AN_HOUR_EACH = Hypnogram(stages("W*60 N1*60 N2*60 N3*60 R*60"))
INNER = {stage: slice(60 * n + 12, 60 * n + 48) for n, stage in enumerate(STAGES)}


def simulate_recording(hypnogram, seed=0, fs_hz=100):
    """The minimal montage of a night with these stages."""
    signals = simulate_signals(draw_scene(hypnogram, NightKey(seed), Traits()), MINIMAL, fs_hz)
    rows = np.array([signal.samples for signal in signals])
    return Recording(rows, tuple(lead.label for lead in MINIMAL), float(fs_hz))


@pytest.fixture(scope="module")
def recording():
    return simulate_recording(HALF_AN_HOUR_EACH, seed=4, fs_hz=128)


def epochs(recording, label, stage):
    """Epochs well inside of the half hour of a stage, shape (36, n_samples)."""
    row = recording.signals_uv[recording.derivations.index(label)]
    return row.reshape(300, -1)[INNER[stage]]


def band_uv(signal, low_hz, high_hz, fs_hz=128):
    hz, power = welch(signal, fs_hz, nperseg=4 * fs_hz, axis=1)
    inside = (hz >= low_hz) & (hz < high_hz)
    return np.sqrt(np.median(power[:, inside].sum(axis=1)) * (hz[1] - hz[0]))


def by_stage(recording, label, low_hz, high_hz):
    return {s: band_uv(epochs(recording, label, s), low_hz, high_hz) for s in STAGES}


def test_slow_waves_grow_with_depth(recording):
    slow = by_stage(recording, "EEG C4-M1", 0.5, 2)
    assert slow["N3"] > 2 * slow["N2"] > 2 * slow["R"]


def test_slow_waves_of_n3_exceed_75_uv_peak_to_peak(recording):
    sos = butter(4, (0.5, 2), "bandpass", fs=128, output="sos")
    slow = sosfiltfilt(sos, epochs(recording, "EEG C4-M1", "N3"), axis=1)
    two_seconds = slow.reshape(-1, 256)
    height = np.ptp(two_seconds, axis=1)
    # AASM: slow waves fill at least a fifth of an epoch of N3.
    assert (height > 75).mean() > 0.2


def test_alpha_belongs_to_wake_and_spindles_to_n2(recording):
    alpha, sigma = (by_stage(recording, "EEG C4-M1", *band) for band in ((8, 11.5), (12, 15)))
    assert all(alpha["W"] > 1.5 * alpha[s] for s in ("N1", "N3", "R"))
    assert all(sigma["N2"] > 1.3 * sigma[s] for s in ("W", "N1", "R"))


def test_chin_tone_falls_from_wake_to_n3_and_is_lowest_in_rem(recording):
    tone = by_stage(recording, "EMG chin", 10, 60)
    assert sorted(STAGES, key=tone.get, reverse=True) == ["W", "N1", "N2", "N3", "R"]
    assert tone["W"] > 4 * tone["R"]


def test_eyes_move_against_each_other_in_rem_and_brain_waves_go_together_in_n3(recording):
    def agreement(stage):
        pair = (epochs(recording, f"EOG {eye}-M2", stage) for eye in ("E1", "E2"))
        return np.median(
            [np.corrcoef(left, right)[0, 1] for left, right in zip(*pair, strict=True)]
        )

    assert agreement("R") < -0.5
    assert agreement("N1") < -0.3
    assert agreement("N3") > 0.3


def test_rapid_eye_movements_come_in_rem_and_hardly_in_n2(recording):
    def jumps(stage):
        eye = epochs(recording, "EOG E1-M2", stage) - epochs(recording, "EOG E2-M2", stage)
        return (np.abs(eye[:, 13:] - eye[:, :-13]) > 80).any(axis=1).mean()  # within 0.1 s

    assert jumps("R") > 0.5
    assert jumps("N2") < 0.1


@pytest.mark.parametrize("stage", STAGES)
def test_the_eeg_has_a_usual_size_and_a_falling_spectrum(recording, stage):
    eeg = epochs(recording, "EEG C4-M1", stage)
    hz, power = welch(eeg, 128, nperseg=512, axis=1)
    inside = (hz >= 1) & (hz <= 40)
    slope = np.polyfit(np.log(hz[inside]), np.log(np.median(power[:, inside], axis=0)), 1)[0]
    assert -3 < slope < -1
    assert 6 < np.median(eeg.std(axis=1)) < 45
    fast = power[:, (hz >= 20) & (hz < 47)].sum(axis=1) / power[:, (hz >= 0.5) & (hz < 47)].sum(1)
    assert np.median(fast) < 0.25


def test_spindles_stand_in_both_hemispheres_at_the_same_time():
    still = Hypnogram(stages("N2*40"))
    recording = simulate_recording(still, fs_hz=128)
    scene = draw_scene(still, NightKey(0), Traits())
    sos = butter(4, (11, 16), "bandpass", fs=128, output="sos")
    size = np.abs(sosfiltfilt(sos, recording.signals_uv[:2], axis=1))
    middle = scene.events["spindle"].onset_s + scene.events["spindle"].duration_s / 2
    at = np.concatenate([np.arange(-25, 26) + round(m * 128) for m in middle])
    at = at[at < size.shape[1]]
    assert (size[:, at].mean(axis=1) > 2 * np.median(size, axis=1)).all()


def test_a_derivation_of_the_clinical_montage_is_the_one_of_the_minimal_montage():
    plan = plan_night(3, hours=0.5)
    apart = {s.lead.label: s.samples for s in night_signals(plan, CLINICAL[:11], 128)}
    derived = {s.lead.label: s.samples for s in night_signals(plan, MINIMAL, 128)}
    for label, plus, minus in (
        ("EEG C4-M1", "C4", "M1"),
        ("EEG C3-M2", "C3", "M2"),
        ("EOG E1-M2", "E1", "M2"),
        ("EMG chin", "Chin1", "Chin2"),
    ):
        np.testing.assert_allclose(apart[plus] - apart[minus], derived[label], atol=1e-6)
    # Against the reference, the electrode also contains the signal of the reference.
    assert apart["C4"].std() > 1.1 * derived["EEG C4-M1"].std()


def test_one_night_at_two_rates_is_the_same_night():
    slow, fast = (simulate_night(hours=0.5, fs_hz=fs).recording.signals_uv for fs in (128, 256))
    for at_128, at_256 in zip(slow[:4], fast[:4], strict=True):
        assert np.corrcoef(at_128, at_256[::2])[0, 1] > 0.999


def test_the_same_arguments_give_the_same_samples_and_another_seed_others():
    first, again, other = (simulate_night(s, hours=0.2).recording.signals_uv for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first[0], other[0])[0, 1]) < 0.2


def test_epochs_without_a_stage_and_a_single_epoch_have_signal_too():
    assert simulate_recording(Hypnogram(stages("UNS*2 ART N2"))).signals_uv.std() > 1
    assert simulate_recording(Hypnogram(stages("R")), fs_hz=512).signals_uv.shape == (5, 30 * 512)


def test_a_clinical_night_has_24_signals_of_about_225_mb():
    assert len(CLINICAL) == 24
    samples = sum(lead.rate_hz(256) for lead in CLINICAL) * 8 * 3600
    assert 2 * samples / 1e6 == pytest.approx(225, rel=0.03)


def test_heart_and_breath_keep_their_pace():
    plan = plan_night(0, hours=0.5)
    made = {s.lead.label: s for s in night_signals(plan, CLINICAL, 128)}
    ecg = made["ECG II"]
    peaks = (
        (ecg.samples[1:-1] > 700)
        & (np.diff(ecg.samples)[:-1] > 0)
        & (np.diff(ecg.samples)[1:] <= 0)
    )
    assert peaks.sum() / 30 == pytest.approx(made["Pulse"].samples.mean(), rel=0.08)
    breaths = (np.diff(np.sign(made["Thorax"].samples)) > 0).sum() / 30
    assert breaths == pytest.approx(plan.traits.breaths_per_min, rel=0.25)
    assert (made["SpO2"].samples >= 85).all()


@pytest.mark.slow
@pytest.mark.parametrize("subject", [1, 2])
def test_yasa_recovers_the_planted_stages(subject):
    import mne
    import yasa

    night = simulate_night(0, subject=subject, fs_hz=100)
    labels = ["EEG C4-M1", "EOG E1-M2", "EMG chin"]
    picked = night.recording.pick(*labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        info = mne.create_info(labels, 100.0, ["eeg", "eog", "emg"])
        raw = mne.io.RawArray(picked.signals_uv * 1e-6, info, verbose="ERROR")
        staging = yasa.SleepStaging(raw, eeg_name=labels[0], eog_name=labels[1], emg_name=labels[2])
        found = staging.predict().hypno.tolist()
    right = [
        {"WAKE": "W", "REM": "R"}.get(stage, stage) == truth
        for stage, truth in zip(found, night.hypnogram.stages, strict=True)
    ]
    assert np.mean(right) >= 0.80


def test_noise_has_the_power_asked_for_from_the_second_it_is_asked_for():
    white = np.full((1, 240), 1 / 239)  # 0 to 60 Hz; the bin at 0 Hz is left out
    power = np.repeat([[0.0], [9.0]], [1000, 1001], axis=0)
    signal = shaped_noise(power, white, np.random.default_rng(0), 128)
    # 2001 frames of 4 s, every 2 s from -2 s on: frame 1000 begins at 1998 s.
    assert len(signal) == 4000 * 128
    assert (signal[: 1998 * 128] == 0).all()
    assert signal[1999 * 128 : 2001 * 128].std() == pytest.approx(3, rel=0.2)
    by_second = signal[2000 * 128 :].reshape(1000, 2, 128).std(axis=(0, 2))
    np.testing.assert_allclose(by_second, 3, rtol=0.03)
