"""``psgpipe check``: one recording in full, an archive by its headers."""

import json

import numpy as np
import pytest

import psgpipe
from psgpipe.cli.app import exit_code
from tests.recordings import CANARIES, write_night


@pytest.fixture
def archive(tmp_path):
    """Two good nights (one below a folder), a 20-s stub, a text file and an alias of the first."""
    (tmp_path / "site2").mkdir()
    write_night(tmp_path / "good.edf", seconds=300)
    write_night(tmp_path / "site2" / "also_good.EDF", seconds=300)
    write_night(tmp_path / "stub.edf", seconds=20)
    (tmp_path / "notes.edf").write_text("these are notes\n" * 50, encoding="utf-8")
    (tmp_path / "readme.txt").write_text("not a recording", encoding="utf-8")
    (tmp_path / "._good.edf").write_bytes(b"finder data")
    return tmp_path


def checked(capsys, *arguments):
    code = exit_code(["check", *map(str, arguments)])
    return code, capsys.readouterr().out


def test_one_recording_is_told_in_full(archive, capsys):
    code, out = checked(capsys, archive / "good.edf", "-v")
    assert code == 0
    assert "    EEG C4-M1  128 Hz  uV    C4-M1\n" in out
    assert "EEG C4-M1: recorded as EEG C4-M1" in out
    assert "median_epoch_sd_uv" in out


def test_json_holds_what_the_contract_names(archive, capsys):
    _, out = checked(capsys, archive / "good.edf", "--json")
    (one,) = json.loads(out)
    wanted = {"file", "state", "findings", "channels", "derivations", "duration_s", "start"}
    assert wanted <= set(one)
    assert one["duration_s"] == 300
    assert one["start"] == "2024-03-01T22:00:00"
    assert one["derivations"][0]["name"] == "C4-M1"


def test_an_archive_is_walked_and_everything_in_it_counted_once(archive, capsys):
    code, out = checked(capsys, archive, "--json")
    states = {one["file"]: one["state"] for one in json.loads(out)}
    assert states == {
        "good.edf": "ok",
        "notes.edf": "unreadable",
        "site2/also_good.EDF": "ok",
        "stub.edf": "unsuitable",
    }
    assert code == 4


def test_a_link_back_to_the_archive_ends_there(archive, capsys):
    try:
        (archive / "site2" / "back").symlink_to(archive, target_is_directory=True)
        (archive / "zz_alias.edf").symlink_to(archive / "good.edf")
        (archive / "loop.edf").symlink_to(archive / "loop.edf")
    except OSError:
        pytest.skip("links cannot be made here")
    _, out = checked(capsys, archive, "--json")
    files = [one["file"] for one in json.loads(out)]
    assert files == ["good.edf", "loop.edf", "notes.edf", "site2/also_good.EDF", "stub.edf"]


def test_the_audit_as_a_table(archive, capsys):
    _, out = checked(capsys, archive, "--tsv")
    rows = [line.split("\t") for line in out.splitlines()]
    assert rows[0][:3] == ["file", "state", "container"]
    assert {len(row) for row in rows} == {10}
    good = dict(zip(rows[0], rows[1], strict=True))
    assert good["duration_h"] == "0.083"
    assert good["rates_hz"] == "128"
    assert good["derivations"] == "C4-M1,E1-M2,chin"


def test_the_audit_ends_with_how_many_of_each(archive, capsys):
    _, out = checked(capsys, archive)
    assert out.splitlines()[-1] == "4 recordings: 2 ok, 1 unreadable, 1 unsuitable"


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(tmp_path, capsys):
    write_night(tmp_path / "=1+1.edf", seconds=60)
    _, out = checked(capsys, tmp_path, "--tsv")
    assert out.splitlines()[1].startswith("./=1+1.edf\t")


def test_the_reason_of_a_file_with_such_a_name_is_harmless_too(tmp_path, capsys):
    (tmp_path / "=1+1.edf").write_bytes(b"no recording")
    _, out = checked(capsys, tmp_path, "--tsv")
    assert not [cell for cell in out.splitlines()[1].split("\t") if cell.startswith("=")]


def test_an_unsuitable_recording_leaves_with_5(archive, capsys):
    assert checked(capsys, archive / "stub.edf")[0] == 5


def test_header_only_reads_no_samples_and_says_nothing_of_quality(archive, capsys):
    _, out = checked(capsys, archive / "good.edf", "--header-only", "--json")
    assert "quality" not in json.loads(out)[0]


def test_files_of_stages_in_a_folder_are_counted(tmp_path, capsys):
    write_night(tmp_path / "n1.edf", seconds=60)
    (tmp_path / "n1-hypnogram.edf").write_bytes(b"")
    assert exit_code(["check", str(tmp_path)]) == 0
    assert "1 file holds stages and no recording" in capsys.readouterr().err


def test_an_empty_folder_holds_no_recordings(tmp_path, capsys):
    assert checked(capsys, tmp_path) == (0, "0 recordings: none\n")
    assert checked(capsys, tmp_path, "--json") == (0, "[]\n")


def test_two_output_formats_exclude_each_other(archive, capsys):
    assert checked(capsys, archive, "--tsv", "--json")[0] == 2


def test_an_anonymous_copy_has_the_samples_and_none_of_the_header_text(archive, tmp_path, capsys):
    original, copies = archive / "good.edf", tmp_path / "anonymous"
    assert checked(capsys, original, "--anonymise", copies)[0] == 0
    content = (copies / "good.edf").read_bytes()
    assert [canary for canary in CANARIES if canary.encode() in content] == []
    labels = ["EEG C4-M1", "EOG E1-M2", "EMG chin"]
    before, after = (psgpipe.read_recording(p, labels) for p in (original, copies / "good.edf"))
    np.testing.assert_array_equal(before.signals_uv, after.signals_uv)
    assert before.start_clock == after.start_clock
    assert after.start is None


def test_an_anonymous_copy_overwrites_nothing(archive, capsys):
    before = (archive / "good.edf").read_bytes()
    assert checked(capsys, archive / "good.edf", "--anonymise", archive)[0] == 7
    assert (archive / "good.edf").read_bytes() == before
