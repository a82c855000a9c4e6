"""The panel of power in the picture of a night, read back from its lines."""

from dataclasses import replace

import numpy as np
import pytest
from defusedxml.ElementTree import fromstring

from psgpipe.microstructure.measure import microstructure
from psgpipe.microstructure.spectrum import Spectra, frequencies
from psgpipe.model.hypnogram import SleepStage
from psgpipe.model.microstructure.records import EpochPower
from psgpipe.reports.night_picture import night_picture
from psgpipe.reports.power_panel import power_panel
from psgpipe.reports.time_axis import TimeAxis
from tests.reports.nights import spectrogram, staged_night
from tests.reports.test_night_picture import group, steps_of

SVG = "{http://www.w3.org/2000/svg}"


def with_spectra(staged):
    """The night with power that grows with depth: in uV²/Hz, 10 in N1, 100 in N2, 1000 in N3."""
    level = {SleepStage.N2: 100.0, SleepStage.N3: 1000.0}
    measured = staged.hypnogram.valid & staged.hypnogram.in_bed
    densities = np.array([level.get(s, 10.0) for s in staged.hypnogram.stages])[measured]
    spectra = Spectra(frequencies(100.0), np.outer(densities, np.ones(181)))
    found = microstructure("C4-M1", 100.0, spectra, measured, staged.hypnogram)
    return replace(staged, microstructure=found)


def power_read_back(svg, band, n_epochs):
    """log10 of the power of each epoch as the picture shows it; NaN where it shows none."""
    root, panel = fromstring(svg), group(svg, "power")
    left, step = float(root.get("data-left")), float(root.get("data-step"))
    ticks = [
        (float(t.text), float(p.get("d").split()[1].partition("H")[0]))
        for p, t in zip(panel.findall(f"{SVG}path"), panel.findall(f"{SVG}text"), strict=False)
        if p.get("class") is None
    ]
    (low, low_y), (high, high_y) = ticks[0], ticks[-1]
    per_px = np.log10(high / low) / (low_y - high_y)
    shown = np.full(n_epochs, np.nan)
    line = next(p for p in panel.iter(f"{SVG}path") if p.get("class") == band)
    for begin, end, y in steps_of(line.get("d")):
        epochs = slice(round((begin - left) / step), round((end - left) / step))
        shown[epochs] = np.log10(low) + (low_y - y) * per_px
    return shown


@pytest.mark.parametrize("band", ["swa", "sigma"])
def test_the_panel_shows_the_power_of_every_epoch_that_counts_and_no_other(band):
    staged = with_spectra(staged_night(lights=(40, 900)))
    epochs = staged.microstructure.epochs
    shown = power_read_back(night_picture(staged).svg, band, len(staged.hypnogram))
    np.testing.assert_array_equal(np.isfinite(shown), epochs.is_used)
    used = epochs.is_used
    np.testing.assert_allclose(shown[used], np.log10(epochs.power_uv2[band][used]), atol=0.01)


def test_a_night_without_spectra_has_no_such_panel():
    staged = staged_night()
    svg = night_picture(staged, spectrogram(len(staged.hypnogram))).svg
    assert 'class="power"' not in svg


@pytest.mark.parametrize("power", [0.0, np.nan])
def test_epochs_without_any_power_make_no_panel(power):
    powers = {band: np.full(10, power) for band in ("swa", "sigma")}
    epochs = EpochPower(powers, np.ones(10, bool))
    assert power_panel(epochs, TimeAxis(10, 0, 100), 0, 50) is None


def test_equal_power_in_all_epochs_still_has_an_axis():
    powers = {band: np.full(10, 100.0) for band in ("swa", "sigma")}
    panel = power_panel(EpochPower(powers, np.ones(10, bool)), TimeAxis(10, 0, 100), 0, 50)
    assert [tick["label"] for tick in panel["ticks"]] == ["100", "1000"]
