"""``psgpipe doubts``: the epochs of a study that are worth a look."""

import csv
import json

import pytest

from psgpipe.cli.app import exit_code
from tests.studies import flip_a_bit, make_study

LIGHTS = "\tlights_off\tlights_on"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two nights of two minutes; the first was in bed for one minute."""
    folder = tmp_path_factory.mktemp("doubts")
    cells = ["\t22:01:30\t22:02:30", "\t22:02\t22:04"]
    two = make_study(folder, ["n1", "n1"], tmp_path_factory.mktemp("template"), LIGHTS, cells)
    assert two.run() == 0
    return two


def doubts(study, capsys, *options):
    capsys.readouterr()
    assert exit_code(["doubts", str(study.out), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def hypnogram(study, number):
    path = study.night(number) / "hypnogram.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_every_epoch_in_bed_is_listed_by_its_margin(study, capsys):
    found = doubts(study, capsys)
    assert [e["margin"] for e in found] == sorted(e["margin"] for e in found)
    # 1 min and 2 min in bed are 2 and 4 epochs.
    assert [e["subject"] for e in found].count("S1") == 2
    assert [e["subject"] for e in found].count("S2") == 4


def test_the_margin_is_between_the_two_most_probable_stages_of_the_hypnogram(study, capsys):
    for epoch in doubts(study, capsys):
        row = hypnogram(study, int(epoch["subject"][1:]))[epoch["epoch"]]
        second, first = sorted(float(row[f"p_{s}"]) for s in ("w", "n1", "n2", "n3", "r"))[-2:]
        assert epoch["margin"] == pytest.approx(first - second)
        assert (epoch["stage"], epoch["clock"]) == (row["stage"], row["clock"])
        assert row["in_bed"] == "true"


def test_the_number_counts_for_the_study_or_for_each_night(study, capsys):
    assert len(doubts(study, capsys, "-n", "3")) == 3
    each = doubts(study, capsys, "-n", "1", "--each-night")
    assert [e["subject"] for e in each] == ["S1", "S2"]
    assert {e["subject"] for e in doubts(study, capsys, "--night", "S2/n1")} == {"S2"}


def test_the_hypnogram_names_the_most_doubted_epochs_by_rank(study, capsys):
    order = [e["epoch"] for e in doubts(study, capsys, "--night", "S2/n1")]
    ranks = {row["doubt"]: int(row["epoch"]) for row in hypnogram(study, 2) if row["doubt"]}
    assert [ranks[str(rank)] for rank in range(1, 5)] == order


def test_a_night_that_is_not_there_is_refused(study, capsys):
    assert exit_code(["doubts", str(study.out), "--night", "S9/n1"]) == 2
    assert "no night S9/n1" in capsys.readouterr().err


def test_a_folder_without_results_is_refused(tmp_path, capsys):
    assert exit_code(["doubts", str(tmp_path)]) == 2
    assert "wanted a folder of results" in capsys.readouterr().err


def test_a_damaged_hypnogram_is_not_used(study, capsys):
    flip_a_bit(study.night(1) / "hypnogram.tsv")
    try:
        assert exit_code(["doubts", str(study.out)]) == 7
        assert "S1/n1: hypnogram.tsv is not the one" in capsys.readouterr().err
    finally:
        flip_a_bit(study.night(1) / "hypnogram.tsv")
