"""Damaged headers: correct values, a warning or a refusal; no other error and little memory."""

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psgpipe.edf.reader import read_annotations, read_header, read_recording
from psgpipe.errors import PsgpipeError
from psgpipe.model.recording import Recording
from tests.edf_files import Signal, annotations, edf_bytes, keeping_time

TEXTS = {3: b"+3\x1530\x14Sleep stage W\x14\x00", 9: b"+9.5\x14Lights off\x14\x00"}
CHANNELS = [
    Signal(),
    Signal(label="EMG chin", per_record=50),
    annotations(keeping_time(texts=TEXTS)),
]
WHOLE = {
    "edf": edf_bytes(CHANNELS, 40, reserved="EDF+C"),
    "bdf": edf_bytes(CHANNELS, 40, reserved="BDF+D", is_bdf=True),
    "plain": edf_bytes(CHANNELS[:2], 40),
}
HEADER = {"edf": 1024, "bdf": 1024, "plain": 768}
MOST_BYTES = 20 * 2**20
SETTINGS = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBER_LIKE = st.text("0123456789+-.,eE nainf\0", max_size=8).map(str.encode)


def survive(path: Path) -> None:
    """All functions of the reader, on one file."""
    for read in (read_header, read_annotations, read_recording):
        result = given_or_refused(read, path)
        if isinstance(result, Recording):
            assert np.isfinite(result.signals_uv).all()
            assert sum(s.n_samples for s in result.segments) == result.signals_uv.shape[1]
        elif isinstance(result, PsgpipeError):
            assert result.problem
            assert result.remedy
            assert result.problem.isprintable()


def given_or_refused(read, path: Path):
    try:
        return read(path)
    except PsgpipeError as error:
        return error


def survive_in_little_memory(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    tracemalloc.start()
    try:
        survive(path)
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


@SETTINGS
@given(kind=st.sampled_from(list(WHOLE)), data=st.data())
def test_any_header_bytes_changed(tmp_path, kind, data):
    content = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, HEADER[kind] - 1))] = data.draw(st.integers(0, 255))
    survive_in_little_memory(tmp_path / "n.edf", bytes(content))


@SETTINGS
@given(kind=st.sampled_from(list(WHOLE)), number=NUMBER_LIKE, data=st.data())
def test_any_number_replaced(tmp_path, kind, number, data):
    content = bytearray(WHOLE[kind])
    n_signals = HEADER[kind] // 256 - 1
    per_signal = [256 + n_signals * (16 + 80 + 8 + 8 * k) for k in range(4)]
    per_signal.append(256 + n_signals * (16 + 80 + 8 + 32 + 80))
    starts = [(168, 8), (176, 8), (184, 8), (236, 8), (244, 8), (252, 4)]
    starts += [(at + 8 * i, 8) for at in per_signal for i in range(n_signals)]
    at, width = data.draw(st.sampled_from(starts))
    content[at : at + width] = number[:width].ljust(width)
    survive_in_little_memory(tmp_path / "n.edf", bytes(content))


@SETTINGS
@given(kind=st.sampled_from(list(WHOLE)), data=st.data())
def test_bytes_lost_or_gained_anywhere(tmp_path, kind, data):
    content = WHOLE[kind]
    at = data.draw(st.integers(0, len(content)))
    if data.draw(st.booleans()):
        content = content[:at] + content[at + data.draw(st.integers(1, 300)) :]
    else:
        content = content[:at] + data.draw(st.binary(min_size=1, max_size=300)) + content[at:]
    survive_in_little_memory(tmp_path / "n.edf", content)


@SETTINGS
@given(raw=st.binary(max_size=120), kind=st.sampled_from(["edf", "bdf"]), data=st.data())
def test_any_bytes_as_annotations(tmp_path, raw, kind, data):
    soup = data.draw(
        st.lists(
            st.sampled_from(
                [b"+", b"-", b"1", b"20", b".5", b",", b"\x14", b"\x15", b"\0", b"a", raw]
            ),
            max_size=30,
        )
    )
    record = data.draw(st.integers(0, 39))
    keep = keeping_time()
    channel = annotations(lambda r: b"".join(soup) if r == record else keep(r))
    declared = data.draw(st.sampled_from(["EDF+C", "EDF+D", "BDF+D", ""]))
    content = edf_bytes([Signal(), channel], 40, reserved=declared, is_bdf=kind == "bdf")
    survive_in_little_memory(tmp_path / "n.edf", content)


@SETTINGS
@given(onsets_s=st.lists(st.floats(-1e10, 1e10), min_size=20, max_size=20))
def test_any_record_times(tmp_path, onsets_s):
    channel = annotations(lambda r: b"%+f\x14\x14\x00" % onsets_s[r])
    content = edf_bytes([Signal(), channel], 20, reserved="EDF+D")
    survive_in_little_memory(tmp_path / "n.edf", content)


@settings(SETTINGS, max_examples=100)
@given(kind=st.sampled_from(list(WHOLE)), data=st.data())
def test_any_damage_to_a_gzipped_file(tmp_path, kind, data):
    content = bytearray(gzip.compress(WHOLE[kind], mtime=0))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(2, len(content) - 1))] = data.draw(st.integers(0, 255))
    survive_in_little_memory(
        tmp_path / "n.edf.gz", bytes(content[: data.draw(st.integers(2, 10**6))])
    )


@SETTINGS
@given(content=st.binary(max_size=2000))
def test_any_bytes_at_all(tmp_path, content):
    survive_in_little_memory(tmp_path / "n.edf", content)
    survive_in_little_memory(tmp_path / "n.edf", b"0".ljust(8) + content)
