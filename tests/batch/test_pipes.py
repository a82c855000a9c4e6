"""A pipe in place of a file of psgpipe is refused; no command waits for somebody to write to it."""

import os
import shutil
import signal

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.staging import shipped_classifiers
from psgpipe.study.blinding import seal
from tests import cheap_nights
from tests.studies import StudyFolder, make_study

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are POSIX")

PATIENCE_S = 60


@pytest.fixture(autouse=True)
def nobody_waits():
    """A command that opens a pipe waits for ever; here it ends."""

    def end(number, frame):
        raise TimeoutError("a command waits for a pipe")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def template(tmp_path_factory, templates):
    two = make_study(tmp_path_factory.mktemp("pipes") / "study", ["n1", "refused"], templates)
    assert two.run("--trust-mtime") == 8
    return two


@pytest.fixture
def finished(template, tmp_path):
    """A study of one finished night and one that failed."""
    shutil.copytree(template.folder, tmp_path / "study")
    return StudyFolder(tmp_path / "study", template.nights)


def put_pipe(path):
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


REFUSED = [
    ("journal.jsonl", "batch", "journal.jsonl: a file was wanted, this is a pipe"),
    ("journal.jsonl", "run", "journal.jsonl: a file was wanted, this is a pipe"),
    ("journal.jsonl", "unblind", "journal.jsonl: a file was wanted, this is a pipe"),
    ("study.json", "batch", "study.json: a file was wanted, this is a pipe"),
    ("study.json", "run", "study.json: a file was wanted, this is a pipe"),
    ("study.json", "gather", "study.json: a file was wanted, this is a pipe"),
    ("study.json", "status", "study.json: a file was wanted, this is a pipe"),
    ("study.json", "verify", "study.json: a file was wanted, this is a pipe"),
    ("study.json", "compare", "study.json: a file was wanted, this is a pipe"),
    ("nights.tsv", "batch", "nights.tsv: a file was wanted, this is a pipe"),
    ("nights.tsv", "gather", "nights.tsv: a file was wanted, this is a pipe"),
    ("blind-key.json", "batch", "blind-key.json cannot be read"),
    ("nights/S1/n1/hypnogram.tsv", "verify", "1 of 1 finished night is not what was written"),
    ("nights/S1/n1/manifest.json", "verify", "1 of 1 finished night is not what was written"),
]


def run(study, command):
    if command == "batch":
        return study.run("--trust-mtime")
    if command == "run":
        ids = ("--subject", "S1", "--night", "n1")
        recording = str(study.recording(1))
        return cheap_nights.main(["run", recording, "-o", str(study.out), *ids, "--no-figures"])
    if command == "unblind":
        seal(study.out, {})
    return exit_code([command, str(study.out)])


@pytest.mark.parametrize(("name", "command", "said"), REFUSED)
def test_a_pipe_is_refused(finished, capsys, name, command, said):
    pipe = put_pipe(finished.out / name)
    assert run(finished, command) == 7
    error = capsys.readouterr().err.strip().splitlines()[-2:]
    assert said in error[0]
    assert pipe.is_fifo()  # nobody knows whose it is


def test_a_pipe_in_place_of_the_hash_cache_costs_only_time(finished):
    pipe = put_pipe(finished.out / ".hashes.json")
    assert run(finished, "batch") == 8
    assert finished.states() == {"S1": "done", "S2": "failed"}
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["summary.json", "manifest.json", "hypnogram.edf"])
def test_a_pipe_in_place_of_a_result_is_replaced_by_the_night(finished, name):
    pipe = put_pipe(finished.night(1) / name)
    assert run(finished, "batch") == 8
    assert finished.states()["S1"] == "done"
    assert pipe.is_file()


def test_a_pipe_in_place_of_a_reason_is_replaced_by_it(finished):
    pipe = put_pipe(finished.night(2) / "failure.json")
    assert run(finished, "batch") == 8
    assert pipe.is_file()
    assert finished.kinds() == {"S2": "QualityRefused"}


@pytest.mark.parametrize("option", ["--labels", "--pipeline"])
def test_a_pipe_as_label_table_or_pipeline_is_refused(study, tmp_path, option, capsys):
    pipe = put_pipe(tmp_path / "given.toml")
    assert study("n1").run(option, str(pipe)) == 3
    assert "given.toml" in capsys.readouterr().err


def test_a_pipe_as_study_table_is_refused(study):
    one = study("n1")
    put_pipe(one.table)
    assert one.run() == 3


def test_a_pipe_as_recording_fails_its_night_only(study):
    two = study("n1", "n1")
    put_pipe(two.recording(1))
    assert two.run() == 8
    assert two.kinds() == {"S1": "UnsafeFile"}


@pytest.mark.parametrize("name", ["spec.toml", "spec.toml.lock", "nights.tsv"])
def test_a_pipe_as_input_of_a_comparison_is_refused(tmp_path, name):
    (tmp_path / "spec.toml").write_bytes(b"")
    (tmp_path / "nights.tsv").write_text("subject\tnight\tcondition\trem_pct\n", encoding="utf-8")
    put_pipe(tmp_path / name)
    command = ["compare", str(tmp_path / "nights.tsv"), "--spec", str(tmp_path / "spec.toml")]
    assert exit_code(command) in (3, 7)


def test_a_pipe_in_the_classifier_cache_is_no_classifier(tmp_path, monkeypatch):
    monkeypatch.setenv(shipped_classifiers.CACHE_VARIABLE, str(tmp_path))
    arrays_sha256 = shipped_classifiers.SHIPPED["eeg"].arrays_sha256
    put_pipe(tmp_path / f"classifier-{arrays_sha256[:16]}.npz")
    assert shipped_classifiers.load_classifier("eeg").name == "eeg"
