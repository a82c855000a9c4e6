"""Endpoints of a diary, counted by hand."""

import datetime as dt

import pytest

from psgpipe.diary.read import read_diary
from psgpipe.errors import StudyTableInvalid
from tests.diary.diaries import COLUMNS, ROWS, diary, with_cell


def nights(tmp_path, rows=ROWS, columns=COLUMNS):
    return read_diary(diary(tmp_path / "diary.tsv", rows, columns)).nights


def test_a_night_counted_by_hand(tmp_path):
    first, *_ = nights(tmp_path)
    # In bed 22:30 to 7:00, asleep 23:20 to 6:30 less 30 min: 400 min of 510 and of 480.
    assert first.values == {
        "tib_min": 510, "opportunity_min": 480, "sol_min": 20, "waso_min": 30, "tst_min": 400,
        "se_pct": pytest.approx(100 * 400 / 510),
        "se_opportunity_pct": pytest.approx(100 * 400 / 480),
        "awakenings": 2, "after_waking_min": 30, "quality": 4, "rested": 3, "dream_recall": 1,
        "nightmare": 0, "dream_unpleasantness": 2,
    }  # fmt: skip
    assert first.absent == {}
    assert (first.begin, first.end) == (dt.datetime(2024, 3, 4, 23), dt.datetime(2024, 3, 5, 7))


def test_what_was_not_answered_is_absent_with_its_reason_and_never_zero(tmp_path):
    rows = with_cell(0, "minutes_to_fall_asleep", "")
    first, *_ = nights(tmp_path, rows)
    assert first.values["tst_min"] is None
    assert first.absent == {
        "sol_min": "not answered: minutes_to_fall_asleep",
        "tst_min": "not answered: minutes_to_fall_asleep",
        "se_pct": "not answered: minutes_to_fall_asleep",
        "se_opportunity_pct": "not answered: minutes_to_fall_asleep",
    }
    assert nights(tmp_path)[3].values["nightmare"] is None


def test_no_awakening_needs_no_minutes(tmp_path):
    third = nights(tmp_path, with_cell(2, "awakenings_total_min", ""))[2]
    assert (third.values["waso_min"], third.values["tst_min"]) == (0, 395)


def test_awakenings_without_their_minutes_leave_sleep_unknown(tmp_path):
    first = nights(tmp_path, with_cell(0, "awakenings_total_min", ""))[0]
    assert first.values["tst_min"] is None
    assert first.absent["waso_min"] == "not answered: awakenings_total_min"


def test_a_final_awakening_that_is_counted_twice_is_noted(tmp_path):
    rows = with_cell(1, "awakenings_total_min", "45")  # up from 6:00 to 6:45
    assert "may be counted twice" in nights(tmp_path, rows)[1].notes[0]
    assert nights(tmp_path)[1].notes == ()


def test_the_spring_night_is_an_hour_shorter_where_the_zone_is_known(tmp_path):
    columns = (*COLUMNS, "timezone")
    spring, autumn = ((*ROWS[0][:1], date, *ROWS[0][2:], "Europe/Paris")
                      for date in ("2024-03-30", "2024-10-26"))  # fmt: skip
    first, second = nights(tmp_path, [spring, autumn], columns)
    assert (first.values["tib_min"], first.values["tst_min"]) == (450, 340)
    assert (second.values["tib_min"], second.values["tst_min"]) == (570, 460)


def test_more_awakenings_than_minutes_awake_are_noted(tmp_path):
    rows = with_cell(0, "awakenings", "45")  # 30 min awake
    assert "are the two columns exchanged?" in nights(tmp_path, rows)[0].notes[0]


def test_minutes_that_look_like_hours_are_refused(tmp_path):
    rows = ROWS
    for number, hours in enumerate(("0.5", "1", "1.5", "2")):
        rows = with_cell(number, "minutes_to_fall_asleep", hours, rows)
    with pytest.raises(StudyTableInvalid) as error:
        nights(tmp_path, rows)
    assert "row 2, column minutes_to_fall_asleep: wanted minutes" in error.value.problem
    assert nights(tmp_path, with_cell(3, "minutes_to_fall_asleep", "60", rows))[0].values[
        "sol_min"] == 0.5  # fmt: skip
