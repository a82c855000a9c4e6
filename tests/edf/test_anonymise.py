"""An anonymous copy has no free header text, and its samples are unchanged."""

import datetime as dt
import gzip
import os
import stat

import numpy as np
import pytest

from psgpipe.edf.anonymise import anonymise
from psgpipe.edf.reader import read_annotations, read_header, read_recording
from psgpipe.errors import HeaderInvalid, OutputConflict
from tests.edf_files import Signal, annotations, edf_bytes, keeping_time, write_edf

EEG = "EEG C4-M1"
NAME = "Haagse Harry"
PERSONAL = {
    "patient": f"MCH-0234567 M 02-MAY-1951 {NAME}",
    "recording": "Startdate 01-MAR-2024 PSG-1234/2024 NN Telemetry03",
    "reserved": "EDF+C seen by NN",
}
TEXTS = {
    0: b"+0\x1530\x14Sleep stage W\x14\x00",
    5: b"+5\x14Lights off\x14Harry talks\x14\x00",
    7: b"+7\x1512.5\x14Hypopnea\x14\x00+8\x14Harry coughs\x14\x00",
    9: b"+9\x14Harry, unterminated",
    11: b"Harry\x14\x00",
}


def signals() -> list[Signal]:
    return [
        Signal(transducer=f"cup of {NAME}", prefilter="HP:0.1Hz LP:75Hz N:50Hz"),
        Signal(label="EMG chin", per_record=7, prefilter=f"by {NAME}", reserved=NAME),
        annotations(keeping_time(texts=TEXTS), per_record=90),
    ]


def samples(path) -> list[np.ndarray]:
    return [read_recording(path, [label]).signals_uv for label in (EEG, "EMG chin")]


def copied(tmp_path, **options):
    path = write_edf(tmp_path / "night.edf", signals(), **PERSONAL)
    return path, anonymise(path, tmp_path / "copy.edf", **options)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_the_copy_is_for_whom_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        _, copy = copied(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["copy.edf", "night.edf"]


def test_no_personal_text_is_left(tmp_path):
    _, copy = copied(tmp_path)
    content = copy.read_bytes()
    for personal in (b"Harry", b"Haagse", b"0234567", b"1951", b"1234", b"Telemetry", b"seen by"):
        assert personal not in content
    assert content[8:88] == b"X X X X".ljust(80)
    assert content[88:168] == b"Startdate X X X X".ljust(80)
    assert content[168:184] == b"01.01.8522.00.00"


def test_signals_are_equal_bit_for_bit(tmp_path):
    path, copy = copied(tmp_path)
    for before, after in zip(samples(path), samples(copy), strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_day_is_gone_and_the_clock_stays(tmp_path):
    _, copy = copied(tmp_path)
    header = read_header(copy)
    assert (header.start, header.start_clock) == (None, dt.time(22))
    assert [f.code for f in header.findings] == ["date-unknown"]


def test_the_day_may_be_kept(tmp_path):
    _, copy = copied(tmp_path, keep_date=True)
    header = read_header(copy)
    assert header.start == dt.datetime(2024, 3, 1, 22)
    assert header.findings == ()
    assert b"Startdate 01-MAR-2024 X X X" in copy.read_bytes()


def test_stages_lights_and_events_stay_and_remarks_go(tmp_path):
    _, copy = copied(tmp_path)
    _, found = read_annotations(copy)
    assert [(a.onset_s, a.duration_s, a.text) for a in found] == [
        (0, 30, "Sleep stage W"),
        (5, None, "Lights off"),
        (7, 12.5, "Hypopnea"),
    ]


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        *((t, True) for t in ("Sleep stage N2", "stage 4", "N3", "LIGHTS  ON", "Lights out")),
        *((t, True) for t in ("Obstructive apnea", "Arousal", "EEG arousal", "Licht aus", "Wake")),
        *((t, True) for t in ("Oxygen desaturation", "Recording starts", "Movement time")),
        *((t, False) for t in ("Lights off for Harry", "W Harry", "Harry", "1951", "N2?", "Dr. R")),
    ],
)
def test_only_listed_texts_stay(tmp_path, text, stays):
    texts = {1: b"+1\x14" + text.encode() + b"\x14\x00"}
    channels = [Signal(), annotations(keeping_time(texts=texts))]
    path = write_edf(tmp_path / "night.edf", channels, reserved="EDF+C")
    _, found = read_annotations(anonymise(path, tmp_path / "copy.edf"))
    assert [a.text for a in found] == ([text] if stays else [])


def test_prefilters_of_edf_plus_stay_and_free_text_goes(tmp_path):
    _, copy = copied(tmp_path)
    channels = read_header(copy).channels
    assert [c.prefilter for c in channels] == ["HP:0.1Hz LP:75Hz N:50Hz", ""]
    assert [c.label for c in channels] == [EEG, "EMG chin"]


def test_gaps_keep_their_times(tmp_path):
    onsets_s = [*range(150), *range(200, 350)]
    channels = [Signal(), annotations(keeping_time(onsets_s))]
    path = write_edf(tmp_path / "night.edf", channels, reserved="EDF+D")
    copy = anonymise(path, tmp_path / "copy.edf")
    assert read_recording(copy).segments == ((0.0, 15000), (200.0, 15000))


def test_what_lies_behind_the_records_goes_and_the_count_is_set_right(tmp_path):
    path = tmp_path / "night.edf"
    path.write_bytes(edf_bytes(signals(), n_records_field=-1, **PERSONAL) + NAME.encode())
    copy = anonymise(path, tmp_path / "copy.edf")
    assert copy.stat().st_size == path.stat().st_size - len(NAME)
    assert [f.code for f in read_header(copy).findings] == ["date-unknown"]


def test_a_gzipped_24_bit_recording(tmp_path):
    whole = edf_bytes(signals(), is_bdf=True, patient=NAME, reserved="BDF+C")
    path = tmp_path / "night.bdf.gz"
    path.write_bytes(gzip.compress(whole))
    copy = anonymise(path, tmp_path / "copy.bdf")
    for before, after in zip(samples(path), samples(copy), strict=True):
        np.testing.assert_array_equal(before, after)


def test_nothing_is_overwritten(tmp_path):
    path = write_edf(tmp_path / "night.edf", signals(), **PERSONAL)
    before = path.read_bytes()
    with pytest.raises(OutputConflict, match="never overwrites"):
        anonymise(path, path)
    assert path.read_bytes() == before


def test_a_refused_recording_leaves_nothing_behind(tmp_path):
    path = write_edf(tmp_path / "night.edf", signals(), header_bytes=768)
    with pytest.raises(HeaderInvalid):
        anonymise(path, tmp_path / "copy.edf")
    assert [p.name for p in tmp_path.iterdir()] == ["night.edf"]


def test_a_folder_that_is_not_there(tmp_path):
    path = write_edf(tmp_path / "night.edf", signals())
    with pytest.raises(OutputConflict, match="cannot write"):
        anonymise(path, tmp_path / "gone" / "copy.edf")
