"""Random valid files, written byte by byte: psgpipe reads them like other common readers."""

import warnings
from pathlib import Path

import edfio
import mne
import numpy as np
import pyedflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psgpipe.edf.reader import read_annotations, read_header, read_recording
from tests.edf_files import Signal, annotations, edf_bytes, keeping_time

UV = {"uV": 1.0, "mV": 1e3, "V": 1e6, "nV": 1e-3}
SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def montages(draw, *, bits: int):
    """Up to four signals of one file: any rate, unit and scale, any samples within the limits."""
    n_records = draw(st.integers(1, 12))
    record_s = draw(st.sampled_from([1, 2, 10, 0.5]))
    signals = []
    for i in range(draw(st.integers(1, 4))):
        least, most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        low = draw(st.integers(least, most - 10))
        high = draw(st.integers(low + 10, most))
        bottom = draw(st.integers(-9999, 9999))
        top = draw(st.integers(-9999, 9999).filter(lambda x, b=bottom: x != b))
        per_record = draw(st.integers(1, 40)) * 2
        seed = draw(st.integers(0, 2**32 - 1))
        rng = np.random.default_rng(seed)
        signals.append(
            Signal(
                label=f"S{i}",
                unit=draw(st.sampled_from(list(UV))),
                physical_min=bottom,
                physical_max=top,
                digital_min=low,
                digital_max=high,
                per_record=per_record,
                digital=rng.integers(low, high, n_records * per_record, endpoint=True),
            )
        )
    return signals, n_records, record_s


def expected_uv(signal: Signal) -> np.ndarray:
    """By the specification, in exact order of the formula."""
    gain = (signal.physical_max - signal.physical_min) / (signal.digital_max - signal.digital_min)
    physical = (signal.digital - signal.digital_min) * gain + signal.physical_min
    return physical * UV[signal.unit]


def assert_close(ours, theirs, signal):
    scale = UV[signal.unit] * max(abs(signal.physical_min), abs(signal.physical_max), 1)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9 * scale)


@SETTINGS
@given(montage=montages(bits=16), plus=st.booleans())
def test_edf_reads_as_by_edfio_and_pyedflib(tmp_path, montage, plus):
    signals, n_records, record_s = montage
    channels = [*signals, annotations(keeping_time(np.arange(n_records) * record_s))]
    content = edf_bytes(
        channels if plus else signals,
        n_records,
        record_s=record_s,
        reserved="EDF+C" if plus else "",
    )
    path: Path = tmp_path / "night.edf"
    path.write_bytes(content)
    header = read_header(path)
    theirs = edfio.read_edf(path)
    assert header.labels == theirs.labels
    assert header.duration_s == theirs.duration
    with pyedflib.EdfReader(str(path)) as by_pyedflib:
        for i, signal in enumerate(signals):
            recording = read_recording(path, [f"S{i}"])
            ours = recording.signals_uv[0]
            assert recording.fs_hz == theirs.signals[i].sampling_frequency
            assert_close(ours, expected_uv(signal), signal)
            assert_close(ours, theirs.signals[i].data * UV[signal.unit], signal)
            assert_close(ours, by_pyedflib.readSignal(i) * UV[signal.unit], signal)


@SETTINGS
@given(montage=montages(bits=24))
def test_bdf_reads_as_by_pyedflib(tmp_path, montage):
    signals, n_records, record_s = montage
    path: Path = tmp_path / "night.bdf"
    path.write_bytes(
        edf_bytes(signals, n_records, record_s=record_s, is_bdf=True, reserved="24BIT")
    )
    with pyedflib.EdfReader(str(path)) as by_pyedflib:
        for i, signal in enumerate(signals):
            ours = read_recording(path, [f"S{i}"]).signals_uv[0]
            assert_close(ours, expected_uv(signal), signal)
            assert_close(ours, by_pyedflib.readSignal(i) * UV[signal.unit], signal)


@settings(SETTINGS, max_examples=15)
@given(montage=montages(bits=16), unit=st.sampled_from(["uV", "mV", "V"]))
def test_one_channel_reads_as_by_mne(tmp_path, montage, unit):
    """Without nanovolt: mne 1.13 reads an unknown unit as volt."""
    signals, n_records, record_s = montage
    signals[0].unit = unit
    path: Path = tmp_path / "night.edf"
    path.write_bytes(edf_bytes(signals[:1], n_records, record_s=record_s))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs_v = mne.io.read_raw_edf(path, preload=True, verbose="error").get_data()[0]
    ours_uv = read_recording(path, ["S0"]).signals_uv[0]
    assert_close(ours_uv, theirs_v * 1e6, signals[0])


TEXTS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\x00\x14\x15"),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip() and text[0] not in "+-")


@settings(SETTINGS, max_examples=40)
@given(
    events=st.lists(
        st.tuples(st.integers(0, 290), st.one_of(st.none(), st.integers(0, 60)), TEXTS), max_size=6
    ),
    per_record=st.integers(200, 260),
)
def test_annotations_read_as_by_edfio(tmp_path, events, per_record):
    def tal(onset_s, duration_s, text):
        lasting = b"" if duration_s is None else b"\x15%d" % duration_s
        return b"+%d" % onset_s + lasting + b"\x14" + text.encode() + b"\x14\x00"

    everything = b"".join(tal(*event) for event in events)
    keep = keeping_time(texts={5: everything})
    path: Path = tmp_path / "night.edf"
    signals = [Signal(), annotations(keep, per_record)]
    path.write_bytes(edf_bytes(signals, 300, reserved="EDF+C"))
    header, ours = read_annotations(path)
    theirs = edfio.read_edf(path).annotations
    assert sorted((a.onset_s, a.duration_s or 0, a.text) for a in ours) == sorted(
        (a.onset, a.duration or 0, a.text) for a in theirs
    )
    assert header.findings == ()
