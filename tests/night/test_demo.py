"""The demo and the options of ``run`` that need a night whose stages are known."""

import json

import pytest

from psgpipe.cli.app import exit_code

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo")
    assert exit_code(["demo", "-o", str(out), "--hours", "2"]) == 0
    return out


def test_the_demo_makes_a_finished_night(demo):
    (night,) = (demo / "results" / "nights").glob("*/*")
    assert (night / "manifest.json").exists()


def test_a_simulated_night_is_staged_as_it_was_simulated(demo, capsys, tmp_path):
    recording, scoring = (
        next((demo / "study" / f).glob("*base1*")) for f in ("recordings", "scorings")
    )
    arguments = ["run", recording, "-o", tmp_path / "out", "--scoring", scoring, "--json"]
    assert exit_code([str(argument) for argument in arguments]) == 0
    agreement = json.loads(capsys.readouterr().out)["agreement"]
    assert agreement["accuracy"] >= 0.8


def test_lights_of_a_simulated_night_are_read_from_its_annotations(demo):
    (summary,) = (demo / "results" / "nights").glob("*/*/summary.json")
    assert json.loads(summary.read_text(encoding="utf-8"))["lights_source"] == "annotation"


def test_a_scoring_of_another_recording_is_refused(demo, tmp_path, capsys):
    from tests.night.recordings import write_night

    scoring = next((demo / "study" / "scorings").glob("*base1*"))
    other = write_night(tmp_path / "other.edf")
    arguments = ["run", other, "-o", tmp_path / "out", "--scoring", scoring]
    assert exit_code([str(argument) for argument in arguments]) == 5
    assert "the scoring starts at" in capsys.readouterr().err
