"""Spectra of epochs against yasa's, and against signals whose power is known."""

import numpy as np
import pytest

from psgpipe.microstructure.artefacts import ArtefactRule, artefact_epochs
from psgpipe.microstructure.shape import (
    is_low_passed,
    sigma_peak_hz,
    slope_2_30,
    slope_30_45,
)
from psgpipe.microstructure.spectrum import (
    Spectra,
    band_powers,
    density,
    epoch_spectra,
    frequencies,
    remembered_spectra,
)
from psgpipe.model.derived_signal import DerivedSignal
from psgpipe.model.digital_recording import MICROVOLTS, DigitalRecording
from psgpipe.model.microstructure.records import BANDS_HZ
from psgpipe.model.montage import Derivation, Term
from psgpipe.model.sampled_signal import Band, Segment
from tests.recordings import brain_noise


def spectra_of(epochs_uv, fs_hz):
    return Spectra(frequencies(fs_hz), density(epochs_uv, fs_hz))


def wave(hz, uv, fs_hz, seconds=30):
    return uv * np.sin(2 * np.pi * hz * np.arange(round(seconds * fs_hz)) / fs_hz)


@pytest.mark.parametrize("fs_hz", [100.0, 128.0, 200.0, 256.0, 500.0, 512.0])
def test_power_in_bands_is_that_of_yasa(fs_hz):
    from yasa import bandpower

    epochs_uv = brain_noise(120, fs_hz).reshape(4, -1) + 300.0  # an electrode's offset
    bands = [(*band, name) for name, band in BANDS_HZ.items()]
    welch = {"window": "hann", "average": "mean"}
    wanted = bandpower(epochs_uv, fs_hz, bands=bands, relative=False, welch_kwargs=welch)
    powers = band_powers(spectra_of(epochs_uv, fs_hz), BANDS_HZ)
    assert list(powers) == list(BANDS_HZ)
    for name in BANDS_HZ:
        np.testing.assert_allclose(powers[name], wanted[name], rtol=1e-6)


@pytest.mark.parametrize("fs_hz", [80.0, 81.0, 90.0])
def test_a_slow_recording_has_only_the_bands_that_it_holds(fs_hz):
    from scipy.signal import welch

    epochs_uv = brain_noise(60, fs_hz).reshape(2, -1)
    spectra = spectra_of(epochs_uv, fs_hz)
    freqs_hz, wanted = welch(epochs_uv, fs_hz, "hann", nperseg=int(4 * fs_hz))
    used = slice(2, len(spectra.freqs_hz))
    np.testing.assert_allclose(spectra.freqs_hz[used], freqs_hz[used])
    np.testing.assert_allclose(spectra.density_uv2_hz[:, used], wanted[:, used], rtol=1e-9)
    assert ("high" in band_powers(spectra, BANDS_HZ)) is (fs_hz == 90)


@pytest.mark.parametrize("fs_hz", [127.99, 199.997, 256.016])
def test_a_rate_that_is_no_whole_number_keeps_both_edges_of_a_band(fs_hz):
    noise_uv = 10 * np.random.default_rng(3).standard_normal((200, int(30 * fs_hz)))
    spectra = spectra_of(noise_uv, fs_hz)
    inside = spectra.freqs_hz[spectra.bins(Band(0.5, 4))]
    assert (inside[0], inside[-1]) == (pytest.approx(0.5, abs=0.01), pytest.approx(4, abs=0.04))
    # White noise of 10 uV has 100 uV2, spread evenly from 0 Hz to half of the rate.
    assert spectra.band_uv2(Band(0.5, 4)).mean() == pytest.approx(100 * 3.5 / (fs_hz / 2), rel=0.02)


def test_a_wave_is_in_its_own_band_alone():
    spectra = spectra_of(wave(10.0, 20, 256.0)[None], 256.0)
    # All bins together: half of the squared amplitude.
    assert spectra.density_uv2_hz.sum() * 0.25 == pytest.approx(200, rel=1e-9)
    assert spectra.band_uv2(Band(16, 30))[0] < 1e-6


@pytest.mark.parametrize("exponent", [-1.0, -2.0, -3.0])
def test_a_spectrum_of_known_slope_has_this_slope(exponent):
    freqs_hz = frequencies(256.0)
    power = np.append(1.0, freqs_hz[1:] ** exponent)
    alpha = np.where(abs(freqs_hz - 10) < 2, 0.5, 0.0)
    assert slope_2_30(freqs_hz, power + alpha) == pytest.approx(exponent, abs=1e-3)
    assert slope_30_45(freqs_hz, power) == pytest.approx(exponent, abs=1e-9)


@pytest.mark.parametrize("hz", [11.6, 12.43, 13.2, 14.85])
def test_the_peak_of_the_spindles_is_found_between_bins(hz):
    freqs_hz = frequencies(256.0)
    power = np.append(1.0, freqs_hz[1:] ** -2.0) * (
        1 + 3 * np.exp(-0.5 * ((freqs_hz - hz) / 0.8) ** 2)
    )
    assert sigma_peak_hz(freqs_hz, power, 20) == pytest.approx(hz, abs=0.02)


def test_a_spectrum_without_spindles_has_no_peak():
    freqs_hz = frequencies(256.0)
    assert sigma_peak_hz(freqs_hz, np.append(1.0, freqs_hz[1:] ** -2.0), 20) is None


@pytest.mark.parametrize("n_epochs", [20, 120])
def test_the_highest_bin_of_noise_is_no_peak(n_epochs):
    for seed in range(20):
        noise_uv = np.random.default_rng(seed).standard_normal((n_epochs, 3000))
        spectra = spectra_of(noise_uv, 100.0)
        density_uv2_hz = spectra.density_uv2_hz.mean(axis=0)
        assert sigma_peak_hz(spectra.freqs_hz, density_uv2_hz, n_epochs) is None


@pytest.mark.parametrize("low_pass_hz", [20, 25, 30, 35, 40])
@pytest.mark.parametrize("order", [4, 8])
def test_a_low_pass_that_nobody_states_is_seen_and_a_steep_slope_is_none(low_pass_hz, order):
    freqs_hz = frequencies(256.0)[1:]
    for slope in (-1.0, -2.0, -5.0):
        straight = freqs_hz**slope
        assert not is_low_passed(freqs_hz, straight)
        # Butterworth's power response.
        filtered = straight / (1 + (freqs_hz / low_pass_hz) ** (2 * order))
        assert is_low_passed(freqs_hz, filtered)
        # Muscle adds a floor, which makes the upper half flatter.
        assert not is_low_passed(freqs_hz, straight + 45.0**slope)


@pytest.mark.parametrize(("hz", "uv"), [(1.5, 200), (38, 12)])
@pytest.mark.parametrize("gain", [0.1, 1.0, 30.0])
def test_one_epoch_with_a_movement_or_with_muscle_is_left_out_at_every_gain(hz, uv, gain):
    epochs_uv = brain_noise(30 * 40, 128.0, sd_uv=25).reshape(40, -1)
    epochs_uv[17] += wave(hz, uv, 128.0)
    marks = artefact_epochs(spectra_of(gain * epochs_uv, 128.0), np.arange(40), ArtefactRule())
    assert np.flatnonzero(marks).tolist() == [17]


def test_the_slow_growth_of_slow_waves_is_no_artefact():
    depth = np.linspace(1, 4, 40)[:, None]
    epochs_uv = depth * brain_noise(30 * 40, 128.0, sd_uv=25).reshape(40, -1)
    assert not artefact_epochs(spectra_of(epochs_uv, 128.0), np.arange(40), ArtefactRule()).any()


class CountedSignal(DerivedSignal):
    """A derivation that counts the samples that were computed."""

    n_samples = 0

    def samples_uv(self, columns=slice(None), row=0):
        samples_uv = super().samples_uv(columns, row)
        type(self).n_samples += len(samples_uv)
        return samples_uv


def test_an_epoch_is_transformed_once_for_the_endpoints_and_the_picture():
    row = brain_noise(120, 100.0)  # four epochs
    channels = DigitalRecording(
        (row,), (MICROVOLTS,), ("C4-M1",), 100.0, segments=(Segment(0.0, 12_000),)
    )
    derivation = Derivation("C4-M1", "eeg", (Term("C4-M1", 1.0),), "")
    signal, other = CountedSignal(derivation, channels), DerivedSignal(derivation, channels)
    for marks, n_computed in (([0, 1, 1, 0], 2), ([1, 1, 1, 0], 3), ([0, 1, 0, 1], 4)):
        epochs = np.array(marks, bool)
        spectra = remembered_spectra(signal, epochs)
        wanted = epoch_spectra(other, epochs)
        np.testing.assert_array_equal(spectra.density_uv2_hz, wanted.density_uv2_hz)
        np.testing.assert_array_equal(spectra.freqs_hz, wanted.freqs_hz)
        assert CountedSignal.n_samples == n_computed * 3000
