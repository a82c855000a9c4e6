"""A log that nobody can write stops no night; results that nobody can read stop the command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recordings import write_night
from tests.studies import CHECKOUT, PROGRAM

pytestmark = pytest.mark.skipif(os.name != "posix", reason="file descriptors of POSIX")
FULL_DISK = Path("/dev/full")
needs_full_disk = pytest.mark.skipif(not FULL_DISK.exists(), reason="no /dev/full on this system")


def run(study, *, stdout, stderr, **more):
    command = [*PROGRAM, *study.arguments("-j1")]
    return subprocess.run(command, stdout=stdout, stderr=stderr, cwd=CHECKOUT, **more).returncode


def pipe_without_reader():
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@needs_full_disk
@pytest.mark.parametrize(("nights", "code"), [(("n1", "n1"), 0), (("n1", "refused", "n1"), 8)])
def test_a_log_on_a_full_disk_stops_no_night(study, nights, code):
    nights = study(*nights)
    with FULL_DISK.open("wb") as full:
        assert run(nights, stdout=subprocess.DEVNULL, stderr=full) == code
    assert len(nights.rows()) == len(nights.nights)
    assert "missing" not in nights.states().values()


def test_a_log_whose_reader_has_ended_stops_no_night(study):
    three = study("n1", "refused", "n1")
    log = pipe_without_reader()
    assert run(three, stdout=subprocess.DEVNULL, stderr=log) == 8
    os.close(log)
    assert three.states() == {"S1": "done", "S2": "failed", "S3": "done"}


def test_a_log_that_was_never_open_stops_no_night(study):
    two = study("n1", "n1")
    assert run(two, stdout=subprocess.DEVNULL, stderr=None, preexec_fn=lambda: os.close(2)) == 0
    assert two.states() == {"S1": "done", "S2": "done"}


def test_no_file_of_a_night_gets_the_number_of_a_closed_stream(study):
    two = study("n1", "n1")
    command = [*PROGRAM, *two.arguments("-j1")]
    closed = subprocess.run(command, cwd=CHECKOUT, preexec_fn=lambda: os.closerange(0, 3))
    assert closed.returncode == 130
    assert two.states() == {"S1": "done", "S2": "done"}


def test_a_batch_that_nobody_reads_gathers_its_nights_and_ends_as_interrupted(study):
    two = study("n1", "n1")
    both = pipe_without_reader()
    assert run(two, stdout=both, stderr=both) == 130
    os.close(both)
    assert two.states() == {"S1": "done", "S2": "done"}


def test_a_list_that_nobody_reads_ends_as_interrupted(tmp_path):
    write_night(tmp_path / "night.edf", seconds=60)
    results = pipe_without_reader()
    done = subprocess.run(
        [sys.executable, "-m", "psgpipe", "check", "--header-only", str(tmp_path)],
        stdout=results, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(results)
    assert (done.returncode, done.stderr) == (130, "")
