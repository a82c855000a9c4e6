"""The file of a recording: regular, opened once, complete, unchanged; plain or gzipped."""

import gzip
import os
import socket
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest

from psgpipe.edf import source
from psgpipe.edf.reader import open_recording, read_content, read_header, read_recording
from psgpipe.errors import ChangedWhileRead, HeaderInvalid, NoData, ReadFailed, UnsafeFile
from tests.edf_files import Signal, annotations, edf_bytes, keeping_time, sine_uv, write_edf

EEG = "EEG C4-M1"
NEEDS_POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX file types")


def codes(found) -> list[str]:
    return [finding.code for finding in found.findings]


def test_a_missing_file_is_said_plainly(tmp_path):
    with pytest.raises(UnsafeFile, match=r"night\.edf: no such file"):
        read_header(tmp_path / "night.edf")


@NEEDS_POSIX
@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "device"])
def test_only_regular_files_are_opened_and_nothing_blocks(tmp_path, kind, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "n.edf"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("n.edf")
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(UnsafeFile, match=f"this is a {kind}"):
        read_recording(path)


@NEEDS_POSIX
def test_loops_and_ends_of_links(tmp_path):
    loop, broken = tmp_path / "loop.edf", tmp_path / "broken.edf"
    loop.symlink_to(loop)
    broken.symlink_to(tmp_path / "gone.edf")
    with pytest.raises(UnsafeFile, match="a loop of links"):
        read_header(loop)
    with pytest.raises(UnsafeFile, match="a link to a file that does not exist"):
        read_header(broken)


@NEEDS_POSIX
def test_a_link_to_a_recording_is_a_recording(tmp_path):
    (tmp_path / "link.edf").symlink_to(write_edf(tmp_path / "night.edf", [Signal()]))
    assert read_header(tmp_path / "link.edf").file == "link.edf"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal()])
    path.chmod(0)
    with pytest.raises(UnsafeFile, match="permission denied"):
        read_header(path)


@pytest.mark.parametrize("name", ["with\0nul.edf", "x" * 5000 + ".edf", ""])
def test_names_that_no_file_can_have(tmp_path, name):
    with pytest.raises(UnsafeFile):
        read_header(tmp_path / name)


@NEEDS_POSIX
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"a b \xe7\x9d\xa1.edf", "a b 睡.edf"),
        (b"bad\xff.edf", r"bad\udcff.edf"),
        (b"line\nbreak.edf", r"line\nbreak.edf"),
        (b"-rf.edf", "-rf.edf"),
    ],
)
def test_the_name_is_safe_to_print(tmp_path, name, shown):
    path = tmp_path / os.fsdecode(name)
    try:
        write_edf(path, [Signal()])
    except OSError:
        pytest.skip("this file system refuses the name")
    header = read_header(path)
    assert header.file == shown
    assert header.file.encode("utf-8")


@pytest.mark.parametrize("name", ["n.EDF", "n.rec", "n.REC", "n.Edf"])
def test_extensions_in_any_case(tmp_path, name):
    assert read_header(write_edf(tmp_path / name, [Signal()])).findings == ()


class Meanwhile:
    """A change of the file after its first bytes were read."""

    def __init__(self, monkeypatch, happen):
        self._read, self._happen, self._done = source.Source._fill, happen, False
        monkeypatch.setattr(source.Source, "_fill", lambda *args: self(*args))

    def __call__(self, source, offset, view):
        if offset > 0 and not self._done:
            self._done = True
            self._happen()
        return self._read(source, offset, view)


def test_a_file_that_grows_while_it_is_read(tmp_path, monkeypatch):
    path = write_edf(tmp_path / "night.edf", [Signal()])

    def grow():
        with path.open("ab") as file:
            file.write(bytes(200))

    Meanwhile(monkeypatch, grow)
    with pytest.raises(ChangedWhileRead, match="60512 bytes before, 60712 after"):
        read_recording(path, [EEG])


def test_a_file_that_is_rewritten_while_it_is_read(tmp_path, monkeypatch):
    path = write_edf(tmp_path / "night.edf", [Signal()])
    Meanwhile(monkeypatch, lambda: os.utime(path, ns=(1, 1)))
    with pytest.raises(ChangedWhileRead):
        read_header(path)


def test_a_file_cut_short_while_it_is_read_gives_no_zeros(tmp_path, monkeypatch):
    path = write_edf(tmp_path / "night.edf", [Signal()])
    Meanwhile(monkeypatch, lambda: os.truncate(path, 30000))
    with pytest.raises(ReadFailed, match="bytes wanted"):
        read_recording(path, [EEG])


def test_an_error_of_the_disk_is_no_traceback(tmp_path, monkeypatch):
    path = write_edf(tmp_path / "night.edf", [Signal()])

    def fail():
        raise OSError(5, "Input/output error")

    class Broken:
        def seek(self, _offset):
            fail()

        def close(self):
            pass

    def broken_source(*args):
        made = source.Source(*args)
        made._file.close()
        made._file = Broken()
        return made

    monkeypatch.setattr(source, "_source", broken_source)
    with pytest.raises(ReadFailed, match="Input/output error"):
        read_header(path)


def gzipped(path, whole: bytes):
    path.write_bytes(gzip.compress(whole, mtime=0))
    return path


@pytest.mark.parametrize("name", ["n.edf.gz", "n.edfz", "N.EDF.GZ"])
def test_a_gzipped_recording_reads_like_a_plain_one(tmp_path, name):
    path = gzipped(tmp_path / name, edf_bytes([Signal(label="EMG"), Signal()], 400))
    recording = read_recording(path, [EEG])
    np.testing.assert_allclose(recording.signals_uv[0], sine_uv(40000), atol=0.02)
    assert recording.findings == ()


def test_gzipped_annotations_and_gaps(tmp_path):
    onsets_s = [*range(200), *range(300, 500)]
    signals = [Signal(), annotations(keeping_time(onsets_s))]
    path = gzipped(tmp_path / "n.edf.gz", edf_bytes(signals, 400, reserved="EDF+C"))
    assert read_header(path).span_s == 500.0
    assert read_recording(path, [EEG]).segments == ((0.0, 20000), (300.0, 20000))


def test_several_gzip_members_are_one_recording(tmp_path):
    whole = edf_bytes([Signal()])
    path = tmp_path / "n.edf.gz"
    path.write_bytes(gzip.compress(whole[:1000]) + gzip.compress(whole[1000:]) + bytes(512))
    recording = read_recording(path, [EEG])
    np.testing.assert_allclose(recording.signals_uv[0], sine_uv(30000), atol=0.02)
    assert recording.findings == ()


def test_bytes_after_the_compressed_data_are_said(tmp_path):
    path = tmp_path / "n.edf.gz"
    path.write_bytes(gzip.compress(edf_bytes([Signal()])) + b"garbage")
    assert codes(read_recording(path, [EEG])) == ["gzip-trailing"]


def test_a_gzipped_file_that_ends_early_is_refused(tmp_path):
    path = gzipped(tmp_path / "n.edf.gz", edf_bytes([Signal()]))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ReadFailed, match="the compressed data end early"):
        read_header(path)


def test_damaged_compressed_data_are_refused(tmp_path):
    path = gzipped(tmp_path / "n.edf.gz", edf_bytes([Signal()]))
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(ReadFailed, match="damaged"):
        read_header(path)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", HeaderInvalid),
        (b"hello", HeaderInvalid),
        (gzip.compress(edf_bytes([Signal()])), HeaderInvalid),
        (edf_bytes([Signal()])[:300], HeaderInvalid),
        (edf_bytes([Signal()])[:600], NoData),
    ],
)
def test_gzip_of_something_else(tmp_path, content, error):
    with pytest.raises(error):
        read_header(gzipped(tmp_path / "n.edf.gz", content))


def test_a_bomb_stops_at_the_size_that_the_header_implies(tmp_path, monkeypatch):
    """1 GB of zeros behind a header for 60 kB."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [squeeze.compress(edf_bytes([Signal()]))]
    parts += [squeeze.compress(bytes(1 << 20)) for _ in range(1024)]
    path = tmp_path / "n.edf.gz"
    path.write_bytes(b"".join(parts) + squeeze.flush())
    inflated = []
    inflate = source.GzipSource._inflate

    def counting(source, n_bytes):
        block = inflate(source, n_bytes)
        inflated.append(len(block))
        return block

    monkeypatch.setattr(source.GzipSource, "_inflate", counting)
    recording = read_recording(path, [EEG])
    assert codes(recording) == ["size-long"]
    assert sum(inflated) < 1_000_000


@pytest.mark.parametrize(
    ("name", "squeezed", "code"),
    [("n.edf", True, "gzip-named-plain"), ("n.edf.gz", False, "plain-named-gzip")],
)
def test_whether_it_is_gzipped_is_told_by_the_bytes(tmp_path, name, squeezed, code):
    whole = edf_bytes([Signal()])
    path = tmp_path / name
    path.write_bytes(gzip.compress(whole) if squeezed else whole)
    assert codes(read_recording(path, [EEG])) == [code]


def test_a_24_bit_file_behind_a_16_bit_header_is_found_out_when_gzipped_too(tmp_path):
    whole = edf_bytes([Signal(), Signal(label="EMG")], is_bdf=True)
    with pytest.raises(HeaderInvalid, match="24-bit samples"):
        read_header(gzipped(tmp_path / "n.edf.gz", b"0       " + whole[8:]))


def test_reading_needs_nothing_heavier_than_numpy():
    script = (
        "import sys; import psgpipe.edf.reader; "
        "print(sorted({'mne', 'edfio', 'pyedflib', 'scipy', 'pandas', 'yasa'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


ENDLESS = {
    "a terabyte of NULs": lambda content, path: os.truncate(path, 2**40),
    "empty members": lambda content, path: append(path, gzip.compress(b"") * 1_000_000),
    "more of the member": lambda content, path: path.write_bytes(
        gzip.compress(content + bytes(2**28))
    ),
}


def append(path, more):
    with path.open("ab") as file:
        file.write(more)


@NEEDS_POSIX
@pytest.mark.parametrize("kind", ENDLESS)
def test_a_gzipped_file_ends_at_the_size_that_its_header_implies(tmp_path, kind):
    path = tmp_path / "night.edf.gz"
    content = edf_bytes([Signal()])
    path.write_bytes(gzip.compress(content))
    plain = read_recording(path).signals_uv
    ENDLESS[kind](content, path)
    began_s = time.process_time()
    recording = read_recording(path)
    assert time.process_time() - began_s < 5
    np.testing.assert_array_equal(recording.signals_uv, plain)
    assert {"gzip-trailing", "size-long"} & set(codes(recording))


@NEEDS_POSIX
@pytest.mark.parametrize("name", ["night.edf.gz", "night.edf"])
def test_a_terabyte_behind_the_recording_is_not_hashed(tmp_path, name):
    path = tmp_path / name
    content = edf_bytes([Signal()])
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    os.truncate(path, 2**40)
    with (
        open_recording(path) as recording,
        pytest.raises(UnsafeFile, match=r"implausible size: the file has 1099511627776 bytes"),
    ):
        read_content(recording, [EEG], hashed=True)


def test_padding_between_members_and_at_the_end_is_no_finding(tmp_path):
    path = tmp_path / "night.edf.gz"
    content = edf_bytes([Signal()])
    halves = content[:5000], content[5000:]
    path.write_bytes(b"".join(gzip.compress(half) + bytes(10240) for half in halves))
    assert codes(read_recording(path)) == []
