"""psgpipe concord: three sources of the same nights, joined and compared."""

import csv
import datetime as dt
import json
from dataclasses import replace

import pytest
from defusedxml.ElementTree import fromstring

from psgpipe.cli.app import exit_code
from psgpipe.concordance.concord import concord as concord_values
from psgpipe.concordance.picture import concordance_svg
from psgpipe.simulation.other_sources import ACTIGRAPHY, DIARY
from tests.concordance.three_sources import concord, write_study
from tests.reports.test_study_page import HOSTILE


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("three")
    description = write_study(folder, subjects=6, nights=2, seed=3)
    assert concord(folder) == 0
    return folder, description


@pytest.fixture
def small(tmp_path):
    write_study(tmp_path, subjects=2, nights=1, hours=3.0, seed=1)
    return tmp_path


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def rows_of(folder):
    return table(folder / "out" / "concordance" / "concordance.tsv")


def nights_of(folder):
    return table(folder / "out" / "concordance" / "nights.tsv")


def summary_of(folder):
    return json.loads((folder / "out" / "concordance" / "concordance.json").read_text("utf-8"))


def row(rows, source, measure, reference="psg", condition="all"):
    wanted = (source, reference, measure, condition)
    keys = ("source", "reference", "measure", "condition")
    (found,) = [r for r in rows if tuple(r[k] for k in keys) == wanted]
    return {k: float(v) if v and k not in keys else v for k, v in found.items()}


def test_the_planted_bias_lies_within_its_interval(simulated):
    folder, description = simulated
    rows = rows_of(folder)
    planted = description["planted_bias"]
    for endpoint, measure in (
        ("diary_sol_min", "sol_min"), ("diary_waso_min", "waso_spt_min"),
        ("diary_tst_min", "tst_min"), ("actigraphy_tst_min", "tst_min"),
    ):  # fmt: skip
        found = row(rows, endpoint.partition("_")[0], measure)
        assert found["bias_low"] <= planted[endpoint] <= found["bias_high"]
        assert found["bias_high"] - found["bias_low"] < 20
    assert row(rows, "diary", "tib_min")["bias"] == pytest.approx(10)
    assert row(rows, "diary", "opportunity_min")["bias"] == pytest.approx(0)


def test_every_statistic_has_its_interval_and_repeated_nights_are_allowed(simulated):
    found = row(rows_of(simulated[0]), "diary", "tst_min")
    assert (found["n_subjects"], found["n_nights"]) == (6, 24)
    for name in ("bias", "sd", "lower", "upper", "slope"):
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]


def test_the_bias_is_that_of_the_nights_in_the_table(simulated):
    folder, _ = simulated
    nights = nights_of(folder)
    for condition in ("all", "baseline", "treatment"):
        differences = [
            float(n["diary_sol_min"]) - float(n["sol_min"])
            for n in nights if condition in ("all", n["condition"])
        ]  # fmt: skip
        found = row(rows_of(folder), "diary", "sol_min", condition=condition)
        assert found["bias"] == pytest.approx(sum(differences) / len(differences), abs=1e-5)


def test_the_offset_of_each_watch_is_found_and_epochs_are_compared(simulated):
    folder, description = simulated
    offsets = description["clock_offsets_s"]
    assert len(set(offsets.values())) > 2
    for night in nights_of(folder):
        assert abs(float(night["clock_offset_s"]) - offsets[night["subject"]]) <= 30
        assert float(night["sensitivity"]) > 0.9
    epochs = summary_of(folder)["epochs"]
    assert epochs["n_nights"] == 24
    # Planted: 12 minutes of wake a night are scored as sleep; so are half minutes beside sleep.
    wake = sum(float(n["waso_min"]) + float(n["sol_min"]) for n in nights_of(folder))
    assert 0.6 < epochs["values"]["specificity"] < 1 - 24 * 12 / wake


def test_the_picture_is_an_svg_of_its_panels(simulated):
    from xml.etree import ElementTree as ET

    text = (simulated[0] / "out" / "concordance" / "concordance.svg").read_text("utf-8")
    assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314
    assert "tst_min: diary minus psg" in text
    assert "tst_min: actigraphy minus psg" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_ids_are_text_in_the_picture(simulated, text):
    folder, _ = simulated
    found = concord_values(folder / "out", folder / DIARY, folder / ACTIGRAPHY)
    nights = [replace(night, subject=f"{text}{night.subject}") for night in found.nights]
    usual, hostile = (
        fromstring(concordance_svg(these, found.measures)) for these in (found.nights, nights)
    )
    assert [e.tag for e in hostile.iter()] == [e.tag for e in usual.iter()]
    assert [sorted(e.keys()) for e in hostile.iter()] == [sorted(e.keys()) for e in usual.iter()]


def change_diary(folder, change):
    path = folder / "diary.tsv"
    header, *rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    rows = [change(dict(zip(header, r, strict=True)), k) for k, r in enumerate(rows)]
    lines = [header, *([r[c] for c in header] for r in rows if r)]
    path.write_text("\n".join("\t".join(line) for line in lines) + "\n", "utf-8")


def shifted(row, hours, columns=("into_bed", "tried_to_sleep", "final_awakening", "out_of_bed")):
    moved = {
        c: (dt.datetime.fromisoformat(row[c]) + dt.timedelta(hours=hours)).isoformat()
        for c in columns
    }
    return {**row, **moved}


def test_a_time_in_bed_that_differs_by_more_than_an_hour_is_listed(small):
    change_diary(small, lambda r, k: shifted(r, 1.5) if k == 0 else shifted(r, 0.9))
    assert concord(small) == 0
    (listed,) = summary_of(small)["another_night"]
    assert "begins 90 min later and ends 90 min later" in listed
    assert "probably another night" in listed


def test_a_diary_that_is_shifted_by_a_night_is_not_joined_in_silence(small, capsys):
    def next_day(r, _):
        date = dt.date.fromisoformat(r["date"]) + dt.timedelta(days=1)
        return {**shifted(r, 24), "date": date.isoformat()}

    change_diary(small, next_day)
    (small / "actigraphy").rename(small / "elsewhere")
    command = ["concord", str(small / "out"), "--diary", str(small / "diary.tsv"), "-q"]
    assert exit_code(command) == 2
    assert "no night is in two sources" in capsys.readouterr().err


def test_an_id_that_a_spreadsheet_has_changed_is_refused_with_its_row(small, capsys):
    change_diary(small, lambda r, k: {**r, "subject": r["subject"].replace("S0", "S-")})
    assert concord(small) == 3
    assert "row 2, column subject: 'S-1' is not in the study; its id is 'S01'" in (
        capsys.readouterr().err
    )


def test_excluded_rows_stay_out_and_days_without_a_recording_stay_in(small):
    def change(r, k):
        if k == 1:
            date = (dt.date.fromisoformat(r["date"]) + dt.timedelta(days=2)).isoformat()
            return {**shifted(r, 48), "date": date}
        return r

    change_diary(small, change)
    assert concord(small) == 0
    sources = {(n["subject"], n["night"]): n["sources"] for n in nights_of(small)}
    assert sources["S01", "treat1"] == "psg"
    assert sources["S01", "2024-03-20"] == "diary actigraphy"


def test_without_diary_and_markers_there_is_no_window_and_no_sleep_measure(small):
    command = ["concord", str(small / "out"), "--actigraphy", str(small / "actigraphy"), "-q"]
    assert exit_code(command) == 2
    assert exit_code(["concord", str(small / "out"), "-q"]) == 2


def test_a_file_of_counts_that_is_damaged_leaves_the_others(small):
    (small / "actigraphy" / "S02.AWD").write_text("no counts\n", "utf-8")
    assert concord(small) == 8
    nights = nights_of(small)
    assert {n["subject"] for n in nights if n["actigraphy_tst_min"]} == {"S01"}
    assert "S02.AWD" in summary_of(small)["failures"][0]
