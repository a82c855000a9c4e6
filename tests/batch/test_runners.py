"""Several runs at once, several workers, shards, any order: the results have the same bytes."""

import json
import random

import pytest

from psgpipe.cli.app import exit_code
from tests import cheap_nights
from tests.studies import assert_old_or_new, tree


@pytest.mark.parametrize("runners", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_several_runs_on_one_output_folder(study, runners):
    nights = ["n1", "refused", *["n1"] * 6]
    alone = study(*nights, folder="alone")
    assert alone.run() == 8
    shared = study(*nights)
    started = [shared.start("-j1", "--quiet") for _ in range(runners)]
    ends = [(process.communicate(timeout=120), process.returncode) for process in started]
    assert [code for _, code in ends] == [8] * runners, ends
    assert_old_or_new(shared.out)
    assert tree(shared.out) == tree(alone.out)
    assert exit_code(["verify", str(shared.out), "--quiet"]) == 0


def test_two_runs_of_different_pipelines_at_once(study, tmp_path):
    """The last run replaces each night; no night is a mixture, and the next run accepts it."""
    from tests.studies import CHECKOUT

    text = (CHECKOUT / "pipelines" / "standard-night.toml").read_text(encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text(text.replace("high_hz = 35", "high_hz = 30"), encoding="utf-8")
    shared = study(*["n1"] * 6)
    started = [shared.start("-j1", "--quiet", *p) for p in ([], ["-p", str(other)], [])]
    for process in started:
        process.communicate(timeout=120)
    assert_old_or_new(shared.out)
    assert shared.run() == 0
    alone = study(*["n1"] * 6, folder="alone")
    assert alone.run() == 0
    assert tree(shared.out) == tree(alone.out)


def test_one_worker_and_two_give_the_same_bytes(study):
    nights = ["n1", "n2", "refused", "n1", "n1"]
    one, two = study(*nights, folder="one"), study(*nights, folder="two")
    assert (one.run(jobs=1), two.run(jobs=2)) == (8, 8)
    assert tree(one.out) == tree(two.out)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_nights_gives_the_same_bytes(study, seed):
    nights = ["n1", "n2", "refused", "n1", "n1", *["n1"] * 6]
    as_listed, shuffled = study(*nights, folder="one"), study(*nights, folder="two")
    header, *rows = shuffled.table.read_text(encoding="utf-8").splitlines()
    random.Random(seed).shuffle(rows)
    shuffled.table.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    assert (as_listed.run(), shuffled.run()) == (8, 8)
    a, b = tree(as_listed.out), tree(shuffled.out)
    assert a.pop("study.json") != b.pop("study.json")  # it holds the hash of the table
    assert a == b
    assert [row["subject"] for row in shuffled.rows()] == [f"S{i}" for i in range(1, 12)]


def test_shards_and_gather_equal_one_run(study):
    nights = ["n1", "refused", "n1", "n1", "n1"]
    whole, parts = study(*nights, folder="one"), study(*nights, folder="two")
    assert whole.run() == 8
    codes = [parts.run("--shard", f"{i}/3") for i in (3, 1, 2)]
    assert sorted(codes) == [0, 0, 8]
    assert not (parts.out / "nights.tsv").exists()
    assert exit_code(["gather", str(parts.out), "--quiet", "--no-figures"]) == 8
    assert tree(parts.out) == tree(whole.out)
    assert sorted(p.name for p in parts.out.glob("journal*")) == [
        f"journal-{i}-of-3.jsonl" for i in (1, 2, 3)
    ]


@pytest.mark.parametrize("prepared", [False, True])
def test_a_shard_says_how_many_nights_it_has(study, capsys, prepared):
    three = study("n1", "n1", "n1")
    if prepared:
        assert three.run("--prepare") == 0
    assert cheap_nights.main(three.arguments("-j1", "--shard", "2/2")) == 0
    assert capsys.readouterr().err.startswith("1 night (shard 2 of 2), 1 at once (--jobs)")


def test_one_shard_started_twice_at_once(study):
    parts = study(*["n1"] * 6)
    started = [parts.start("-j1", "--quiet", "--shard", "1/2") for _ in range(2)]
    for process in started:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert parts.run("--shard", "2/2") == 0
    assert exit_code(["gather", str(parts.out), "--quiet", "--no-figures"]) == 0
    alone = study(*["n1"] * 6, folder="alone")
    alone.run()
    assert tree(parts.out) == tree(alone.out)


def test_gather_names_what_is_missing(study, capsys):
    three = study("n1", "n1", "n1")
    assert three.run("--shard", "1/2") == 0
    capsys.readouterr()
    assert exit_code(["gather", str(three.out)]) == 8
    said = capsys.readouterr()
    assert "S2 n1: missing: not computed yet" in said.out
    assert "psgpipe: 1 night is missing" in said.err
    assert three.states() == {"S1": "done", "S2": "missing", "S3": "done"}


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/2/3", "-1/2"])
def test_an_impossible_shard_is_a_wrong_command(study, text):
    assert study("n1").run("--shard", text) == 2


def test_what_is_gathered_can_be_compared(study, capsys):
    many = study(*["n1"] * 12)
    text = many.table.read_text(encoding="utf-8")
    for number in range(12, 0, -1):  # S1 and S2 are two nights of P1, S3 and S4 of P2, ...
        night = ("base", "treat")[number % 2]
        text = text.replace(f"\nS{number}\tn1\t", f"\nP{(number + 1) // 2}\t{night}\t")
    many.table.write_text(text, encoding="utf-8")
    assert many.run() == 0
    capsys.readouterr()
    assert exit_code(["compare", str(many.out), "--json"]) == 0
    contrasts = json.loads(capsys.readouterr().out)["contrasts"]
    (tst,) = [c for c in contrasts if c["endpoint"] == "tst_min"]
    assert (tst["n_subjects"], tst["n_baseline_nights"], tst["n_treatment_nights"]) == (6, 6, 6)
    rows = many.rows()
    mean = {
        condition: sum(float(r["tst_min"]) for r in rows if r["condition"] == condition) / 6
        for condition in ("baseline", "treatment")
    }
    assert tst["difference"] == pytest.approx(mean["treatment"] - mean["baseline"])


def test_shards_of_a_prepared_study_equal_one_run(study, monkeypatch):
    nights = ["n1", "refused", "n1", "n1", "n1"]
    whole, parts = study(*nights, folder="one"), study(*nights, folder="two")
    assert whole.run() == 8
    assert parts.run("--prepare") == 0
    assert not (parts.out / "nights").exists()
    asked = (parts.out / "study.json").stat()
    monkeypatch.setattr("psgpipe.cli.batch.read_study", None)  # no shard reads the table
    assert sorted(parts.run("--shard", f"{i}/3") for i in (3, 1, 2)) == [0, 0, 8]
    assert (parts.out / "study.json").stat().st_ino == asked.st_ino
    assert exit_code(["gather", str(parts.out), "--quiet", "--no-figures"]) == 8
    results = tree(parts.out)
    del results[".study-rows.jsonl.gz"]
    assert results == tree(whole.out)


def test_the_first_shard_of_a_large_study_prepares_it_for_the_others(study, monkeypatch):
    three = study("n1", "n1", "n1")
    assert three.run("--shard", "1/3") == 0
    assert not (three.out / ".study-rows.jsonl.gz").exists()
    monkeypatch.setattr("psgpipe.batch.run.LARGE_STUDY_NIGHTS", 3)
    assert three.run("--shard", "1/3") == 0
    monkeypatch.setattr("psgpipe.cli.batch.read_study", None)
    assert three.run("--shard", "2/3") == 0
    assert three.run("--shard", "3/3") == 0
