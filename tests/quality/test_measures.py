"""Quality measures on signals with known values."""

import numpy as np
import pytest

from psgpipe.edf.reader import read_recording
from psgpipe.model.recording import Recording
from psgpipe.model.sampled_signal import Segment
from psgpipe.quality.eeg_in_emg import explained_share
from psgpipe.quality.limits import QualityLimits
from psgpipe.quality.measure import measure
from tests.shared_files import shared

FS_HZ = 100.0
MINUTES = 10


def samples(minutes: float = MINUTES, fs_hz: float = FS_HZ) -> np.ndarray:
    return np.arange(round(60 * minutes * fs_hz)) / fs_hz


def pink(seed: int = 0, sd_uv: float = 15.0, minutes: float = MINUTES) -> np.ndarray:
    """Noise whose power falls with the frequency, as that of an EEG does (slope -2)."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.normal(size=len(samples(minutes))))
    hz = np.fft.rfftfreq(len(samples(minutes)), 1 / FS_HZ)
    made = np.fft.irfft(spectrum / np.maximum(hz, 0.5), len(samples(minutes)))
    return sd_uv * made / made.std()


def recording(signal_uv: np.ndarray, kind: str = "eeg", fs_hz: float = FS_HZ, **more) -> Recording:
    return Recording(signal_uv[None], ("C4-M1",), fs_hz, kinds=(kind,), **more)


def test_the_sd_is_that_of_the_band_a_stager_sees():
    sine = 10 * np.sqrt(2) * np.sin(2 * np.pi * 10 * samples())
    drift = 500 * np.sin(2 * np.pi * 0.02 * samples())
    hum = 80 * np.sin(2 * np.pi * 48 * samples())
    assert measure(recording(sine)).median_epoch_sd_uv == pytest.approx(10, rel=0.01)
    assert measure(recording(sine + drift + hum + 5000)).median_epoch_sd_uv == pytest.approx(
        10, rel=0.02
    )


def test_the_slope_tells_noise_from_what_falls_as_eeg_does():
    white = np.random.default_rng(0).normal(0, 15, len(samples()))
    assert measure(recording(white)).spectral_slope == pytest.approx(0, abs=0.1)
    assert measure(recording(pink())).spectral_slope == pytest.approx(-2, abs=0.15)


def test_alpha_and_spindles_do_not_bend_the_slope():
    alpha = 20 * np.sin(2 * np.pi * 10 * samples()) + 15 * np.sin(2 * np.pi * 13 * samples())
    with_alpha, without = measure(recording(pink() + alpha)), measure(recording(pink()))
    assert with_alpha.spectral_slope == pytest.approx(without.spectral_slope, abs=0.1)


def test_the_shares_are_those_of_the_bands():
    # No frequency divides the rate, because a sine that repeats its peak value looks clipped.
    theta, beta, hum = (10 * np.sin(2 * np.pi * hz * samples()) for hz in (5.03, 30.07, 49.01))
    assert measure(recording(theta + np.sqrt(3) * beta)).high_share == pytest.approx(0.75, abs=0.01)
    assert measure(recording(theta + hum)).mains_share == pytest.approx(0.5, abs=0.01)


def test_a_stretch_that_stands_still_is_flat():
    signal_uv = pink()
    signal_uv[6000:12000] = 3.0  # the second minute of ten
    quality = measure(recording(signal_uv))
    assert quality.flat_pct == pytest.approx(10.0, abs=0.01)
    assert quality.artefact_epochs == (2, 3)
    assert quality.median_epoch_sd_uv == pytest.approx(
        measure(recording(pink())).median_epoch_sd_uv, rel=0.1
    )


def test_standing_still_for_less_than_a_second_is_not_flat():
    signal_uv = pink()
    signal_uv[6000:6099] = 3.0
    assert measure(recording(signal_uv)).flat_pct == 0.0


def test_the_last_bit_of_a_dead_electrode_is_flat_too():
    flicker = np.random.default_rng(0).choice([0.0, 0.1], len(samples()))
    quality = measure(recording(flicker))
    assert quality.flat_pct == 100.0
    assert len(quality.artefact_epochs) == 20


def test_a_quiet_chin_is_not_flat():
    atonia = np.random.default_rng(0).normal(0, 0.3, len(samples()))
    assert measure(recording(atonia, "emg")).flat_pct == 0.0


def test_clipping_is_the_share_of_samples_at_the_rails():
    signal_uv = np.clip(pink(), -20, 20)
    wanted = 100 * np.mean(np.abs(signal_uv) == 20)
    quality = measure(recording(signal_uv))
    assert wanted > 5
    assert quality.clipped_pct == pytest.approx(wanted, abs=0.01)
    assert quality.dropout_pct == 0.0


def test_a_signal_that_was_never_clipped_meets_its_extremes_once():
    assert measure(recording(pink())).clipped_pct < 0.01


def test_samples_lost_to_the_lowest_value_are_drop_outs_and_not_clipped():
    signal_uv = pink()
    for first in range(500, len(signal_uv), 3000):
        signal_uv[first : first + 60] = -320.0
    quality = measure(recording(signal_uv))
    assert quality.dropout_pct == pytest.approx(2.0, abs=0.01)
    assert quality.clipped_pct < 0.01
    assert quality.artefact_epochs == ()


def test_an_epoch_at_the_rails_is_an_artefact():
    signal_uv = pink()
    signal_uv[3000:3400:2], signal_uv[3001:3401:2] = 180.0, -180.0
    assert measure(recording(signal_uv)).artefact_epochs == (1,)


def test_a_sample_that_is_no_number_takes_its_epoch():
    signal_uv = pink()
    signal_uv[[3100, 3200]] = np.nan, np.inf
    quality = measure(recording(signal_uv))
    assert quality.not_finite_samples == 2
    assert quality.artefact_epochs == (1,)
    assert np.isfinite([v for v in quality.measures().values() if v is not None]).all()


def test_a_gap_and_a_tail_are_unscored_and_not_artefacts():
    segments = (Segment(0.0, 4000), Segment(70.0, 2500))
    quality = measure(recording(pink()[:6500], segments=segments))
    assert quality.unscored_epochs == (1, 2, 3)
    assert quality.artefact_epochs == ()
    assert quality.covered_epochs == 1


def test_beats_are_regular_and_sharp():
    beats = pink(sd_uv=5.0)
    for onset_s in np.arange(0.3, 599, 0.9):
        beats[round(onset_s * FS_HZ) + np.arange(4)] += (30, 200, -60, 10)
    beating, still = measure(recording(beats)), measure(recording(pink()))
    assert beating.heartbeat_regularity > 0.7
    assert beating.heartbeat_kurtosis > 12
    assert still.heartbeat_regularity < 0.3
    assert still.heartbeat_kurtosis == pytest.approx(3, abs=0.5)


def test_drift_is_no_heartbeat():
    drift = 300 * np.sin(2 * np.pi * samples() / 97)
    assert measure(recording(pink() + drift)).heartbeat_kurtosis < 4


def test_what_changes_as_sleep_does_is_spread():
    louder = np.repeat([1.0, 4.0], len(samples()) // 2)
    assert measure(recording(pink() * louder)).sd_spread == pytest.approx(4.0, rel=0.25)
    assert measure(recording(pink())).sd_spread < 1.4


def test_nothing_recorded_for_a_whole_epoch_is_nothing_measured():
    quality = measure(recording(pink()[:2000]))
    assert quality.covered_epochs == 0
    assert quality.median_epoch_sd_uv is None
    assert quality.flat_pct is None
    assert quality.artefact_pct is None


def test_a_wrong_unit_is_measured_although_every_epoch_is_an_artefact():
    quality = measure(recording(1000 * pink()))
    assert quality.median_epoch_sd_uv > 5000
    assert quality.artefact_pct == 100.0
    assert quality.spectral_slope is None


@pytest.mark.parametrize("fs_hz", [81.0, 127.99, 200.3, 512.0])
def test_the_measures_do_not_depend_on_the_rate(fs_hz: float):
    slow = pink()
    faster = np.interp(samples(fs_hz=fs_hz), samples(), slow)
    wanted, found = measure(recording(slow)), measure(recording(faster, fs_hz=fs_hz))
    assert found.median_epoch_sd_uv == pytest.approx(wanted.median_epoch_sd_uv, rel=0.05)
    assert found.covered_epochs >= 19


def test_a_dead_channel_shows_although_the_derivation_lives():
    mastoid = pink()
    channels = Recording(np.array([0 * mastoid, mastoid]), ("C4", "M1"), FS_HZ)
    derivation = recording(-mastoid)
    assert measure(derivation).flat_pct == 0.0
    assert measure(derivation, channels=channels).flat_pct == 100.0


def test_a_clipped_channel_shows_although_the_difference_has_no_rails():
    c4, m1 = np.clip(pink(0), -20, 20), pink(1)
    channels = Recording(np.array([c4, m1]), ("C4", "M1"), FS_HZ)
    assert measure(recording(c4 - m1)).clipped_pct < 0.01
    assert measure(recording(c4 - m1), channels=channels).clipped_pct > 5


def test_the_limits_of_an_artefact_can_be_declared():
    signal_uv = pink()
    signal_uv[3000:3800] = 0.0
    assert measure(recording(signal_uv)).artefact_epochs == ()
    strict = QualityLimits(artefact_flat_pct=25.0)
    assert measure(recording(signal_uv), limits=strict).artefact_epochs == (1,)


def stuck(buffer_s: float, *, from_s: float = 130.0, for_s: float = 200.0) -> np.ndarray:
    """Ten minutes in which the recorder writes the same `buffer_s` again and again for a while."""
    signal_uv = np.rint(pink() * 65.535) / 65.535
    first, buffer, n_samples = (round(s * FS_HZ) for s in (from_s, buffer_s, for_s))
    signal_uv[first : first + n_samples] = np.resize(signal_uv[first : first + buffer], n_samples)
    return signal_uv


@pytest.mark.parametrize("buffer_s", [1, 2.5, 7.31, 30, 45.2])
def test_epochs_in_which_the_recorder_was_stuck_are_repeats_whatever_the_buffer(buffer_s):
    # Stuck from 130 to 330 s: repeats from 130 s and a buffer's length on, in whole epochs.
    first = int(np.ceil((130 + buffer_s) / 30))
    quality = measure(recording(stuck(buffer_s)))
    assert quality.artefact_epochs == tuple(range(first, 11))
    assert quality.repeated_pct == pytest.approx(100 * (11 - first) / 20)


def test_a_block_written_twice_is_a_repeat_the_second_time():
    signal_uv = pink()
    signal_uv[40_000:50_000] = signal_uv[1_234:11_234]  # 100 s, at 400 s
    assert measure(recording(signal_uv)).artefact_epochs == (14, 15)


def test_signal_that_returns_within_an_epoch_only_is_no_repeat():
    # 5 s, mirrored and repeated: a public data set stores its epochs so.
    fives = pink().reshape(20, 30, 100)[:, :5].reshape(20, 500)
    epochs = np.tile(np.hstack([fives, fives[:, ::-1]]), 3)
    assert measure(recording(epochs.ravel())).repeated_pct == 0


def test_a_repeat_is_found_in_signal_that_returns_within_its_epochs_as_well():
    fives = pink().reshape(20, 30, 100)[:, :5].reshape(20, 500)
    epochs = np.tile(np.hstack([fives, fives[:, ::-1]]), 3)
    written_twice, stuck_for_a_second = epochs.copy(), epochs.ravel().copy()
    written_twice[12:] = epochs[2:10]
    stuck_for_a_second[38_500:] = np.resize(stuck_for_a_second[38_400:38_500], 21_500)
    assert measure(recording(written_twice.ravel())).artefact_epochs == tuple(range(12, 20))
    # From 384 s on; the epoch at 390 s is the first one wholly repeated.
    assert measure(recording(stuck_for_a_second)).artefact_epochs == tuple(range(13, 20))


@pytest.mark.parametrize("step_uv", [0.5, 5.0])
def test_a_living_signal_in_coarse_steps_repeats_nothing(step_uv):
    assert measure(recording(step_uv * np.rint(pink() / step_uv))).repeated_pct == 0


def test_a_stretch_that_stands_still_is_flat_and_no_repeat():
    signal_uv = pink()
    signal_uv[6_000:18_000] = 0
    quality = measure(recording(signal_uv))
    assert (quality.flat_pct, quality.repeated_pct) == (20, 0)


def test_a_stuck_electrode_shows_under_a_living_reference():
    c4, m1 = stuck(30), pink(seed=1)
    channels = Recording(np.vstack([c4, m1]), ("C4", "M1"), FS_HZ)
    assert measure(recording(c4 - m1)).repeated_pct == 0
    assert measure(recording(c4 - m1), channels=channels).repeated_pct == 25


@pytest.mark.parametrize("night", ["SC4001E0", "SC4052E0", "SC4092E0"])
def test_a_real_night_stored_as_mirrored_seconds_repeats_nothing(night):
    made = read_recording(shared("data/sleep-edf-stitched", f"{night}-PSG.edf"), ["EEG Fpz-Cz"])
    assert measure(recording(made.signals_uv[0])).repeated_pct == 0


@pytest.mark.parametrize("steps_uv", [0.5, 2.5, 10.0])
def test_the_step_of_a_rounded_signal_is_found_whatever_its_format_could_store(steps_uv):
    quality = measure(recording(steps_uv * np.rint(pink() / steps_uv)))
    assert quality.step_uv == pytest.approx(steps_uv)
    assert quality.step_over_sd == pytest.approx(steps_uv / quality.median_epoch_sd_uv)


def test_a_fine_signal_has_no_step_to_speak_of():
    assert measure(recording(pink())).step_over_sd < 0.02


def test_a_few_samples_between_the_steps_hide_no_step():
    signal_uv = 5 * np.rint(pink() / 5)
    signal_uv[::401] += 0.7
    assert measure(recording(signal_uv)).step_uv == pytest.approx(5)


def test_the_steps_of_subtracted_channels_add_as_noise_does():
    c4, m1, m2 = (5 * np.rint(pink(seed) / 5) for seed in range(3))
    channels = Recording(np.vstack([c4, m1, m2]), ("C4", "M1", "M2"), FS_HZ)
    linked = measure(recording(c4 - (m1 + m2) / 2), channels=channels, weights=(1, -0.5, -0.5))
    assert linked.step_uv == pytest.approx(5 * np.sqrt(1.5))


def test_a_signal_that_stands_still_has_no_step():
    assert measure(recording(np.zeros(len(samples())))).step_uv == 0


@pytest.mark.parametrize("lost_s", [0.3, 1.0])
def test_lost_seconds_that_were_filled_in_are_counted_in_epochs_that_are_staged(lost_s):
    signal_uv = pink()
    for at_s in range(5, 595, 15):  # two stretches an epoch
        first = round(at_s * FS_HZ)
        signal_uv[first : first + round(lost_s * FS_HZ)] = signal_uv[first - 1]
    quality = measure(recording(signal_uv))
    # The last true sample belongs to each stretch.
    assert quality.held_pct == pytest.approx(100 * 2 * (lost_s + 1 / FS_HZ) / 30, abs=0.01)
    assert quality.artefact_epochs == ()


def test_a_minute_that_stands_still_is_an_artefact_and_not_held():
    signal_uv = pink()
    signal_uv[6_000:12_000] = 0
    assert measure(recording(signal_uv)).held_pct == 0


def sleep_like(minutes: float = 240.0, seed: int = 0) -> np.ndarray:
    """Slow and large, then fast and small, in turns of a quarter of an hour, with random sizes."""
    rng = np.random.default_rng(seed)
    hz = np.fft.rfftfreq(len(samples(0.5)), 1 / FS_HZ)
    epochs = []
    for epoch in range(round(2 * minutes)):
        slope, sd_uv = (2.0, 20.0) if epoch % 60 < 30 else (1.2, 8.0)
        noise = np.fft.rfft(rng.normal(size=len(samples(0.5))))
        made = np.fft.irfft(noise / np.maximum(hz, 0.5) ** slope, len(samples(0.5)))
        epochs.append(made * sd_uv * np.exp(rng.normal(0, 0.15)) / made.std())
    return np.concatenate(epochs)


def test_stages_are_no_change_of_gain():
    assert measure(recording(sleep_like())).gain_change < 1.15


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_a_change_of_gain_is_found_with_its_time(factor):
    signal_uv = sleep_like()
    signal_uv[round(130 * 60 * FS_HZ) :] *= factor
    quality = measure(recording(signal_uv))
    assert quality.gain_change == pytest.approx(2.0, rel=0.2)
    assert quality.gain_change_h == pytest.approx(130 / 60, abs=0.1)


def test_less_than_two_hours_show_no_change_of_gain():
    assert measure(recording(sleep_like(119))).gain_change is None
    assert measure(recording(sleep_like(), "emg")).gain_change is None


def shares(emg_uv: np.ndarray, *others_uv: np.ndarray) -> float | None:
    rows = [(recording(signal_uv), 0) for signal_uv in (emg_uv, *others_uv)]
    return explained_share(rows[0], rows[1:], np.arange(20))


def test_an_emg_of_its_own_holds_no_eeg():
    muscle = np.random.default_rng(5).normal(0, 3, len(samples()))
    assert shares(muscle, pink(0), pink(1)) < 0.01


def test_the_share_is_that_of_the_power_whatever_the_sum():
    muscle, c4, m1 = pink(5, sd_uv=10.0), pink(0), pink(1)
    # SDs of 10 and of sqrt(8^2 + 6^2) = 10: half of the power.
    with_eeg = muscle + 8 / 15 * c4 - 6 / 15 * m1
    assert shares(with_eeg, c4, m1) == pytest.approx(0.5, abs=0.05)
    assert shares(with_eeg, c4) == pytest.approx(0.32, abs=0.05)
    assert shares(muscle) is None


def test_the_share_does_not_depend_on_the_rates():
    eeg_uv, muscle = pink(0), pink(5)
    fast = np.interp(samples(fs_hz=200), samples(), eeg_uv + muscle)
    emg = Recording(fast[None], ("chin",), 200.0, kinds=("emg",))
    found = explained_share((emg, 0), [(recording(eeg_uv), 0)], np.arange(20))
    assert found == pytest.approx(shares(eeg_uv + muscle, eeg_uv), abs=0.02)


@pytest.mark.parametrize("hum_hz", [50.0, 25.0, 20.0, 40.0])
def test_hum_in_step_with_the_samples_is_no_coarse_resolution(hum_hz):
    hum = 30 * np.sin(2 * np.pi * hum_hz * samples() + 0.7)
    assert measure(recording(pink() + hum)).step_uv < 0.5
    assert measure(recording(5 * np.rint((pink() + hum) / 5))).step_uv == pytest.approx(5)


def test_drift_is_no_coarse_resolution():
    drift = 2000 * np.sin(2 * np.pi * samples() / 97)
    assert measure(recording(pink() + drift)).step_uv < 0.5
