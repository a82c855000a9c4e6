"""EDF+ annotations (TALs): their content, and the parts that psgpipe keeps of malformed ones."""

import pytest

from psgpipe.edf.reader import read_annotations, read_recording
from tests.edf_files import Signal, annotations, keeping_time, write_edf

EEG = "EEG C4-M1"


def read(tmp_path, texts: dict[int, bytes], **fields):
    signals = [Signal(), annotations(keeping_time(texts=texts))]
    path = write_edf(tmp_path / "night.edf", signals, 300, reserved="EDF+C", **fields)
    header, found = read_annotations(path)
    assert read_recording(path, [EEG]).annotations == found
    return (
        [(a.onset_s, a.duration_s, a.text) for a in found],
        [f.code for f in header.findings],
    )


@pytest.mark.parametrize(
    ("tal", "said"),
    [
        (b"+30\x1530\x14Sleep stage N2\x14\x00", [(30, 30, "Sleep stage N2")]),
        (b"+30.125\x14Lights off\x14\x00", [(30.125, None, "Lights off")]),
        (b"+30\x1530\x14Arousal\x14Limb\x14\x00", [(30, 30, "Arousal"), (30, 30, "Limb")]),
        (b"+30\x14a\x14\x00+31\x14b\x14\x00", [(30, None, "a"), (31, None, "b")]),
        ("+30\x14Réveil µ 睡\x14\x00".encode(), [(30, None, "Réveil µ 睡")]),
        (b"+30\x150\x14Event\x14\x00", [(30, 0, "Event")]),
        (b"+30\x15\x14Event\x14\x00", [(30, None, "Event")]),
        (b"+30.\x14Event\x14\x00", [(30, None, "Event")]),
        (b"+30\x14line\nbreak\x14\x00", [(30, None, "line\nbreak")]),
        (b"+30\x14+5\x14\x00", [(30, None, "+5")]),
        (b"     ", []),
    ],
)
def test_a_tal(tmp_path, tal, said):
    assert read(tmp_path, {30: tal}) == (said, [])


def test_texts_of_the_time_keeping_tal_belong_to_its_onset(tmp_path):
    signals = [Signal(), annotations(lambda record: b"+%d\x14\x14R-wave\x14\x00" % record)]
    path = write_edf(tmp_path / "night.edf", signals, 300, reserved="EDF+C")
    _, found = read_annotations(path)
    assert len(found) == 300
    assert (found[7].onset_s, found[7].text) == (7.0, "R-wave")


def test_an_extra_separator_after_the_time_is_nothing(tmp_path):
    signals = [Signal(), annotations(lambda record: b"+%d\x14\x14\x14\x00" % record)]
    path = write_edf(tmp_path / "night.edf", signals, 300, reserved="EDF+C")
    header, found = read_annotations(path)
    assert (header.findings, found) == ((), ())


@pytest.mark.parametrize(
    ("tal", "kept"),
    [
        (b"+10\x1530\x14Sleep stage W", []),
        (b"+10\x14whole\x14cut of", [(10, None, "whole")]),
        (b"ten\x14Event\x14\x00", []),
        (b"10\x14no sign\x14\x00", [(10, None, "no sign")]),
        (b"+10\x15-5\x14Event\x14\x00", [(10, None, "Event")]),
        (b"+10\x15abc\x14Event\x14\x00", [(10, None, "Event")]),
        (b"+99999999999\x14Event\x14\x00", []),
        (b"\x14\x14\x00", []),
        (b"+10\x14a\x14+11\x1530\x14b\x14\x00", [(10, None, "a"), (11, 30, "b")]),
        (b"+10\x14a\x14+11\x14b\x14\x00", [(10, None, "a"), (11, None, "b")]),
    ],
)
def test_a_malformed_tal_is_said_and_what_is_whole_is_kept(tmp_path, tal, kept):
    assert read(tmp_path, {10: tal}) == (kept, ["annotation-malformed"])


def test_a_nul_forgotten_behind_the_time(tmp_path):
    def tals(record):
        event = b"+10.4\x14Lights off\x14" if record == 10 else b""
        return b"+%d\x14\x14" % record + event

    path = write_edf(tmp_path / "night.edf", [Signal(), annotations(tals)], 300, reserved="EDF+C")
    _, found = read_annotations(path)
    assert [(a.onset_s, a.text) for a in found] == [(10.4, "Lights off")]


def test_a_decimal_comma_is_read_as_a_point(tmp_path):
    said = read(tmp_path, {10: b"+10,5\x150,25\x14Event\x14\x00"})
    assert said == ([(10.5, 0.25, "Event")], ["decimal-comma"])


def test_latin_1_texts_are_read_and_said(tmp_path):
    assert read(tmp_path, {5: b"+5\x14r\xe9veil\x14\x00"}) == (
        [(5, None, "réveil")],
        ["annotation-not-utf8"],
    )


def test_annotations_come_in_time_order_from_the_first_sample(tmp_path):
    onsets_s = [r + 0.5 for r in range(300)]
    texts = {3: b"+100\x14later\x14\x00", 9: b"+20\x14sooner\x14\x00"}
    signals = [Signal(), annotations(keeping_time(onsets_s, texts))]
    path = write_edf(tmp_path / "night.edf", signals, 300, reserved="EDF+C")
    _, found = read_annotations(path)
    assert [(a.onset_s, a.text) for a in found] == [(19.5, "sooner"), (99.5, "later")]


def test_annotations_outside_the_recording_are_said(tmp_path):
    texts = {3: b"+-30\x14a\x14\x00-30\x14early\x14\x00+9999\x1530\x14late\x14\x00"}
    found, codes = read(tmp_path, texts)
    assert [text for _, _, text in found] == ["early", "late"]
    assert codes == ["annotation-malformed", "annotation-outside"]


def test_annotations_alone_make_a_file(tmp_path):
    def tals(_record):
        return b"+0\x14\x14\x00+0\x1530\x14Sleep stage W\x14\x00+30\x1530\x14Sleep stage 1\x14\x00"

    path = write_edf(tmp_path / "stages.edf", [annotations(tals)], 1, record_s=0, reserved="EDF+C")
    header, found = read_annotations(path)
    assert (header.channels, header.span_s, header.findings) == ((), 0.0, ())
    assert [a.text for a in found] == ["Sleep stage W", "Sleep stage 1"]


@pytest.mark.parametrize("n_signals", [1, 60])
def test_an_annotation_channel_without_room_says_nothing(tmp_path, n_signals):
    signals = [Signal(label=f"S{i}", per_record=500) for i in range(n_signals)]
    empty = annotations(per_record=0)
    path = write_edf(tmp_path / "night.edf", [*signals, empty], 60, record_s=5, reserved="EDF+C")
    header, found = read_annotations(path)
    assert [f.code for f in header.findings] == ["timekeeping-missing"]
    assert found == ()


def test_the_times_of_a_wide_montage_are_sought(tmp_path):
    signals = [Signal(label=f"S{i}", per_record=500) for i in range(60)]
    keep = annotations(keeping_time([*range(0, 300, 5), *range(600, 900, 5)]), 8)
    path = write_edf(tmp_path / "night.edf", [*signals, keep], 120, record_s=5, reserved="EDF+D")
    assert read_annotations(path)[0].span_s == 900.0


def test_no_annotation_channel_no_annotations(tmp_path):
    header, found = read_annotations(write_edf(tmp_path / "night.edf", [Signal()]))
    assert (header.labels, found) == ((EEG,), ())


def test_an_annotation_channel_spelled_otherwise_is_one(tmp_path):
    signals = [Signal(), annotations(label="EDF annotations")]
    path = write_edf(tmp_path / "night.edf", signals, 300, reserved="EDF+C")
    assert read_annotations(path)[0].labels == (EEG,)


def test_a_time_with_a_comma_is_counted_once(tmp_path):
    def tals(record: int) -> bytes:
        return b"+%d,0\x14\x14\x00" % record

    path = write_edf(tmp_path / "n.edf", [Signal(), annotations(tals)], 300, reserved="EDF+C")
    (finding,) = read_annotations(path)[0].findings
    assert finding.message.startswith("300 annotation times have a decimal comma")
