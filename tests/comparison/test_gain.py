"""Nights of another gain: absolute power gets no verdict, ratios and frequencies stand."""

import json
import math

import numpy as np
import pytest

from psgpipe import compare
from psgpipe.comparison.words.primary_sentence import primary_sentence
from psgpipe.errors import ComparisonSpecInvalid
from psgpipe.model.comparison.spec import ComparisonSpec
from tests.comparison.night_tables import night, nights_tsv

ABSOLUTE = ("swa_ln", "slow_wave_energy_ln", "swa_h1_ln", "swa_cycle1_ln")
FREE = ("swa_n3_over_rem_ln", "sigma_over_neighbours_ln", "sigma_peak_hz", "swa_decline_per_h")


def study(n=8, *, gain=1.0, swa=1.0, gained=None, columns=()):
    """Two nights in each condition; treatment multiplies SWA, and all power of `gained`."""
    rng = np.random.default_rng(2)
    rows = []
    for s in range(n):
        for k in range(4):
            treated = k >= 2
            more = math.log(gain) * (treated and (gained is None or s in gained))
            swa_ln = 6 + 0.1 * s + math.log(swa) * treated + rng.normal(0, 0.05)
            values = dict.fromkeys(ABSOLUTE, swa_ln + more)
            values |= dict.fromkeys(FREE, 1 + 0.1 * s + math.log(swa) * treated)
            values = {e: v + rng.normal(0, 0.01) for e, v in values.items()}
            values["broadband_ln"] = 2 + 0.1 * s + more + rng.normal(0, 0.05)
            condition = "treatment" if treated else "baseline"
            rows.append(night(f"S{s}", k, condition, **values))
    return [{c: v for c, v in row.items() if c not in columns} for row in rows]


def compared(tmp_path, rows, **spec):
    return compare(nights_tsv(tmp_path / "nights.tsv", rows), ComparisonSpec(**spec))


def contrast(comparison, endpoint):
    return next(c for c in comparison.contrasts if c.endpoint == endpoint)


def test_without_a_difference_of_gain_absolute_power_has_its_verdict(tmp_path):
    comparison = compared(tmp_path, study(swa=0.8))
    for endpoint in (*ABSOLUTE, *FREE):
        assert contrast(comparison, endpoint).finding == "lower under treatment", endpoint
    assert not [w for w in comparison.warnings if "amplitude-differs" in w]
    assert "ratio 0.8" in contrast(comparison, "swa_ln").note


def test_with_another_gain_absolute_power_has_no_verdict_and_ratios_stand(tmp_path):
    comparison = compared(tmp_path, study(gain=1.25**2, swa=0.8))
    for endpoint in ABSOLUTE:
        one = contrast(comparison, endpoint)
        assert (one.finding, one.direction) == ("no verdict: gain", None)
        assert one.note.startswith(
            "gain: the level of the EEG differs by more than 1.4 times in power in 8 of 8 subjects"
        )
    for endpoint in FREE:
        assert contrast(comparison, endpoint).finding == "lower under treatment"
    (warning,) = [w for w in comparison.warnings if w.startswith("amplitude-differs")]
    assert "8 of 8 subjects" in warning
    assert "over all subjects x1.5" in warning


def test_a_primary_endpoint_of_another_gain_is_said_to_have_no_verdict(tmp_path):
    comparison = compared(tmp_path, study(gain=1.25**2, swa=0.8), primary="swa_ln")
    sentence = primary_sentence(comparison)
    assert sentence.startswith(
        "There is no verdict on slow-wave activity (swa_ln): gain: the level of the EEG differs by "
        "more than 1.4 times in power in 8 of 8 subjects. Mean change +0.2"
    )
    assert "no evidence" not in sentence


def test_a_subject_s_own_change_of_absolute_power_has_no_verdict_either(tmp_path):
    comparison = compared(tmp_path, study(gain=2.0, gained=(3,)))
    changes = {(c.subject, c.endpoint): c for c in comparison.subjects}
    assert changes["S3", "swa_ln"].beyond_mdc is None
    assert changes["S3", "swa_ln"].note.startswith("gain: level x2.")
    assert changes["S3", "sigma_peak_hz"].beyond_mdc is not None
    assert changes["S2", "swa_ln"].beyond_mdc is not None
    (warning,) = [w for w in comparison.warnings if w.startswith("amplitude-differs")]
    assert "in 1 of 8 subjects" in warning
    assert "S3 x2." in warning


@pytest.mark.parametrize(("factor", "finds"), [(1.2, True), (1.6, False)])
def test_the_spec_declares_the_factor(tmp_path, factor, finds):
    comparison = compared(tmp_path, study(gain=1.4), gain_factor=factor)
    assert (contrast(comparison, "swa_ln").finding == "no verdict: gain") is finds


def test_two_nights_of_unlike_gain_that_cancel_out_are_found(tmp_path):
    rows = study()
    rows[2]["broadband_ln"] += 0.6
    rows[3]["broadband_ln"] -= 0.6
    comparison = compared(tmp_path, rows)
    assert contrast(comparison, "swa_ln").finding == "no verdict: gain"


def test_absolute_power_whose_gain_is_not_known_has_no_verdict(tmp_path):
    comparison = compared(tmp_path, study(swa=0.8, columns=("broadband_ln",)))
    one = contrast(comparison, "swa_ln")
    assert one.finding == "no verdict: gain not checked"
    assert "gain not checked in 8 subjects: broadband_ln is absent" in one.note
    assert contrast(comparison, "sigma_peak_hz").finding == "lower under treatment"


@pytest.mark.parametrize("value", ["1.0", "0.5", '"much"', "true"])
def test_a_factor_that_is_none_is_refused(tmp_path, value):
    spec = tmp_path / "spec.toml"
    spec.write_text(f"[gain]\nfactor = {value}\n", encoding="utf-8")
    with pytest.raises(ComparisonSpecInvalid, match="wanted a factor of power above 1"):
        compare(nights_tsv(tmp_path / "nights.tsv", study(3)), spec)


def test_endpoints_of_spectra_that_no_night_has_are_not_listed(tmp_path):
    rows = [{**row, "spindles_n2_per_min": ""} for row in study(3)]
    assert "spindles_n2_per_min" not in {c.endpoint for c in compared(tmp_path, rows).contrasts}


def with_thresholds(tmp_path, rows, thresholds):
    """Results whose nights detected spindles by `thresholds` (subject, night number)."""
    for s in range(8):
        for k in range(4):
            origin, uv = thresholds(s, k)
            folder = tmp_path / "nights" / f"S{s}" / f"n{k}"
            folder.mkdir(parents=True, exist_ok=True)
            events = {"thresholds_from": origin, "spindle_threshold_uv": uv}
            (folder / "microstructure.json").write_text(
                json.dumps({"events": events, "endpoints": {}, "stages": {}}), encoding="utf-8"
            )
    return compared(tmp_path, [{**r, "spindles_n2_per_min": r["sigma_peak_hz"]} for r in rows])


@pytest.mark.parametrize(
    "thresholds",
    [
        lambda s, k: ("night", 3 + 0.1 * s + 0.2 * k),
        lambda s, k: ("baseline", 3 + 0.1 * s),
        lambda s, k: ("baseline" if k > 1 else "night", 3 + 0.1 * s),
    ],
    ids=["each of its own night", "all of the baseline", "the same in microvolt"],
)
def test_a_rate_of_spindles_by_like_thresholds_has_its_verdict(tmp_path, thresholds):
    comparison = with_thresholds(tmp_path, study(swa=0.8), thresholds)
    assert contrast(comparison, "spindles_n2_per_min").finding == "lower under treatment"
    assert not [w for w in comparison.warnings if w.startswith("thresholds")]


@pytest.mark.parametrize(
    ("thresholds", "words"),
    [
        (
            lambda s, k: ("baseline", 4.0) if k > 1 and s < 3 else ("night", 3.5 + 0.1 * k),
            "S0 of the night itself (n0) and from baseline nights, 4 uV (n2)",
        ),
        (
            lambda s, k: ("baseline", 5.0 if k == 3 and s < 3 else 4.0),
            "S0 from baseline nights, 4 uV (n0) and from baseline nights, 5 uV (n3)",
        ),
    ],
    ids=["own nights and baseline", "two baselines"],
)
def test_a_rate_of_spindles_by_unlike_thresholds_has_no_verdict(tmp_path, thresholds, words):
    comparison = with_thresholds(tmp_path, study(swa=0.8), thresholds)
    spindles = contrast(comparison, "spindles_n2_per_min")
    assert (spindles.finding, spindles.direction) == ("no verdict: thresholds differ", None)
    assert spindles.note.startswith(
        "thresholds: events were detected by unlike thresholds in 3 of 8 subjects"
    )
    assert contrast(comparison, "sigma_peak_hz").finding == "lower under treatment"
    (warning,) = [w for w in comparison.warnings if w.startswith("thresholds")]
    assert words in warning
    changes = {(c.subject, c.endpoint): c for c in comparison.subjects}
    assert changes["S0", "spindles_n2_per_min"].beyond_mdc is None
    assert "no verdict" in changes["S0", "spindles_n2_per_min"].note
    assert "thresholds" not in (changes["S5", "spindles_n2_per_min"].note or "")
