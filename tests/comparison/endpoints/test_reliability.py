"""The reliability of each endpoint in the study itself."""

import csv

import pytest

from psgpipe.comparison.compare import compare
from psgpipe.comparison.comparison_json import comparison_dict
from psgpipe.comparison.output_files import write_comparison
from psgpipe.comparison.words.markdown import markdown
from tests.comparison.night_tables import night, nights_tsv, study


def test_every_endpoint_has_a_row_of_reliability(tmp_path):
    table = nights_tsv(tmp_path / "nights.tsv", study(8, nights=3, effect=2.0))
    comparison = compare(table)
    row = comparison.reliability[0]
    assert (row.endpoint, row.unit, row.n_subjects, row.n_nights) == ("rem_pct", "%", 8, 24)
    assert row.icc_low < row.icc < row.icc_high
    assert row.dz_low < row.dz == comparison.contrasts[0].dz < row.dz_high
    assert row.g_av_low < row.g_av == comparison.contrasts[0].g_av < row.g_av_high
    assert row.leave_one_out_low < comparison.contrasts[0].difference < row.leave_one_out_high
    folder = write_comparison(comparison, tmp_path)
    with (folder / "reliability.tsv").open(encoding="utf-8", newline="") as file:
        (written,) = csv.DictReader(file, delimiter="\t")
    assert float(written["icc"]) == pytest.approx(row.icc)
    assert comparison_dict(comparison)["reliability"][0]["mdc95"] == row.mdc95
    assert "Reliability in this study" in markdown(comparison)


def test_baseline_nights_of_unpaired_subjects_show_reliability_too(tmp_path):
    extra = [night("X", k, "baseline", rem_pct=18 + k) for k in (1, 2)]
    table = nights_tsv(tmp_path / "nights.tsv", [*study(4), *extra])
    assert compare(table).reliability[0].n_subjects == 5


def test_one_baseline_night_each_gives_no_icc_and_says_so(tmp_path):
    table = nights_tsv(tmp_path / "nights.tsv", study(6, nights=1))
    row = compare(table).reliability[0]
    assert row.icc is None
    assert row.note == "no subject has two baseline nights that differ: no ICC"
    assert row.dz_low is not None


def test_latencies_of_nights_without_rem_have_no_reliability(tmp_path):
    rows = [{**r, "tst_min": 400, "rem_min": 80, "rem_latency_min": 60 + k}
            for k, r in enumerate(study(6))]  # fmt: skip
    rows[0] |= {"rem_min": 0, "rem_pct": 0, "rem_latency_min": ""}
    table = nights_tsv(tmp_path / "nights.tsv", rows)
    found = {r.endpoint: r for r in compare(table).reliability}
    assert found["rem_latency_min"].icc is None
    assert found["rem_latency_min"].note == "analysed by ranks: no mean, no SD"
