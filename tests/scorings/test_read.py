"""A scoring is recognised by its bytes, and what is no scoring is never called a recording."""

import gzip

import pytest

from psgpipe.errors import ScoringInvalid, UsageError
from psgpipe.model.hypnogram import SleepStage
from psgpipe.scorings.mapping import read_mapping
from psgpipe.scorings.read import read_scoring
from tests.edf_files import Signal, annotations, keeping_time, write_edf
from tests.scorings.scoring_files import EVENING, edf_scoring


def write(folder, content, name="scoring.edf"):
    path = folder / name
    path.write_bytes(content)
    return path


def test_stages_are_read_from_edf_plus_with_their_times_and_the_files_clock(tmp_path):
    notes = [(0, 30, "Sleep stage W"), (30, 60, "Sleep stage 2"), (90, None, "Lights on")]
    scoring = read_scoring(write(tmp_path, edf_scoring(notes)))
    assert [(s.onset_s, s.duration_s, s.stage) for s in scoring.stages] == [
        (0, 30, "W"),
        (30, 60, "N2"),
    ]
    assert scoring.start == EVENING
    assert [a.text for a in scoring.annotations] == ["Lights on"]
    assert (scoring.format, scoring.recognised_by) == ("edf", "its header is one of EDF")


def test_stages_in_the_recording_itself_are_a_scoring_too(tmp_path):
    stage = {0: b"+0\x1530\x14Sleep stage R\x14\x00"}
    signals = [Signal(), annotations(keeping_time(texts=stage))]
    path = write_edf(tmp_path / "night.edf", signals, reserved="EDF+C")
    assert [s.stage for s in read_scoring(path).stages] == ["R"]


def test_a_gzipped_scoring_is_read(tmp_path):
    content = gzip.compress(edf_scoring([(0, 30, "Sleep stage W")]))
    assert read_scoring(write(tmp_path, content, "scoring.edf.gz")).stages[0].stage == "W"


@pytest.mark.parametrize(
    "content",
    [b"just some words\n" * 20, b"", b"\x89PNG\r\n\x1a\n\0\0", "Schlaf\n".encode("utf-16")],
)
def test_what_is_no_scoring_is_not_called_a_broken_recording(tmp_path, content):
    with pytest.raises(ScoringInvalid) as refused:
        read_scoring(write(tmp_path, content, "notes.txt"))
    assert "not a scoring in a format that psgpipe knows" in refused.value.problem
    assert "recording" not in str(refused.value)


def test_a_damaged_edf_scoring_is_called_a_scoring(tmp_path):
    cut = edf_scoring([(0, 30, "Sleep stage W")])[:300]
    with pytest.raises(ScoringInvalid, match="the scoring"):
        read_scoring(write(tmp_path, cut))


def test_a_missing_file_and_a_folder_are_said_as_such(tmp_path):
    with pytest.raises(ScoringInvalid, match="cannot be read"):
        read_scoring(tmp_path / "absent.edf")
    with pytest.raises(ScoringInvalid, match="this is a folder"):
        read_scoring(tmp_path)


def test_annotations_without_a_stage_are_no_scoring(tmp_path):
    with pytest.raises(ScoringInvalid, match="nothing in it names a sleep stage"):
        read_scoring(write(tmp_path, edf_scoring([(0, 3, "Arousal")])))


def test_a_mapping_names_the_spellings_of_a_laboratory(tmp_path):
    path = write(tmp_path, edf_scoring([(0, 30, "Etappe eins"), (30, 30, "Sleep stage W")]))
    mapping = read_mapping("Etappe eins=N1")
    assert [s.stage for s in read_scoring(path, mapping=mapping).stages] == ["N1", "W"]


def test_a_mapping_is_read_from_the_command_and_from_toml(tmp_path):
    file = tmp_path / "map.toml"
    file.write_text('[stages]\nW = ["0"]\nN3 = ["3", "4"]\n', encoding="utf-8")
    wanted = {"0": SleepStage.W, "3": SleepStage.N3, "4": SleepStage.N3}
    assert read_mapping(str(file)) == wanted
    assert read_mapping("0=W, 3=N3; 4=n3") == wanted


@pytest.mark.parametrize("text", ["0", "0=Z", "=W", "0=W,0=R", ",", ""])
def test_a_mapping_that_says_nothing_or_two_things_is_refused(text):
    with pytest.raises(UsageError, match="the mapping of a scoring"):
        read_mapping(text)


def test_an_unknown_format_is_refused_with_those_there_are(tmp_path):
    path = write(tmp_path, edf_scoring([(0, 30, "Sleep stage W")]))
    with pytest.raises(UsageError, match="edf"):
        read_scoring(path, scoring_format="edv")
