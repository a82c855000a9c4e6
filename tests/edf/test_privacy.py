"""No free header text of a recording appears in findings, errors or printed values."""

import pytest

from psgpipe.edf.reader import read_annotations, read_header, read_recording
from psgpipe.errors import PsgpipeError
from tests.edf_files import Signal, annotations, keeping_time, write_edf

NAME = "Haagse Harry 02-MAY-1951"
PERSONAL = {"patient": NAME, "recording": f"Startdate 01-MAI-2024 {NAME}"}


def everything_said(path, labels=None) -> str:
    said = []
    for read in (read_header, read_annotations, lambda p: read_recording(p, labels)):
        try:
            result = read(path)
        except PsgpipeError as error:
            said.append(f"{error} {error!r} {error.__cause__}")
            continue
        found = result[0] if isinstance(result, tuple) else result
        said += [finding.message for finding in found.findings]
    return " ".join(said)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"date": "Harry", "time": "Haagse"},
        {"n_records_field": "Harry"},
        {"record_s": "Harry"},
        {"header_bytes": "Harry"},
        {"n_signals_field": "Harr"},
        {"reserved": NAME},
        {"version": "Harry"},
    ],
)
def test_a_header_with_names_in_the_wrong_places(tmp_path, fields):
    texts = {3: f"+3\x14{NAME}\x14\x00+4\x14{NAME}".encode(), 4: b"Harry\x14"}
    signals = [
        Signal(transducer=NAME, prefilter=NAME, reserved=NAME, physical_min="Harry"),
        annotations(keeping_time(texts=texts), per_record=90),
    ]
    fields = {"reserved": "EDF+C", **PERSONAL, **fields}
    path = write_edf(tmp_path / "night.edf", signals, **fields)
    said = everything_said(path)
    assert "Harr" not in said
    assert "Haagse" not in said
    assert said


def test_a_name_in_place_of_the_count_of_samples(tmp_path):
    path = write_edf(tmp_path / "night.edf", [Signal(samples_field="Harry")], **PERSONAL)
    assert "Harry" not in everything_said(path)
