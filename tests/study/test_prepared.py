"""The prepared study: a shard reads its own rows of a table that was checked as a whole."""

import json

import pytest

from psgpipe.results.study_file import (
    lists_nights,
    read_study_file,
    read_study_head,
    write_study_file,
)
from psgpipe.study import prepared, study_table
from psgpipe.study.prepared import ROWS, read_part, remove_rows, write_rows
from psgpipe.study.shard import Shard
from psgpipe.study.study import blinded, read_study, write_study

HEADER = "subject\tnight\tcondition\trecording\tlights_off\tage\tsex\texclude\tward\n"
PIPELINE = {"name": "p", "sha256": "f", "steps": ("load",)}


def table_of(folder, n=10, name="study.tsv"):
    lines = [
        f"S{i}\tn1\t{'baseline' if i % 2 else 'treatment'}\tsleep/r{i}.edf\t22:{i:02d}\t{20 + i}\tF"
        f"\t{'yes' if i == 4 else ''}\tA\n"
        for i in range(1, n + 1)
    ]
    (folder / name).write_text(HEADER + "".join(lines), encoding="utf-8")
    return folder / name


def prepared_study(table, out, *, blind=False):
    study = blinded(read_study(table)) if blind else read_study(table)
    write_study(out, study, PIPELINE, None, {"yasa": "1"})
    write_rows(out, study, table.parent)
    return study


def without_extra(rows):
    return [row.night.__dict__ | {"extra": None, "recording": row.recording} for row in rows]


@pytest.mark.parametrize("of", [1, 2, 3, 8, 20])
def test_a_shard_has_the_nights_that_it_had_without_preparation(tmp_path, of):
    table = table_of(tmp_path)
    study = prepared_study(table, tmp_path / "out")
    for number in range(1, of + 1):
        shard = Shard(number, of)
        part = read_part(table, tmp_path / "out", shard, blind=False)
        assert without_extra(part.nights) == without_extra(shard.part(study.included))
        assert (part.n_included, part.n_excluded) == (9, 1)
        assert part.table_sha256 == study.table_sha256


def test_a_shard_parses_its_own_rows_only(tmp_path, monkeypatch):
    table = table_of(tmp_path, 40)
    prepared_study(table, tmp_path / "out")
    parsed, row = [], prepared._row
    monkeypatch.setattr(prepared, "_row", lambda *a: (parsed.append(a), row(*a))[1])
    monkeypatch.setattr(study_table, "read_table", None)  # the table itself is only hashed
    part = read_part(table, tmp_path / "out", Shard(2, 8), blind=False)
    assert len(parsed) == len(part.nights) == 5


def test_a_changed_table_is_read_and_checked_again(tmp_path):
    table, out = table_of(tmp_path), tmp_path / "out"
    prepared_study(table, out)
    table.write_text(table.read_text("utf-8") + "S1\tn1\tbaseline\tx.edf\t\t\t\t\t\n", "utf-8")
    assert read_part(table, out, Shard(1, 2), blind=False) is None


def test_another_study_in_the_folder_is_not_taken_for_this_one(tmp_path):
    table, out = table_of(tmp_path), tmp_path / "out"
    prepared_study(table, out)
    other = read_study(table_of(tmp_path, 3, "other.tsv"))
    write_study(out, other, PIPELINE, None, {})  # killed before it wrote its rows
    assert read_part(table, out, Shard(1, 2), blind=False) is None
    remove_rows(out, other)
    assert not (out / ROWS).exists()


@pytest.mark.parametrize("keep", [0, 10, -1, -9])
def test_damaged_rows_are_no_rows(tmp_path, keep):
    table, out = table_of(tmp_path), tmp_path / "out"
    prepared_study(table, out)
    (out / ROWS).write_bytes((out / ROWS).read_bytes()[:keep])
    assert read_part(table, out, Shard(1, 2), blind=False) is None


def test_no_flipped_bit_gives_other_nights(tmp_path):
    table, out = table_of(tmp_path), tmp_path / "out"
    prepared_study(table, out)
    whole = (out / ROWS).read_bytes()
    wanted = read_part(table, out, Shard(1, 1), blind=False).nights
    for place in range(10, len(whole)):
        (out / ROWS).write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        part = read_part(table, out, Shard(1, 1), blind=False)
        assert part is None or part.nights == wanted, place


def test_the_rows_of_a_blinded_study_show_no_condition(tmp_path):
    table, out = table_of(tmp_path), tmp_path / "out"
    prepared_study(table, out, blind=True)
    text = b"".join(prepared._lines(out / ROWS))
    assert b"baseline" not in text
    assert b"treatment" not in text
    assert b"ward" not in text
    assert read_part(table, out, Shard(1, 2), blind=False) is None
    part = read_part(table, out, Shard(1, 2), blind=True)
    assert {row.night.condition for row in part.nights} == {None}
    assert blinded(part) is part


def test_a_study_that_is_blinded_later_leaves_no_rows_with_conditions(tmp_path):
    table, out = table_of(tmp_path), tmp_path / "out"
    prepared_study(table, out)
    remove_rows(out, blinded(read_study(table)))
    assert not (out / ROWS).exists()


def test_a_moved_study_finds_its_recordings(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    prepared_study(table_of(old), old / "out")
    old.rename(new)
    part = read_part(new / "study.tsv", new / "out", Shard(1, 9), blind=False)
    assert part.nights[0].recording == new / "sleep" / "r1.edf"


def test_a_shard_with_another_pipeline_changes_the_request_and_keeps_the_nights(tmp_path):
    table, out = table_of(tmp_path), tmp_path / "out"
    prepared_study(table, out)
    before = read_study_file(out)
    part = read_part(table, out, Shard(1, 2), blind=False)
    write_study(out, part, {"name": "q", "sha256": "e"}, None, {"yasa": "1"})
    assert read_study_file(out) == {**before, "pipeline": {"name": "q", "sha256": "e"}}


def test_a_shard_with_the_same_request_writes_nothing(tmp_path):
    table, out = table_of(tmp_path), tmp_path / "out"
    prepared_study(table, out)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in out.iterdir()}
    part = read_part(table, out, Shard(1, 2), blind=False)
    write_study(out, part, PIPELINE, None, {"yasa": "1"})
    after = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in out.iterdir()}
    assert after == before


def test_the_head_of_the_study_file_is_read_without_its_nights(tmp_path):
    nights = [{"subject": f"S{i}", "night": "n1", "extra": {"nights": "["}} for i in range(30_000)]
    write_study_file(tmp_path, PIPELINE, {"study": 'a,\n  "nights": ['}, nights, blind=False)
    with (tmp_path / "study.json").open("r+b") as file:
        file.truncate(1_200_000)  # what follows is not looked at
    head = read_study_head(tmp_path)
    assert (head["pipeline"]["name"], head["study"]) == ("p", 'a,\n  "nights": [')
    assert "nights" not in head
    assert lists_nights(tmp_path)
    assert read_study_file(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    ['{"blind": true, "nights": [{"subject": "S1"}]}', '{\n "nights": [ {}],\n "blind": true\n}'],
)
def test_a_study_file_that_a_person_has_written_is_read_as_well(tmp_path, text):
    (tmp_path / "study.json").write_text(text, encoding="utf-8")
    assert read_study_head(tmp_path) == {"blind": True}
    assert lists_nights(tmp_path)


def test_a_study_without_nights_lists_none(tmp_path):
    write_study_file(tmp_path, PIPELINE, {}, [], blind=False)
    assert not lists_nights(tmp_path)
    assert json.loads((tmp_path / "study.json").read_bytes())["nights"] == []
    write_study_file(tmp_path, PIPELINE, {}, None, blind=False)
    assert not lists_nights(tmp_path)


def test_scorings_and_corrections_are_those_of_the_table(tmp_path):
    table = tmp_path / "study.tsv"
    table.write_text(
        "subject\tnight\tcondition\trecording\tscoring\tscorer\tcorrection\tcorrected_by\n"
        "S1\tn1\tbaseline\tr1.edf\ts/1.xml\tAB\t\t\n"
        "S2\tn1\tbaseline\t\ts/2.xml\t\t\t\n"
        "S3\tn1\tbaseline\tr3.edf\t\t\ts/3.edf\tCD\n"
        "S4\tn1\tbaseline\tr4.edf\t\t\t\t\n",
        encoding="utf-8",
    )
    study = prepared_study(table, tmp_path / "out")
    part = read_part(table, tmp_path / "out", Shard(1, 1), blind=False)
    assert without_extra(part.nights) == without_extra(study.included)
    assert [row.scoring for row in part.nights] == [row.scoring for row in study.included]
    given = [row.night.scoring for row in part.nights]
    assert [g and (g.path.name, g.scorer, g.use, g.by) for g in given] == [
        ("1.xml", "AB", "expert", None),
        ("2.xml", None, "expert", None),
        ("3.edf", None, "correction", "CD"),
        None,
    ]
