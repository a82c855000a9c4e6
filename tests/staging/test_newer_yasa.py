"""A yasa newer than the tested one: the hash of the classifier decides which engine stages."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from psgpipe.batch import run
from psgpipe.cli.app import exit_code
from psgpipe.comparison.nights.recipes import refuse_unlike
from psgpipe.errors import ClassifierNewer, NightsNotComparable
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.night.recipe import recipe_from
from psgpipe.results.manifest import Manifest, recipe_of
from psgpipe.staging import reference
from psgpipe.staging.engine_check import compare_engines
from tests.recordings import write_night
from tests.studies import in_this_process, read_json

NEWER = "0.8.2"


@pytest.fixture
def newer(tmp_path, monkeypatch):
    """Pretend that yasa 0.8.2 is installed, with the classifiers of 0.8.1; its folder."""
    find = importlib.util.find_spec
    real = Path(find("yasa").origin).parent
    copy = tmp_path / "site" / "yasa"
    shutil.copytree(real / "classifiers", copy / "classifiers")
    text = (real / "__init__.py").read_text(encoding="utf-8")
    (copy / "__init__.py").write_text(text.replace('"0.8.1"', f'"{NEWER}"'), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("yasa", copy / "__init__.py")
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: spec if name == "yasa" else find(name, *more),
    )
    versions = reference.engine_versions() | {"yasa": NEWER}
    monkeypatch.setattr(reference, "engine_versions", lambda: versions)
    # This test only checks which engine is called.
    monkeypatch.setattr(reference.ReferenceStager, "_score_one", _even)
    monkeypatch.setattr(run, "run_tasks", in_this_process)
    return copy


def _even(self, signals, demographics):
    n_epochs = int(len(signals[0].signal_uv) / signals[0].fs_hz / 30)
    return np.tile([0.3, 0.1, 0.4, 0.1, 0.1], (n_epochs, 1))


@pytest.fixture
def recording(tmp_path):
    return write_night(tmp_path / "S1.edf")


def train_anew(newer):
    for file in (newer / "classifiers").glob("*.joblib"):
        file.write_bytes(b"trained anew")


def stage(recording, *options):
    """The manifest of the night after `psgpipe run`."""
    out = recording.parent / "out"
    arguments = ["run", str(recording), "-o", str(out), "--no-figures", *options]
    assert exit_code(arguments) == 0
    return read_json(out / "nights" / "S1" / "1" / "manifest.json")


def test_known_classifiers_of_a_newer_yasa_are_staged_by_the_fast_engine(newer, recording):
    engine = stage(recording, "-q")["engine"]
    assert engine["engine"] == "fast"
    # The arithmetic and the classifier are those of 0.8.1, whatever version is installed.
    assert engine["versions"]["yasa"] == "0.8.1"
    assert "instead_of" not in engine


def test_an_update_of_yasa_that_keeps_the_classifiers_computes_nothing(recording, request):
    before = stage(recording, "-q")
    request.getfixturevalue("newer")
    assert stage(recording, "-q") == before


def test_unknown_classifiers_of_a_newer_yasa_are_left_to_the_reference_engine(
    newer, recording, capsys
):
    train_anew(newer)
    manifest = stage(recording)
    engine = manifest["engine"]
    assert (engine["engine"], engine["instead_of"]) == ("reference", "fast")
    assert engine["versions"]["yasa"] == NEWER
    assert "SHA-256" in engine["why"]
    assert engine["why"] in manifest["warnings"]
    assert 'engine = "reference" stages this night in place of "fast"' in engine["why"]
    assert "in place of" in capsys.readouterr().out


def test_a_night_is_staged_again_when_the_engine_has_become_another(newer, recording):
    assert stage(recording, "-q")["engine"]["engine"] == "fast"
    train_anew(newer)
    again = stage(recording, "-q")
    assert again["engine"]["engine"] == "reference"
    assert stage(recording, "-q") == again


def test_a_batch_says_once_that_another_engine_stages(newer, recording, capsys):
    train_anew(newer)
    out = recording.parent / "out"
    table = recording.parent / "study.tsv"
    table.write_text(
        "subject\tnight\tcondition\trecording\nS1\t1\tbaseline\tS1.edf\n", encoding="utf-8"
    )
    assert exit_code(["batch", str(table), "-o", str(out), "--no-figures", "-j1"]) == 0
    assert capsys.readouterr().err.count("in place of") == 1
    assert "lightgbm" in read_json(out / "study.json")["versions"]
    assert (
        read_json(out / "nights" / "S1" / "1" / "manifest.json")["engine"]["instead_of"] == "fast"
    )


def test_memory_is_planned_for_the_engine_that_will_stage(newer):
    assert recipe_from("standard-night", None, pictures=False).engine_name == "fast"
    train_anew(newer)
    assert recipe_from("standard-night", None, pictures=False).engine_name == "reference"


def test_nights_of_the_two_engines_are_not_compared_unasked(newer, recording):
    nights = []
    for name in ("n1", "n2"):
        stage(recording, "-q")
        manifest = stage(recording, "-q")
        nights.append(
            MeasuredNight(
                "S1", name, "baseline", {}, recipe=recipe_of(Manifest.from_dict(manifest))
            )
        )
        train_anew(newer)
    with pytest.raises(NightsNotComparable, match="stager differs"):
        refuse_unlike({"S1": nights})
    with pytest.raises(NightsNotComparable, match="classifier differs"):
        refuse_unlike({"S1": nights}, allowed=["stager"])


def test_check_engine_does_not_compare_the_reference_with_itself(newer):
    train_anew(newer)
    with pytest.raises(ClassifierNewer):
        next(compare_engines())


def test_a_yasa_that_neither_engine_can_use_is_refused_with_6(newer, recording, capsys):
    for file in (newer / "classifiers").glob("*.joblib"):
        file.unlink()
    assert exit_code(["run", str(recording), "-o", str(recording.parent / "out")]) == 6
    assert "none is there" in capsys.readouterr().err


def test_no_yasa_at_all_is_refused_with_6(newer, recording, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None)
    assert exit_code(["run", str(recording), "-o", str(recording.parent / "out")]) == 6
    assert "no yasa is installed" in capsys.readouterr().err
