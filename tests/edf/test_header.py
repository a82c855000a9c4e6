"""The header: the reader parses or refuses every number, and checks the file size."""

import gzip
import math

import numpy as np
import pytest

from psgpipe.edf.reader import read_header, read_recording
from psgpipe.errors import ChannelMissing, HeaderInvalid, NoData, UnsafeFile
from tests.edf_files import Signal, annotations, edf_bytes, write_edf

EEG = "EEG C4-M1"


def codes(found) -> list[str]:
    return [finding.code for finding in found.findings]


def missing_end(found) -> list[tuple[str, float]]:
    """What each finding affects, and the seconds that are missing behind the end."""
    return [(finding.affects, finding.missing_end_s) for finding in found.findings]


def test_a_plain_recording_has_no_findings(tmp_path):
    header = read_header(write_edf(tmp_path / "night.edf", [Signal(), Signal(label="EMG chin")]))
    assert header.container == "EDF"
    assert header.labels == (EEG, "EMG chin")
    assert header.duration_s == header.span_s == 300.0
    assert header.channels[0].fs_hz == 100.0
    assert header.findings == ()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"header_bytes": 768}, "header length 768 does not fit 1 signal"),
        ({"header_bytes": ""}, "header length is blank"),
        ({"header_bytes": "5I2"}, "header length is not a number"),
        ({"n_signals_field": 0}, "declares 0 signals"),
        ({"n_signals_field": -1}, "declares -1 signals"),
        ({"n_signals_field": "1x"}, "number of signals is not a number"),
        ({"n_signals_field": "1_0"}, "number of signals is not a number"),
        ({"n_records_field": "many"}, "number of data records is not a number"),
        ({"n_records_field": -2}, "declares -2 data records"),
        ({"n_records_field": "30.5"}, "number of data records is not a whole number (30.5)"),
        ({"n_records_field": "1,000"}, "number of data records is ambiguous (1,000)"),
        ({"n_records_field": "1e300"}, "number of data records is out of range"),
        ({"record_s": ""}, "duration of a data record is blank"),
        ({"record_s": "nan"}, "duration of a data record is not finite"),
        ({"record_s": "inf"}, "duration of a data record is not finite"),
        ({"record_s": "-1"}, "a data record lasts -1 s"),
        ({"record_s": "1e-300"}, "a data record lasts 1e-300 s"),
        ({"record_s": "0"}, "sampling rates undefined"),
        ({"version": b"\xef\xbb\xbf0"}, "text with a byte order mark"),
        ({"version": b"PK\x03\x04"}, "a zip archive"),
        ({"version": "GDF 2.20"}, "a GDF file"),
    ],
)
def test_a_field_that_the_layout_needs_is_refused_by_name(tmp_path, fields, said):
    path = write_edf(tmp_path / "night.edf", [Signal()], **fields)
    with pytest.raises(HeaderInvalid) as refused:
        read_header(path)
    assert said in refused.value.problem
    assert refused.value.exit_code == 4


UNUSUAL_VERSIONS = [
    "20160817", b"0\xa0\xa0", "", "1", "EDF", b"0\0 \0 \0 \0", b"\xe90", b"0\t\r\n", "Harry",
]  # fmt: skip


@pytest.mark.parametrize("version", UNUSUAL_VERSIONS)
@pytest.mark.parametrize("is_gzipped", [False, True], ids=["plain", "gzipped"])
def test_an_unusual_version_is_read_where_every_size_agrees(tmp_path, version, is_gzipped):
    content = edf_bytes([Signal(), annotations()], version=version, reserved="EDF+C")
    path = tmp_path / ("night.edf.gz" if is_gzipped else "night.edf")
    path.write_bytes(gzip.compress(content) if is_gzipped else content)
    usual = read_recording(write_edf(tmp_path / "usual.edf", [Signal(), annotations()]), [EEG])
    recording = read_recording(path, [EEG])
    assert np.array_equal(recording.signals_uv, usual.signals_uv)
    assert codes(recording) == ["version-unusual"]
    assert codes(read_header(path)) == ["version-unusual"]
    assert "those of EDF" in recording.findings[0].message
    assert "Harry" not in recording.findings[0].message


@pytest.mark.parametrize("version", ["20160817", b"?BIOSEMI", b"\xffBioSemi"])
def test_the_size_tells_24_bit_samples_where_the_version_does_not(tmp_path, version):
    fields = {"digital_min": -8388608, "digital_max": 8388607}
    path = write_edf(tmp_path / "n.bdf", [Signal(**fields)], is_bdf=True, version=version)
    usual = write_edf(tmp_path / "u.bdf", [Signal(**fields)], is_bdf=True)
    recording = read_recording(path, [EEG])
    assert np.array_equal(recording.signals_uv, read_recording(usual, [EEG]).signals_uv)
    assert codes(recording)[0] == "version-unusual"
    assert "those of BDF" in recording.findings[0].message


def test_an_unusual_version_of_a_recording_that_was_not_closed(tmp_path):
    path = write_edf(tmp_path / "n.edf", [Signal()], version="20160817", n_records_field=-1)
    assert codes(read_header(path)) == ["version-unusual", "record-count-unknown"]
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(HeaderInvalid, match="the version field is neither EDF's nor BDF's"):
        read_header(path)


@pytest.mark.parametrize("version", UNUSUAL_VERSIONS)
@pytest.mark.parametrize(
    "fields",
    [
        {"n_records_field": 299}, {"n_records_field": 301}, {"n_records_field": 0},
        {"n_records_field": "many"}, {"header_bytes": 768}, {"n_signals_field": 2},
        {"record_s": ""}, {"n_records_field": 10**9},
    ],
)  # fmt: skip
def test_an_unusual_version_is_refused_where_anything_disagrees(tmp_path, version, fields):
    path = write_edf(tmp_path / "night.edf", [Signal()], version=version, **fields)
    with pytest.raises(HeaderInvalid, match="the version field is neither EDF's nor BDF's"):
        read_header(path)


@pytest.mark.parametrize(
    ("per_record", "said"),
    [("-5", "signal 1 is -5"), ("1OO", "not a number"), ("", "blank"), ("0", "no signal has any")],
)
def test_samples_per_record_that_are_no_count_are_refused(tmp_path, per_record, said):
    path = write_edf(tmp_path / "night.edf", [Signal(samples_field=per_record)])
    with pytest.raises(HeaderInvalid, match=said):
        read_header(path)


def test_a_huge_number_of_samples_is_no_data_and_no_memory(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal(samples_field=99999999)])
    with pytest.raises(NoData, match="60000 of 199999998 bytes of the first data record"):
        read_header(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (bytes(4096), "nothing but NUL bytes"),
        (b"0       " + b" " * 100, "the header is incomplete (108 of 256 bytes)"),
        (b"Epoch,Stage\n" * 400, "not an EDF or BDF file: this is text"),
        ("Müller: night of 4 March\n".encode(), "not an EDF or BDF file: this is text"),
        (b"\xef\xbb\xbfsubject;night;condition;recording\r\n" * 9, "this is a table"),
        (b"A" * 400, "the version field is neither"),
        (edf_bytes([Signal()], 0)[:300], "the header is incomplete (300 of 512 bytes)"),
    ],
)
def test_what_is_no_header_says_what_it_is(tmp_path, content, said):
    path = tmp_path / "night.edf"
    path.write_bytes(content)
    with pytest.raises(HeaderInvalid) as refused:
        read_header(path)
    assert said in refused.value.problem


def test_a_count_of_minus_one_is_counted_from_the_size(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal()], n_records_field=-1)
    path.write_bytes(path.read_bytes() + bytes(50))
    header = read_header(path)
    assert header.duration_s == 300.0
    assert codes(header) == ["record-count-unknown"]
    assert "50 bytes of a last, incomplete record" in header.findings[0].message
    assert missing_end(header) == [("end", math.inf)]


def test_a_short_file_gives_its_whole_records_and_says_what_is_missing(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal()], n_records=400)
    path.write_bytes(path.read_bytes()[:-1])
    recording = read_recording(path, [EEG])
    assert recording.signals_uv.shape == (1, 39900)
    assert codes(recording) == ["size-short"]
    assert "1 is missing; the last record is incomplete" in recording.findings[0].message
    assert missing_end(recording) == [("end", 1.0)]


def test_a_long_file_is_read_to_its_declared_end(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal()], n_records=301, n_records_field=300)
    recording = read_recording(path, [EEG])
    assert recording.signals_uv.shape == (1, 30000)
    assert codes(recording) == ["size-long"]
    assert missing_end(recording) == [("end", 1.0)]
    path.write_bytes(path.read_bytes()[:-1])
    assert missing_end(read_header(path)) == [("end", 0.0)]  # no whole record is behind the end


@pytest.mark.parametrize(
    "convert",
    [
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.decode("utf-8", errors="replace").encode("utf-8"),
    ],
    ids=["line ends", "UTF-8"],
)
def test_samples_that_went_through_a_text_mode_are_refused(tmp_path, convert):
    noise = np.random.default_rng(0).integers(-2000, 2000, 30000)
    whole = edf_bytes([Signal(digital=noise)])
    path = tmp_path / "night.edf"
    path.write_bytes(whole[:512] + convert(whole[512:]))
    with pytest.raises(HeaderInvalid, match="as if they were text"):
        read_header(path)


@pytest.mark.parametrize("count", [0, 300, -1])
def test_no_whole_record_is_no_data(tmp_path, count):
    path = write_edf(tmp_path / "night.edf", [Signal()], n_records=0, n_records_field=count)
    with pytest.raises(NoData):
        read_header(path)


def test_records_after_a_count_of_zero_are_not_guessed_at(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal()], n_records=300, n_records_field=0)
    with pytest.raises(NoData, match="declares 0 data records, though 60000 bytes follow"):
        read_header(path)


def test_a_sparse_file_of_months_is_refused_before_it_is_read(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal()], n_records_field=-1)
    with path.open("r+b") as file:
        file.truncate(20 * 10**9)
    with pytest.raises(UnsafeFile, match="implausible size: 1157 days"):
        read_header(path)


@pytest.mark.parametrize("record_s", ["1,0", "1.0", "+1", "1e0", "1.", "01.000"])
def test_a_record_duration_may_be_written_in_many_ways(tmp_path, record_s):
    header = read_header(write_edf(tmp_path / "night.edf", [Signal()], record_s=record_s))
    assert header.duration_s == 300.0
    assert codes(header) == (["decimal-comma"] if "," in record_s else [])


def test_rates_are_exact_quotients(tmp_path):
    signals = [Signal(per_record=7), Signal(label="EMG chin", per_record=21)]
    header = read_header(write_edf(tmp_path / "night.edf", signals, 4000, record_s="0.07"))
    assert [c.fs_hz for c in header.channels] == [100.0, 300.0]


def test_nul_padding_is_read_with_a_finding(tmp_path):
    signal = Signal(
        physical_max=b"500\0\0\0\0\0", unit=b"uV\0\0\0\0\0\0", label=b"C4-M1".ljust(16, b"\0")
    )
    header = read_header(write_edf(tmp_path / "night.edf", [signal], n_records_field=b"300\0"))
    assert header.labels == ("C4-M1",)
    assert header.channels[0].physical_max == 500.0
    assert header.channels[0].uv_per_unit == 1.0
    assert codes(header) == ["field-padding"]


def test_the_number_of_bits_is_told_by_the_size_where_the_version_lies(tmp_path):
    whole = edf_bytes([Signal(), Signal(label="EMG chin")], is_bdf=True)
    path = tmp_path / "night.edf"
    path.write_bytes(b"0       " + whole[8:])
    with pytest.raises(HeaderInvalid, match="16-bit samples, the reserved field or"):
        read_header(path)


def test_a_count_that_lies_is_not_taken_for_another_number_of_bits(tmp_path):
    longer = write_edf(tmp_path / "night.edf", [Signal()], n_records=30, n_records_field=20)
    recording = read_recording(longer, ["EEG C4-M1"])
    assert recording.duration_s == 20.0
    assert [f.code for f in recording.findings if f.code.startswith("size")] == ["size-long"]
    wide = Signal(digital_min=-8388608, digital_max=8388607)
    cut = write_edf(tmp_path / "night.bdf", [wide], is_bdf=True, n_records=20, n_records_field=30)
    assert "size-short" in codes(read_header(cut))


def test_edf_that_calls_itself_24_bit_is_refused_unless_its_size_says_16(tmp_path):
    right = write_edf(tmp_path / "right.edf", [Signal()], reserved="24BIT")
    assert codes(read_header(right)) == ["reserved-contradicts"]
    unclosed = write_edf(tmp_path / "open.edf", [Signal()], reserved="24BIT", n_records_field=-1)
    with pytest.raises(HeaderInvalid, match="24-bit"):
        read_header(unclosed)


@pytest.mark.parametrize(
    ("is_bdf", "name", "code"),
    [(True, "n.edf", "bdf-named-edf"), (False, "n.bdf", "edf-named-bdf"), (True, "n.BDF", None)],
)
def test_the_bytes_decide_not_the_name(tmp_path, is_bdf, name, code):
    header = read_header(write_edf(tmp_path / name, [Signal()], is_bdf=is_bdf))
    assert header.container == ("BDF" if is_bdf else "EDF")
    assert codes(header) == ([code] if code else [])


@pytest.mark.parametrize(
    ("is_bdf", "reserved", "container", "code"),
    [
        (False, "EDF+C", "EDF+C", None),
        (False, "EDF+D", "EDF+D", None),
        (False, "EDF+C made by hand", "EDF+C", None),
        (False, "edf+c", "EDF+C", "reserved-unusual"),
        (False, "EDF+", "EDF+C", "reserved-unusual"),
        (True, "BDF+C", "BDF+C", None),
        (True, "EDF+C", "BDF+C", "reserved-unusual"),
        (True, "24BIT", "BDF", "edfplus-undeclared"),
        (False, "", "EDF", "edfplus-undeclared"),
    ],
)
def test_the_reserved_field_says_what_container_it_is(tmp_path, is_bdf, reserved, container, code):
    signals = [Signal(), annotations()]
    name = "night.bdf" if is_bdf else "night.edf"
    header = read_header(write_edf(tmp_path / name, signals, is_bdf=is_bdf, reserved=reserved))
    assert header.container == container
    assert codes(header) == ([code] if code else [])


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (b"EEG M\xfcller", "EEG M\xfcller"),
        ("EEG Fp1-é".encode(), "EEG Fp1-é"),
        ("Impédance C4-M1é".encode()[:16], "Impédance C4-M1"),
        (b"  C4 - M1  ", "C4 - M1"),
        (b"EEG\nC4-M1", "EEG\nC4-M1"),
        (b"", ""),
    ],
)
def test_a_label_may_hold_anything(tmp_path, raw, label):
    path = write_edf(tmp_path / "night.edf", [Signal(label=raw)])
    assert read_header(path).labels == (label,)
    assert read_recording(path, [label]).derivations == (label,)


def test_a_label_that_stands_twice_is_said_and_cannot_be_used(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal(), Signal(), Signal(label="EMG chin")])
    assert codes(read_header(path)) == ["label-twice"]
    assert read_recording(path, ["EMG chin"]).derivations == ("EMG chin",)
    with pytest.raises(ChannelMissing, match="stands twice"):
        read_recording(path, [EEG])


def test_an_absent_label_names_what_is_there(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal(label="C4\x1b[31m"), Signal(label="EMG")])
    with pytest.raises(ChannelMissing) as refused:
        read_recording(path, ["C4-M1"])
    assert r"'C4-M1' is not among its channels: C4\x1b[31m, EMG" in refused.value.problem


def test_a_bad_number_in_a_shifted_header_is_not_repeated(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal()], record_s="Muller", n_records_field="Hans")
    with pytest.raises(HeaderInvalid) as refused:
        read_header(path)
    assert "Muller" not in str(refused.value)
    assert "Hans" not in str(refused.value)
