"""The same command stages a night again if, and only if, one of its inputs has changed.

The tests give `run` and `batch` the same inputs. Only the samples and the stager are replaced. The
batch works in this process, so that a test can also change facts of the code.
"""

import json
import tomllib
from dataclasses import dataclass, field, replace

import pytest

from psgpipe.batch import run
from psgpipe.night import fingerprint
from psgpipe.night.steps.catalogue import CATALOGUE
from psgpipe.staging.stager import FastStager
from tests import cheap_nights
from tests.recordings import write_night
from tests.studies import CHECKOUT, flip_a_bit, in_this_process, read_json

COMMANDS = ["run", "batch", "batch --trust-mtime"]
CHANNELS = ("Box 1", "Box 2", "EOG E1-M2", "EOG E2-M1", "EMG chin")
LABELS = """
ignore = ["EOG E2-M1"]
[derivations]
"C4-M1" = ["Box 1"]
[lights]
off = ["Dunkel"]
"""
PIPELINE = (CHECKOUT / "pipelines" / "standard-night.toml").read_text(encoding="utf-8")


@dataclass
class Asked:
    """One night and one command that requests it repeatedly; `cells` describe the night."""

    folder: object
    command: str
    cells: dict = field(
        default_factory=lambda: {
            "lights_on": "22:08", "age": "41", "sex": "F", "dose_end": "2024-03-01T21:00",
        }
    )  # fmt: skip

    @property
    def recording(self):
        return self.folder / "S1.edf"

    @property
    def labels(self):
        return self.folder / "lab.toml"

    @property
    def pipeline(self):
        return self.folder / "pipeline.toml"

    @property
    def night(self):
        return self.folder / "out" / "nights" / "S1" / "n1"

    def is_computed(self):
        """Run the command; returns whether the night was computed."""
        before = self._finished()
        assert cheap_nights.main(self._arguments()) == 0
        return self._finished() > before

    def _arguments(self):
        more = ["-p", self.pipeline, "--labels", self.labels, "-o", self.folder / "out"]
        more += ["--no-figures", "--quiet"]
        row = {"subject": "S1", "night": "n1", "condition": "treatment", **self.cells}
        if self.command == "run":
            for name, cell in row.items():
                more += [f"--{name.replace('_', '-')}", cell]
            return ["run", str(self.recording), *map(str, more)]
        table = self.folder / "study.tsv"
        row |= {"recording": self.recording.name}
        table.write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n", encoding="utf-8")
        name, *options = self.command.split()
        return [name, str(table), "-j1", *options, *map(str, more)]

    def _finished(self):
        journal = self.folder / "out" / "journal.jsonl"
        lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
        return sum(json.loads(line)["event"] == "finished" for line in lines)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Ten minutes, with an annotation for lights off in a laboratory's own words."""
    path = tmp_path_factory.mktemp("recorded") / "night.edf"
    return write_night(path, CHANNELS, annotations=[(60, "Dunkel")]).read_bytes()


@pytest.fixture(params=COMMANDS)
def finished(request, tmp_path, recorded, monkeypatch):
    """A night that a command has finished and does not compute again."""
    monkeypatch.setattr(run, "run_tasks", in_this_process)
    asked = Asked(tmp_path, request.param)
    asked.recording.write_bytes(recorded)
    asked.labels.write_text(LABELS, encoding="utf-8")
    asked.pipeline.write_text(PIPELINE, encoding="utf-8")
    assert asked.is_computed()
    return asked


def edit(path, was, now):
    text = path.read_text(encoding="utf-8")
    assert text.count(was) == 1
    path.write_text(text.replace(was, now), encoding="utf-8")


def test_where_nothing_has_changed_nothing_is_computed(finished):
    assert not finished.is_computed()


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"C4-M1" = ["Box 1"]', '"C4-M1" = ["Box 2"]'),
        ('"C4-M1" = ["Box 1"]', '"C3-M2" = ["Box 1"]'),
        ('ignore = ["EOG E2-M1"]', 'ignore = ["EOG E1-M2"]'),
        ('off = ["Dunkel"]', 'off = ["Light off"]'),
    ],
    ids=["another channel", "another electrode", "another one ignored", "other words for lights"],
)  # fmt: skip
def test_an_edited_label_table_is_noticed(finished, was, now):
    edit(finished.labels, was, now)
    assert finished.is_computed()
    assert not finished.is_computed()


def test_the_derivation_is_the_one_of_the_edited_label_table(finished):
    edit(finished.labels, "Box 1", "Box 2")
    finished.is_computed()
    manifest = read_json(finished.night / "manifest.json")
    assert manifest["derivations"][0]["terms"][0]["label"] == "Box 2"


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"C4-M1" = ["Box 1"]', '"C4-M1" = ["Box 1"]  # as before'),
        ('"C4-M1" = ["Box 1"]', '"C4-M1" = ["box 1", "BOX-1"]'),
        ("[lights]", '[stages]\nR = ["5"]\n[lights]'),
    ],
    ids=["a comment", "another spelling of the same", "words for stages"],
)
def test_an_edit_of_the_label_table_that_moves_no_number_computes_nothing(finished, was, now):
    edit(finished.labels, was, now)
    assert not finished.is_computed()


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('engine = "fast" ', 'engine = "reference" '),
        ("age_and_sex = true", "age_and_sex = false"),
        ("margin_min = 30", "margin_min = 20"),
        ("sedation_window_h = 6", "sedation_window_h = 5"),
        ('eeg = ["C4-M1", "C3-M2",', 'eeg = ["C3-M2", "C4-M1",'),
        ("low_hz = 0.3", "low_hz = 0.5"),
        ("[filter_eeg] ", "[check_quality]\nrefuse_fs_hz = 90\n[filter_eeg] "),
    ],
)
def test_an_edited_pipeline_is_noticed(finished, was, now):
    edit(finished.pipeline, was, now)
    assert finished.is_computed()
    assert not finished.is_computed()


@pytest.mark.parametrize(
    ("cell", "now"),
    [
        ("lights_off", "22:02"),
        ("lights_on", "22:09"),
        ("age", "42"),
        ("sex", "M"),
        ("dose_end", "2024-03-01T20:00"),
        ("timezone", "Europe/Paris"),
        ("lights_on", "+480"),
    ],
)
def test_what_is_known_of_the_night_is_noticed_when_it_changes(finished, cell, now):
    finished.cells[cell] = now
    assert finished.is_computed()
    assert not finished.is_computed()


def test_another_sleep_period_is_noticed(finished):
    del finished.cells["lights_on"]
    assert finished.is_computed()
    finished.cells["sleep_period"] = "1"
    assert finished.is_computed()
    assert not finished.is_computed()


@pytest.mark.parametrize("cell", ["lights_on", "age", "dose_end"])
def test_what_is_known_of_the_night_is_noticed_when_it_goes(finished, cell):
    del finished.cells[cell]
    assert finished.is_computed()
    assert not finished.is_computed()


def test_a_changed_sample_of_the_recording_is_noticed(finished):
    flip_a_bit(finished.recording)
    assert finished.is_computed()
    assert not finished.is_computed()


@pytest.mark.parametrize(
    "other", [{"classifier_sha256": "0" * 64}, {"versions": {"yasa": "0.8.1", "numpy": "2.0.0"}}],
    ids=["classifier", "versions"],
)  # fmt: skip
def test_another_stager_is_noticed(finished, other, monkeypatch):
    real = FastStager.requirements
    monkeypatch.setattr(FastStager, "requirements", lambda self: replace(real(self), **other))
    assert finished.is_computed()
    assert not finished.is_computed()


@pytest.mark.parametrize("name", CATALOGUE)
def test_another_version_of_a_step_is_noticed(finished, name, monkeypatch):
    if name not in tomllib.loads(PIPELINE)["steps"]:
        edit(finished.pipeline, '"measure_microstructure",', f'"measure_microstructure", "{name}",')
        assert finished.is_computed()
    monkeypatch.setitem(CATALOGUE, name, replace(CATALOGUE[name], version="another"))
    assert finished.is_computed()
    assert not finished.is_computed()


def test_another_version_of_a_step_that_the_pipeline_does_not_have_computes_nothing(
    finished, monkeypatch
):
    step = CATALOGUE["detect_events"]
    monkeypatch.setitem(CATALOGUE, step.name, replace(step, version="another"))
    assert not finished.is_computed()


def test_another_content_of_the_output_files_is_noticed(finished, monkeypatch):
    monkeypatch.setattr(fingerprint, "FORMAT_VERSION", "another")
    assert finished.is_computed()
    assert not finished.is_computed()


def test_another_state_of_the_code_with_the_same_versions_computes_nothing(finished, monkeypatch):
    monkeypatch.setattr(fingerprint, "code_sha256", lambda: "another")
    assert not finished.is_computed()
