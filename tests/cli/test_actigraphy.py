"""``psgpipe actigraphy``: counts to sleep and wake, on the command line."""

import csv
import json

from psgpipe.cli.app import exit_code
from tests.actigraphy.count_files import agd, awd, table


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_a_file_becomes_a_table_of_epochs(tmp_path, capsys):
    path = agd(tmp_path / "w.agd", [0] * 30 + [5000] * 5 + [0] * 30, skip=(3,))
    assert exit_code(["actigraphy", str(path), "-o", str(tmp_path / "out")]) == 0
    rows = rows_of(tmp_path / "out" / "actigraphy.tsv")
    assert list(rows[0]) == ["time", "counts", "sleep", "wear"]
    assert len(rows) == 65
    assert rows[0] == {"time": "2024-03-04T12:00:00", "counts": "0", "sleep": "true",
                       "wear": "true"}  # fmt: skip
    assert rows[3]["counts"] == ""
    assert (rows[3]["sleep"], rows[3]["wear"], rows[32]["sleep"]) == ("false", "false", "false")
    assert "no window, no sleep measures" in capsys.readouterr().out


def test_markers_give_windows_and_measures(tmp_path):
    path = awd(tmp_path / "w.AWD", [0, 9] * 400, markers=(100, 580))
    assert exit_code(["actigraphy", str(path), "-o", str(tmp_path / "out"), "-q"]) == 0
    result = json.loads((tmp_path / "out" / "actigraphy.json").read_text("utf-8"))
    (night,) = result["nights"]
    assert (night["actigraphy_tib_min"], night["window"]) == (480, "markers")
    assert night["actigraphy_tst_min"] == 480


def test_one_bad_file_of_two_leaves_the_other(tmp_path, capsys):
    good = table(tmp_path / "a.csv", [1] * 9, header="time,axis1")
    bad = table(tmp_path / "b.csv", ["x"] * 9, header="time,axis1")
    assert exit_code(["actigraphy", str(good), str(bad), "-o", str(tmp_path / "out"), "-q"]) == 8
    assert "b.csv: line 2: wanted a count" in capsys.readouterr().err
    assert (tmp_path / "out" / "a" / "actigraphy.tsv").exists()


def test_counts_of_another_maker_are_refused_unless_said(tmp_path, capsys):
    path = awd(tmp_path / "w.AWD", [0] * 30)
    command = ["actigraphy", str(path), "-o", str(tmp_path / "o"), "--algorithm", "sadeh", "-q"]
    assert exit_code(command) == 2
    assert "valid for ActiGraph counts" in capsys.readouterr().err
    assert exit_code([*command, "--any-maker"]) == 0
