"""Dates and times of day of scorings, as programs of all countries write them."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psgpipe.errors import ScoringInvalid
from psgpipe.scorings.sources.clock_times import clock_times, read_moment


def times(*texts, order=None):
    moments = [read_moment(text) for text in texts]
    return clock_times(moments, range(1, len(texts) + 1), "night.csv", order)


@pytest.mark.parametrize(
    "text",
    [
        "22:30:05", "22.30.05", "22:30:05,000", "22:30:05.000", "10:30:05 PM", "10:30:05pm",
        "10:30:05 p. m.", "下午 10:30:05", "22h30m05",
    ],
)  # fmt: skip
def test_a_time_of_day_is_read_in_every_form(text):
    assert read_moment(text).of_day_s == 22.5 * 3600 + 5


@pytest.mark.parametrize(("text", "hour"), [("12:00:00 AM", 0), ("12:00:00 PM", 12)])
def test_twelve_o_clock_is_midnight_in_the_morning_and_noon_in_the_afternoon(text, hour):
    assert read_moment(text).of_day_s == hour * 3600


@pytest.mark.parametrize("text", ["25:00:00", "22:61:00", "13:00:00 PM", "N2", "120", "1.5", ""])
def test_what_is_no_time_of_day_is_none(text):
    assert read_moment(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2016-01-15T22:30:00.000", "2016-01-15 22:30:00", "15.01.2016 22:30:00,000",
        "15-Jan-2016 22:30:00", "15 janv. 2016 22:30:00", "15.01.16 22.30.00",
    ],
)  # fmt: skip
def test_a_date_whose_order_is_certain_is_the_start(text):
    assert times(text).start == dt.datetime(2016, 1, 15, 22, 30)


def test_a_day_above_twelve_tells_the_order_of_the_whole_file():
    assert times("15/01/2016 22:30:00").start == dt.datetime(2016, 1, 15, 22, 30)
    assert times("01/15/2016 10:30:00 PM").start == dt.datetime(2016, 1, 15, 22, 30)


def test_a_night_over_midnight_tells_the_order():
    found = times("03/04/2016 23:59:30", "04/04/2016 00:00:00")  # 3 April; else a month apart
    assert found.start == dt.datetime(2016, 4, 3, 23, 59, 30)
    assert found.onsets_s == [0, 30]


def test_a_date_that_can_be_read_in_two_ways_is_not_used_and_that_is_said():
    found = times("03/04/2016 22:00:00", "03/04/2016 22:00:30")
    assert (found.start, found.start_clock, found.onsets_s) == (None, dt.time(22), [0, 30])
    assert [f.code for f in found.findings] == ["scoring-date-unclear"]


def test_a_format_that_writes_the_day_first_says_so():
    assert times("03-04-16-22:00:00", order="dmy").start == dt.datetime(2016, 4, 3, 22)


def test_a_date_that_stands_for_a_removed_one_is_none():
    assert times("1985-01-01 22:00:00").start is None
    assert times("1985-01-01 22:00:00").start_clock == dt.time(22)


def test_zeros_in_the_place_of_a_date_are_no_date():
    assert times("00.00.0000 22:00:00", "00.00.0000 22:00:30").onsets_s == [0, 30]
    assert times("00.00.0000 22:00:00").start is None


def test_an_offset_from_utc_is_that_of_the_local_clock():
    assert times("2022-12-15T22:30:00+01:00").start == dt.datetime(2022, 12, 15, 22, 30)
    assert read_moment("2022-12-15T22:30:00Z") is None  # not a local time


def test_times_of_day_go_on_past_midnight():
    assert times("23:59:30", "00:00:00", "00:00:30").onsets_s == [0, 30, 60]


def test_events_out_of_order_by_seconds_stay_where_they_are():
    assert times("22:00:30", "22:00:08", "22:01:00").onsets_s == [0, -22, 30]


def test_a_12_hour_clock_without_am_and_pm_is_refused_with_its_line():
    with pytest.raises(ScoringInvalid, match="line 3: the clock goes back"):
        times("12:58:30", "12:59:30", "1:00:00")


def test_a_file_with_dates_in_some_lines_only_is_refused():
    with pytest.raises(ScoringInvalid, match="line 2 has no date"):
        times("2016-01-15 22:30:00", "22:30:30")


@settings(deadline=None)
@given(st.datetimes(dt.datetime(2001, 1, 2), dt.datetime(2060, 1, 1)), st.integers(1, 300))
def test_epochs_keep_their_distance_in_every_form_of_time(start, n_epochs):
    start = start.replace(microsecond=0)
    moments = [start + dt.timedelta(seconds=30 * i) for i in range(n_epochs)]
    for form in ("%H:%M:%S", "%I:%M:%S %p", "%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
        found = times(*(m.strftime(form) for m in moments))
        assert found.onsets_s == [30.0 * i for i in range(n_epochs)]
        assert found.start_clock == start.time()
