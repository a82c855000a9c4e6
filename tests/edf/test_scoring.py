"""A hypnogram as EDF+ annotations that EDFbrowser, MNE and edfio can read."""

import datetime as dt
from pathlib import Path

import edfio
import mne
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.edf.writer import write_scoring
from psgpipe.model.hypnogram import Hypnogram, SleepStage

EVENING = dt.datetime(2024, 3, 1, 22, 15, 7)
ONE_OF_EACH = Hypnogram(tuple(SleepStage), start=EVENING)


def test_each_stage_has_its_text_in_the_order_of_the_epochs(tmp_path: Path):
    path = tmp_path / "scoring.edf"
    path.write_bytes(write_scoring(ONE_OF_EACH))
    seen = mne.read_annotations(path)
    assert seen.description.tolist() == [
        "Sleep stage W",
        "Sleep stage N1",
        "Sleep stage N2",
        "Sleep stage N3",
        "Sleep stage R",
        "Artefact",
        "Sleep stage ?",
    ]
    assert seen.onset.tolist() == [0, 30, 60, 90, 120, 150, 180]
    assert set(seen.duration.tolist()) == {30.0}


def test_the_last_epoch_ends_where_the_recording_ends():
    seen = edfio.read_edf(write_scoring(ONE_OF_EACH, last_epoch_s=17.0)).annotations
    assert [a.duration for a in seen] == [30.0] * 6 + [17.0]


def test_the_start_is_the_recordings_start_to_the_fraction_of_a_second():
    start = dt.datetime(2024, 3, 1, 22, 15, 7, 250_000)
    edf = edfio.read_edf(write_scoring(Hypnogram(("W",), start=start)))
    assert (edf.startdate, edf.starttime) == (start.date(), start.time())


@pytest.mark.parametrize("start", [None, dt.datetime(1970, 1, 1, 23, 30), dt.datetime(2099, 1, 1)])
def test_a_date_that_edf_cannot_hold_is_left_out_and_the_clock_time_kept(start):
    clock = start.time() if start else dt.time(23, 30)
    edf = edfio.read_edf(write_scoring(Hypnogram(("W",), start=start, start_clock=clock)))
    assert edf.recording.get_subfield(1) == "X"
    assert edf.starttime == clock


def test_the_file_is_edf_plus_with_one_annotation_signal_and_no_patient():
    header = write_scoring(ONE_OF_EACH)[:512]
    assert header[8:88].split() == [b"X", b"X", b"X", b"X"]
    assert header[192:197] == b"EDF+C"
    assert header[236:244].strip() == b"1"  # records
    assert header[244:252].strip() == b"0"  # seconds in a record: annotations only
    assert header[256:272] == b"EDF Annotations "


@given(st.lists(st.sampled_from(list(SleepStage)), min_size=1, max_size=3000))
def test_every_hypnogram_comes_back_and_twice_the_same_bytes(stages):
    scoring = write_scoring(Hypnogram(tuple(stages), start=EVENING))
    assert scoring == write_scoring(Hypnogram(tuple(stages), start=EVENING))
    seen = edfio.read_edf(scoring).annotations
    spelled = {"Artefact": "ART", "Sleep stage ?": "UNS"}
    assert [spelled.get(a.text, a.text.removeprefix("Sleep stage ")) for a in seen] == stages
    assert [a.onset for a in seen] == [30.0 * n for n in range(len(stages))]
