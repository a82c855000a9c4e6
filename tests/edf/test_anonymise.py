"""An anonymous copy has no free header text, and its samples are unchanged."""

import datetime as dt
import gzip
import os
import signal
import stat
import subprocess
import sys

import numpy as np
import pytest

from psgpipe.cli.app import exit_code
from psgpipe.edf.anonymise import anonymise
from psgpipe.edf.reader import read_annotations, read_header, read_recording
from psgpipe.edf.signal_header import WIDTHS
from psgpipe.errors import FileTaken, HeaderInvalid, OutputConflict, RecordingUnreadable
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


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("消灯", "LOFF"), ("Lights off (HS)", "LOFF"), ("Event: Lights On", "LON"),
        ("luci spente alle ore 22:05", "LOFF 22:05:00"), ("Harry: lights off", None),
    ],
)  # fmt: skip
def test_other_ways_to_say_lights_off_stay_in_plain_words(tmp_path, text, kept):
    texts = {1: b"+1\x14" + text.encode() + b"\x14\x00"}
    channels = [Signal(), annotations(keeping_time(texts=texts))]
    path = write_edf(tmp_path / "night.edf", channels, reserved="EDF+C")
    _, found = read_annotations(anonymise(path, tmp_path / "copy.edf"))
    assert [a.text for a in found] == ([kept] if kept else [])


@pytest.mark.parametrize("is_bdf", [False, True])
def test_an_unusual_version_field_does_not_stay(tmp_path, is_bdf):
    path = write_edf(tmp_path / "n.edf", [Signal()], is_bdf=is_bdf, version="Harry")
    copy = anonymise(path, tmp_path / "copy.edf").read_bytes()
    assert copy[:8] == (b"\xffBIOSEMI" if is_bdf else b"0       ")


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
    with pytest.raises(FileTaken, match="nothing is overwritten"):
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


FIXED = ((0, 8), (8, 80), (88, 80), (168, 8), (176, 8), (184, 8), (192, 44), (236, 8), (244, 8),
         (252, 4))  # fmt: skip
N_SIGNALS, LABEL = 3, 0


def header_fields():
    """Place and width of every field of the header but the labels, which stay."""
    fields, at = [*FIXED], 256
    for number, width in enumerate(WIDTHS):
        for _ in range(N_SIGNALS):
            if number != LABEL:
                fields.append((at, width))
            at += width
    return fields


@pytest.mark.parametrize("options", [{}, {"keep_date": True, "keep_age_sex": True}], ids=str)
@pytest.mark.parametrize(("at", "width"), header_fields())
def test_a_name_in_any_field_of_the_header_is_not_in_the_copy(tmp_path, at, width, options):
    whole = edf_bytes(signals(), n_records_field=300, reserved="EDF+C")
    for n, name in enumerate((b"Zebrowski-Quokka" * 5, b"1 Zebrow" * 10, b"HP:Zebrow uV" * 8)):
        for start in range(0, width, 8):
            text = name[: min(width - start, 8 if start else width)]
            path, copy = tmp_path / f"{n}-{start}.edf", tmp_path / f"copy{n}-{start}.edf"
            path.write_bytes(whole[: at + start] + text + whole[at + start + len(text) :])
            try:
                anonymise(path, copy, **options)
            except RecordingUnreadable:
                assert not copy.exists()
                continue
            assert b"Zeb" not in copy.read_bytes()
            assert b"okka" not in copy.read_bytes()


@pytest.mark.parametrize(
    ("patient", "kept"),
    [
        ("MCH-0234567 F 02-MAY-1951 Haagse_Harry", "X F X X age_72"),  # 73 on 2 May 2024
        ("MCH-0234567 M 01-MAR-1951 Haagse_Harry", "X M X X age_73"),
        ("X M 01-MAR-1930 X", "X M X X age_90+"),
        ("X X 01-MAR-1951 X", "X X X X age_73"),
        ("X F X X", "X F X X"),
        ("X F X X age_52", "X F X X age_52"),
        ("X F 01-MAR-2051 X", "X F X X"),
        ("X F 31-FEV-1951 X", "X F X X"),
        ("Harry F 02-MAY-1951", "X X X X"),
        ("Haagse Harry Amsterdam 1951", "X X X X"),
        ("", "X X X X"),
    ],
)
def test_sex_and_age_may_be_kept(tmp_path, patient, kept):
    fields = {**PERSONAL, "patient": patient}
    path = write_edf(tmp_path / "night.edf", signals(), **fields)
    copy = anonymise(path, tmp_path / "copy.edf", keep_age_sex=True)
    assert copy.read_bytes()[8:88].decode() == kept.ljust(80)
    assert b"Harry" not in copy.read_bytes()


@pytest.mark.parametrize("unit", ["uV", "mV", "%", "cmH2O", "bpm", "degC", "l/min", "mmHg", "kOhm"])
def test_units_and_limits_of_the_field_stay(tmp_path, unit):
    path = write_edf(tmp_path / "night.edf", [Signal(unit=unit), annotations(keeping_time())])
    before, after = (
        read_header(p).channels[0] for p in (path, anonymise(path, tmp_path / "copy.edf"))
    )
    assert (after.unit, after.physical_min, after.digital_max) == (
        unit, before.physical_min, before.digital_max,
    )  # fmt: skip


def test_remarks_in_a_misspelled_annotation_channel_go(tmp_path):
    channel = annotations(keeping_time(texts=TEXTS), per_record=90)
    whole = edf_bytes([Signal(), channel], reserved="EDF+C")
    path = tmp_path / "night.edf"
    path.write_bytes(whole.replace(b"EDF Annotations ", b"EDF Annotation  "))
    assert b"Harry" not in anonymise(path, tmp_path / "copy.edf").read_bytes()


def archive(folder, *names):
    folder.mkdir()
    for name in names:
        write_edf(folder / name, signals(), **PERSONAL)
    return folder


def test_the_same_command_again_makes_only_what_is_missing(tmp_path):
    folder, copies = archive(tmp_path / "in", "a.edf", "b.edf", "c.edf"), tmp_path / "copies"
    command = [
        "check",
        "-q",
        "--header-only",
        "-p",
        "eeg-only",
        str(folder),
        "--anonymise",
        str(copies),
    ]
    assert exit_code(command) == 0
    (copies / "b.edf").unlink()
    states = {name: (copies / name).stat() for name in ("a.edf", "c.edf")}
    assert exit_code(command) == 0
    assert sorted(p.name for p in copies.iterdir()) == ["a.edf", "b.edf", "c.edf"]
    for name, state in states.items():
        assert (copies / name).stat().st_ino == state.st_ino


def test_a_file_of_another_recording_stays_and_the_others_are_copied(tmp_path, capsys):
    folder, copies = archive(tmp_path / "in", "a.edf", "b.edf"), tmp_path / "copies"
    copies.mkdir()
    (copies / "a.edf").write_bytes(b"mine")
    assert (
        exit_code(
            ["check", "--header-only", "-p", "eeg-only", str(folder), "--anonymise", str(copies)]
        )
        == 7
    )
    assert (copies / "a.edf").read_bytes() == b"mine"
    assert (copies / "b.edf").exists()
    assert "nothing is overwritten" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="Linux only")
def test_a_kill_leaves_no_part_of_a_recording(tmp_path):
    folder, copies = archive(tmp_path / "in", "night.edf"), tmp_path / "copies"
    killed_at_the_end = (
        "import os, signal; os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL);"
        "from psgpipe.__main__ import main; main()"
    )
    command = ["check", "-q", "--header-only", str(folder), "--anonymise", str(copies)]
    process = subprocess.run([sys.executable, "-c", killed_at_the_end, *command])
    assert process.returncode == -signal.SIGKILL
    assert list(copies.iterdir()) == []
