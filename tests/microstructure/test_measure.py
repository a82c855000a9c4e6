"""A night's power by stage, cycle and hour, where the power of each epoch was planted."""

import json
import math

import numpy as np
import pytest

from psgpipe.microstructure.delta import delta_sleep_ratio
from psgpipe.microstructure.measure import SpectralRules, microstructure, withheld
from psgpipe.microstructure.spectrum import Spectra, density, frequencies
from psgpipe.model.hypnogram import Hypnodensity, SleepStage
from psgpipe.model.microstructure.names import GAIN_DEPENDENT, MICROSTRUCTURE_ENDPOINTS
from psgpipe.sleep.cycles import sleep_cycles
from tests.builders import night
from tests.recordings import brain_noise
from tests.shared_files import shared

FS_HZ = 100.0
CYCLES = "W*10 N1*4 N2*30 N3*40 R*20 N2*40 N3*20 R*30 N2*40 R*40 W*6"
# One minute of noise, repeated: without planted power all epochs of a kind are alike.
EPOCH_UV = brain_noise(30, FS_HZ, sd_uv=20)


def measured(hypnogram, amplitude, gain=1.0, rules=None):
    """The microstructure of epochs that are one epoch of noise times `amplitude` each."""
    epochs_uv = gain * np.asarray(amplitude)[:, None] * EPOCH_UV
    return of_epochs(hypnogram, epochs_uv, rules)


def of_epochs(hypnogram, epochs_uv, rules=None, hypnodensity=None):
    spectra = Spectra(frequencies(FS_HZ), density(epochs_uv, FS_HZ))
    rules = rules or SpectralRules(lights_off_epoch=0)
    every = np.ones(len(hypnogram), bool)
    return microstructure("C4-M1", FS_HZ, spectra, every, hypnogram, hypnodensity, rules)


def amplitudes(hypnogram, by_stage):
    return np.array([by_stage.get(stage, 1.0) for stage in hypnogram.stages])


def test_planted_power_by_cycle_gives_the_exact_ratios():
    hypnogram = night(CYCLES)
    amplitude = np.ones(len(hypnogram))
    amplitude[14:84] = 3.0  # N2 and N3 of the first cycle: nine times the power
    amplitude[104:164] = 2.0  # of the second: four times
    found = measured(hypnogram, amplitude)
    first, second, third = (cycle.power_uv2["swa"] for cycle in found.cycles)
    assert first / third == pytest.approx(9, rel=1e-9)
    assert second / third == pytest.approx(4, rel=1e-9)
    assert found.endpoints["dsr_ln"] == pytest.approx(math.log(9 / 4), rel=1e-9)
    assert found.endpoints["swa_cycle1_ln"] == pytest.approx(math.log(first))
    # 70, 60 and 40 epochs of N2 and N3.
    mean = (70 * first + 60 * second + 40 * third) / 170
    assert found.endpoints["swa_ln"] == pytest.approx(math.log(mean))
    assert found.endpoints["slow_wave_energy_ln"] == pytest.approx(math.log(mean * 85))


def test_the_golden_slow_wave_activity_by_cycle_gives_its_delta_sleep_ratio():
    golden = json.loads(shared("golden", "expected.json").read_text(encoding="utf-8"))
    golden = golden["night_600_epochs"]
    hypnogram = night(golden["runs"])
    swa_uv2 = np.full(len(hypnogram), 60.0)  # only N2 and N3 may count
    for number, cycle in enumerate(sleep_cycles(hypnogram)):
        for epoch in range(cycle.first_epoch, cycle.end_epoch):
            levels = golden["swa_per_epoch_uv2"].get(f"{hypnogram.stages[epoch]}_by_cycle")
            swa_uv2[epoch] = levels[number] if levels else 60.0
    found = measured(hypnogram, np.sqrt(swa_uv2))
    powers = np.array([cycle.power_uv2["swa"] for cycle in found.cycles])
    means = np.array(golden["mean_swa_by_cycle_uv2"])
    assert powers / powers[0] == pytest.approx(means / means[0], rel=1e-6)
    assert found.endpoints["dsr_ln"] == pytest.approx(math.log(golden["delta_sleep_ratio"]))


def test_a_delta_sleep_ratio_needs_two_cycles_with_power():
    assert delta_sleep_ratio((12.0,)) is None
    assert delta_sleep_ratio((None, 7.0)) is None


def test_planted_power_by_stage_gives_the_exact_ratio_of_n3_to_rem():
    hypnogram = night(CYCLES)
    found = measured(hypnogram, amplitudes(hypnogram, {SleepStage.N3: 4.0}))
    assert found.endpoints["swa_n3_over_rem_ln"] == pytest.approx(math.log(16), rel=1e-9)


def test_hours_are_counted_from_lights_off_and_from_sleep_onset():
    hypnogram = night("W*60 N2*120 N3*120")
    amplitude = np.concatenate([np.ones(180), np.full(120, 2.0)])
    found = measured(hypnogram, amplitude)
    one = found.hours_from_sleep_onset[0].power_uv2["swa"]
    assert [h.minutes for h in found.hours_from_sleep_onset] == [60, 60]
    assert found.endpoints["swa_h1_ln"] == pytest.approx(math.log(one))
    assert found.endpoints["swa_h2_ln"] == pytest.approx(math.log(4 * one))
    assert found.endpoints["swa_h3_ln"] is None
    assert found.absent["swa_h3_ln"] == "N2 and N3 of hour 3 from sleep onset: none"
    # Lights off is half an hour before sleep onset.
    assert [h.minutes for h in found.hours_from_lights_off] == [30, 60, 30]
    assert found.hours_from_lights_off[1].power_uv2["swa"] == pytest.approx(2.5 * one)


def test_hours_from_lights_off_need_known_lights():
    found = measured(night(CYCLES), np.ones(280), rules=SpectralRules(lights_off_epoch=None))
    assert found.hours_from_lights_off is None
    assert found.hours_from_sleep_onset


def test_the_decline_of_slow_waves_is_that_of_every_epoch():
    hypnogram = night("W*10 N2*480 W*10")
    hours = np.arange(500) / 120
    found = measured(hypnogram, np.exp(-0.3 * hours / 2))  # power is the square of amplitude
    assert found.endpoints["swa_decline_per_h"] == pytest.approx(-0.3, rel=1e-9)


def test_less_than_ten_minutes_is_absent_with_its_reason():
    hypnogram = night("W*10 N2*100 N3*19 R*60")
    found = measured(hypnogram, np.ones(len(hypnogram)))
    assert found.endpoints["swa_n3_over_rem_ln"] is None
    wanted = "N3: 9.5 min without artefact, 10 are needed"
    assert found.absent["swa_n3_over_rem_ln"] == wanted
    assert found.stages["N3"].mean.power_uv2 is None
    assert found.stages["NREM"].mean.minutes == 59.5
    assert found.absent["dsr_ln"] == "fewer than two complete NREM-REM cycles"


def test_artefacts_and_epochs_out_of_bed_do_not_count():
    hypnogram = night("N2*20 N2*100 W*10", lights_off_epoch=20)
    epochs_uv = np.tile(EPOCH_UV, (130, 1))
    epochs_uv[60] += 300 * np.sin(2 * np.pi * 1.5 * np.arange(3000) / FS_HZ)
    found = of_epochs(hypnogram, epochs_uv)
    clean = of_epochs(hypnogram, np.tile(EPOCH_UV, (130, 1)))
    assert found.stages["N2"].mean.minutes == 49.5
    assert found.artefact_min == 0.5
    assert found.endpoints["swa_ln"] == pytest.approx(clean.endpoints["swa_ln"])
    # The energy of the epoch left out is that of the mean epoch.
    energy = found.endpoints["slow_wave_energy_ln"] - found.endpoints["swa_ln"]
    assert energy == pytest.approx(math.log(50))


@pytest.mark.parametrize("gain", [0.5, 0.8, 1.25, 2.0])
def test_gain_changes_absolute_power_and_nothing_else(gain):
    hypnogram = night(CYCLES)
    rng = np.random.default_rng(5)
    epochs_uv = brain_noise(30 * len(hypnogram), FS_HZ, seed=5).reshape(-1, 3000)
    epochs_uv += 4 * np.sin(2 * np.pi * 13 * np.arange(3000) / FS_HZ + rng.uniform(0, 6, (280, 1)))
    one, other = of_epochs(hypnogram, epochs_uv), of_epochs(hypnogram, gain * epochs_uv)
    assert set(one.absent) == {"spindles_n2_per_min", "swa_h3_ln", "swa_h4_ln"}
    for name, value in one.endpoints.items():
        if value is None:
            continue
        moved = 2 * math.log(gain) if name in GAIN_DEPENDENT else 0.0
        assert other.endpoints[name] == pytest.approx(value + moved, abs=1e-6), name


@pytest.mark.parametrize(("low_hz", "high_hz"), [(0.2, 4.2), (11.7, 15.3)])
@pytest.mark.parametrize("factor", [0.7, 1.5])
def test_a_change_of_slow_waves_or_of_spindles_moves_the_level_little(low_hz, high_hz, factor):
    hypnogram = night(CYCLES)
    noise = brain_noise(30 * len(hypnogram), FS_HZ, seed=7)
    spectrum = np.fft.rfft(noise)
    hz = np.fft.rfftfreq(len(noise), 1 / FS_HZ)
    spectrum[(hz >= low_hz) & (hz <= high_hz)] *= math.sqrt(factor)
    changed = of_epochs(hypnogram, np.fft.irfft(spectrum, len(noise)).reshape(-1, 3000))
    before = of_epochs(hypnogram, noise.reshape(-1, 3000))
    level = changed.endpoints["broadband_ln"] - before.endpoints["broadband_ln"]
    assert abs(level) <= 0.25 * abs(math.log(factor))
    name = "swa_ln" if low_hz < 1 else "sigma_over_neighbours_ln"
    moved = changed.endpoints[name] - before.endpoints[name]
    assert moved == pytest.approx(math.log(factor), abs=0.03)


def test_a_night_without_sleep_has_no_endpoint_and_says_why():
    found = measured(night("W*100"), np.ones(100))
    assert set(found.endpoints.values()) == {None}
    assert set(found.absent) == set(MICROSTRUCTURE_ENDPOINTS)
    assert found.absent["swa_ln"] == "N2 and N3: 0 min without artefact, 10 are needed"
    assert found.absent["swa_h1_ln"] == "no sleep"


def test_a_flat_signal_has_no_logarithm():
    found = measured(night(CYCLES), np.zeros(280))
    assert found.endpoints["swa_ln"] is None
    assert found.absent["swa_ln"] == "N2 and N3: a band without any power"


def test_a_sedated_night_has_no_endpoint():
    found = withheld(measured(night(CYCLES), np.ones(280)), "withheld: sedation")
    assert set(found.endpoints.values()) == {None}
    assert set(found.absent.values()) == {"withheld: sedation"}
    assert found.stages == {}


def test_the_share_of_doubted_epochs_counts_staged_epochs_in_bed():
    hypnogram = night("N2*40", lights_off_epoch=20)
    probabilities = np.full((40, 5), 0.1)
    probabilities[:, 2] = 0.6
    probabilities[20:25, 2] = 0.4
    found = of_epochs(
        hypnogram, np.tile(EPOCH_UV, (40, 1)), hypnodensity=Hypnodensity(probabilities)
    )
    assert found.low_confidence_pct == 25
