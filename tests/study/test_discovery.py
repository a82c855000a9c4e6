"""A folder in place of a study table: psgpipe finds each recording once, by its name."""

import os

import pytest

from psgpipe.edf.writer import write_scoring
from psgpipe.errors import StudyTableInvalid
from psgpipe.model.hypnogram import Hypnogram, SleepStage
from psgpipe.study.discovery import find_recordings, nights_in_folder
from tests.recordings import write_night


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def found(folder, besides=None):
    return [path.relative_to(folder).as_posix() for path in find_recordings(folder, besides)[0]]


def test_recordings_have_many_suffixes(tmp_path):
    put(tmp_path, "a.edf", "b.EDF", "c.Bdf", "d.rec", "e.edfz", "f.edf.gz", "g/h.BDF.GZ")
    put(tmp_path, "notes.txt", "study.tsv", "a.edf.txt", "edf", "x.gz", ".hidden.edf", "._a.edf")
    assert found(tmp_path) == [
        "a.edf", "b.EDF", "c.Bdf", "d.rec", "e.edfz", "f.edf.gz", "g/h.BDF.GZ",
    ]  # fmt: skip


def test_a_folder_that_is_called_like_a_recording_is_a_folder(tmp_path):
    put(tmp_path, "night.edf/inner.edf")
    assert found(tmp_path) == ["night.edf/inner.edf"]


def test_links_that_loop_end_and_a_file_of_two_names_is_found_once(tmp_path):
    put(tmp_path, "cycle/z.edf", "a.edf")
    try:
        (tmp_path / "cycle" / "back").symlink_to("..")
        (tmp_path / "cycle" / "alias.edf").symlink_to("../a.edf")
        (tmp_path / "0.edf").symlink_to("a.edf")
    except OSError:
        pytest.skip("links are not allowed here")
    assert found(tmp_path) == ["a.edf", "cycle/z.edf"]


def test_a_link_to_itself_is_named_and_fails_later(tmp_path):
    try:
        (tmp_path / "loop.edf").symlink_to("loop.edf")
    except OSError:
        pytest.skip("links are not allowed here")
    assert found(tmp_path) == ["loop.edf"]


def test_hard_links_are_recordings_of_their_own(tmp_path):
    put(tmp_path, "a.edf")
    os.link(tmp_path / "a.edf", tmp_path / "b.edf")
    assert found(tmp_path) == ["a.edf", "b.edf"]


def test_results_among_the_recordings_are_not_recordings(tmp_path):
    put(tmp_path, "a.edf", "out/nights/a/1/hypnogram.edf")
    assert found(tmp_path, besides=tmp_path / "out") == ["a.edf"]


def test_files_of_stages_are_passed_over_and_counted(tmp_path):
    put(tmp_path, "SC4001E0-PSG.edf", "SC4001EC-Hypnogram.edf", "night_scoring.edf")
    paths, passed_over = find_recordings(tmp_path)
    assert ([path.name for path in paths], passed_over) == (["SC4001E0-PSG.edf"], 2)


def test_a_file_with_annotations_alone_holds_stages_whatever_its_name(tmp_path):
    (tmp_path / "recordings").mkdir()
    (tmp_path / "expert").mkdir()
    write_night(tmp_path / "recordings" / "S1.edf", seconds=60, annotations=[(0, "Lights off")])
    (tmp_path / "expert" / "S1.edf").write_bytes(write_scoring(Hypnogram((SleepStage.W,) * 4)))
    nights, passed_over = nights_in_folder(tmp_path)
    assert [n.recording for n in nights] == [tmp_path / "recordings" / "S1.edf"]
    assert passed_over == 1


def test_subject_and_night_come_from_bids_names_or_the_file_name(tmp_path):
    put(tmp_path, "sub-01/ses-base1/eeg/sub-01_ses-base1_task-sleep_eeg.edf", "n07.edf")
    nights = [n.night for n in nights_in_folder(tmp_path)[0]]
    assert {(n.subject, n.night) for n in nights} == {("01", "base1"), ("n07", "1")}
    assert {n.condition for n in nights} == {None}


@pytest.mark.parametrize(
    ("a", "b"), [("S1/psg.edf", "S2/psg.edf"), ("a b.edf", "a-b.edf"), ("S1.edf", "s1.bdf")]
)
def test_two_recordings_of_one_night_are_refused_by_name(tmp_path, a, b):
    put(tmp_path, a, b)
    if len(found(tmp_path)) < 2:
        pytest.skip("one file on this disk")
    with pytest.raises(StudyTableInvalid) as refused:
        nights_in_folder(tmp_path)
    assert refused.value.exit_code == 3
    assert a in refused.value.problem
    assert b in refused.value.problem


def test_a_folder_without_recordings_is_refused(tmp_path):
    put(tmp_path, "notes.txt")
    with pytest.raises(StudyTableInvalid, match="found none"):
        nights_in_folder(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="names of bytes are POSIX's")
def test_a_name_that_is_no_text(tmp_path):
    put(tmp_path, os.fsdecode(b"bad_\xff\xfe.edf"))
    ((listed,), _) = nights_in_folder(tmp_path)
    assert listed.recording.exists()


def test_names_in_other_scripts_are_nights_of_their_own(tmp_path):
    put(tmp_path, "Иванов.edf", "Петров.edf", "睡眠.edf")
    nights, _ = nights_in_folder(tmp_path)
    assert {listed.night.subject for listed in nights} == {"Иванов", "Петров", "睡眠"}
