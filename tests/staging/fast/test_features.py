"""Features of the fast engine, against numbers made by hand, numpy and yasa."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from psgpipe.staging.fast.features import epoch_features
from psgpipe.staging.fast.median_network import exchanges_for_median, median_of_rows
from psgpipe.staging.fast.quartiles import interquartile_range
from psgpipe.staging.fast.smoothing import around_7_min, part_of_night, past_2_min, robust_scaled
from psgpipe.staging.fast.spectra import BANDS_HZ
from tests.staging.yasa_pairs import changed, fast_features, simulated, yasa_itself

SECONDS = np.arange(3000) / 100

TOLERANCE = 3e-7
"""Relative, of a feature that YASA keeps as float32: two units in its last place."""
COUNT = 1
"""A zero crossing more or less: the first and the last sample are nothing but rounding."""


def features_of(*epochs, kind="eeg"):
    return epoch_features(np.concatenate(epochs), kind)


def test_a_sine_of_9_7_hz():
    sine = features_of(10 * np.sin(2 * np.pi * 9.7 * SECONDS + 0.3))
    assert sine["std"] == pytest.approx(10 / np.sqrt(2), rel=1e-3)
    assert sine["iqr"] == pytest.approx(2 * 10 * np.sin(np.pi / 4), rel=0.01)
    assert sine["nzc"] == pytest.approx(2 * 9.7 * 30, abs=1)
    assert sine["kurt"] == pytest.approx(-1.5, abs=1e-3)
    assert sine["skew"] == pytest.approx(0, abs=1e-3)
    assert sine["hmob"] == pytest.approx(2 * np.sin(np.pi * 0.097), rel=1e-3)
    assert sine["hcomp"] == pytest.approx(1, rel=1e-3)
    assert sine["alpha"] == pytest.approx(1, rel=1e-3)


def test_a_rising_line_has_one_order_and_one_dimension():
    line = features_of(SECONDS - 15)
    assert line["perm"] == 0
    assert line["petrosian"] == 1
    assert line["higuchi"] == pytest.approx(1, abs=1e-6)
    assert line["nzc"] == 1


def test_noise_is_in_every_order_and_fills_the_plane():
    noise = features_of(np.random.default_rng(0).normal(size=3000))
    assert noise["perm"] == pytest.approx(1, abs=0.003)
    assert noise["higuchi"] == pytest.approx(2, abs=0.05)
    # Two of three inner samples of noise are turning points.
    turns = 2998 * 2 / 3
    expected = np.log10(3000) / (np.log10(3000) + np.log10(3000 / (3000 + 0.4 * turns)))
    assert noise["petrosian"] == pytest.approx(expected, abs=0.001)


def test_relative_powers_of_the_bands_sum_to_about_one():
    noise = features_of(np.random.default_rng(1).normal(size=30_000))
    total = sum(noise[band] for band in BANDS_HZ)
    np.testing.assert_allclose(total, 1, atol=0.02)
    assert np.all(noise["dt"] == (noise["sdelta"] + noise["fdelta"]) / noise["theta"])


def test_an_emg_has_no_bands_and_an_eog_no_ratios():
    noise = np.random.default_rng(1).normal(size=3000)
    assert set(features_of(noise, kind="eeg")) - set(features_of(noise, kind="eog")) == {
        "dt",
        "ds",
        "db",
        "at",
    }
    assert set(features_of(noise, kind="eog")) - set(features_of(noise, kind="emg")) == {*BANDS_HZ}


def test_a_flat_epoch_has_no_shape_and_disturbs_no_other():
    noise = np.random.default_rng(1).normal(size=3000)
    alone, beside = features_of(noise), features_of(np.zeros(3000), noise)
    assert beside["std"][0] == 0
    for name in ("skew", "kurt", "hmob", "hcomp", "higuchi", "alpha"):
        assert np.isnan(beside[name][0]), name
    for name, values in alone.items():
        assert beside[name][1] == pytest.approx(values[0], rel=1e-12), name


def test_an_epoch_with_a_missing_sample_has_no_features_but_its_counts():
    noise = np.random.default_rng(1).normal(size=6000)
    noise[100] = np.nan
    found = epoch_features(noise, "eeg")
    for name, values in found.items():
        assert np.isnan(values[0]) == (name not in ("nzc", "petrosian")), name
        assert not np.isnan(values[1]), name


@pytest.mark.parametrize("n", [3, 5, 11])
def test_the_exchanges_find_the_median_of_every_row_of_zeros_and_ones(n):
    # A network that is right for all rows of zeros and ones is right for all rows (Knuth 5.3.4).
    rows = ((np.arange(2**n)[None] >> np.arange(n)[:, None]) & 1).astype(float)
    expected = np.median(rows, axis=0)
    np.testing.assert_array_equal(median_of_rows(rows), expected)
    assert all(e.needs_low or e.needs_high for e in exchanges_for_median(n))


@settings(max_examples=60, deadline=None)
@given(
    rows=arrays(
        np.float64,
        st.tuples(st.integers(1, 4), st.just(403)),
        elements=st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, -0.5]),
    )
)
def test_quartiles_are_numpys_whatever_the_signal(rows):
    found = interquartile_range(rows, rows.std(axis=1), np.empty(rows.shape))
    low, high = np.quantile(rows, [0.25, 0.75], axis=1)
    np.testing.assert_array_equal(found, high - low)


def test_quartiles_of_a_spike_and_a_quiet_signal():
    rows = np.random.default_rng(0).normal(size=(3, 3000))
    rows[0, 7] = 1e9
    rows[1] = np.round(rows[1])
    rows[2] = -3.0
    found = interquartile_range(rows, rows.std(axis=1), np.empty(rows.shape))
    low, high = np.quantile(rows, [0.25, 0.75], axis=1)
    np.testing.assert_array_equal(found, high - low)


def test_the_triangle_reaches_seven_epochs_to_both_sides():
    impulse = np.zeros((1, 601))
    impulse[0, 100] = 8.0
    smoothed = around_7_min(impulse)[0]
    # The range of a night that is almost all zero is zero, so it is no divisor.
    np.testing.assert_allclose(smoothed[93:108], np.bartlett(17)[1:-1], atol=1e-12)
    assert not smoothed[:93].any()


def test_the_past_is_the_epoch_and_three_before_it():
    steps = np.zeros((1, 201))
    steps[0, 100] = 4.0
    np.testing.assert_allclose(past_2_min(steps)[0, 99:105], [0, 1, 1, 1, 1, 0])


def test_what_is_missing_or_infinite_is_left_out_of_a_mean():
    row = np.array([[1.0, np.nan, 3.0, np.inf, 5.0, 7.0]])
    means = np.array([1.0, 1.0, 2.0, 2.0, 4.0, 5.0])
    np.testing.assert_allclose(past_2_min(row)[0], robust_scaled(means[None])[0])


def test_scaling_takes_the_median_and_the_range_of_nine_tenths():
    row = np.arange(101.0)[None]
    np.testing.assert_allclose(robust_scaled(row)[0], (np.arange(101) - 50) / 90)


def test_the_only_epoch_of_a_night_is_at_its_start():
    assert part_of_night(1).tolist() == [0]
    assert part_of_night(3).tolist() == [0, 0.5, 1]


def first_to_break(found, expected):
    """The features that differ from yasa's by more than the limit, largest difference first."""
    excess = {}
    for name, values in found.items():
        theirs = expected[name].to_numpy().astype(float)
        allowed = TOLERANCE * np.abs(theirs) + (COUNT if name.endswith("_nzc") else 1e-9)
        wrong = ~((np.abs(values - theirs) <= allowed) | (np.isnan(values) & np.isnan(theirs)))
        if wrong.any():
            epoch = int(np.flatnonzero(wrong)[0])
            excess[name] = (int(wrong.sum()), epoch, values[epoch], theirs[epoch])
    return sorted(excess.items(), key=lambda item: -item[1][0])


@pytest.mark.slow
def test_every_feature_at_100_hz_is_yasas():
    night = simulated(3, hours=2, fs_hz=100)
    staging, _, _ = yasa_itself(night)
    assert first_to_break(fast_features(night), staging.get_features()) == []


@pytest.mark.slow
@pytest.mark.parametrize("fs_hz", [128, 200, 256, 500, 512])
def test_every_feature_of_a_resampled_night_is_yasas(fs_hz):
    night = simulated(4, hours=1, fs_hz=fs_hz)
    staging, _, _ = yasa_itself(night)
    raw = {
        name: values for name, values in fast_features(night).items() if not name.endswith("_norm")
    }
    # Without the two ends, where rounding can add or remove a zero crossing.
    broken = first_to_break(raw, staging.get_features())
    assert [item for item in broken if not item[0].endswith(("skew", "kurt"))] == []


@pytest.mark.slow
@pytest.mark.parametrize("role", ["eeg", "eog", "emg"])
def test_features_of_flat_clipped_and_missing_stretches_are_yasas(role):
    def spoil(signal):
        signal[100_000:160_000] = 12.5
        signal[200_000:230_000] = np.clip(signal[200_000:230_000], -5, 5)
        signal[300_000:300_400] = np.nan

    night = changed(simulated(5, hours=1, fs_hz=100), role, spoil)
    staging, _, _ = yasa_itself(night)
    assert first_to_break(fast_features(night), staging.get_features()) == []
