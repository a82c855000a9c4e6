"""The files of a comparison of many subjects: written line by line, and the same bytes."""

import json
import tracemalloc

import pytest

from psgpipe.comparison.compare import compare
from psgpipe.comparison.comparison_json import JsonLines, comparison_dict
from psgpipe.comparison.output_files import write_comparison
from psgpipe.files.atomic import json_bytes
from psgpipe.tables.delimited import Mistakes, Row, Table
from psgpipe.tables.numbers import Numbers
from tests.comparison.night_tables import nights_tsv, study

SPEC = 'name = "s"\nprimary = "rem_pct"\n[strata]\ndose = true\n'


def comparison_of(folder, n, **columns):
    rows = [{**row, **columns} for row in study(n, effect=-2, nights=1)]
    for number, row in enumerate(rows):
        row["dose_mg_per_kg"] = "" if row["condition"] == "baseline" else 1 + number % 3
    (folder / "spec.toml").write_text(SPEC, encoding="utf-8")
    return compare(nights_tsv(folder / "nights.tsv", rows), folder / "spec.toml")


@pytest.mark.parametrize("comedication", ["", "Zopiclon 7,5 mg abends – täglich"])
def test_the_lines_of_the_json_are_the_document_as_one(tmp_path, comedication):
    comparison = comparison_of(tmp_path, 13, comedication=comedication)
    assert comparison.strata
    assert b"".join(JsonLines(comparison)) == json_bytes(comparison_dict(comparison))


def test_a_comparison_can_be_read_back_from_its_file(tmp_path):
    comparison = comparison_of(tmp_path, 7)
    folder = write_comparison(comparison, tmp_path)
    document = json.loads((folder / "comparison.json").read_bytes())
    assert document == json.loads(json.dumps(comparison_dict(comparison)))
    assert [s["subject"] for s in document["subjects"]] == [f"S{i:02d}" for i in range(7)]


def test_the_files_of_a_large_comparison_are_never_whole_in_memory(tmp_path):
    comparison = comparison_of(tmp_path, 400)
    tracemalloc.start()
    try:
        folder = write_comparison(comparison, tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.8 * (folder / "comparison.json").stat().st_size


def test_a_stratum_has_the_nights_of_its_dose_only(tmp_path):
    comparison = comparison_of(tmp_path, 12)
    assert {(s.stratum, s.n_subjects) for s in comparison.strata} == {("1", 4), ("2", 4), ("3", 4)}


def test_a_decimal_comma_counts_in_every_cell_that_has_it():
    cells = ["1,5"] * 3 + ["2.5"] * 2 + ["−1,5", "-1,5"]
    rows = tuple(Row(i + 2, {"x": cell}) for i, cell in enumerate(cells))
    numbers = Numbers(Table("t.tsv", ("x",), rows, "\t"), ["x"], Mistakes("t.tsv"))
    read = [numbers.read(row, "x") for row in rows]
    assert read == [1.5, 1.5, 1.5, None, None, -1.5, -1.5]
