"""Diaries with one wrong cell or column: right, or refused with row and column."""

import pytest

from psgpipe.diary.read import read_diary
from psgpipe.errors import StudyTableInvalid
from tests.diary.diaries import COLUMNS, ROWS, diary, with_cell

TIMES = ("into_bed", "tried_to_sleep", "final_awakening", "out_of_bed")
NO_TIME = (
    "25:00",
    "24:00",
    "7",
    "2300",
    "0.9375",
    "23:60",
    "22.30",
    "22h30",
    "13:00 pm",
    "late",
    "1899-12-30T22:30",
    "2024-02-30T22:30",
    "23:00 (?)",
    "0010",
    "0,9375",
    "10 pm",
    "12:30 noon",
    "midnight",
    "22:30-23:00",
    "04.03.2024 22:30",
    "2024-03-04T22:30:00Z",
    "2024-03-04T22:30+01:00",
    "1/1/1900 22:30",
    "٢٢:٣٠",
)
NO_DATE = (
    "",
    "04/03/2024",
    "2024-13-01",
    "2023-02-29",
    "45355",
    "24-03-04",
    "1899-12-31",
    "Monday",
    "2024-03",
    "0224-03-04",
    "2924-03-04",
    "04.03.24",
    "13/03/2024",
    "20240304",
    "2024-W10-1",
    "March 4, 2024",
    "2024-03-04 22:30:00",
    "yesterday",
)
WRONG = [
    *((column, text) for column in TIMES for text in NO_TIME),
    *(("date", text) for text in NO_DATE),
    *(
        ("minutes_to_fall_asleep", text)
        for text in (
            "-5",
            "twenty",
            "1000",
            "20 min",
            "0:20",
            "471",
            "1:30",
            "90 min",
            "1h30",
            "20-30",
            ">60",
            "<5",
            "~20",
            "20'",
            "?",
            "inf",
            "2024-03-04",
        )
    ),
    *(("awakenings_total_min", text) for text in ("-1", "961", "half", "0:30", "440")),
    *(("awakenings", text) for text in ("-1", "2.5", "100", "many", "0")),
    *(("quality", text) for text in ("0", "6", "3.5", "good", "-9")),
    *(("rested", text) for text in ("0", "6", "yes")),
    *(("dream_unpleasantness", text) for text in ("11", "-1", "2.5", "very")),
    *((column, text) for column in ("dream_recall", "nightmare") for text in ("2", "maybe", "ja")),
    ("dream_recall", "no"),
    ("tried_to_sleep", "22:00"),
    ("final_awakening", "22:59"),
    ("out_of_bed", "05:30"),
    ("out_of_bed", "15:30"),
    ("date", "2024-03-06"),
    ("subject", ""),
    ("subject", "mean"),
]
ROW = 1
NAMED_ELSEWHERE = {
    ("awakenings", "0"): "awakenings_total_min",
    ("dream_recall", "no"): "nightmare",
}


@pytest.mark.parametrize(("column", "text"), WRONG)
def test_a_wrong_cell_is_refused_with_its_row_and_column(tmp_path, column, text):
    path = diary(tmp_path / "diary.tsv", with_cell(ROW, column, text))
    with pytest.raises(StudyTableInvalid) as error:
        read_diary(path)
    where = NAMED_ELSEWHERE.get((column, text), column)
    # A date that stands twice is reported at the later row.
    row = 4 if (column, text) == ("date", "2024-03-06") else ROW + 2
    assert f"row {row}, column {where}:" in error.value.problem


SAME = [
    ("date", "2024-3-5"), ("date", "2024-03-05 00:00:00"), ("date", "05.03.2024"),
    ("into_bed", "23:15:00"), ("into_bed", "11:15 PM"), ("into_bed", "2024-03-05T23:15"),
    ("into_bed", "2024-03-05 23:15"), ("out_of_bed", "6:45"), ("out_of_bed", "2024-03-06T06:45"),
    ("final_awakening", "6:00 am"), ("minutes_to_fall_asleep", "45.0"), ("awakenings", "1.0"),
    ("nightmare", "Y"), ("nightmare", "TRUE"), ("nightmare", "1"), ("quality", "2.0"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "text"), SAME)
def test_another_spelling_of_a_cell_gives_the_same_night(tmp_path, column, text):
    right = read_diary(diary(tmp_path / "right.tsv")).nights
    other = read_diary(diary(tmp_path / "diary.tsv", with_cell(ROW, column, text))).nights
    assert other == right


@pytest.mark.parametrize(("right", "wrong"), [
    ("date", "dat"), ("into_bed", "into_bet"), ("final_awakening", "final_awakning"),
    ("awakenings_total_min", "awakenings_totl_min"), ("quality", "qualty"),
    ("nightmare", "nightmares"), ("rested", "restet"), ("subject", "subjct"),
])  # fmt: skip
def test_a_misspelt_column_is_refused_with_the_likely_word(tmp_path, right, wrong):
    columns = [wrong if column == right else column for column in COLUMNS]
    with pytest.raises(StudyTableInvalid, match=f"'{wrong}' is unknown; did you mean '{right}'"):
        read_diary(diary(tmp_path / "diary.tsv", columns=columns))


@pytest.mark.parametrize(("right", "other"), [
    ("into_bed", "Bedtime"), ("tried_to_sleep", "lights_out"), ("final_awakening", "wake time"),
    ("out_of_bed", "got_up"), ("minutes_to_fall_asleep", "SOL_min"), ("quality", "sleep quality"),
    ("awakenings_total_min", "waso (min)"),
])  # fmt: skip
def test_other_usual_names_of_columns_are_understood(tmp_path, right, other):
    columns = [other if column == right else column for column in COLUMNS]
    path = diary(tmp_path / "diary.tsv", columns=columns)
    assert read_diary(path).nights == read_diary(diary(tmp_path / "right.tsv")).nights


def test_two_columns_of_one_meaning_are_refused(tmp_path):
    rows = [(*row, row[2]) for row in ROWS]
    with pytest.raises(StudyTableInvalid, match="'into_bed', 'bedtime' both mean into_bed"):
        read_diary(diary(tmp_path / "diary.tsv", rows, (*COLUMNS, "bedtime")))


def test_columns_a_day_are_refused(tmp_path):
    columns, row = ("subject", "item", "day1", "day2", "day3"), ("S1", "sol_min", "20", "30", "5")
    with pytest.raises(StudyTableInvalid, match="one row a night with its date"):
        read_diary(diary(tmp_path / "diary.tsv", [row], columns))


def test_ids_that_a_spreadsheet_has_changed_are_refused(tmp_path):
    rows = [("101.0", *ROWS[0][1:]), ("101", *ROWS[1][1:])]
    with pytest.raises(StudyTableInvalid, match=r"row 3, column subject: '101'"):
        read_diary(diary(tmp_path / "diary.tsv", rows))


def test_a_table_without_a_date_is_refused(tmp_path):
    columns, rows = COLUMNS[:1] + COLUMNS[2:], [row[:1] + row[2:] for row in ROWS]
    with pytest.raises(StudyTableInvalid, match="wanted column date"):
        read_diary(diary(tmp_path / "diary.tsv", rows, columns))


def test_there_are_a_hundred_mutations():
    assert len(WRONG) + len(SAME) >= 100
