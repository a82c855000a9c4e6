"""The 30-s grid: gaps, tails, rates that do not divide, lights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.errors import LightsNeeded
from psgpipe.model.night import Lights
from psgpipe.model.recording import Recording
from psgpipe.model.sampled_signal import Segment
from psgpipe.signals.epoch_grid import covered_grid
from psgpipe.signals.epochs import (
    covered_epochs,
    epoch_count,
    in_bed,
    samples_per_epoch,
    staging_window,
)


def recording(fs_hz: float, *segments: tuple[float, int]) -> Recording:
    """Every sample holds its own time in seconds from the start."""
    times = [onset + np.arange(n) / fs_hz for onset, n in segments]
    parts = tuple(Segment(onset, n) for onset, n in segments)
    return Recording(np.concatenate(times)[None], ("C4-M1",), fs_hz, segments=parts)


def covered_samples(night):
    """The samples of the covered epochs, shape (n_covered, samples_per_epoch)."""
    row = night.signals_uv[0]
    return covered_grid(night, covered_epochs(night)).take(lambda columns: row[columns])


def lights(off_s: float, on_s: float) -> Lights:
    return Lights(off_s, on_s, "option", "option")


def test_a_tail_is_an_epoch_that_is_not_covered():
    night = recording(100.0, (0.0, 6100))
    assert epoch_count(night.span_s) == 3
    assert covered_epochs(night).tolist() == [True, True, False]
    assert covered_samples(night).shape == (2, 3000)


def test_whole_epochs_leave_no_tail():
    assert epoch_count(28800.0) == 960
    assert epoch_count(3 * 10 * 1.0000000000001) == 1


def test_a_gap_takes_its_epochs_and_the_clock_goes_on():
    night = recording(100.0, (0.0, 4000), (70.0, 5000))  # nothing from 40 s to 70 s
    assert covered_epochs(night).tolist() == [True, False, False, True]
    assert covered_samples(night)[:, 0].tolist() == [0.0, 90.0]


def test_a_gap_shorter_than_an_epoch_still_takes_its_epoch():
    night = recording(100.0, (0.0, 4000), (41.0, 4900))
    assert covered_epochs(night).tolist() == [True, False, True]


@pytest.mark.parametrize("fs_hz", [85.0, 100.0, 127.99, 200.3, 255.9375, 256.0, 512.0])
def test_epochs_do_not_drift_at_any_rate(fs_hz: float):
    night = recording(fs_hz, (0.0, round(fs_hz * 28800)))
    samples, covered = covered_samples(night), covered_epochs(night)
    assert samples.shape[1] == samples_per_epoch(fs_hz)
    assert covered[:-1].all()
    starts = samples[:, 0] - 30.0 * np.flatnonzero(covered)
    assert np.abs(starts).max() <= 0.5 / fs_hz + 1e-6


@given(
    fs_hz=st.sampled_from([100.0, 127.99, 256.0, 200.3]),
    parts=st.lists(
        st.tuples(st.floats(0.01, 70.0), st.integers(1, 12_000)), min_size=1, max_size=6
    ),
)
def test_every_covered_epoch_is_filled_with_samples_of_its_own_time(
    fs_hz: float, parts: list[tuple[float, int]]
):
    segments, now_s = [], 0.0
    for gap_s, n_samples in parts:
        segments.append((now_s, n_samples))
        now_s += n_samples / fs_hz + gap_s
    night = recording(fs_hz, *segments)
    covered = covered_epochs(night)
    assert len(covered) == epoch_count(night.span_s)
    if covered.any():
        samples = covered_samples(night)
        at_s = 30.0 * np.flatnonzero(covered)[:, None] + np.arange(samples.shape[1]) / fs_hz
        assert np.abs(samples - at_s).max() <= 0.5 / fs_hz + 1e-6


def test_half_an_epoch_in_bed_is_in_bed():
    assert in_bed(4, 15.0, 104.0).tolist() == [True, True, True, False]
    assert in_bed(4, 15.1, 105.0).tolist() == [False, True, True, True]


def test_lights_on_the_grid_take_whole_epochs():
    assert in_bed(5, 30.0, 90.0).tolist() == [False, True, True, False, False]


def test_less_than_half_an_epoch_in_bed_is_no_epoch():
    assert not in_bed(3, 31.0, 44.0).any()


def test_the_window_is_half_an_hour_wider_than_the_time_in_bed():
    assert staging_window(1200, lights(3600.0, 9 * 3600.0)) == range(60, 1140)


def test_the_window_starts_on_the_grid_and_leaves_nothing_out():
    assert staging_window(1200, lights(3610.0, 9 * 3600 + 10.0)) == range(60, 1141)


def test_the_window_ends_with_the_recording():
    assert staging_window(961, lights(600.0, 8 * 3600.0)) == range(961)


def test_lights_known_there_is_no_longest_recording():
    assert staging_window(2880, lights(3600.0, 20 * 3600.0)) == range(60, 2460)


def test_lights_unknown_the_whole_recording_up_to_fourteen_hours():
    standing_in = Lights(0.0, 14 * 3600.0, "recording", "recording")
    assert staging_window(1680, None) == range(1680)
    assert staging_window(1680, standing_in) == range(1680)


def test_an_end_that_is_not_known_is_left_open():
    off_known = Lights(3600.0, 10 * 3600.0, "table", "recording")
    assert staging_window(1200, off_known) == range(60, 1200)


@pytest.mark.parametrize("lit", [None, Lights(3600.0, 20 * 3600.0, "table", "recording")])
def test_a_long_recording_needs_both_lights(lit: Lights | None):
    with pytest.raises(LightsNeeded, match=r"(20|19\.5)\.?0? h would be staged .* is 14 h"):
        staging_window(2400, lit)


def test_the_margin_can_be_declared():
    assert staging_window(960, lights(3600.0, 7200.0), margin_min=0.0) == range(120, 240)
