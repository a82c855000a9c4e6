"""psgpipe agree: which scorings are compared with which nights, and what is written."""

import csv
import datetime as dt
import json
import shutil
import subprocess
import sys

import pytest

from psgpipe.agreement.agree import agree
from psgpipe.cli.app import exit_code
from psgpipe.edf.writer import write_scoring
from psgpipe.errors import UsageError
from psgpipe.model.hypnogram import Hypnogram
from psgpipe.results.export.formats import FORMATS
from psgpipe.results.manifest import signed
from psgpipe.sleep.agreement import agreement
from tests.shared_files import shared
from tests.studies import read_json

DAY = dt.date(2024, 3, 1)


def stages_of(folder):
    rows = (folder / "hypnogram.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return tuple(row.split("\t")[4] for row in rows)


def put_scoring(folder, name, stages, minute, *, late_s=0):
    """A scoring of a recording that starts at 22:`minute`."""
    start = dt.datetime.combine(DAY, dt.time(22, minute)) + dt.timedelta(seconds=late_s)
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(write_scoring(Hypnogram(stages, start=start)))


@pytest.fixture
def two_nights(study):
    """Two finished nights of 4 epochs, and an empty folder for scorings."""
    made = study("n1", "n2")
    made.run()
    return made, made.folder / "scorings"


def agreed(out, *options):
    return exit_code(["agree", str(out), *map(str, options)])


def night_rows(out):
    with (out / "agreement" / "nights.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_scorings_are_found_by_the_night_and_by_the_recording(two_nights):
    made, folder = two_nights
    put_scoring(folder, "S1_n1.edf", stages_of(made.night(1)), 1)
    put_scoring(folder, "s2.EDF", ("W",) * 4, 2)
    assert agreed(made.out, "--scorings", folder) == 0
    rows = night_rows(made.out)
    assert [row["scoring"] for row in rows] == ["S1_n1.edf", "s2.EDF"]
    same = agreement(Hypnogram(("W",) * 4), Hypnogram(stages_of(made.night(2))))
    assert float(rows[0]["accuracy"]) == 1.0
    assert float(rows[1]["accuracy"]) == same.accuracy


@pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such name of a file")
def test_a_hostile_file_name_is_text_in_markdown(two_nights):
    made, folder = two_nights
    put_scoring(folder, "S1_n1.edf", stages_of(made.night(1)), 1)
    put_scoring(folder, "<img src=x> [a](javascript:alert(1)) *b*.edf", ("W",) * 4, 2)
    assert agreed(made.out, "--scorings", folder) == 0
    text = (made.out / "agreement" / "agreement.md").read_text(encoding="utf-8")
    assert r"\<img src=x> [a\](javascript:alert(1)) " in text


def test_the_files_have_the_agreement_of_each_night_and_of_all_together(two_nights):
    made, folder = two_nights
    put_scoring(folder, "S1_n1.edf", stages_of(made.night(1)), 1)
    put_scoring(folder, "S2_n2.edf", ("W", "W", "R", "R"), 2)
    agreed(made.out, "--scorings", folder)
    found = read_json(made.out / "agreement" / "agreement.json")
    assert [(n["subject"], n["night"]) for n in found["nights"]] == [("S1", "n1"), ("S2", "n2")]
    for one in (found["pooled"], *found["nights"]):
        assert {"accuracy", "kappa", "mcc", "f1", "confusion", "n_epochs"} <= set(one)
        assert list(one["f1"]) == ["W", "N1", "N2", "N3", "R"]
        assert sum(map(sum, one["confusion"])) == one["n_epochs"]
    assert found["pooled"]["n_epochs"] == 8
    assert set(found["by_condition"]) == {"baseline", "treatment"}
    with (made.out / "agreement" / "epochs.tsv").open(encoding="utf-8", newline="") as file:
        epochs = list(csv.DictReader(file, delimiter="\t"))
    assert [e["expert"] for e in epochs[4:]] == ["W", "W", "R", "R"]
    assert [e["automatic"] for e in epochs[:4]] == list(stages_of(made.night(1)))
    assert {e["agrees"] for e in epochs[:4]} == {"true"}


def test_a_scoring_with_another_start_is_aligned_by_the_clock(two_nights):
    made, folder = two_nights
    put_scoring(folder, "S1_n1.edf", stages_of(made.night(1))[1:], 1, late_s=30)
    agreed(made.out, "--scorings", folder)
    night = read_json(made.out / "agreement" / "agreement.json")["nights"][0]
    assert (night["n_epochs"], night["accuracy"]) == (3, 1.0)
    assert any("scoring-shifted" in line for line in night["findings"])
    # The first epoch in bed was not scored: endpoints are those of the other three.
    assert night["n_not_scored"] == 1
    row = night_rows(made.out)[0]
    for whose in ("", "expert_"):
        assert float(row[f"{whose}tst_min"]) + float(row[f"{whose}wake_min"]) == 1.5


def test_the_scoring_of_the_study_table_is_taken_without_a_folder(study):
    made = study("n1", "n2", columns="\tscoring", cells=["\tscorings/a.edf", "\t"])
    put_scoring(made.folder / "scorings", "a.edf", ("W", "N2", "N2", "R"), 1)
    made.run()
    assert agreed(made.out) == 0
    found = read_json(made.out / "agreement" / "agreement.json")
    expert = Hypnogram(("W", "N2", "N2", "R"))
    same = agreement(expert, Hypnogram(stages_of(made.night(1))))
    assert found["pooled"]["confusion"] == same.confusion.tolist()
    assert [(n["night"], n["reason"]) for n in found["left_out"]] == [("n2", "no scoring")]


def test_a_night_of_an_expert_alone_has_nothing_to_compare(study):
    made = study("n1", columns="\tscoring", cells=["\tscorings/a.edf"])
    put_scoring(made.folder / "scorings", "a.edf", ("W", "N2", "N2", "R"), 1)
    made.run("--stages", "expert")
    with pytest.raises(UsageError, match="a person's stages alone, and no"):
        agree(made.out)


def test_a_broken_scoring_is_named_and_the_other_night_is_compared(two_nights, capsys):
    made, folder = two_nights
    put_scoring(folder, "S2_n2.edf", ("W", "W", "R", "R"), 2)
    (folder / "S1_n1.txt").write_bytes(b"\x00\x01nothing")
    assert agreed(made.out, "--scorings", folder) == 8
    assert "not S1 n1: S1_n1.txt: not a scoring" in capsys.readouterr().out
    assert [row["subject"] for row in night_rows(made.out)] == ["S2"]


def test_digits_need_a_mapping_and_take_it(two_nights, capsys):
    made, folder = two_nights
    folder.mkdir()
    (folder / "S1_n1.txt").write_text("0\n2\n3\n5\n", encoding="utf-8")
    assert agreed(made.out, "--scorings", folder) == 2
    assert agreed(made.out, "--scorings", folder, "--scoring-map", "0=W,1=N1,2=N2,3=N3,5=R") == 0
    lines = (made.out / "agreement" / "epochs.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert [line.split("\t")[5] for line in lines] == ["W", "N2", "N3", "R"]
    assert agreed(made.out, "--scoring-map", "0=W") == 2
    assert "Add --scorings DIR" in capsys.readouterr().err


def test_two_files_for_one_night_are_not_guessed_between(two_nights, capsys):
    made, folder = two_nights
    put_scoring(folder, "S1_n1.edf", ("W",) * 4, 1)
    put_scoring(folder, "S1_n1.second.edf", ("R",) * 4, 1)
    put_scoring(folder, "S2_n2.edf", ("W",) * 4, 2)
    assert agreed(made.out, "--scorings", folder) == 8
    assert "2 files are called like this night: S1_n1.edf, S1_n1.second.edf" in (
        capsys.readouterr().out
    )


def test_the_recordings_may_lie_in_the_folder_too(two_nights):
    made, folder = two_nights
    put_scoring(folder, "S1_n1.edf", ("W",) * 4, 1)
    shutil.copy(made.recording(2), folder)
    assert agreed(made.out, "--scorings", folder) == 0
    left_out = read_json(made.out / "agreement" / "agreement.json")["left_out"]
    assert [(night["night"], night["reason"]) for night in left_out] == [("n2", "no scoring")]


def test_files_that_belong_to_no_night_are_named(two_nights, capsys):
    made, folder = two_nights
    put_scoring(folder, "S1_n1.edf", ("W",) * 4, 1)
    put_scoring(folder, "S1_n7.edf", ("W",) * 4, 1)
    assert agreed(made.out, "--scorings", folder) == 0
    assert "S1_n7.edf" in capsys.readouterr().out


@pytest.mark.parametrize("options", [(), ("--scorings", "nowhere"), ("--scorings", ".")])
def test_without_any_scoring_nothing_is_written(two_nights, tmp_path, monkeypatch, options):
    made, _ = two_nights
    monkeypatch.chdir(made.folder)
    assert agreed(made.out, *options) == 2
    assert not (made.out / "agreement").exists()


def test_the_result_as_json_is_the_file(two_nights, capsys):
    made, folder = two_nights
    put_scoring(folder, "S1_n1.edf", ("W",) * 4, 1)
    capsys.readouterr()
    agreed(made.out, "--scorings", folder, "--json")
    printed = json.loads(capsys.readouterr().out)
    assert printed == read_json(made.out / "agreement" / "agreement.json")


def test_endpoints_are_withheld_where_the_stages_may_be_sedation(study):
    made = study("n1", columns="\tdose_end", cells=["\t2024-03-01T21:00"])
    made.run()
    folder = made.folder / "scorings"
    put_scoring(folder, "S1_n1.edf", ("W", "N2", "N3", "R"), 1)
    assert agreed(made.out, "--scorings", folder) == 0
    row = night_rows(made.out)[0]
    assert (row["n_epochs"], row["n3_min"], row["expert_n3_min"]) == ("4", "", "")


def test_a_blinded_study_has_no_condition_in_its_agreement(study):
    made = study("n1", "n2")
    made.run("--blind")
    folder = made.folder / "scorings"
    put_scoring(folder, "S1_n1.edf", ("W",) * 4, 1)
    agreed(made.out, "--scorings", folder)
    assert read_json(made.out / "agreement" / "agreement.json")["by_condition"] == {}
    assert exit_code(["verify", str(made.out), "-q"]) == 0


def test_nights_of_unlike_recipes_are_said_to_be_unlike(two_nights, capsys):
    made, folder = two_nights
    for number in (1, 2):
        put_scoring(folder, f"S{number}_n{number}.edf", ("W",) * 4, number)
    agreed(made.out, "--scorings", folder)
    assert "differs between the nights" not in "".join(capsys.readouterr())
    manifest = made.night(2) / "manifest.json"
    content = read_json(manifest)
    content["engine"]["classifier_sha256"] = "0" * 64
    manifest.write_text(json.dumps(signed(content)), encoding="utf-8")
    agreed(made.out, "--scorings", folder)
    said = " ".join("".join(capsys.readouterr()).split())
    assert "classifier differs between the nights (S1 n1, S2 n2)" in said


HEAVY = """
import sys
from psgpipe.cli.app import exit_code
code = exit_code(sys.argv[1:])
print(code, *sorted({"yasa", "sklearn", "pandas", "mne", "matplotlib"} & set(sys.modules)))
"""


def test_agree_and_export_work_from_files_without_the_stager(two_nights):
    made, folder = two_nights
    put_scoring(folder, "S1_n1.edf", ("W",) * 4, 1)
    commands = [["agree", made.out, "--scorings", folder, "-q"]]
    commands += [["export", made.out, "--to", to, "-q"] for to in FORMATS]
    for command in commands:
        run = [sys.executable, "-c", HEAVY, *map(str, command)]
        printed = subprocess.run(run, capture_output=True, text=True, check=True).stdout
        assert printed.split() == ["0"], command


def test_two_real_nights_agree_with_the_expert_as_published(tmp_path):
    data = shared("data", "sleep-edf-stitched")
    rows = ["subject\tnight\tcondition\trecording\tscoring"]
    for night in ("SC4001", "SC4002"):
        recording = next(data.glob(f"{night}*-PSG.edf"))
        scoring = next(data.glob(f"{night}*-Hypnogram.edf"))
        rows.append(f"00\t{night}\tbaseline\t{recording}\t{scoring}")
    (tmp_path / "study.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    out = tmp_path / "out"
    batch = ["batch", tmp_path / "study.tsv", "-o", out, "-p", "eeg-only", "--no-figures", "-q"]
    assert exit_code([*map(str, batch), "-j1"]) == 0
    assert agreed(out) == 0
    first, second = read_json(out / "agreement" / "agreement.json")["nights"]
    # docs/explanation/agreement.md
    assert (round(first["accuracy"], 3), round(first["kappa"], 3)) == (0.785, 0.720)
    assert (round(second["accuracy"], 3), round(second["kappa"], 3)) == (0.775, 0.705)
    assert round(second["f1"]["N1"], 3) == 0.242
