"""psgpipe export: which nights are exported, and which files are not replaced."""

import json

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.errors import FileTaken, UsageError
from psgpipe.results.export.export import export
from psgpipe.results.export.formats import FORMATS
from psgpipe.scorings.align import on_own_clock
from psgpipe.scorings.read import read_scoring
from tests.studies import flip_a_bit, tree


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


def test_a_folder_without_results_is_refused(tmp_path):
    assert exported(tmp_path, "edf") == 2
    assert list(tmp_path.iterdir()) == []
