"""The demo, and the options of ``run`` that need a night with known stages."""

import json

import pytest

from psgpipe.cli.app import exit_code

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo")
    assert exit_code(["demo", "-o", str(out), "--hours", "2", "-q"]) == 0
    return out


def test_the_demo_makes_a_finished_study_and_its_comparison(demo):
    results = demo / "results"
    assert len(list(results.glob("nights/*/*/manifest.json"))) == 8
    assert (results / "nights.tsv").exists()
    assert "comparison/report.html" in (results / "report.html").read_text(encoding="utf-8")
    page = (results / "comparison" / "report.html").read_text(encoding="utf-8")
    assert "../report.html" in page
    assert page.count("../nights/") == 8
    contrasts = (results / "comparison" / "contrasts.tsv").read_text(encoding="utf-8")
    assert contrasts.splitlines()[1].startswith("rem_pct\tprimary")


def test_a_simulated_night_is_staged_as_it_was_simulated(demo, capsys, tmp_path):
    recording, scoring = (
        next((demo / "study" / f).glob("*base1*")) for f in ("recordings", "scorings")
    )
    arguments = ["run", recording, "-o", tmp_path / "out", "--scoring", scoring, "--json"]
    assert exit_code([str(argument) for argument in arguments]) == 0
    agreement = json.loads(capsys.readouterr().out)["agreement"]
    assert agreement["accuracy"] >= 0.8


def test_the_lights_of_the_study_table_are_used_and_said(demo):
    summary = next((demo / "results" / "nights").glob("*/*/summary.json"))
    assert json.loads(summary.read_text(encoding="utf-8"))["lights_source"] == "table"


def test_without_a_table_the_lights_are_read_from_the_annotations(demo, tmp_path):
    recording = next((demo / "study" / "recordings").glob("*base1*"))
    assert exit_code(["run", str(recording), "-o", str(tmp_path), "--no-figures", "-q"]) == 0
    (summary,) = tmp_path.glob("nights/*/*/summary.json")
    assert json.loads(summary.read_text(encoding="utf-8"))["lights_source"] == "annotation"


def test_a_scoring_of_another_recording_is_refused(demo, tmp_path, capsys):
    from tests.recordings import write_night

    scoring = next((demo / "study" / "scorings").glob("*base1*"))
    other = write_night(tmp_path / "other.edf")
    arguments = ["run", other, "-o", tmp_path / "out", "--scoring", scoring]
    assert exit_code([str(argument) for argument in arguments]) == 5
    assert "the scoring starts at" in capsys.readouterr().err
