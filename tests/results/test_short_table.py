"""``nights-short.tsv`` and the workbook: the nights of ``nights.tsv`` for people."""

import csv

import openpyxl
import pytest

from psgpipe.cli.app import exit_code
from psgpipe.comparison.compare import compare
from psgpipe.results.short_table import flags_in_words, short_row, short_table
from psgpipe.tables.delimited import read_table
from tests.shared_files import CHECKOUT


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_a_batch_writes_the_short_table_and_gather_the_workbook(tmp_path):
    out, book = tmp_path / "out", tmp_path / "nights.xlsx"
    table = str(CHECKOUT / "data" / "sample" / "study.tsv")
    assert exit_code(["batch", table, "-o", str(out), "-q", "-j", "1", "--no-figures"]) == 0
    short, full = rows_of(out / "nights-short.tsv"), rows_of(out / "nights.tsv")
    assert len(short) == len(full) == 4
    for one, other in zip(short, full, strict=True):
        assert one["subject"] == other["subject"]
        assert one["rem_pct"] == f"{float(other['rem_pct']):.1f}"
        assert one["start"] == other["start"][:16].replace("T", " ")
    assert short[0]["flags"] == "0.3 h in bed, wanted at least 4 h for a night"
    assert exit_code(["gather", str(out), "-q", "--workbook", str(book)]) == 0
    assert openpyxl.load_workbook(book).sheetnames == ["nights", "nights-short"]
    from_book = {
        row.cells["night"] + row.cells["subject"]: row.cells for row in read_table(book).rows
    }
    for row in full:
        assert float(from_book[row["night"] + row["subject"]]["tst_min"]) == float(row["tst_min"])
    # openpyxl writes 16 digits of a number.
    for one, other in zip(compare(book).contrasts, compare(out).contrasts, strict=True):
        assert one.endpoint == other.endpoint
        assert one.difference == pytest.approx(other.difference, abs=1e-9)
        assert one.verdict == other.verdict
    assert exit_code(["gather", str(out), "-q", "--workbook", str(tmp_path / "n.csv")]) == 2


def test_a_failed_night_has_its_reason_and_no_numbers():
    row = {"subject": "S1", "night": "n1", "state": "failed", "reason": "no EEG"}
    head, cells = short_table([short_row(row)])
    shown = dict(zip(head, cells, strict=True))
    assert "condition" not in shown
    assert (shown["state"], shown["reason"], shown["tst_min"]) == ("failed", "no EEG", None)


def test_flags_are_sentences_in_one_cell():
    assert flags_in_words(()) == ""
