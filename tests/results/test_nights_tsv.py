"""nights.tsv: every requested night, with its own numbers or with none."""

import csv
import json

import pytest

from psgpipe.errors import OutputConflict, UsageError
from psgpipe.files import atomic
from psgpipe.model.summary import ENDPOINTS
from psgpipe.results.night_folder import night_folder
from psgpipe.results.night_writer import fail_night, finish_night
from psgpipe.results.nights_tsv import gather
from psgpipe.results.status import batch_runs, stored_night, study_nights
from psgpipe.results.verify import verify
from psgpipe.tables.delimited import read_table

MANIFEST = {
    "psgpipe": "0.1.0",
    "recording": {"name": "a.edf", "sha256": "r", "start": "2024-03-01T22:00:00"},
    "pipeline": {"name": "standard-night", "sha256": "p"},
    "steps": [{"name": "stage_sleep", "parameters": {"margin_min": 30.0}, "seconds": 1.0}],
    "engine": {
        "stager": "yasa", "engine": "reference", "classifier": "clf", "classifier_sha256": "c",
        "age_and_sex": True, "versions": {"yasa": "0.8.1"},
    },
    "derivations": [{"name": "C4-M1"}, {"name": "chin"}],
    "lights": {"off": "22:41:00", "on": "06:52:00", "source": "table"},
    "warnings": ["one", "two"],
}  # fmt: skip


def finish(out, subject, night, manifest=MANIFEST, **endpoints):
    summary = {"subject": subject, "night": night, **dict.fromkeys(ENDPOINTS), **endpoints}
    quality = {"flags": [{"code": "short-night"}, {"code": "short-night"}, {"code": "mains"}]}
    outputs = {"summary.json": json.dumps(summary), "quality.json": json.dumps(quality)}
    folder = night_folder(out, subject, night)
    finish_night(folder, {n: text.encode() for n, text in outputs.items()}, manifest)
    return folder


def ask(out, *nights, **study):
    listed = [
        {"subject": s, "night": n, "recording": "a.edf", "condition": "baseline", **more}
        for s, n, more in nights
    ]
    whole = {"pipeline": {"sha256": "p"}, "nights": listed, **study}
    atomic.write_file(out / "study.json", json.dumps(whole).encode())


def rows(out):
    gather(out)
    with (out / "nights.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_a_finished_night_has_its_endpoints_and_how_they_were_made(tmp_path):
    ask(tmp_path, ("S1", "n1", {"age": 41.0, "extra": {"ward": "A"}}))
    finish(tmp_path, "S1", "n1", tst_min=401.5, rem_pct=0.0, awakenings=12)
    (row,) = rows(tmp_path)
    assert (row["tst_min"], row["rem_pct"], row["awakenings"]) == ("401.5", "0.0", "12")
    assert row["sol_min"] == ""
    assert (row["state"], row["condition"], row["age"], row["ward"]) == (
        "done", "baseline", "41.0", "A",
    )  # fmt: skip
    assert (row["lights_off"], row["lights_on"], row["lights_source"]) == (
        "22:41:00", "06:52:00", "table",
    )  # fmt: skip
    assert (row["stager"], row["derivations"], row["demographics"], row["window"]) == (
        "yasa 0.8.1", "C4-M1, chin", "age and sex", "lights with 30 min around",
    )  # fmt: skip
    assert (row["pipeline"], row["pipeline_sha256"], row["classifier_sha256"]) == (
        "standard-night", "p", "c",
    )  # fmt: skip
    assert (row["flags"], row["warnings"]) == ("short-night mains", "2")
    assert [c for c in row if c in ENDPOINTS] == list(ENDPOINTS)


def test_a_night_that_failed_has_its_reason_and_no_number(tmp_path):
    ask(tmp_path, ("S1", "n1", {}))
    folder = night_folder(tmp_path, "S1", "n1")
    fail_night(folder, {"kind": "NoData", "problem": "a.edf: no data"})
    (row,) = rows(tmp_path)
    assert (row["state"], row["kind"], row["reason"]) == ("failed", "NoData", "a.edf: no data")
    assert {row[name] for name in ENDPOINTS} == {""}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"recording": {"name": "b.edf"}}, "finished from another recording, b.edf"),
        ({"pipeline": {"name": "old", "sha256": "o"}}, "finished by another pipeline, old"),
    ],
)
def test_a_night_made_from_something_else_is_not_the_night_asked_for(tmp_path, changed, reason):
    ask(tmp_path, ("S1", "n1", {}))
    finish(tmp_path, "S1", "n1", {**MANIFEST, **changed}, tst_min=1.0)
    (row,) = rows(tmp_path)
    assert (row["state"], row["tst_min"]) == ("missing", "")
    assert row["reason"].startswith(reason)


def test_numbers_that_are_not_those_of_the_manifest_are_not_gathered(tmp_path):
    ask(tmp_path, ("S1", "n1", {}))
    summary = finish(tmp_path, "S1", "n1", tst_min=401.5) / "summary.json"
    summary.write_text(summary.read_text(encoding="utf-8").replace("401.5", "491.5"), "utf-8")
    (row,) = rows(tmp_path)
    assert (row["state"], row["kind"], row["tst_min"]) == ("missing", "Damaged", "")


def test_no_cell_is_a_formula_to_a_spreadsheet_and_the_ids_come_back(tmp_path):
    extra = {"note": "@SUM(A1)", "score": "-2", "sign": "-"}
    more = {"recording": '=HYPERLINK("x").edf', "extra": extra}
    ask(tmp_path, ("=1+1", "+n1", more))
    (row,) = rows(tmp_path)
    assert [row[c] for c in ("subject", "night", "recording", "note", "score", "sign")] == [
        "'=1+1", "'+n1", "'=HYPERLINK(\"x\").edf", "'@SUM(A1)", "-2", "-",
    ]  # fmt: skip
    (read,) = read_table(tmp_path / "nights.tsv").rows
    assert [read.cells[c] for c in ("subject", "night", "note")] == ["=1+1", "+n1", "@SUM(A1)"]


@pytest.mark.parametrize(
    "nights", [5, ["S1"], [{"subject": "S1"}], [{"subject": "S1", "night": "n1", "bed": 3}]]
)
def test_a_list_of_nights_that_somebody_edited_is_told_from_a_bug(tmp_path, nights):
    (tmp_path / "study.json").write_text(json.dumps({"nights": nights}), encoding="utf-8")
    with pytest.raises(OutputConflict, match="Run the batch again"):
        study_nights(tmp_path)


@pytest.mark.parametrize("outputs", [[3], [{}], [{"name": "summary.json"}], "all"])
def test_a_manifest_of_another_shape_is_damaged(tmp_path, outputs):
    ask(tmp_path, ("S1", "n1", {}))
    manifest = finish(tmp_path, "S1", "n1") / "manifest.json"
    manifest.write_text(json.dumps({**MANIFEST, "outputs": outputs}), encoding="utf-8")
    (checked,) = verify(tmp_path)
    assert checked.damage == ("manifest.json: it cannot be read",)
    (row,) = rows(tmp_path)
    assert (row["state"], row["kind"]) == ("missing", "Damaged")


def test_an_excluded_night_keeps_its_reason_even_if_finished(tmp_path):
    ask(tmp_path, ("S1", "n1", {"excluded": True, "exclude_reason": "fell out of bed"}))
    finish(tmp_path, "S1", "n1", tst_min=401.5)
    (row,) = rows(tmp_path)
    assert (row["state"], row["reason"], row["tst_min"]) == ("excluded", "fell out of bed", "")


def test_columns_of_the_study_never_take_the_place_of_ours(tmp_path):
    ask(tmp_path, ("S1", "n1", {"extra": {"state": "Bavaria", "TST_min": "7", "bmi": "22"}}))
    finish(tmp_path, "S1", "n1", tst_min=401.5)
    (row,) = rows(tmp_path)
    assert (row["state"], row["tst_min"]) == ("done", "401.5")
    assert (row["study_state"], row["study_TST_min"], row["bmi"]) == ("Bavaria", "7", "22")


def test_cells_may_hold_tabs_quotes_and_line_breaks(tmp_path):
    ask(tmp_path, ("S1", "n1", {"extra": {"note": 'a\tb "c"\nd'}}))
    assert rows(tmp_path)[0]["note"] == 'a\tb "c"\nd'


def test_nights_run_one_by_one_are_gathered_without_a_study_table(tmp_path):
    finish(tmp_path, "S 10", "n1", tst_min=1.0, condition=None)
    finish(tmp_path, "S 2", "n1", tst_min=2.0, condition="baseline")
    assert [(row["subject"], row["tst_min"]) for row in rows(tmp_path)] == [
        ("S 2", "2.0"), ("S 10", "1.0"),
    ]  # fmt: skip


def test_without_conditions_there_is_no_column_for_them(tmp_path):
    finish(tmp_path, "S1", "n1", condition=None)
    assert "condition" not in rows(tmp_path)[0]


def test_gathering_twice_gives_the_same_bytes(tmp_path):
    finish(tmp_path, "S1", "n1", tst_min=0.1 + 0.2)
    rows(tmp_path)
    before = (tmp_path / "nights.tsv").read_bytes()
    rows(tmp_path)
    assert (tmp_path / "nights.tsv").read_bytes() == before
    assert b"0.30000000000000004" in before


@pytest.mark.parametrize("command", [gather, study_nights, lambda out: list(verify(out))])
def test_a_folder_that_psgpipe_did_not_write(tmp_path, command):
    with pytest.raises(UsageError, match="wanted a folder of results"):
        command(tmp_path)


def test_verify_looks_at_excluded_nights_too_and_names_the_file(tmp_path):
    ask(tmp_path, ("S1", "n1", {"excluded": True}), ("S2", "n1", {}), ("S3", "n1", {}))
    finish(tmp_path, "S1", "n1")
    (finish(tmp_path, "S2", "n1") / "manifest.json").write_text("{", encoding="utf-8")
    first, second = verify(tmp_path)
    assert (first.subject, first.files, first.damage) == ("S1", 3, ())
    assert second.damage == ("manifest.json: it cannot be read",)
    asked = next(a for a in study_nights(tmp_path) if a.subject == "S2")
    assert stored_night(asked).kind == "Damaged"


def write_journal(out, *events, name="journal.jsonl"):
    lines = [json.dumps({"at": "2024-03-01T22:00:00+00:00", **event}) for event in events]
    (out / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_runs_without_an_end_are_told_with_the_nights_in_their_hands(tmp_path):
    began = {"event": "batch began", "run": "a"}
    started = [{"event": "started", "run": "a", "subject": s, "night": "n"} for s in "XYZ"]
    ended = {"event": "finished", "run": "a", "subject": "Y", "night": "n"}
    other = [{"event": "batch began", "run": "b"}, {"event": "batch ended", "run": "b"}]
    write_journal(tmp_path, began, *started, *other, ended, name="journal-1-of-2.jsonl")
    write_journal(tmp_path, {"event": "unblinded"})
    with (tmp_path / "journal.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "torn')
    (run,) = batch_runs(tmp_path)
    assert run.in_hand == (("X", "n"), ("Z", "n"))
    assert not run.is_alive
