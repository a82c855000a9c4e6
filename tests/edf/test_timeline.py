"""Times of data records in EDF+ and BDF+: gaps, jitter, and times that go backwards."""

import numpy as np
import pytest

from psgpipe.edf.reader import read_header, read_recording
from psgpipe.errors import HeaderInvalid
from tests.edf_files import Signal, annotations, keeping_time, write_edf

EEG = "EEG C4-M1"


def night(tmp_path, onsets_s, *, reserved="EDF+D", tals=None, **fields):
    channel = annotations(tals or keeping_time(onsets_s))
    n_records = len(onsets_s)
    return write_edf(
        tmp_path / "night.edf", [Signal(), channel], n_records, reserved=reserved, **fields
    )


def read(path):
    return read_header(path), read_recording(path, [EEG])


def codes(found) -> list[str]:
    return [finding.code for finding in found.findings]


def seconds(first: float, n: int, step: float = 1.0) -> list[float]:
    return list(first + step * np.arange(n))


@pytest.mark.parametrize("reserved", ["EDF+D", "EDF+C", ""])
def test_a_gap_stands_on_the_true_clock_whatever_the_file_declares(tmp_path, reserved):
    path = night(tmp_path, seconds(0, 200) + seconds(260, 200), reserved=reserved)
    header, recording = read(path)
    assert (header.duration_s, header.span_s) == (400.0, 460.0)
    assert recording.segments == ((0.0, 20000), (260.0, 20000))
    assert recording.span_s == 460.0
    assert recording.signals_uv.shape == (1, 40000)
    finding = next(f for f in header.findings if f.code == "edfplus-gap")
    assert finding.message.startswith("1 gap in the recording, 60 s in all")
    assert ("declared continuous" in finding.message) == (reserved != "EDF+D")


def test_a_gap_after_every_record(tmp_path):
    _, recording = read(night(tmp_path, seconds(0, 300, 1.5)))
    assert len(recording.segments) == 300
    assert recording.segments[-1] == (448.5, 100)


def test_the_first_record_starts_the_clock(tmp_path):
    _, recording = read(night(tmp_path, seconds(0.25, 200) + seconds(300.25, 200)))
    assert recording.segments == ((0.0, 20000), (300.0, 20000))


def test_a_discontinuous_file_without_gaps_is_one_stretch(tmp_path):
    header, recording = read(night(tmp_path, seconds(0, 300)))
    assert recording.segments == ((0.0, 30000),)
    assert header.findings == recording.findings == ()


def test_a_gap_of_one_sample_is_a_gap(tmp_path):
    _, recording = read(night(tmp_path, seconds(0, 200) + seconds(200.01, 200)))
    assert [s.n_samples for s in recording.segments] == [20000, 20000]
    assert recording.segments[1].onset_s == pytest.approx(200.01)


@pytest.mark.parametrize("reserved", ["EDF+D", "EDF+C"])
def test_rounding_of_onsets_is_no_gap(tmp_path, reserved):
    onsets_s = [round(r / 3, 3) for r in range(1200)]
    path = night(tmp_path, onsets_s, reserved=reserved, record_s="0.333333")
    _, recording = read(path)
    assert len(recording.segments) == 1
    assert codes(recording) == []


def test_six_significant_digits_are_no_gap(tmp_path):
    """printf("%.6g") writes 1000.25 as 1000.25 and 10000.25 as 10000.2."""
    onsets_s = [float(f"{9800 + r / 4:.6g}") for r in range(1600)]
    tals = keeping_time(onsets_s)
    signals = [Signal(per_record=25), annotations(tals)]
    path = write_edf(tmp_path / "night.edf", signals, 1600, record_s="0.25", reserved="EDF+D")
    recording = read_recording(path, [EEG])
    assert len(recording.segments) == 1
    assert codes(recording) == ["start-offset"]


def test_onsets_in_whole_seconds_for_half_second_records_are_no_gap(tmp_path):
    tals = keeping_time([r // 2 for r in range(800)])
    signals = [Signal(per_record=50), annotations(tals)]
    path = write_edf(tmp_path / "night.edf", signals, 800, record_s="0.5", reserved="EDF+C")
    recording = read_recording(path, [EEG])
    assert len(recording.segments) == 1
    assert codes(recording) == []


def test_a_clock_that_jitters_is_no_gap_and_is_said(tmp_path):
    jitter = np.random.default_rng(0).uniform(-0.02, 0.02, 400)
    _, recording = read(night(tmp_path, list(np.round(np.arange(400) + jitter, 4))))
    assert len(recording.segments) == 1
    assert codes(recording) == ["onset-jitter"] + (["start-offset"] if jitter[0] < 0 else [])


def test_a_clock_that_drifts_is_set_right_now_and_then(tmp_path):
    """100 ppm: 1 ms in 10 s; a quarter of a second is reached after 2500 s."""
    onsets_s = list(np.round(np.arange(6000) * 1.0001, 4))
    _, recording = read(night(tmp_path, onsets_s))
    assert len(recording.segments) == 3
    assert recording.span_s == pytest.approx(6000.6, abs=0.25)
    assert "clock-drift" in codes(recording)


def test_a_clock_that_lags_is_said(tmp_path):
    onsets_s = list(np.round(np.arange(6000) * 0.9999, 4))
    _, recording = read(night(tmp_path, onsets_s))
    assert len(recording.segments) == 1
    assert codes(recording) == ["clock-drift"]


@pytest.mark.parametrize(
    ("onsets_s", "how"),
    [
        (seconds(150, 150) + seconds(0, 150), "time goes backwards"),
        (seconds(0, 100) + seconds(99, 200), "time goes backwards"),
        (seconds(0, 100) + seconds(99.5, 200), "time overlaps"),
    ],
)
@pytest.mark.parametrize("reserved", ["EDF+D", "EDF+C"])
def test_time_that_goes_backwards_is_refused(tmp_path, onsets_s, how, reserved):
    path = night(tmp_path, onsets_s, reserved=reserved)
    with pytest.raises(HeaderInvalid, match=how):
        read_recording(path, [EEG])
    with pytest.raises(HeaderInvalid, match=how):
        read_header(path)


def test_a_discontinuous_file_without_times_is_refused(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal()], reserved="EDF+D")
    with pytest.raises(HeaderInvalid, match="no data record says when it was recorded"):
        read_header(path)


def test_a_continuous_file_without_times_is_continuous(tmp_path):
    header = read_header(write_edf(tmp_path / "night.edf", [Signal()], reserved="EDF+C"))
    assert header.span_s == 300.0
    assert codes(header) == ["timekeeping-missing"]


def test_a_clock_that_stands_still_in_a_continuous_file_says_nothing(tmp_path):
    header, recording = read(night(tmp_path, [0.0] * 300, reserved="EDF+C"))
    assert (header.span_s, recording.segments) == (300.0, ((0.0, 30000),))
    assert codes(header) == codes(recording) == ["timekeeping-missing"]
    with pytest.raises(HeaderInvalid, match="time goes backwards"):
        read_header(night(tmp_path, [0.0] * 300, reserved="EDF+D"))


def test_a_time_cut_off_behind_its_first_separator_is_a_time(tmp_path):
    onsets_s = seconds(0, 1000) + seconds(2000, 100)
    keep = annotations(keeping_time(onsets_s), per_record=3)
    path = write_edf(tmp_path / "night.edf", [Signal(), keep], 1100, reserved="EDF+D")
    header, recording = read(path)
    assert header.span_s == recording.span_s == 2100.0
    assert "annotation-malformed" in codes(recording)


def without_time(onsets_s, missing):
    keep = keeping_time(onsets_s)
    return lambda record: b"" if record in missing else keep(record)


@pytest.mark.parametrize("missing", [range(50, 60), [0], [0, 1, 2]])
def test_missing_times_follow_from_their_neighbours(tmp_path, missing):
    onsets_s = seconds(0, 300) + seconds(400, 100)
    path = night(tmp_path, onsets_s, tals=without_time(onsets_s, missing))
    _, recording = read(path)
    assert recording.segments == ((0.0, 30000), (400.0, 10000))
    assert codes(recording) == ["timekeeping-missing", "edfplus-gap"]


def test_a_missing_time_beside_a_gap_cannot_be_known(tmp_path):
    onsets_s = seconds(0, 300) + seconds(400, 100)
    path = night(tmp_path, onsets_s, tals=without_time(onsets_s, [299, 300]))
    with pytest.raises(HeaderInvalid, match="2 data records do not say when"):
        read_recording(path, [EEG])


def test_a_tail_that_was_never_written_is_left_out_of_a_discontinuous_file(tmp_path):
    onsets_s = seconds(0, 400)
    path = night(tmp_path, onsets_s, tals=without_time(onsets_s, range(350, 400)))
    header, recording = read(path)
    assert header.duration_s == recording.duration_s == 350.0
    assert "50 at the end are left out" in recording.findings[0].message


def test_times_that_span_years_are_refused(tmp_path):
    with pytest.raises(HeaderInvalid, match="more than any night"):
        read_header(night(tmp_path, seconds(0, 150) + seconds(1e8, 150)))


def test_an_annotation_channel_first_and_another_last(tmp_path):
    texts = {33: b"+33\x14Lights off\x14\x00"}
    signals = [
        annotations(keeping_time(seconds(0, 150) + seconds(200, 150))),
        Signal(),
        annotations(lambda record: texts.get(record, b"")),
    ]
    path = write_edf(tmp_path / "night.edf", signals, 300, reserved="EDF+D")
    recording = read_recording(path, [EEG])
    assert recording.segments == ((0.0, 15000), (200.0, 15000))
    assert [a.text for a in recording.annotations] == ["Lights off"]


def test_24_bit_gaps(tmp_path):
    channel = annotations(
        keeping_time(seconds(0, 150) + seconds(200, 150)), label="BDF Annotations"
    )
    path = write_edf(
        tmp_path / "night.bdf", [Signal(), channel], 300, reserved="BDF+D", is_bdf=True
    )
    header, recording = read(path)
    assert header.container == "BDF+D"
    assert recording.segments == ((0.0, 15000), (200.0, 15000))
