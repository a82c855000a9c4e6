"""A blinded study: only the files of the comparison show the conditions."""

import json
import shutil

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.comparison.compare import compare
from psgpipe.reports.night_report import report_files
from psgpipe.study import blind_check
from psgpipe.study.blinding import KEY, nights_named_by_condition, seal, sealed
from psgpipe.study.study import read_study
from tests.recordings import write_night
from tests.reports.nights import staged_night
from tests.studies import make_study, tree

COLUMNS = "\tdose_mg_per_kg\troute\tdose_end\tarm\texclude\texclude_reason"


@pytest.fixture
def study(tmp_path, tmp_path_factory):
    """Six nights of three subjects in two conditions, and one that the table leaves out."""
    made = make_study(
        tmp_path / "study", ["a"] * 7, tmp_path_factory.getbasetemp(), COLUMNS,
        [
            f"\t{dose}\t{route}\t{end}\t{arm}\t{out}"
            for dose, route, end, arm, out in [
                ("0.573", "infusion", "2020-01-01T10:00", "verum", "no\t"),
                ("0", "", "", "none", "no\t"),
            ] * 3 + [("0.573", "infusion", "", "verum", "yes\tvomited after ketamine")]
        ],
    )  # fmt: skip
    text = made.table.read_text(encoding="utf-8")
    for number, (subject, night) in enumerate(
        [(s, n) for s in ("P1", "P2", "P3") for n in ("x", "y")] + [("P4", "x")], start=1
    ):
        text = text.replace(f"\nS{number}\ta\t", f"\n{subject}\t{night}\t")
    made.table.write_text(text, encoding="utf-8")
    return made


SECRETS = ("baseline", "treatment", "0.573", "infusion", "verum", "2020-01-01", "ketamine")


def telling_files(out):
    """Files below `out` with a condition, a dose or another column of the study design."""
    return {
        path.relative_to(out).as_posix(): found
        for path in out.rglob("*")
        if path.is_file() and (found := [s for s in SECRETS if s.encode() in path.read_bytes()])
    }


def test_a_study_that_is_not_blind_tells_its_conditions(study):
    assert study.run() == 0
    assert "study.json" in telling_files(study.out)
    assert "nights.tsv" in telling_files(study.out)


@pytest.mark.parametrize("declared_by", ["option", "pipeline file", "study.json"])
def test_no_output_of_a_blinded_batch_tells_condition_or_dose(study, declared_by, capfd):
    options = []
    if declared_by == "option":
        options = ["--blind"]
    elif declared_by == "pipeline file":
        pipeline = study.folder / "lab.toml"
        pipeline.write_text(
            'blind = true\nsteps = ["load", "reference", "check_quality", "stage_sleep", '
            '"summarize"]\n[reference]\neeg = ["C4-M1"]\n',
            encoding="utf-8",
        )
        options = ["-p", str(pipeline)]
    else:
        study.out.mkdir()
        (study.out / "study.json").write_text('{"blind": true}', encoding="utf-8")
    assert study.run(*options) == 0
    assert exit_code(["gather", str(study.out)]) == 0
    assert exit_code(["status", str(study.out), "--json"]) == 0
    assert telling_files(study.out) == {}
    said = capfd.readouterr().out
    assert not [secret for secret in SECRETS if secret in said]
    (row,) = [row for row in study.rows() if row["subject"] == "P4"]
    assert row["state"] == "excluded"
    assert row["reason"] == "withheld: the study is blinded"
    assert "condition" not in row
    assert "dose_mg_per_kg" not in row


def test_conditions_and_doses_are_read_from_under_the_seal_once_the_blind_was_lifted(study, capsys):
    assert study.run("--blind") == 0
    assert exit_code(["compare", str(study.out)]) == 7
    assert "is blinded" in capsys.readouterr().err
    assert not (study.out / "comparison").exists()
    assert exit_code(["unblind", str(study.out)]) == 0
    journal = (study.out / "journal.jsonl").read_text(encoding="utf-8")
    assert json.loads(journal.splitlines()[-1])["event"] == "unblinded"
    assert exit_code(["compare", str(study.out), "-q"]) == 0
    comparison = compare(study.out)
    assert {(n.subject, n.night): (n.condition, n.fate) for n in comparison.nights} == {
        **{(s, "x"): ("treatment", "analysed") for s in ("P1", "P2", "P3")},
        **{(s, "y"): ("baseline", "analysed") for s in ("P1", "P2", "P3")},
        ("P4", "x"): ("treatment", "excluded"),
    }
    # A single night has no other files than before.
    assert study.run() == 0
    assert not [name for name in telling_files(study.out) if name.endswith("summary.json")]
    assert "condition" not in study.rows()[0]


def test_the_same_nights_are_compared_alike_with_and_without_a_blind(study):
    assert study.run() == 0
    open_contrasts = compare(study.out).contrasts
    shutil.rmtree(study.out)
    assert study.run("--blind") == 0
    assert exit_code(["unblind", str(study.out)]) == 0
    assert compare(study.out).contrasts == open_contrasts


@pytest.mark.parametrize("shard", [(), ("--shard", "1/2")], ids=["all", "shard"])
def test_an_open_study_with_results_is_not_blinded_in_the_same_folder(study, capsys, shard):
    assert study.run() == 0
    before = tree(study.out)
    assert study.run("--blind", *shard) == 7
    said = capsys.readouterr().err
    assert "holds results of an open run" in said
    assert not [secret for secret in SECRETS if secret in said]
    assert tree(study.out) == before
    assert not (study.out / KEY).exists()


def test_a_comparison_alone_keeps_a_study_from_being_blinded(study, capsys):
    (study.out / "comparison").mkdir(parents=True)
    (study.out / "comparison" / "comparison.md").write_text("Under *treatment* less REM sleep.")
    assert study.run("--blind") == 7
    assert "comparison/comparison.md shows a condition" in capsys.readouterr().err


def test_a_study_without_results_may_still_be_blinded(study):
    assert study.run() == 0
    shutil.rmtree(study.out / "nights")
    assert study.run("--blind") == 0
    assert telling_files(study.out) == {}


def test_an_open_night_is_not_joined_by_a_blind_one(tmp_path, capsys):
    recording, out = write_night(tmp_path / "n.edf"), tmp_path / "out"
    given = ["-o", str(out), "--lights-off", "22:01", "--lights-on", "22:09:30", "--no-figures"]
    one = ["run", str(recording), *given, "--subject", "S1", "--night"]
    assert exit_code([*one, "n1", "--condition", "baseline"]) == 0
    assert exit_code([*one, "n2", "--condition", "treatment", "--blind"]) == 7
    assert "S1/n1/summary.json shows its condition" in capsys.readouterr().err
    assert not (out / KEY).exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nights/P1/x/summary.json", '{"condition": "treatment"}'),
        ("nights/P1/x/summary.json", '{"condition": "k"}'),
        ("nights/P1/x/failure.json", '{"problem": "Baseline"}'),
        ("nights/P1/x/hypnogram.svg", "<text>P1, x, treatment</text>"),
        ("nights/P1/x/report.html", "<p>Treatment: infusion</p>"),
        ("nights/P1/x/notes.txt", "verum!"),
        ("comparison/comparison.md", "Under **treatment**"),
        ("nights-short.tsv", "subject\tarm\nP1\tx\n"),
        ("study.json", '{"blind": true, "nights": [{"extra": {"dose_mg_per_kg": "0.573"}}]}'),
    ],
)
def test_a_verified_blinded_study_shows_no_condition(study, capsys, name, text):
    assert study.run("--blind") == 0
    assert exit_code(["verify", str(study.out)]) == 0
    listed = json.loads((study.out / "study.json").read_bytes())
    if name == "study.json":
        listed["nights"][0]["extra"] = {"dose_mg_per_kg": "0.573"}
        text = json.dumps(listed)
    (study.out / name).parent.mkdir(parents=True, exist_ok=True)
    (study.out / name).write_text(text, encoding="utf-8")
    capsys.readouterr()
    assert exit_code(["verify", "--json", str(study.out)]) == 7
    assert json.loads(capsys.readouterr().out)["not_blind"] == [name]
    assert exit_code(["unblind", str(study.out)]) == 0
    capsys.readouterr()
    exit_code(["verify", "--json", str(study.out)])
    assert json.loads(capsys.readouterr().out)["not_blind"] == []


def test_a_damaged_key_is_no_reason_to_guess(study, capsys):
    assert study.run("--blind") == 0
    assert exit_code(["unblind", str(study.out)]) == 0
    (study.out / KEY).write_text('{"sealed": "AAAA"}', encoding="utf-8")
    assert exit_code(["compare", str(study.out)]) == 7
    assert f"{KEY} cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("also", [(), ("--dry-run",)], ids=["batch", "plan"])
def test_nothing_is_blinded_in_a_folder_that_was_unblinded(study, capsys, also):
    study.out.mkdir()
    (study.out / "journal.jsonl").write_text('{"event": "unblinded"}\n', encoding="utf-8")
    assert study.run("--blind", *also) == 7
    assert "was unblinded" in capsys.readouterr().err
    assert [path.name for path in study.out.iterdir()] == ["journal.jsonl"]


def test_a_study_that_was_unblinded_goes_on_without_the_option(study):
    assert study.run("--blind") == 0
    assert exit_code(["unblind", str(study.out)]) == 0
    assert study.run("--blind") == 7
    assert study.run() == 0
    assert "condition" not in study.rows()[0]


def test_single_nights_can_be_run_blind_one_after_the_other(tmp_path, capsys):
    recording, out = write_night(tmp_path / "n.edf"), tmp_path / "out"
    given = ["-o", str(out), "--lights-off", "22:01", "--lights-on", "22:09:30", "--no-figures"]
    one = ["run", str(recording), *given, "--subject", "S1", "--night"]
    assert exit_code([*one, "n1", "--condition", "baseline", "--blind"]) == 0
    assert not (out / ".psgpipe-new").exists()
    # A blinded folder stays blinded.
    assert exit_code([*one, "n2", "--condition", "treatment"]) == 0
    assert "treatment" not in capsys.readouterr().out
    assert telling_files(out) == {}
    assert sealed(out) == {
        ("S1", "n1"): {"condition": "baseline"}, ("S1", "n2"): {"condition": "treatment"},
    }  # fmt: skip


def test_a_single_blind_night_does_not_go_into_a_study_that_names_its_conditions(study, capsys):
    assert study.run() == 0
    arguments = ["run", str(study.recording(1)), "-o", str(study.out), "--blind"]
    assert exit_code(arguments) == 2
    assert "names its conditions" in capsys.readouterr().err
    assert not (study.out / KEY).exists()


def test_what_was_sealed_of_other_nights_stays(tmp_path):
    seal(tmp_path, {("S1", "1"): {"condition": "baseline"}, ("S2", "1"): {}})
    seal(tmp_path, {("S3", "1"): {"condition": "treatment", "dose_mg_per_kg": "0.573"}})
    assert sealed(tmp_path) == {
        ("S1", "1"): {"condition": "baseline"},
        ("S3", "1"): {"condition": "treatment", "dose_mg_per_kg": "0.573"},
    }


def test_names_that_give_the_condition_away_are_counted(tmp_path):
    table = tmp_path / "study.tsv"
    table.write_text(
        "subject\tnight\tcondition\trecording\n"
        "S1\tn1\ttreatment\ta.edf\n"
        "S1\ttreat2\ttreatment\tb.edf\n"
        "S1\tn3\tbaseline\tS1_BASELINE.edf\n"
        "S1\tn4\tbaseline\tmy_treatment_folder/d.edf\n",
        encoding="utf-8",
    )
    assert nights_named_by_condition(read_study(table).nights) == 2


@pytest.mark.parametrize("word", ["first", "given", "second"])
def test_a_condition_that_is_a_word_of_every_page_is_found_in_the_title_alone(tmp_path, word):
    sealed = {("P1", "x"): {"condition": word}}
    night = tmp_path / "nights" / "P1" / "x"
    night.mkdir(parents=True)
    staged = staged_night(condition=None)
    (night / "report.html").write_bytes(report_files(staged, None)["report.html"])
    assert list(blind_check.telling_files(tmp_path, sealed)) == []
    staged = staged_night(condition=word)
    for name, content in report_files(staged, None).items():
        (night / name).write_bytes(content)
    told = {path.name for path in blind_check.telling_files(tmp_path, sealed)}
    assert told == {"report.html", "hypnogram.svg"}
