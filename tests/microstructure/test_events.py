"""Spindles, slow waves and rapid eye movements: those of yasa, and those that were planted."""

import numpy as np
import pytest

from psgpipe.microstructure.events import (
    can_detect,
    count_rems,
    detect_slow_waves,
    detect_spindles,
    stage_samples,
)
from psgpipe.simulation.leads import MINIMAL
from psgpipe.simulation.night import simulate_night
from tests.builders import night
from tests.recordings import brain_noise

FS_HZ = 100.0


@pytest.fixture(scope="module")
def simulated():
    return simulate_night(2, hours=1.5, fs_hz=100, leads=(MINIMAL[0], MINIMAL[2], MINIMAL[3]))


@pytest.fixture(scope="module")
def stages(simulated):
    return stage_samples(simulated.hypnogram, np.ones(len(simulated.hypnogram), bool))


def test_spindles_are_those_of_yasa_at_its_defaults(simulated, stages):
    import yasa

    eeg_uv = simulated.recording.signals_uv[0]
    events = yasa.spindles_detect(eeg_uv, FS_HZ, hypno=stages).summary()
    found = detect_spindles(eeg_uv, stages, {"N2": 1.5})
    for name, group in (("N2", (2,)), ("N2+N3", (2, 3))):
        own, wanted = found.by_stage[name], events[events["Stage"].isin(group)]
        assert own.number == len(wanted) > 20
        assert own.minutes == np.isin(stages, group).sum() / 6000
        assert own.per_min == own.number / own.minutes
        assert own.frequency_hz == pytest.approx(wanted["Frequency"].mean(), rel=1e-12)
        assert own.duration_s == pytest.approx(wanted["Duration"].mean(), rel=1e-12)
        assert own.amplitude_uv == pytest.approx(wanted["AmpFiltered"].mean(), rel=1e-12)
    assert (found.by_stage["N2"].sigma_ln, found.by_stage["N2+N3"].sigma_ln) == (1.5, None)


def test_the_threshold_is_that_of_yasa(simulated, stages, caplog):
    import yasa

    eeg_uv = simulated.recording.signals_uv[0]
    with caplog.at_level("INFO", logger="yasa"):
        yasa.spindles_detect(eeg_uv, FS_HZ, hypno=stages, verbose=True)
    (told,) = [r.args[0] for r in caplog.records if "RMS threshold" in r.msg]
    assert detect_spindles(eeg_uv, stages, {}).threshold_uv == pytest.approx(told, rel=1e-9)


def test_the_own_threshold_of_a_night_given_as_baseline_changes_nothing(simulated, stages):
    eeg_uv = simulated.recording.signals_uv[0]
    own = detect_spindles(eeg_uv, stages, {})
    assert detect_spindles(eeg_uv, stages, {}, own.threshold_uv) == own
    assert detect_spindles(eeg_uv, stages, {}, 2 * own.threshold_uv).by_stage["N2"].number < (
        own.by_stage["N2"].number
    )


def test_slow_waves_are_those_of_yasa_and_depend_on_the_gain(simulated, stages):
    import yasa

    eeg_uv = simulated.recording.signals_uv[0]
    events = yasa.sw_detect(eeg_uv, FS_HZ, hypno=stages).summary()
    found = detect_slow_waves(eeg_uv, stages)
    assert found.by_yasa.number == len(events) > 50
    assert found.by_yasa.amplitude_uv == pytest.approx(events["PTP"].mean())
    assert found.by_yasa.slope_uv_per_s == pytest.approx(events["Slope"].mean())
    assert found.large is None
    louder = detect_slow_waves(1.25 * eeg_uv, stages)
    assert louder.by_yasa.number > 1.3 * found.by_yasa.number


def test_waves_above_the_subject_s_own_percentile_are_a_quarter_of_all_at_every_gain(
    simulated, stages
):
    eeg_uv = simulated.recording.signals_uv[0]
    found = detect_slow_waves(eeg_uv, stages)
    quarter = detect_slow_waves(eeg_uv, stages, found.large_uv).large
    louder = detect_slow_waves(1.25 * eeg_uv, stages, 1.25 * found.large_uv).large
    assert quarter.rule == "baseline"
    assert quarter.threshold_uv == found.large_uv
    assert louder.number == pytest.approx(quarter.number, rel=0.01)


def test_rapid_eye_movements_are_those_of_yasa(simulated, stages):
    import yasa

    left_uv, right_uv = simulated.recording.signals_uv[1:]
    number, minutes = count_rems(left_uv, right_uv, stages)
    wanted = yasa.rem_detect(left_uv, right_uv, FS_HZ, hypno=stages, include=4).summary()
    assert (number, minutes) == (len(wanted), (stages == 4).sum() / 6000)
    assert number > 20


@pytest.mark.parametrize(("hz", "ptp_uv"), [(12.6, 60.0), (13.5, 45.0), (14.3, 60.0)])
def test_planted_spindles_of_known_rate_frequency_and_amplitude_are_found(hz, ptp_uv):
    hypnogram = night("N2*60")
    eeg_uv = brain_noise(1800, FS_HZ, sd_uv=15, seed=3)
    seconds = np.arange(100) / FS_HZ
    wave = np.sin(np.pi * seconds) ** 2 * np.sin(2 * np.pi * hz * seconds)
    onsets = np.arange(1000, 178000, 1500)  # one of 1 s every 15 s
    for onset in onsets:
        eeg_uv[onset : onset + 100] += ptp_uv / 2 * wave
    found = detect_spindles(eeg_uv, stage_samples(hypnogram, np.ones(60, bool)), {}).by_stage["N2"]
    assert found.number == pytest.approx(len(onsets), rel=0.1)
    assert found.per_min == pytest.approx(4, rel=0.1)
    assert found.frequency_hz == pytest.approx(hz, abs=0.15)
    assert found.amplitude_uv == pytest.approx(ptp_uv, rel=0.15)


def test_epochs_with_artefacts_have_no_events_and_no_minutes(simulated):
    used = np.ones(len(simulated.hypnogram), bool)
    used[::2] = False
    some = stage_samples(simulated.hypnogram, used)
    assert (some == -1).sum() == 3000 * (~used).sum()
    found = detect_spindles(simulated.recording.signals_uv[0], some, {}).by_stage["N2"]
    assert found.minutes == (some == 2).sum() / 6000


def test_noise_without_spindles_has_none_and_that_is_a_number():
    hypnogram = night("N2*40")
    white_uv = 5 * np.random.default_rng(0).standard_normal(120000)
    some = stage_samples(hypnogram, np.ones(40, bool))
    found = detect_slow_waves(white_uv, some)
    assert (found.by_yasa.number, found.by_yasa.per_min, found.by_yasa.amplitude_uv) == (0, 0, None)
    flat = detect_spindles(np.sin(np.arange(120000) / 50.0), some, {})
    assert (flat.by_stage["N2"].number, flat.by_stage["N2"].per_min) == (0, 0)


@pytest.mark.parametrize(("scale", "takes"), [(1.0, True), (1e-3, False), (1e5, False)])
def test_a_signal_that_is_not_in_microvolt_is_not_searched(scale, takes):
    assert can_detect(scale * brain_noise(60, FS_HZ)) is takes
