"""A derivation computed block by block from integers equals the derivation computed at once."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.model.derived_signal import DerivedSignal, derive_signal
from psgpipe.model.digital_recording import DigitalRecording, Scale, merge_by_rate
from psgpipe.model.montage import Derivation, Term
from psgpipe.model.recording import Recording
from psgpipe.model.sampled_signal import Segment
from psgpipe.quality.measure import measure
from psgpipe.signals.epoch_grid import covered_grid
from psgpipe.signals.epoch_signal import epoch_signal
from psgpipe.signals.epochs import covered_epochs

FS_HZ = 100.0
UV = Scale(-32768, 32767, 0.1, -3276.8, 1.0)
UPSIDE_DOWN = Scale(-32768, 32767, -0.1, 3276.7, 1.0)


def recorded(*rows, scales=None, segments=None) -> DigitalRecording:
    rows = tuple(np.asarray(row, np.int16) for row in rows)
    return DigitalRecording(
        rows=rows,
        scales=scales or (UV,) * len(rows),
        labels=("C4", "M1", "M2")[: len(rows)],
        fs_hz=FS_HZ,
        segments=segments or (Segment(0.0, len(rows[0])),),
    )


def derived(channels, *weights, role="eeg") -> DerivedSignal:
    terms = tuple(Term(label, w) for label, w in zip(channels.labels, weights, strict=True))
    return derive_signal(Derivation("derivation", role, terms, ""), (channels,))


def noise(seed, n_samples=9000, sd=300):
    return np.random.default_rng(seed).normal(0, sd, n_samples).astype(np.int16)


def test_c4_minus_m1_by_hand():
    signal = derived(recorded([100, 200, -32768], [40, 300, 0]), 1.0, -1.0)
    np.testing.assert_allclose(signal.samples_uv(), [6.0, -10.0, -3276.8], atol=1e-9)


def test_linked_mastoids_are_the_mean_of_both():
    signal = derived(recorded([100], [40], [20]), 1.0, -0.5, -0.5)
    np.testing.assert_allclose(signal.samples_uv(), [7.0], atol=1e-9)


def test_a_channel_used_as_it_is_keeps_its_very_samples():
    channels = recorded(noise(1))
    whole = channels.to_recording()
    assert np.array_equal(derived(channels, 1.0).build().signals_uv, whole.signals_uv)


def test_a_derivation_can_reach_as_far_as_its_channels_together():
    limits = derived(recorded([0], [0]), 1.0, -1.0).build().digital_limits_uv
    np.testing.assert_allclose(limits, [(-6553.5, 6553.5)])


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_a_stretch_is_that_stretch_of_the_whole(first, last):
    signal = derived(recorded(noise(2, 200_000), noise(3, 200_000)), 1.0, -1.0)
    columns = slice(min(first, last), max(first, last))
    assert np.array_equal(signal.samples_uv(columns), signal.samples_uv()[columns])


@pytest.mark.parametrize("weight", [1.0, -1.0])
@pytest.mark.parametrize("scale", [UV, UPSIDE_DOWN])
def test_levels_rise_with_the_voltage(scale, weight):
    signal = derived(recorded([-32768, -1, 0, 7, 32767], scales=(scale,)), weight)
    assert np.array_equal(np.argsort(signal.levels()), np.argsort(signal.samples_uv()))


@pytest.mark.parametrize("scale", [UV, UPSIDE_DOWN])
def test_quality_sees_the_same_in_integers_as_in_microvolts(scale):
    rows = [noise(seed) for seed in (4, 5)]
    rows[0][1000:2500] = 12  # stands still
    rows[1][4000:4100] = -32768  # lost
    rows[1][7000:7400] = 32767  # clipped
    channels = recorded(*rows, scales=(scale, scale))
    as_integers = measure(derived(channels, 1.0, -1.0), channels=channels)
    whole = derived(channels, 1.0, -1.0).build()
    assert as_integers == measure(whole, channels=channels.to_recording())
    # Lost or clipped parts of a second or longer are also flat.
    assert as_integers.flat_pct == pytest.approx(100 * (1500 + 400 + 100) / 9000)


def test_quality_of_one_channel_needs_no_microvolts_for_its_rails():
    row = noise(6)
    row[7000:7050] = 32767
    signal = derived(recorded(row), 1.0)
    assert measure(signal) == measure(signal.build())
    # The lowest sample of the night also counts: a signal reaches its extremes once or twice.
    assert measure(signal).clipped_pct == pytest.approx(100 * (50 + 1) / 9000)


SEGMENTS = (Segment(0.0, 4010), Segment(100.0, 12_345))


def test_the_grid_holds_the_whole_epochs_on_both_sides_of_a_gap():
    row = np.arange(sum(s.n_samples for s in SEGMENTS)) % 30_000
    night = derived(recorded(row, segments=SEGMENTS), 1.0)
    grid = covered_grid(night, covered_epochs(night))
    signal_uv = night.build().signals_uv[0]
    # 4010 samples at 100 Hz hold the first epoch. The next segment starts at 100 s; the first epoch
    # in it starts at 120 s, with its sample 2000.
    starts = [0, *range(4010 + 2000, 4010 + 12_345 - 3000, 3000)]
    wanted = [signal_uv[start : start + 3000] for start in starts]
    assert np.array_equal(grid.take(night.samples_uv), wanted)


def test_the_signal_of_chosen_epochs_leaves_the_others_out():
    night = derived(recorded(np.arange(12_000) % 30_000), 1.0)
    joined = epoch_signal(night, 0, [0, 2, 3])
    expected = np.concatenate([night.samples_uv()[:3000], night.samples_uv()[6000:]])
    assert np.array_equal(joined[:], expected)


PLACES = st.one_of(
    st.slices(7000),
    st.lists(st.integers(0, 6999), max_size=20).map(lambda at: np.array(at, int)),
)


@pytest.mark.parametrize("epochs", [[0, 1, 3], [0, 1, 4, 7], [2]])
@given(at=PLACES)
def test_a_signal_worked_out_where_it_is_looked_at_is_the_whole_one_there(epochs, at):
    if isinstance(at, slice) and (at.step or 1) < 0:
        at = slice(at.start, at.stop, -at.step)
    night = derived(recorded(noise(2, 30_000), noise(3, 30_000)), 1.0, -1.0)
    signal = epoch_signal(night, 0, epochs)
    whole_uv = night.samples_uv()
    joined_uv = np.concatenate([whole_uv[3000 * e : 3000 * (e + 1)] for e in epochs])
    at = at if isinstance(at, slice) else at[at < len(signal)]
    assert len(signal) == len(joined_uv)
    assert np.array_equal(signal[at], joined_uv[at])


def test_channels_that_move_alike_leave_exactly_nothing():
    offset = Scale(-32768, 32767, 0.1, -3276.8 + 1e4, 1.0)
    row = noise(7)
    signal = derived(recorded(row, row, scales=(offset, offset)), 1.0, -1.0)
    assert not signal.samples_uv().any()


def test_channels_of_different_units_and_ranges_by_hand():
    millivolt = Scale(-32768, 32767, 0.001, -32.768, 1000.0)
    signal = derived(recorded([10], [40], scales=(UV, millivolt)), 1.0, -1.0)
    np.testing.assert_allclose(signal.samples_uv(), [1.0 - 40.0], atol=1e-9)


def test_channels_read_at_another_time_stand_beside_those_there_already():
    first, other = recorded([1, 2], [3, 4]), replace(recorded([5, 6]), labels=("F4",))
    emg = replace(recorded([7, 8, 9, 10]), labels=("Chin",), fs_hz=200.0)
    eeg, alone = merge_by_rate([first, emg, other])
    assert (eeg.labels, alone.labels) == (("C4", "M1", "F4"), ("Chin",))
    assert eeg.samples_uv(row=2) == pytest.approx([0.5, 0.6])


def test_a_digital_recording_cannot_be_changed_by_accident():
    channels = recorded([1, 2, 3])
    with pytest.raises(ValueError, match="read-only"):
        channels.rows[0][0] = 9
    assert isinstance(channels.to_recording(), Recording)
