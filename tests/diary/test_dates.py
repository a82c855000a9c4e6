"""Dates of diary nights: no night shifts in silence."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psgpipe.diary.read import read_diary
from psgpipe.errors import StudyTableInvalid
from tests.diary.diaries import diary

COLUMNS = ("subject", "date", "into_bed", "tried_to_sleep", "final_awakening", "out_of_bed")
MORNING = ("subject", "morning_date", *COLUMNS[2:])


def read(tmp_path, rows, columns=COLUMNS):
    return read_diary(diary(tmp_path / "diary.tsv", rows, columns)).nights


def clock(moment):
    return moment.strftime("%H:%M")


evenings = st.datetimes(dt.datetime(2019, 1, 1, 12), dt.datetime(2028, 12, 31)).map(
    lambda m: m.replace(hour=12, minute=0, second=0, microsecond=0)
)
# Minutes from noon to getting into bed, and from one time to the next.
night_lengths = st.tuples(
    st.integers(0, 18 * 60 - 1), st.integers(0, 90), st.integers(60, 720), st.integers(0, 90)
)


@settings(max_examples=200, deadline=None)
@given(evenings, night_lengths)
def test_times_of_day_from_noon_to_six_lie_on_the_night_of_their_date(
    tmp_path_factory, noon, steps
):
    moments = [noon]
    for step in steps:
        moments.append(moments[-1] + dt.timedelta(minutes=step))
    row = ("S1", str(noon.date()), *map(clock, moments[1:]))
    (night,) = read(tmp_path_factory.mktemp("d"), [row])
    assert list(night.times.moments.values()) == moments[1:]
    assert night.date == noon.date()
    assert night.values["tib_min"] == sum(steps[1:])


@settings(max_examples=200, deadline=None)
@given(evenings, st.integers(0, 24 * 60 - 1), st.integers(1, 16 * 60))
def test_with_the_date_of_the_morning_any_night_or_day_is_placed(
    tmp_path_factory, noon, of_day, minutes
):
    wake = noon.replace(hour=0) + dt.timedelta(minutes=of_day)
    bed = wake - dt.timedelta(minutes=minutes)
    row = ("S1", str(wake.date()), clock(bed), clock(bed), clock(wake), clock(wake))
    (night,) = read(tmp_path_factory.mktemp("d"), [row], MORNING)
    assert (night.begin, night.end) == (bed, wake)
    assert night.date == (bed - dt.timedelta(hours=12)).date()


@settings(max_examples=200, deadline=None)
@given(evenings, st.integers(0, 24 * 60 - 1), st.integers(1, 16 * 60))
def test_times_with_dates_are_taken_as_they_stand(tmp_path_factory, noon, of_day, minutes):
    bed = noon + dt.timedelta(minutes=of_day)
    wake = bed + dt.timedelta(minutes=minutes)
    cells = [m.isoformat(timespec="minutes") for m in (bed, bed, wake, wake)]
    for date in {bed.date(), noon.date()}:
        (night,) = read(tmp_path_factory.mktemp("d"), [("S1", str(date), *cells)])
        assert (night.begin, night.end, night.date) == (bed, wake, noon.date())
    wrong = str(noon.date() - dt.timedelta(days=1))
    with pytest.raises(StudyTableInvalid, match="row 2, column date: wanted"):
        read(tmp_path_factory.mktemp("d"), [("S1", wrong, *cells)])


def test_a_day_sleeper_without_dates_has_durations_and_no_place(tmp_path):
    (night,) = read(tmp_path, [("S1", "2024-03-04", "08:00", "08:10", "15:00", "15:30")])
    assert night.values["tib_min"] == 450
    assert (night.begin, night.end) == (None, None)
    assert "may be of 2024-03-04 or of the day after" in night.times.why_not_placed


@pytest.mark.parametrize(
    ("into", "out"), [("11:00", "07:00"), ("10:30", "06:30"), ("23:00", "22:00")]
)
def test_the_times_of_a_12_hour_clock_are_refused(tmp_path, into, out):
    with pytest.raises(StudyTableInvalid, match=r"row 2, column final_awakening: .*at most 16 h"):
        read(tmp_path, [("S1", "2024-03-04", into, into, out, out)])


def test_am_and_pm_are_understood(tmp_path):
    (night,) = read(
        tmp_path, [("S1", "2024-03-04", "11:00 PM", "11:30 pm", "12:30 am", "7:00 a.m.")]
    )
    assert night.begin == dt.datetime(2024, 3, 4, 23, 30)
    assert night.values["after_waking_min"] == 390


def test_a_night_behind_a_missing_date_that_begins_after_midnight_is_noted(tmp_path):
    rows = [("S1", day, into, into, "07:00", "07:00") for day, into in (
        ("2024-03-04", "23:00"), ("2024-03-06", "00:30"))]  # fmt: skip
    assert "is 2024-03-06 its evening?" in read(tmp_path, rows)[1].notes[0]


def test_two_nights_that_overlap_are_refused(tmp_path):
    rows = [
        ("S1", "2024-03-04", "23:00", "23:00", "07:00", "14:00"),
        ("S1", "2024-03-05", "13:00", "13:00", "21:00", "21:00"),
    ]
    with pytest.raises(StudyTableInvalid, match=r"row 3, column into_bed: the night begins"):
        read(tmp_path, rows)


@pytest.mark.parametrize(("date", "time"), [("2024-03-30", "02:30"), ("2024-10-26", "02:30")])
def test_a_time_that_the_changed_clock_leaves_out_or_shows_twice_is_refused(tmp_path, date, time):
    row = ("S1", date, "23:00", "23:00", time, "07:00", "Europe/Paris")
    with pytest.raises(
        StudyTableInvalid, match=r"row 2, column final_awakening: .*clock is changed"
    ):
        read(tmp_path, [row], (*COLUMNS, "timezone"))


def test_a_morning_that_is_the_date_of_the_evening_is_refused(tmp_path):
    # In bed from 23:00 to 7:00 with both dates 4 March: one of them is wrong.
    columns = (*COLUMNS[:2], "morning_date", *COLUMNS[2:])
    row = ("S1", "2024-03-04", "2024-03-04", "23:00", "23:10", "06:30", "07:00")
    with pytest.raises(StudyTableInvalid, match="row 2, column date: wanted 2024-03-03"):
        read(tmp_path, [row], columns)
    after_midnight = ("S1", "2024-03-04", "2024-03-04", "00:30", "00:30", "06:30", "07:00")
    (night,) = read(tmp_path, [after_midnight], columns)
    assert (night.begin, night.date) == (dt.datetime(2024, 3, 4, 0, 30), dt.date(2024, 3, 3))


def test_a_night_of_another_year_has_a_note(tmp_path):
    days = ("2024-01-03", "2024-01-04", "2023-01-05")  # January, and the old year is written
    rows = [("S1", day, "23:00", "23:00", "07:00", "07:00") for day in days]
    notes = [night.notes for night in read(tmp_path, rows)]
    assert notes == [(), (), ("lies 363 days from the other nights: is the year right?",)]


def test_a_very_long_night_has_a_note(tmp_path):
    # 12:30 of a 12-hour clock is half past midnight; with 24 hours it is noon.
    (night,) = read(tmp_path, [("S1", "2024-03-04", "12:30", "12:40", "03:50", "04:00")])
    assert night.notes == ("15.5 h in bed: are these the times of a 12-hour clock?",)
