"""Planted effects on slow waves, spindles and gain, and whether a comparison finds them."""

import math

import numpy as np
import pytest

from psgpipe import compare
from psgpipe.errors import UsageError
from psgpipe.microstructure.measure import SpectralRules, microstructure
from psgpipe.microstructure.spectrum import epoch_spectra
from psgpipe.model.comparison.spec import ComparisonSpec
from psgpipe.simulation.leads import MINIMAL
from psgpipe.simulation.night import simulate_night
from psgpipe.simulation.study_design import parse_effects
from psgpipe.simulation.targets import draw_response
from tests.comparison.night_tables import nights_tsv

EEG = (MINIMAL[0],)
PLANTED = {"swa": 0.8, "sigma": 1.2, "gain": 1.25}


def simulated(subject, condition, effects=None, hours=3.0):
    night = simulate_night(
        3, hours=hours, fs_hz=100, subject=subject, condition=condition, effects=effects, leads=EEG
    )
    measured = night.hypnogram.in_bed
    spectra = epoch_spectra(night.recording, measured)
    found = microstructure(
        "C4-M1", 100.0, spectra, measured, night.hypnogram, None, SpectralRules()
    )
    return night, found


@pytest.fixture(scope="module")
def untouched():
    return simulated(1, "treatment")


def change_of(untouched, effects):
    """Change of each endpoint against the same night without effects; epochs with artefacts may
    differ.
    """
    before, after = untouched[1].endpoints, simulated(1, "treatment", effects)[1].endpoints
    return {n: after[n] - before[n] for n in before if None not in (before[n], after[n])}


def test_a_planted_gain_changes_all_power_and_nothing_else(untouched):
    change = change_of(untouched, {"gain": 1.25})
    assert change["broadband_ln"] == pytest.approx(2 * math.log(1.25), abs=1e-6)
    assert change["swa_ln"] == pytest.approx(2 * math.log(1.25), abs=1e-6)
    for name in ("sigma_over_neighbours_ln", "sigma_peak_hz", "swa_n3_over_rem_ln", "slope_2_30"):
        assert change[name] == pytest.approx(0, abs=1e-6), name


def test_planted_slow_waves_and_spindles_are_those_of_nrem_sleep(untouched):
    night, before = untouched
    after = simulated(1, "treatment", {"swa": 0.8, "sigma": 1.2})[1]
    response = draw_response(night.plan.key)
    for stage in ("N2", "N3"):
        powers = (m.stages[stage].mean.power_uv2 for m in (before, after))
        change = {
            band: math.log(new / old)
            for (band, old), new in zip(next(powers).items(), next(powers).values(), strict=True)
        }
        # Half of an epoch is the sleep around it, which may be R or N1.
        assert change["swa"] == pytest.approx(response * math.log(0.8), abs=0.04), stage
        assert change["sigma"] == pytest.approx(response * math.log(1.2), abs=0.06), stage
        assert abs(change["beta"]) < 0.02, stage
    rem = (m.stages["R"].mean.power_uv2["sigma"] for m in (before, after))
    assert abs(math.log(next(rem) / next(rem))) < 0.03


def test_nights_without_such_an_effect_have_the_same_samples_as_before(untouched):
    night, _ = simulated(1, "treatment", {"swa": 1.0, "gain": 1.0})
    np.testing.assert_array_equal(night.recording.signals_uv, untouched[0].recording.signals_uv)


@pytest.fixture(scope="module")
def nights():
    return [
        {"subject": f"S{s}", "night": condition, "condition": condition,
         **{k: v for k, v in simulated(s, condition, PLANTED, hours=6.0)[1].endpoints.items()
            if v is not None}}
        for s in range(1, 7)
        for condition in ("baseline", "treatment")
    ]  # fmt: skip


def test_a_comparison_finds_planted_swa_and_sigma_and_flags_the_planted_gain(tmp_path, nights):
    spec = ComparisonSpec(primary="swa_n3_over_rem_ln", secondary=("sigma_over_neighbours_ln",))
    comparison = compare(nights_tsv(tmp_path / "nights.tsv", nights), spec)
    contrasts = {c.endpoint: c for c in comparison.contrasts}
    assert contrasts["swa_n3_over_rem_ln"].finding == "lower under treatment"
    assert contrasts["sigma_over_neighbours_ln"].finding == "higher under treatment"
    assert contrasts["swa_ln"].finding == "no verdict: gain"
    assert contrasts["broadband_ln"].difference == pytest.approx(
        2 * math.log(1.25) + math.log(0.8) / 5, abs=0.04
    )
    (warning,) = [w for w in comparison.warnings if w.startswith("amplitude-differs")]
    assert "6 of 6 subjects" in warning


def test_several_effects_in_one_option_are_read():
    assert parse_effects(["swa=0.8,sigma=1.2", "gain=1.25"]) == PLANTED


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("swa=0", "swa is 0, wanted a factor from 0.1 to 10"),
        ("gain=-1", "gain is -1, wanted a factor"),
        ("sigma=11", "sigma is 11, wanted a factor"),
    ],
)
def test_an_impossible_factor_is_refused(text, told):
    with pytest.raises(UsageError, match=told):
        simulate_night(0, hours=1, condition="treatment", effects=parse_effects([text]))


@pytest.mark.parametrize("text", ["swa", "swa=much", "swa=0.8,swa=0.9", "delta=0.8", "swa=0.8,"])
def test_what_is_no_effect_is_refused(text):
    with pytest.raises(UsageError):
        parse_effects([text])
