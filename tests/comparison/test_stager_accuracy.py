"""What automatic stages may be believed: trust by endpoint, and tipping points."""

import pytest

from psgpipe.comparison.compare import compare
from psgpipe.comparison.stager_accuracy import accuracy_of, trust_in
from psgpipe.files.atomic import json_bytes, write_file
from psgpipe.model.summary import ENDPOINTS
from psgpipe.results.night_folder import night_folder
from tests.comparison.night_tables import night, nights_tsv, study


def pair(baseline, treatment, **recipe):
    """Two nights of one subject; the values by endpoint."""
    return [night("A", 0, "baseline", **baseline, **recipe),
            night("A", 1, "treatment", **treatment, **recipe)]  # fmt: skip


def said(tmp_path, rows, spec_text=""):
    spec = tmp_path / "spec.toml"
    spec.write_text(spec_text, encoding="utf-8")
    return " ".join(compare(nights_tsv(tmp_path / "n.tsv", rows), spec).sentences)


def trust(tmp_path, rows, endpoint):
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    return next(c.trust for c in comparison.contrasts if c.endpoint == endpoint)


def test_a_rise_of_rem_is_explained_by_false_positives(tmp_path):
    # 0.0757 by hand, see the test of the arithmetic.
    sentence = said(tmp_path, pair({"rem_pct": 18}, {"rem_pct": 22}))
    assert "REM 18.0 -> 22.0 % of TST would be seen without any true change" in sentence
    assert "REM false positive rate from 0.027 to 0.076" in sentence
    assert "no sensitivity would explain it" in sentence
    assert "SD of 0.14" in sentence


def test_a_fall_of_rem_is_explained_by_both(tmp_path):
    # True REM at baseline 18.17 %; 15.81 of 17 points are recognised, 1.19 in 81.83 % are not REM.
    sentence = said(tmp_path, pair({"rem_pct": 18}, {"rem_pct": 17}))
    assert "REM sensitivity from 0.87 to 0.81" in sentence  # (0.17 - 0.0268 x 0.8183) / 0.1817
    assert "REM false positive rate from 0.027 to 0.015" in sentence


def test_n3_of_one_eeg_derivation_has_its_own_figures(tmp_path):
    # True N3 at baseline (20 - 8.7)/(90 - 8.7) = 13.90 %; 24 % need (0.24 - 0.1251)/0.8610 = 0.133.
    rows = pair({"n3_pct": 20}, {"n3_pct": 24}, pipeline="eeg-only")
    sentence = said(tmp_path, rows)
    assert "N3 20.0 -> 24.0 % of TST" in sentence
    assert "N3 false positive rate from 0.087 to 0.133" in sentence
    assert "(eeg-only: 14 people x 2 nights, Fpz-Cz, against an expert)" in sentence


def test_rem_of_one_eeg_derivation_has_its_own_figures(tmp_path):
    # True REM (0.20 - 0.047)/(0.78 - 0.047) = 0.2087; (0.15 - 0.047 x 0.7913)/0.2087 = 0.54.
    sentence = said(tmp_path, pair({"rem_pct": 20}, {"rem_pct": 15}, pipeline="eeg-only"))
    assert "REM sensitivity from 0.78 to 0.54" in sentence


def test_a_laboratory_declares_the_figures_of_its_own_stager(tmp_path):
    text = "[tipping_point]\nn3_sensitivity = 0.8\nn3_false_positive_rate = 0.05\n"
    # True N3 (0.20 - 0.05)/0.75 = 0.20; (0.16 - 0.05 x 0.8)/0.2 = 0.60.
    sentence = said(tmp_path, pair({"n3_pct": 20}, {"n3_pct": 16}), text)
    assert "N3 sensitivity from 0.80 to 0.60" in sentence
    assert "(declared)" in sentence


def test_little_n3_may_be_false_positives_alone(tmp_path):
    rows = pair({"n3_pct": 6}, {"n3_pct": 4}, pipeline="eeg-only")
    assert "N3 at baseline is no more than the stager's false positives" in said(tmp_path, rows)


def test_nights_that_a_person_scored_have_no_stager_to_be_moved(tmp_path):
    rows = pair({"rem_pct": 20}, {"rem_pct": 15}, stager="expert, two technologists")
    assert "Tipping point" not in said(tmp_path, rows)
    assert trust(tmp_path, rows, "rem_pct") is None


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [("tst_min", "high (r 0.98)"), ("n3_pct", "high (r 0.85)"), ("n3_min", "moderate (r 0.73)"),
     ("rem_pct", "low (r 0.44)"), ("awakenings_per_h", "low (r 0.00)"),
     ("rem_latency_min", "low (r -0.37)"), ("n1_min", "low (r 0.21): as n1_pct"),
    ],
)  # fmt: skip
def test_trust_in_an_endpoint_of_one_eeg_derivation(tmp_path, endpoint, words):
    rows = pair({endpoint: 0.5}, {endpoint: 0.6}, pipeline="eeg-only")
    text = trust(tmp_path, rows, endpoint)
    assert text.startswith(words)
    assert "measured with eeg-only (14 people x 2 nights" in text


def test_an_endpoint_that_nobody_measured_has_no_trust_that_could_be_stated(tmp_path):
    rows = pair({"tib_min": 400}, {"tib_min": 410}, pipeline="eeg-only")
    assert trust(tmp_path, rows, "tib_min").startswith("not measured (eeg-only: 14 people")


def test_trust_with_eog_and_emg_names_where_it_was_measured(tmp_path):
    rows = pair({"rem_pct": 20}, {"rem_pct": 15}, pipeline="standard-night")
    text = trust(tmp_path, rows, "rem_pct")
    assert "measured with eeg-only, not with standard-night" in text


def test_a_table_that_does_not_say_how_it_was_staged_has_no_trust(tmp_path):
    assert trust(tmp_path, pair({"rem_pct": 20}, {"rem_pct": 15}), "rem_pct") is None


def test_a_manifest_with_eeg_alone_is_eeg_only_whatever_the_pipeline_is_called(tmp_path):
    rows = study(3)
    nights_tsv(tmp_path / "nights.tsv", rows)
    for row in rows:
        manifest = {
            "outputs": [],
            "pipeline": {"name": "our-lab", "sha256": "a" * 64},
            "derivations": [{"name": "C4-M1", "role": "eeg"}, {"name": "F4-M1", "role": "eeg"}],
        }
        folder = night_folder(tmp_path, row["subject"], row["night"])
        write_file(folder / "manifest.json", json_bytes(manifest))
    (c,) = compare(tmp_path).contrasts
    assert c.staging.pipeline == "eeg-only"


def test_every_relative_is_an_endpoint_with_a_figure():
    accuracy = accuracy_of("eeg-only")
    assert {*accuracy.like.values()} <= {*accuracy.trust}
    assert not {*accuracy.like} & {*accuracy.trust}
    assert all(trust_in(e, "eeg-only").source for e in ENDPOINTS)
