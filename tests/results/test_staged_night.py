"""A staged night, read back from its files, is the night that was written."""

from dataclasses import replace

import numpy as np
import pytest

from psgpipe.night.output_files import night_outputs
from psgpipe.results.manifest import read_manifest
from psgpipe.results.night_folder import night_folder
from psgpipe.results.night_writer import add_outputs, finish_night
from psgpipe.results.staged_night import read_staged_night
from psgpipe.results.verify import verify
from tests.reports.finished_studies import ListedNight, finished_study, flag, staged_night

ONE = ListedNight("S1", "n1", flags=(flag("mains", "strong mains"),))


@pytest.fixture
def folder(tmp_path):
    return night_folder(finished_study(tmp_path, [ONE]), "S1", "n1")


def test_stages_numbers_flags_and_lights_are_those_that_were_written(folder):
    night, again = staged_night(ONE), read_staged_night(folder, read_manifest(folder))
    assert again.hypnogram.stages == night.hypnogram.stages
    assert again.hypnogram.start == night.hypnogram.start
    assert again.summary == night.summary
    assert again.quality == night.quality
    assert again.lights == night.lights
    assert (again.night.subject, again.night.condition) == ("S1", "baseline")
    np.testing.assert_allclose(
        again.hypnodensity.probabilities, night.hypnodensity.probabilities, atol=1e-6
    )


def test_the_prediction_intervals_of_a_calibrated_night_are_read_back(tmp_path):
    night = replace(staged_night(ONE), prediction_intervals={"rem_pct": (8.25, 31.5)})
    folder = night_folder(tmp_path, "S1", "n1")
    finish_night(folder, night_outputs(night, (), pictures=False), night.provenance)
    again = read_staged_night(folder, read_manifest(folder))
    assert again.prediction_intervals == {"rem_pct": (8.25, 31.5)}


def test_its_files_written_again_have_the_same_bytes(folder):
    again = read_staged_night(folder, read_manifest(folder))
    for name, content in night_outputs(again, (), pictures=False).items():
        assert (folder / name).read_bytes() == content, name


def test_a_damaged_night_is_not_read(folder):
    (folder / "summary.json").write_text("{}", encoding="utf-8")
    assert read_staged_night(folder, read_manifest(folder)) is None


def test_a_night_of_another_form_is_not_read(folder):
    manifest = read_manifest(folder)
    outputs = {o.name: (folder / o.name).read_bytes() for o in manifest.outputs}
    finish_night(folder, {**outputs, "summary.json": b"[]"}, manifest.to_dict())
    assert read_staged_night(folder, read_manifest(folder)) is None


def test_an_output_that_is_added_can_be_verified(folder):
    manifest = read_manifest(folder)
    assert add_outputs(folder, manifest, {"report.html": b"<!doctype html>"})
    again = read_manifest(folder)
    assert again.output("report.html").bytes == 15
    assert (again.fingerprint, again.request_sha256) == ("f", "r")
    assert [check.damage for check in verify(folder.parents[2])] == [()]
    assert len(again.outputs) == len(manifest.outputs) + 1


def test_nothing_is_added_to_a_damaged_night(folder):
    manifest = read_manifest(folder)
    (folder / "summary.json").write_text("{}", encoding="utf-8")
    assert not add_outputs(folder, manifest, {"report.html": b"<!doctype html>"})
    assert not (folder / "report.html").exists()
