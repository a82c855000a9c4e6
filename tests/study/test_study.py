"""A study: its nights, their order, and its file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.errors import StudyTableInvalid
from psgpipe.model.ids import night_order
from psgpipe.model.night import Night
from psgpipe.model.study_table_row import StudyTableRow
from psgpipe.study.blinding import sealed
from psgpipe.study.shard import Shard
from psgpipe.study.study import blinded, read_study, unnamed_conditions, write_study


@pytest.mark.parametrize(
    ("name", "start"), [("one.edf", b""), ("one.REC.gz", b""), ("one", b"0       "),
                        ("one.dat", b"\xffBIOSEMI")],
)  # fmt: skip
def test_a_recording_is_no_study(tmp_path, name, start):
    (tmp_path / name).write_bytes(start)
    with pytest.raises(StudyTableInvalid, match="this is a recording") as refused:
        read_study(tmp_path / name)
    assert "psgpipe run" in refused.value.remedy


def test_nights_are_ordered_as_a_person_would():
    ids = [("S10", "1"), ("S2", "n10"), ("S2", "n9"), ("S1", "base"), ("a", "1"), ("²", "½")]
    assert sorted(ids, key=lambda i: night_order(*i))[:4] == [
        ("S1", "base"), ("S2", "n9"), ("S2", "n10"), ("S10", "1"),
    ]  # fmt: skip


@given(st.lists(st.tuples(st.text(), st.text()), unique=True))
def test_any_ids_have_an_order(ids):
    backwards = ids[::-1]
    once = sorted(ids, key=lambda i: night_order(*i))
    assert sorted(backwards, key=lambda i: night_order(*i)) == once


@given(st.integers(1, 30), st.integers(0, 100))
def test_shards_are_a_partition(of, nights):
    listed = [StudyTableRow(Night(str(i), "1"), None) for i in range(nights)]
    parts = [Shard(number, of).part(listed) for number in range(1, of + 1)]
    assert sorted(n.night.subject for part in parts for n in part) == sorted(
        map(str, range(nights))
    )
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def ward_study(folder):
    table = folder / "study.tsv"
    table.write_text(
        "subject\tnight\tcondition\trecording\tward\tage\nS1\tn1\tbaseline\ta.edf\tA\t41\n",
        encoding="utf-8",
    )
    return read_study(table)


def written(folder, study):
    write_study(folder, study, {"name": "p", "sha256": "f"}, None, {"yasa": "0.8.1"})
    return json.loads((folder / "study.json").read_text(encoding="utf-8"))


LISTED = {
    "subject": "S1", "night": "n1", "condition": "baseline", "recording": "a.edf",
    "excluded": False, "exclude_reason": None, "age": 41.0, "sex": None, "scoring": None,
    "extra": {"ward": "A"},
}  # fmt: skip


def test_study_json_says_what_was_asked(tmp_path):
    study = ward_study(tmp_path)
    said = written(tmp_path, study)
    assert "blind" not in said
    assert said["pipeline"] == {"name": "p", "sha256": "f"}
    assert said["study_table_sha256"] == study.table_sha256
    assert said["nights"] == [LISTED]


def test_a_blinded_study_lists_its_nights_without_what_the_table_says_of_them(tmp_path):
    study = blinded(ward_study(tmp_path))
    said = written(tmp_path, study)
    assert said["blind"] is True
    assert said["nights"] == [{**LISTED, "condition": None, "extra": {}}]
    assert sealed(tmp_path) == {("S1", "n1"): {"condition": "baseline", "ward": "A"}}
    assert blinded(study) is study


def subjects_of(path, *subjects):
    lines = [f"{s}\tn1\tbaseline\t{i}.edf\n" for i, s in enumerate(subjects)]
    path.write_text("subject\tnight\tcondition\trecording\n" + "".join(lines), encoding="utf-8")
    return [listed.night.subject for listed in read_study(path).nights]


def test_ids_in_other_scripts_are_told_apart(tmp_path):
    assert set(subjects_of(tmp_path / "s.tsv", "Иванов", "Петров", "睡眠")) == {
        "Иванов", "Петров", "睡眠",
    }  # fmt: skip


@pytest.mark.parametrize("likewise", ["иванов", "Ｉ", "И\u0306ванов"])
def test_ids_that_one_person_would_take_for_one_are_refused_in_any_script(tmp_path, likewise):
    pairs = {"иванов": "Иванов", "Ｉ": "I", "И\u0306ванов": "\u0419ванов"}
    with pytest.raises(StudyTableInvalid, match="too like"):
        subjects_of(tmp_path / "s.tsv", pairs[likewise], likewise)


def test_words_that_a_comparison_does_not_know_are_named_once(tmp_path):
    lines = [f"S{s}\t{word}\t{word}\t{s}_{word}.edf" for s in (1, 2)
             for word in ("pre", "post", "baseline")]  # fmt: skip
    table = tmp_path / "study.tsv"
    table.write_text("\n".join(["subject\tnight\tcondition\trecording", *lines]) + "\n", "utf-8")
    nights = read_study(table).nights
    assert sorted(unnamed_conditions(nights)) == ["post", "pre"]
