"""``psgpipe table`` writes what names and annotations show, leaves the rest blank, and says so."""

import csv
import json
import re
from pathlib import PurePosixPath

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.cli.tables.table import command
from psgpipe.edf.writer import write_scoring
from psgpipe.errors import StudyTableInvalid, UsageError
from psgpipe.model.hypnogram import Hypnogram, SleepStage
from psgpipe.starter.profile import profile_of_pattern, profiles
from psgpipe.study.study import read_study
from psgpipe.study.study_table import study_table
from tests.edf_files import Signal, write_edf
from tests.recordings import write_night

SCORING = write_scoring(Hypnogram((SleepStage.W, SleepStage.N2) * 10))


@pytest.fixture
def archive(tmp_path):
    """A folder of tiny recordings and of scorings with these names."""

    def make(*names, scorings=()):
        folder = tmp_path / "archive"
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_edf(folder / name, [Signal()], 60)
        for name in scorings:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(SCORING)
        return folder

    return make


@pytest.fixture
def table(tmp_path, capsys):
    """The rows of the table that the command writes, and its remarks."""

    def make(folder, *options):
        out = tmp_path / "study.tsv"
        assert exit_code(["table", str(folder), "-o", str(out), "--json", *options]) == 0
        said = json.loads(capsys.readouterr().out)
        with out.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t")), said

    return make


def ids(rows):
    return [(row["subject"], row["night"]) for row in rows]


def test_bids_names_are_subject_and_night(archive, table):
    folder = archive("sub-01/ses-a/eeg/sub-01_ses-a_task-sleep_eeg.edf", "sub-02_ses-b_psg.edf")
    rows, said = table(folder)
    assert ids(rows) == [("01", "a"), ("02", "b")]
    assert said["ids_from"] == "BIDS names"
    assert rows[0]["recording"] == "archive/sub-01/ses-a/eeg/sub-01_ses-a_task-sleep_eeg.edf"


def test_folders_are_subjects(archive, table):
    rows, said = table(archive("S01/base/psg.edf", "S01/treat/psg.edf", "S02/S02_n1.edf"))
    assert ids(rows) == [("S01", "base-psg"), ("S01", "treat-psg"), ("S02", "n1")]
    assert said["ids_from"].startswith("folders")


def test_a_number_at_the_end_of_a_name_is_a_night(archive, table):
    rows, _ = table(archive("P01_N1.edf", "P01_N2.edf", "P02-night1.edf", "P03_2.edf"))
    assert ids(rows) == [("P01", "N1"), ("P01", "N2"), ("P02", "night1"), ("P03", "2")]


def test_of_names_that_show_no_subject_nothing_is_guessed(archive, table):
    for number, names in enumerate((("S_01.edf", "S_02.edf"), ("night07.edf",))):
        folder = archive(*(f"{number}/{name}" for name in names)) / str(number)
        rows, said = table(folder, "--force")
        assert ids(rows) == [("", "")] * len(names)
        assert said["ids_from"] is None
        assert any("subject and night are blank" in remark for remark in said["remarks"])


def test_a_pattern_names_subject_night_and_condition(archive, table):
    names = ("SC4001E0-PSG.edf", "treatment/x12_3-PSG.edf")
    rows, _ = table(archive(*names), "--pattern", "{subject}E{night}-PSG.edf")
    assert ids(rows) == [("SC4001", "0"), ("", "")]
    folder = archive("baseline/p1-2.edf", "treatment/p1-3.edf")
    rows, _ = table(folder, "--pattern", "{condition}/{subject}-{night:1}.edf", "--force")
    found = [(*pair, row["condition"]) for pair, row in zip(ids(rows), rows, strict=True)]
    assert ("p1", "2", "baseline") in found
    assert ("p1", "3", "treatment") in found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{night}.edf", "{subject} was wanted once, found none"),
        ("{subject}-{subject}.edf", "found {subject} twice"),
        ("{subject}{night}.edf", "where one field ends"),
        ("{subjet}.edf", "did you mean 'subject'"),
    ],
)
def test_a_pattern_that_shows_no_subject_is_refused(pattern, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        profile_of_pattern(pattern)


def test_a_pattern_holds_stars_and_fixed_widths():
    profile = profile_of_pattern("*/{subject:4}{night:1}{_}-PSG.edf")
    assert profile.ids(PurePosixPath("a/SC4012E0-PSG.edf")) == {"subject": "SC40", "night": "1"}
    assert profile.ids(PurePosixPath("SC4012E0-PSG.edf")) is None


@pytest.mark.parametrize(
    ("name", "recording", "scoring", "subject", "night"),
    [
        ("sleep-edf-cassette", "SC4012E0-PSG.edf", "SC4012EC-Hypnogram.edf", "SC401", "2"),
        ("sleep-edf-telemetry", "ST7022J0-PSG.edf", "ST7022JM-Hypnogram.edf", "ST702", "2"),
        ("shhs", "shhs1-200001.edf", "shhs1-200001-nsrr.xml", "200001", "1"),
        ("mesa", "mesa-sleep-0001.edf", "mesa-sleep-0001-nsrr.xml", "0001", "1"),
        ("cfs", "cfs-visit5-800002.edf", "cfs-visit5-800002-nsrr.xml", "800002", "5"),
        ("wsc", "wsc-visit1-10119-nsrr.edf", "wsc-visit1-10119-nsrr.eannot", "10119", "1"),
        ("hmc", "SN001.edf", "SN001_sleepscoring.edf", "SN001", "1"),
        ("cap", "rbd22.edf", "rbd22.txt", "rbd22", "1"),
        ("dreams", "subject1.edf", "HypnogramAASM_subject1.txt", "subject1", "1"),
        ("isruc", "1.rec", "1_1.txt", "1", "1"),
    ],
)
def test_each_archive_has_its_names(archive, table, name, recording, scoring, subject, night):
    folder = archive(f"recordings/{recording}", scorings=[f"scorings/{scoring}", "scorings/x.txt"])
    options = () if profiles()[name].recognise else ("--profile", name)
    rows, said = table(folder, *options)
    assert ids(rows) == [(subject, night)]
    assert rows[0]["scoring"] == f"archive/scorings/{scoring}"
    assert said["ids_from"] == profiles()[name].title
    assert any(remark.startswith(profiles()[name].title) for remark in said["remarks"])


def test_names_that_others_may_have_are_no_archive_by_themselves(archive, table):
    _, said = table(archive("1.rec", "n1.edf", "subject1.edf"))
    assert said["ids_from"] is None


def test_a_scoring_is_paired_by_its_name_and_its_content(archive, table):
    names = [f"sub-1_ses-{night}.edf" for night in "abcd"]
    scorings = ["scored/sub-1_ses-a_hypnogram.edf", "sub-1_ses-b_stages.edf", "sub-1_ses-b.annot",
                "scored/sub-1_ses-d.edf"]  # fmt: skip
    folder = archive(*names, scorings=scorings)
    (folder / "sub-1_ses-c.json").write_text('{"SamplingFrequency": 256}', encoding="utf-8")
    rows, said = table(folder)
    assert [row["scoring"] for row in rows] == [
        "archive/scored/sub-1_ses-a_hypnogram.edf", "", "", "archive/scored/sub-1_ses-d.edf",
    ]  # fmt: skip
    remarks = "\n".join(said["remarks"])
    assert "2 scorings have its name" in remarks
    assert "no scoring taken for sub-1_ses-c.edf" in remarks
    assert "2 of 4 recordings have a scoring" in remarks


def test_a_scoring_in_the_folder_of_another_recording_of_the_name_is_not_taken(archive, table):
    folder = archive(
        "edf/A/night1.edf", "edf/B/night1.edf", "edf/C/night1.edf", "edf/night1.edf",
        scorings=["edf/B/night1_stages.edf", "scored/C/night1_stages.edf"],
    )  # fmt: skip
    rows, said = table(folder)
    assert [row["scoring"] for row in rows] == [
        "", "archive/edf/B/night1_stages.edf", "archive/scored/C/night1_stages.edf",
        "",
    ]  # fmt: skip
    assert "may be of another recording of this name" in "\n".join(said["remarks"])


def test_a_folder_or_name_with_a_condition_is_no_subject(archive, table):
    rows, _ = table(archive("1/baseline/S01.edf", "1/treatment/S01.edf") / "1")
    assert ids(rows) == [("", "")] * 2
    assert [row["condition"] for row in rows] == ["baseline", "treatment"]
    names = ("2/S01_baseline_N1.edf", "2/S01_treatment_N1.edf")
    rows, _ = table(archive(*names) / "2", "--force")
    assert ids(rows) == [("", "")] * 2


def test_words_that_turn_a_condition_leave_it_blank(archive, table):
    rows, _ = table(archive("S01_post-baseline.edf", "S01_no_treatment.edf", "S02_baseline.edf"))
    assert [row["condition"] for row in rows] == ["", "", "baseline"]


def test_the_scorer_letter_of_sleep_edf_may_differ_and_nothing_else(archive, table):
    folder = archive(
        "P1-PSG.edf", "P2-PSG.edf", "P3E0-PSG.edf", "P4-PSG.edf",
        scorings=["P2-Hypnogram.edf", "P3EC-Hypnogram.edf", "P5EC-Hypnogram.edf"],
    )  # fmt: skip
    (folder / "P4.txt").write_text("W\nN2\n" * 20, encoding="utf-8")
    rows, _ = table(folder)
    assert [row["scoring"].rpartition("/")[2] for row in rows] == [
        "", "P2-Hypnogram.edf", "P3EC-Hypnogram.edf", "P4.txt",
    ]  # fmt: skip


def test_lights_come_from_annotations_where_each_is_named_once(tmp_path, table):
    folder = tmp_path / "archive"
    folder.mkdir()
    sure, twice = [(60, "Lights off"), (540, "Lights on")], [(60, "Lights off"), (90, "Lights off")]
    write_night(folder / "sub-1_ses-a.edf", annotations=sure)
    write_night(folder / "sub-1_ses-b.edf", annotations=twice)
    rows, said = table(folder)
    assert (rows[0]["lights_off"], rows[0]["lights_on"]) == ("22:01:00", "22:09:00")
    assert (rows[1]["lights_off"], rows[1]["lights_on"]) == ("", "")
    assert any("lights of 1 night are blank: the annotations" in r for r in said["remarks"])
    rows, _ = table(folder, "--no-lights", "--force")
    assert rows[0]["lights_off"] == ""


def test_the_completed_table_is_a_study_table(archive, table, tmp_path):
    rows, _ = table(archive("S01/baseline/n1.edf", "S01/treatment/n2.edf", "S02/baseline/n1.edf"))
    assert [row["condition"] for row in rows] == ["baseline", "treatment", "baseline"]
    assert len(study_table(tmp_path / "study.tsv")) == 3


def test_a_table_that_is_there_is_not_replaced_by_chance(archive, tmp_path, capsys):
    folder, out = archive("a.edf"), tmp_path / "study.tsv"
    out.write_text("mine", encoding="utf-8")
    assert exit_code(["table", str(folder), "-o", str(out)]) == 7
    assert out.read_text(encoding="utf-8") == "mine"
    assert "--force" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--profile", "shs"], "did you mean 'shhs'"),
        (["--profile", "shhs"], "no recording is named like Sleep Heart Health Study"),
        (["--profile", "shhs", "--pattern", "{subject}.edf"], "both name the files"),
    ],
)
def test_a_wrong_option_is_explained(archive, tmp_path, capsys, options, said):
    out = tmp_path / "study.tsv"
    assert exit_code(["table", str(archive("a.edf")), "-o", str(out), *options]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_without_recordings_is_refused(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert exit_code(["table", str(tmp_path / "empty"), "-o", str(tmp_path / "s.tsv")]) == 2
    assert "found none" in capsys.readouterr().err


def test_a_batch_of_a_folder_with_equal_ids_names_this_command(archive):
    with pytest.raises(StudyTableInvalid) as error:
        read_study(archive("a/n1.edf", "b/n1.edf"))
    assert "psgpipe table" in error.value.remedy


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nowhere", "nowhere: no such folder"),
        ("study.tsv", "study.tsv: a folder of recordings was wanted, this is a file"),
    ],
)
def test_table_tells_a_missing_folder_from_a_file(tmp_path, name, problem):
    (tmp_path / "study.tsv").write_text("subject\n", encoding="utf-8")

    with pytest.raises(UsageError) as refusal:
        command.main([str(tmp_path / name), "-o", str(tmp_path / "new.tsv")], standalone_mode=False)

    assert refusal.value.problem == problem
    assert not (tmp_path / "new.tsv").exists()
