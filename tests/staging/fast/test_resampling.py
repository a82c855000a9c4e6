"""The 100-Hz signal of the fast engine equals that of MNE."""

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psgpipe.staging.fast.band_pass import band_pass, band_pass_taps
from psgpipe.staging.fast.one_pass import can_fuse, resample_band_pass
from psgpipe.staging.fast.resampling import resample


def mne_resampled(signal, fs_hz):
    info = mne.create_info(1, fs_hz, "eeg")
    raw = mne.io.RawArray(signal[None], info, verbose="error")
    return raw.resample(100, npad="auto", verbose="error").get_data()[0]


def mne_filtered(signal):
    return mne.filter.filter_data(signal[None], 100.0, 0.4, 30, verbose="error")[0]


def brown_noise(n, seed=0):
    noise = np.random.default_rng(seed).normal(size=n).cumsum()
    return noise - np.linspace(0, noise[-1], n)


def test_the_band_pass_is_mnes_default_design():
    mnes = mne.filter.create_filter(None, 100.0, 0.4, 30, verbose="error")
    np.testing.assert_array_equal(band_pass_taps(), mnes)


@pytest.mark.parametrize("n", [3000, 3001, 30_000, 500_000])
def test_a_signal_at_100_hz_is_filtered_to_the_last_bit_as_mne_does(n):
    signal = brown_noise(n)
    np.testing.assert_array_equal(band_pass(signal), mne_filtered(signal))


def test_missing_samples_spread_as_far_as_in_mne_and_with_mnes_sign():
    signal = brown_noise(30_000)
    signal[10_000:10_050] = np.nan
    ours, mnes = band_pass(signal), mne_filtered(signal)
    np.testing.assert_array_equal(ours.view(np.int64), mnes.view(np.int64))


@settings(max_examples=25, deadline=None)
@given(
    fs_hz=st.sampled_from([81.0, 90.0, 128.0, 199.8, 200.0, 250.0, 256.0, 500.0, 512.0, 1000.0]),
    seconds=st.floats(30.02, 400),
)
def test_a_signal_of_any_length_is_resampled_to_the_last_bit_as_mne_does(fs_hz, seconds):
    signal = brown_noise(int(seconds * fs_hz))
    np.testing.assert_array_equal(resample(signal, fs_hz), mne_resampled(signal, fs_hz))


@pytest.mark.parametrize("fs_hz", [128.0, 200.0, 256.0, 500.0, 512.0])
@pytest.mark.parametrize("minutes", [30.0, 47.37])
def test_one_pass_does_what_mne_does_in_two(fs_hz, minutes):
    signal = brown_noise(int(minutes * 60 * fs_hz))
    signal *= 30 / signal.std()
    assert can_fuse(len(signal), fs_hz)
    expected = mne_filtered(mne_resampled(signal, fs_hz))
    # MNE's grid at 500 Hz is not exactly 100 Hz, and fitting blocks to it is not exact.
    atol = 5e-5 if fs_hz == 500 else 1e-7
    np.testing.assert_allclose(resample_band_pass(signal, fs_hz), expected, rtol=0, atol=atol)


@pytest.mark.parametrize("hum_hz", [49.98, 50.0, 50.03, 60.0])
@pytest.mark.parametrize("fs_hz", [200.0, 256.0, 500.0])
def test_mains_hum_is_cut_as_sharply_as_by_one_transform_over_the_night(hum_hz, fs_hz):
    n = int(1900 * fs_hz) - 37
    signal = 200 * np.sin(2 * np.pi * hum_hz * np.arange(n) / fs_hz + 1)
    expected = mne_filtered(mne_resampled(signal, fs_hz))
    atol = 2e-2 if fs_hz == 500 else 2e-4
    np.testing.assert_allclose(resample_band_pass(signal, fs_hz), expected, rtol=0, atol=atol)


def test_an_offset_and_a_jump_leave_nothing_behind():
    signal = brown_noise(256 * 1900) + 4000.0
    signal[256 * 300 :] -= 9000.0
    expected = mne_filtered(mne_resampled(signal, 256.0))
    np.testing.assert_allclose(resample_band_pass(signal, 256.0), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("fs_hz", [90.0, 100.0, 111.0, 256.0001])
def test_rates_without_whole_blocks_take_the_exact_way(fs_hz):
    assert not can_fuse(int(3600 * fs_hz), fs_hz)


def test_a_short_recording_takes_the_exact_way():
    assert can_fuse(256 * 1800, 256.0)
    assert not can_fuse(256 * 1800 - 1, 256.0)
