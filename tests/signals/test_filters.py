"""Filters on signals with known results: sines, steps and gaps."""

import numpy as np
import pytest
from scipy import signal

from psgpipe.model.recording import Recording
from psgpipe.model.sampled_signal import Band, Segment
from psgpipe.signals.filters import band_pass

FS_HZ = 128.0


def sine(hz: float, seconds: float = 60.0, fs_hz: float = FS_HZ) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * fs_hz)) / fs_hz)


def recording(
    *rows: np.ndarray, segments: tuple[Segment, ...] = (), fs_hz: float = FS_HZ
) -> Recording:
    names = tuple(f"row {number}" for number in range(len(rows)))
    limits = ((-100.0, 100.0),) * len(rows)
    return Recording(np.array(rows), names, fs_hz, segments=segments, digital_limits_uv=limits)


def rms(row: np.ndarray) -> float:
    return float(np.sqrt(np.mean(row[1024:-1024] ** 2)))


def test_a_wave_inside_the_band_keeps_its_size_and_its_place():
    alpha = sine(10.0)
    filtered = band_pass(recording(alpha), 0.5, 35.0).signals_uv[0]
    assert np.abs(filtered - alpha)[1024:-1024].max() < 0.01


def test_waves_outside_the_band_are_gone():
    filtered = band_pass(recording(sine(0.05), sine(55.0), 50 + 0 * sine(1)), 0.5, 35.0)
    assert [rms(row) < 0.02 for row in filtered.signals_uv] == [True, True, True]


def test_a_sharp_wave_stays_where_it_was():
    spike = np.zeros(7680)
    spike[4000] = 100.0
    filtered = band_pass(recording(spike), 0.5, 35.0).signals_uv[0]
    assert np.argmax(filtered) == 4000
    assert filtered[3990:4000][::-1] == pytest.approx(filtered[4001:4011], abs=1e-6)


def test_nothing_rings_over_a_gap():
    quiet, loud = sine(10.0, 30), 1000 + 500 * sine(3.0, 30)
    segments = (Segment(0.0, len(quiet)), Segment(90.0, len(loud)))
    together = band_pass(recording(np.append(quiet, loud), segments=segments), 0.5, 35.0)
    alone = band_pass(recording(quiet), 0.5, 35.0)
    assert together.signals_uv[0, : len(quiet)] == pytest.approx(alone.signals_uv[0], abs=1e-12)
    assert together.segments == segments


@pytest.mark.parametrize("n_samples", [1, 2, 5, 20, 27, 28, 200])
def test_a_stretch_shorter_than_the_padding_is_filtered_all_the_same(n_samples: int):
    segments = (Segment(0.0, n_samples), Segment(60.0, 3840))
    held = np.append(np.full(n_samples, 40.0), sine(10.0, 30))
    filtered = band_pass(recording(held, segments=segments), 0.5, 35.0).signals_uv[0]
    assert np.isfinite(filtered).all()
    assert np.abs(filtered[:n_samples]).max() < 41.0


def test_a_missing_sample_does_not_spread():
    alpha = sine(10.0)
    holed = alpha.copy()
    holed[4000] = np.nan
    rows = band_pass(recording(holed, alpha), 0.5, 35.0).signals_uv
    assert np.flatnonzero(~np.isfinite(rows[0])).tolist() == [4000]
    assert np.isfinite(rows[1]).all()
    assert np.abs(rows[0] - alpha)[1024:3500].max() < 0.01


def test_an_upper_edge_that_the_rate_cannot_hold_leaves_a_high_pass():
    filtered = band_pass(recording(20 + sine(40.0, fs_hz=100.0), fs_hz=100.0), 0.5, 50.0)
    assert rms(filtered.signals_uv[0]) == pytest.approx(np.sqrt(0.5), rel=0.01)
    assert filtered.band_hz == Band(0.5, float("inf"))


def test_a_lower_edge_of_zero_is_a_low_pass():
    filtered = band_pass(recording(20 + sine(55.0)), 0.0, 35.0)
    assert filtered.signals_uv[0] == pytest.approx(np.full(7680, 20.0), abs=0.5)
    assert filtered.band_hz == Band(0.0, 35.0)


def test_nothing_to_take_away_changes_nothing():
    original = recording(sine(10.0))
    filtered = band_pass(original, 0.0, 64.0)
    assert (filtered.signals_uv == original.signals_uv).all()
    assert filtered.band_hz == original.band_hz


def test_bands_add_up():
    twice = band_pass(band_pass(recording(sine(10.0)), 0.3, 30.0), 0.5, 40.0)
    assert twice.band_hz == Band(0.5, 30.0)


def test_the_recording_given_stays_as_it_was_and_a_filtered_one_has_no_rails():
    original = recording(20 + sine(10.0))
    before = original.signals_uv.copy()
    filtered = band_pass(original, 0.5, 35.0)
    assert (original.signals_uv == before).all()
    assert original.digital_limits_uv
    assert filtered.digital_limits_uv == ()


@pytest.mark.parametrize("band", [(-1.0, 30.0), (30.0, 30.0), (35.0, 0.5), (64.0, 90.0)])
def test_an_impossible_band_is_named(band: tuple[float, float]):
    with pytest.raises(ValueError, match="Hz at a rate of 128 Hz"):
        band_pass(recording(sine(10.0)), *band)


@pytest.mark.parametrize(
    "band", [(0.3, 35.0), (0.5, 30.0), (0.0, 30.0), (0.5, 500.0), (12.0, 15.0)]
)
@pytest.mark.parametrize("fs_hz", [100.0, 127.99, 256.0])
def test_it_is_the_butterworth_filter_run_forwards_and_backwards(
    band: tuple[float, float], fs_hz: float
):
    walk = np.cumsum(np.random.default_rng(0).normal(size=round(1500 * fs_hz)))
    edges = [edge for edge in band if 0 < edge < fs_hz / 2]
    kind = "bandpass" if len(edges) == 2 else "lowpass" if band[0] == 0 else "highpass"
    sos = signal.butter(4, np.squeeze(edges), kind, fs=fs_hz, output="sos")
    wanted = signal.sosfiltfilt(sos, walk)
    found = band_pass(recording(walk, fs_hz=fs_hz), *band).signals_uv[0]
    inside = slice(round(30 * fs_hz), -round(30 * fs_hz))  # the ends are continued differently
    assert np.abs(found - wanted)[inside].max() < 1e-5 * wanted[inside].std()
