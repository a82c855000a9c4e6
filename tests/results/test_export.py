"""psgpipe export: which nights are exported, and which files are not replaced."""

import csv
import datetime as dt
import json

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.edf.writer import write_scoring
from psgpipe.errors import FileTaken, UsageError
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.results.export.export import export
from psgpipe.results.export.formats import FORMATS
from psgpipe.scorings.align import on_own_clock
from psgpipe.scorings.read import read_scoring
from tests import cheap_nights
from tests.studies import flip_a_bit, read_json, tree


def exported(out, to, *options):
    return exit_code(["export", str(out), "--to", to, *map(str, options)])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_stages_of_a_finished_night_are_those_of_its_hypnogram(study):
    made = study("n1")
    made.run()
    assert exported(made.out, "edf") == 0
    scoring = read_scoring(made.out / "export" / "edf" / "S1_n1.edf")
    rows = (made.night(1) / "hypnogram.tsv").read_text(encoding="utf-8").splitlines()[1:]
    stages = [row.split("\t")[4] for row in rows]
    assert [str(stage) for stage in on_own_clock(scoring).hypnogram.stages] == stages


def test_lights_that_the_study_table_gives_are_exported(study):
    made = study("n1", columns="\tlights_off\tlights_on", cells=["\t22:01:30\t22:02:20"])
    made.run()
    exported(made.out, "luna")
    lines = (made.out / "export/luna/S1_n1.annot").read_text(encoding="utf-8").splitlines()
    # The recording starts at 22:01:00.
    assert "lights_off\t.\t.\t30\t30\t." in lines
    assert "lights_on\t.\t.\t80\t80\t." in lines


@pytest.mark.parametrize("to", FORMATS)
def test_a_failed_night_is_named_and_the_others_are_exported(study, capsys, to):
    made = study("n1", "refused", "n3")
    made.run()
    assert exported(made.out, to) == 8
    assert "not S2 refused: failed: S2.edf: a flat line" in capsys.readouterr().out
    text = "".join(str(path) for path in (made.out / "export" / to).rglob("*"))
    assert "S2" not in text
    if to == "nsrr":
        text = (made.out / "export" / "nsrr" / "nsrr.csv").read_text(encoding="utf-8")
    assert "S1" in text
    assert "S3" in text


def test_an_excluded_night_is_not_missed(study):
    made = study("n1", "n2", columns="\texclude\texclude_reason", cells=["\tno\t", "\tyes\tfever"])
    made.run()
    assert exported(made.out, "yasa") == 0
    assert names(made.out / "export" / "yasa") == ["S1_n1.json"]


def test_a_night_whose_files_were_changed_is_not_exported(study, capsys):
    made = study("n1", "n2")
    made.run()
    flip_a_bit(made.night(1) / "hypnogram.tsv")
    assert exported(made.out, "edf") == 8
    assert "its files are not those that its manifest names" in capsys.readouterr().out
    assert names(made.out / "export" / "edf") == ["S2_n2.edf"]


def test_one_night_is_chosen_by_subject_and_night(study):
    made = study("n1", "n2")
    made.run()
    assert exported(made.out, "edf", "--night", "S2/n2", "-o", made.folder / "here") == 0
    assert names(made.folder / "here") == ["S2_n2.edf"]
    with pytest.raises(UsageError, match="no night 'S2/n1'"):
        export(made.out, "edf", only=["S2/n1"])


@pytest.mark.parametrize("to", FORMATS)
def test_the_same_export_again_changes_nothing(study, to):
    made = study("n1", "n2")
    made.run()
    exported(made.out, to)
    before = tree(made.out / "export")
    assert exported(made.out, to) == 0
    assert tree(made.out / "export") == before


def test_a_scoring_that_was_edited_is_replaced_only_by_force(study, capsys):
    made = study("n1", "n2")
    made.run()
    exported(made.out, "edf")
    edited = made.out / "export" / "edf" / "S2_n2.edf"
    original = edited.read_bytes()
    edited.write_bytes(original.replace(b"Sleep stage", b"Sleep STAGE"))
    before = tree(made.out)
    assert exported(made.out, "edf") == 7
    assert "1 file in edf/ would be replaced, and has other content: S2_n2.edf" in (
        capsys.readouterr().err
    )
    assert tree(made.out) == before
    assert exported(made.out, "edf", "--force") == 0
    assert edited.read_bytes() == original


def test_another_program_s_data_set_is_not_mixed_with_ours(study):
    made = study("n1")
    made.run()
    folder = made.folder / "raw"
    folder.mkdir()
    (folder / "dataset_description.json").write_text('{"Name": "raw"}', encoding="utf-8")
    with pytest.raises(FileTaken, match=r"dataset_description\.json"):
        export(made.out, "bids", folder)
    assert names(folder) == ["dataset_description.json"]


def test_a_blinded_study_stays_blind(study):
    made = study("n1", "n2", columns="\tdose_mg_per_kg\troute", cells=["\t0.5\tiv", "\t0\tiv"])
    made.run("--blind")
    for to in FORMATS:
        assert exported(made.out, to) == 0
    assert exit_code(["verify", str(made.out), "-q"]) == 0
    written = [path.read_bytes().lower() for path in (made.out / "export").rglob("*.*")]
    assert not any(
        word in text for text in written for word in (b"baseline", b"treatment", b"0.5,")
    )


def test_the_result_as_json_names_files_and_nights_left_out(study, capsys):
    made = study("n1", "refused")
    made.run()
    capsys.readouterr()
    assert exported(made.out, "yasa", "--json") == 8
    result = json.loads(capsys.readouterr().out)
    assert (result["nights"], result["files"]) == (1, ["S1_n1.json"])
    assert [night["state"] for night in result["left_out"]] == ["failed"]


EXPERT = ("W", "N2", "N2", "R")


def with_a_scoring(study):
    """A night with automatic stages and those of an expert beside them."""
    made = study("n1", columns="\tscoring", cells=["\texpert.edf"])
    start = dt.datetime(2024, 3, 1, 22, 1)
    scoring = write_scoring(Hypnogram(EXPERT, start=start))
    (made.folder / "expert.edf").write_bytes(scoring)
    return made


def stages_in(path):
    return tuple(map(str, on_own_clock(read_scoring(path)).hypnogram.stages))


def test_a_person_s_stages_are_exported_where_they_are_wanted(study):
    made = with_a_scoring(study)
    made.run()
    for to in FORMATS:
        assert exported(made.out, to, "--stages", "expert") == 0
    folder = made.out / "export"
    assert stages_in(folder / "edf-expert" / "S1_n1.edf") == EXPERT
    assert (folder / "luna-expert" / "S1_n1.eannot").read_text("utf-8").split() == list(EXPERT)
    yasa = read_json(folder / "yasa-expert" / "S1_n1.json")
    assert (yasa["scorer"], yasa["proba"]) == ("expert", None)
    description = read_json(folder / "bids-expert" / "dataset_description.json")
    assert [program["Name"] for program in description["GeneratedBy"]] == ["psgpipe"]
    events = next((folder / "bids-expert").rglob("*_desc-expert_events.tsv"))
    rows = [line.split("\t") for line in events.read_text("utf-8").splitlines()[1:]]
    assert {tuple(row[3:]) for row in rows} == {("AASM", "manual", "expert", "n/a")}
    with (folder / "nsrr-expert" / "nsrr.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["nsrr_tst_f1"] == "1.5"
    # and without a wish the night's own, automatic ones
    exported(made.out, "edf")
    rows = (made.night(1) / "hypnogram.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert stages_in(folder / "edf" / "S1_n1.edf") == tuple(row.split("\t")[4] for row in rows)


def test_a_night_that_a_person_scored_is_exported_as_theirs(study, capsys):
    made = with_a_scoring(study)
    made.run("--stages", "expert")
    assert exported(made.out, "bids") == 0
    assert list((made.out / "export" / "bids").rglob("*_desc-expert_events.tsv"))
    description = read_json(made.out / "export" / "bids" / "dataset_description.json")
    assert [program["Name"] for program in description["GeneratedBy"]] == ["psgpipe"]
    assert exported(made.out, "edf", "--stages", "auto") == 0
    assert "not S1 n1: done: it has no automatic stages" in capsys.readouterr().out


def test_a_corrected_night_comes_back_from_the_edited_export(study):
    made = study("n1")
    made.run()
    exported(made.out, "edf")
    automatic = stages_in(made.out / "export" / "edf" / "S1_n1.edf")
    edited = ("W" if automatic[0] != "W" else "R", *automatic[1:])
    path = made.folder / "edited.edf"
    path.write_bytes(write_scoring(Hypnogram(edited, start=dt.datetime(2024, 3, 1, 22, 1))))
    night = ["--subject", "S1", "--night", "n1", "--condition", "treatment", "--no-figures"]
    correction = ["--scoring", str(path), "--as", "correction"]
    run = ["run", str(made.recording(1)), "-o", str(made.out), *night, *correction]
    assert cheap_nights.main(run) == 0
    assert exported(made.out, "edf", "--force") == 0
    assert stages_in(made.out / "export" / "edf" / "S1_n1.edf") == edited
    assert exported(made.out, "edf", "--stages", "auto") == 0
    assert stages_in(made.out / "export" / "edf-auto" / "S1_n1.edf") == automatic
    exported(made.out, "bids")
    events = next((made.out / "export" / "bids").rglob("*_desc-corrected_events.tsv"))
    rows = [line.split("\t") for line in events.read_text("utf-8").splitlines()[1:]]
    assert rows[0][4] == "corrected"
    assert [row[6] == "n/a" for row in rows if not row[2].startswith("lights")] == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_folder_without_results_is_refused(tmp_path):
    assert exported(tmp_path, "edf") == 2
    assert list(tmp_path.iterdir()) == []
