"""The reader gets header, annotations, samples and hash of a night in one pass through its file."""

import gzip
import hashlib
import os

import numpy as np
import pytest

from psgpipe.edf import source
from psgpipe.edf.reader import open_recording, read_annotations, read_content, read_digital
from psgpipe.errors import HeaderInvalid
from tests.edf_files import Signal, annotations, edf_bytes, keeping_time, write_edf

MONTAGE = ("C4", "M1", "Chin")


def night_bytes(*, behind=b"", largest=False):
    """Five minutes of two EEG channels, one EMG of another rate, and unused channels."""
    other = Signal(label="Video", per_record=20_000 if largest else 50)
    signals = [
        Signal(label="C4"),
        other,
        Signal(label="Chin", per_record=200),
        Signal(label="M1"),
        annotations(keeping_time(texts={30: b"+30.5\x14Lights off\x14\x00"})),
    ]
    return edf_bytes(signals, 300, reserved="EDF+C") + behind


def read_night(path, labels=(), **options):
    with open_recording(path) as recording:
        return read_content(recording, labels, **options)


@pytest.fixture(params=["plain", "gzipped", "bytes behind", "records that are skipped"])
def night(request, tmp_path):
    content = night_bytes(
        behind=b"left over" if request.param == "bytes behind" else b"",
        largest=request.param == "records that are skipped",
    )
    path = tmp_path / "night.edf"
    path.write_bytes(gzip.compress(content) if request.param == "gzipped" else content)
    return path


def test_it_gives_what_separate_readings_give(night):
    read = read_night(night, MONTAGE, hashed=True)
    assert (read.header, read.annotations) == read_annotations(night)
    assert read.sha256 == hashlib.sha256(night.read_bytes()).hexdigest()
    apart = [*read_digital(night, ["C4", "M1"]), *read_digital(night, ["Chin"])]
    for one, other in zip(read.recorded, apart, strict=True):
        assert one.labels == other.labels
        assert one.fs_hz == other.fs_hz
        assert one.segments == other.segments
        assert set(one.findings) == set(other.findings)
        assert np.array_equal(one.rows, other.rows)


def test_the_file_is_opened_once_and_every_byte_read_once(tmp_path, monkeypatch):
    path = tmp_path / "night.edf"
    path.write_bytes(night_bytes())
    opened, fill = [], source.Source._fill
    n_read = []
    real_open = os.open

    def count(source, offset, view):
        n_read.append(len(view))
        return fill(source, offset, view)

    monkeypatch.setattr(source.os, "open", lambda *a: opened.append(a) or real_open(*a))
    monkeypatch.setattr(source.Source, "_fill", count)
    read_night(path, MONTAGE, hashed=True)
    size = path.stat().st_size
    assert len(opened) == 1
    # The reader reads the header more than once, and a last read finds the end.
    assert sum(n_read) < size + 5 * 256 * 6 + source._CHUNK


def test_the_channels_wanted_are_chosen_from_those_in_the_file(tmp_path):
    path = tmp_path / "night.edf"
    path.write_bytes(night_bytes())
    with open_recording(path) as recording:
        labels = [c.label for c in recording.channels if c.label != "Video"]
        read = read_content(recording, labels)
    assert [r.labels for r in read.recorded] == [("C4", "M1"), ("Chin",)]


@pytest.mark.parametrize("labels", [("C4", "absent"), ("C4", "Odd")])
def test_channels_that_cannot_be_read_are_no_error_yet(tmp_path, labels):
    signals = [Signal(label="C4"), Signal(label="Odd", unit="furlong")]
    path = write_edf(tmp_path / "night.edf", signals)
    read = read_night(path, labels, hashed=True)
    assert read.recorded == ()
    assert read.header == read_annotations(path)[0]


def test_annotations_that_condemn_a_file_are_said_before_a_channel_that_is_absent(tmp_path):
    signals = [Signal(label="C4"), annotations(keeping_time([*range(299), 5.0]))]
    path = write_edf(tmp_path / "night.edf", signals, 300, reserved="EDF+C")
    with pytest.raises(HeaderInvalid, match="goes backwards"):
        read_night(path, ("absent",), hashed=True)


def test_what_no_channel_is_wanted_of_is_not_hashed(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal(label="C4")])
    assert read_night(path, (), hashed=True).sha256 is None
