"""A night within hours of a dose, from the command line to the comparison."""

import csv
import datetime as dt
import json

import pytest

import psgpipe
from psgpipe.cli.app import exit_code
from tests.recordings import write_night
from tests.studies import make_study

pytestmark = pytest.mark.slow


def run(folder, *options):
    """The exit code of a night recorded on 1 March 2024 from 22:00 to 22:10, in bed from 22:01."""
    recording = folder / "night.edf"
    if not recording.exists():
        write_night(recording)
    return exit_code([
        "run", str(recording), "-o", str(folder / "out"), "--no-figures", "--subject", "S1",
        "--night", "n", "--lights-off", "22:01", "--lights-on", "22:09:30", *options,
    ])  # fmt: skip


def read(folder, name):
    path = folder / "out" / "nights" / "S1" / "n" / name
    if name.endswith(".json"):
        return json.loads(path.read_text(encoding="utf-8"))
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_a_night_two_hours_after_a_dose_has_stages_and_no_architecture(tmp_path, capsys):
    assert run(tmp_path, "--dose-end", "2024-03-01T20:00") == 0
    rows = read(tmp_path, "hypnogram.tsv")
    assert {row["sedation"] for row in rows} == {"true"}
    summary = read(tmp_path, "summary.json")
    assert summary["tib_min"] == 8.5
    assert summary["n3_pct"] is None
    assert "17 of 17 epochs in bed" in summary["absent"]["n3_pct"]
    assert "sedation" in [flag["code"] for flag in read(tmp_path, "quality.json")["flags"]]
    assert any("sedation" in warning for warning in summary["warnings"])
    assert "withheld" in capsys.readouterr().out


def test_a_night_eight_hours_after_a_dose_is_a_night(tmp_path):
    assert run(tmp_path, "--dose-end", "2024-03-01T14:00") == 0
    assert {row["sedation"] for row in read(tmp_path, "hypnogram.tsv")} == {"false"}
    assert read(tmp_path, "summary.json")["n3_pct"] is not None


@pytest.mark.parametrize("dose_end", ["2010-03-01T20:00", "2024-03-02T09:00", "2034-03-01T20:00"])
def test_a_dose_that_can_not_be_this_nights_is_said(tmp_path, dose_end):
    assert run(tmp_path, "--dose-end", dose_end) == 0
    assert "sedation" not in read(tmp_path, "hypnogram.tsv")[0]
    assert "sedation-unknown" in [f["code"] for f in read(tmp_path, "quality.json")["flags"]]
    (said,) = (w for w in read(tmp_path, "summary.json")["warnings"] if "sedation" in w)
    assert "which is impossible" in said
    assert "sedation cannot be ruled out" in said


def test_a_dose_two_weeks_before_is_possible(tmp_path):
    assert run(tmp_path, "--dose-end", "2024-02-16T20:00") == 0
    assert not [w for w in read(tmp_path, "summary.json")["warnings"] if "sedation" in w]


def test_a_stand_in_date_rules_no_sedation_out(tmp_path):
    recording = write_night(tmp_path / "night.edf", date=dt.date(1985, 1, 1))
    assert recording.exists()
    assert run(tmp_path, "--dose-end", "2024-03-01T20:00") == 0
    assert "sedation-unknown" in [f["code"] for f in read(tmp_path, "quality.json")["flags"]]


def test_two_dates_in_the_header_rule_no_sedation_out(tmp_path):
    recording = write_night(tmp_path / "night.edf")
    content = recording.read_bytes()
    recording.write_bytes(content[:168] + b"04.03.24" + content[176:])  # Startdate 01-MAR-2024
    assert run(tmp_path, "--dose-end", "2024-02-29T20:00") == 0
    assert {row["sedation"] for row in read(tmp_path, "hypnogram.tsv")} == {"false"}
    assert "sedation-unknown" in [f["code"] for f in read(tmp_path, "quality.json")["flags"]]


def test_without_a_dose_nothing_is_said_of_sedation(tmp_path):
    assert run(tmp_path) == 0
    assert "sedation" not in read(tmp_path, "hypnogram.tsv")[0]


@pytest.mark.parametrize("dose_end", ["20:00", "2024-03-01", "1 March", "2024-03-01T20:00Z"])
def test_a_dose_needs_a_day_and_a_time(tmp_path, capsys, dose_end):
    assert run(tmp_path, "--dose-end", dose_end) == 2
    assert "wanted a local date and time" in capsys.readouterr().err


def test_from_python(tmp_path):
    recording = write_night(tmp_path / "night.edf")
    night = psgpipe.run_night(recording, dose_end="2024-03-01T22:05")
    assert night.summary.tst_min is None
    assert night.hypnogram.sedation.tolist() == [False] * 10 + [True] * 10


def test_a_batch_withholds_the_architecture_and_the_comparison_leaves_the_night_out(
    tmp_path, tmp_path_factory
):
    cells = ["\t2024-03-01T21:00", "\t"] * 2
    study = make_study(
        tmp_path / "study", ["t", "b"] * 2, tmp_path_factory.getbasetemp(), "\tdose_end", cells
    )
    assert study.run() == 0
    by_subject = {row["subject"]: row for row in study.rows()}
    assert by_subject["S1"]["rem_pct"] == ""
    assert by_subject["S1"]["tib_min"] != ""
    assert by_subject["S1"]["dose_end"] == "2024-03-01T21:00"
    assert by_subject["S2"]["rem_pct"] != ""
    with pytest.raises(psgpipe.errors.NightsNotComparable, match="2 sedation"):
        psgpipe.compare(study.out)
