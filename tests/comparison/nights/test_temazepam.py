"""Temazepam against placebo by hand-scored nights of the Sleep-EDF Database, no recording."""

import csv

import pytest

import psgpipe
from psgpipe.cli.app import exit_code
from psgpipe.model.comparison.spec import ComparisonSpec
from tests.shared_files import shared

# Which night is which, and lights off: ST-subjects.xls of the database.
NIGHTS = """\
1 1 placebo 23:01 ST7011JP
1 2 temazepam 23:48 ST7012JP
2 1 temazepam 00:00 ST7021JM
2 2 placebo 23:27 ST7022JM
4 1 placebo 23:53 ST7041JO
4 2 temazepam 22:37 ST7042JO
5 1 temazepam 23:34 ST7051JA
5 2 placebo 23:23 ST7052JA
6 1 placebo 23:28 ST7061JR
6 2 temazepam 23:26 ST7062JR
7 1 placebo 00:02 ST7071JA
7 2 temazepam 23:24 ST7072JA
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The nights, run by the stages of their scorings."""
    scorings = shared("data", "sleep-edf-ST-hypnograms")
    folder = tmp_path_factory.mktemp("temazepam")
    lines = ["subject\tnight\tcondition\tlights_off\tscoring"]
    for line in NIGHTS.splitlines():
        subject, night, condition, lights_off, name = line.split()
        scoring = scorings / f"{name}-Hypnogram.edf"
        lines.append(f"{subject}\t{night}\t{condition}\t{lights_off}\t{scoring}")
    table = folder / "study.tsv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = ["--stages", "expert", "--no-figures", "-q", "-j1"]
    assert exit_code(["batch", str(table), "-o", str(folder / "out"), *options]) == 0
    return folder / "out"


def rows(out):
    with (out / "nights.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_architecture_is_that_of_the_scored_epochs(out):
    # ST7011JP has 101 epochs of N1 among 888 of sleep, counted in the file.
    first = rows(out)[0]
    assert (first["n1_min"], first["tst_min"]) == ("50.5", "444.0")
    assert float(first["n1_pct"]) == pytest.approx(100 * 101 / 888)


def test_lights_off_half_a_minute_before_the_first_stage_is_part_of_the_night(out):
    night = next(r for r in rows(out) if (r["subject"], r["night"]) == ("2", "1"))
    assert night["lights_off"] == "00:00:00"  # the scoring starts at 00:00:30
    assert float(night["unscored_min"]) == 0.5


def test_n1_is_lower_under_temazepam_in_all_six(out):
    spec = ComparisonSpec(
        primary="n1_pct", baseline=("placebo",), treatment=("temazepam",), incomplete="warn"
    )
    comparison = psgpipe.compare(out, spec, stages="expert")
    changes = [c.difference for c in comparison.subjects if c.endpoint == "n1_pct"]
    assert len(changes) == 6
    assert all(change < 0 for change in changes)
    (n1,) = (c for c in comparison.contrasts if c.endpoint == "n1_pct")
    # All six differences have one sign: 2 of 64 sign patterns are as extreme.
    assert n1.p_sign_flip == pytest.approx(2 / 64)
    assert comparison.statements["stages"].startswith("Stages scored by a person")
