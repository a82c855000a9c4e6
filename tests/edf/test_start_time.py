"""Start of a recording: local, without time zone, and never invented."""

import datetime as dt

import pytest

from psgpipe.edf.reader import read_header
from tests.edf_files import Signal, annotations, keeping_time, write_edf

NIGHT = dt.datetime(2024, 3, 1, 22, 0)


def started(tmp_path, *, plus: bool = False, onsets_s=None, **fields):
    signals = [Signal(), *([annotations(keeping_time(onsets_s))] if plus else [])]
    reserved = "EDF+C" if plus else ""
    path = write_edf(tmp_path / "night.edf", signals, 300, reserved=reserved, **fields)
    header = read_header(path)
    return header.start, header.start_clock, [f.code for f in header.findings]


def test_a_plain_start(tmp_path):
    assert started(tmp_path) == (NIGHT, dt.time(22), [])


@pytest.mark.parametrize(
    ("date", "year"), [("01.03.85", 1985), ("01.03.99", 1999), ("01.03.00", 2000)]
)
def test_two_digit_years_turn_at_85(tmp_path, date, year):
    start, clock, codes = started(tmp_path, date=date)
    assert (start, clock, codes) == (dt.datetime(year, 3, 1, 22), dt.time(22), [])


def test_the_year_84_is_2084_and_lies_in_the_future(tmp_path):
    start, _, codes = started(tmp_path, date="01.03.84")
    assert start == dt.datetime(2084, 3, 1, 22)
    assert codes == ["date-future"]


@pytest.mark.parametrize(
    "date", ["00.00.00", "", "31.02.24", "29.02.23", "yy.03.24", "03/01/24", "01-03-24", "2024"]
)
def test_an_impossible_date_is_unknown_and_the_clock_stays(tmp_path, date):
    assert started(tmp_path, date=date) == (None, dt.time(22), ["date-unknown"])


@pytest.mark.parametrize("time", ["24.00.00", "22.60.00", "22.00.60", "", "22h00", "ten"])
def test_an_impossible_time_leaves_the_start_unknown(tmp_path, time):
    assert started(tmp_path, time=time) == (None, None, ["time-unknown"])


@pytest.mark.parametrize(
    ("time", "clock"), [("22:00:00", 22), ("9.00.00", 9), (" 9:00:00", 9), (" 9. 0. 0", 9)]
)
def test_a_time_written_otherwise_is_read_and_said(tmp_path, time, clock):
    start, _, codes = started(tmp_path, time=time)
    assert start == dt.datetime(2024, 3, 1, clock)
    assert codes == ["time-format"]


def test_a_date_filled_up_with_blanks_is_read_and_said(tmp_path):
    start, _, codes = started(tmp_path, date=" 1. 3.24")
    assert start == dt.datetime(2024, 3, 1, 22)
    assert codes == ["date-format"]


def test_midnight_is_a_time_where_the_date_is_known(tmp_path):
    assert started(tmp_path, time="00.00.00")[:2] == (dt.datetime(2024, 3, 1), dt.time(0))


@pytest.mark.parametrize("plus", [True, False])
def test_a_removed_date_takes_midnight_with_it(tmp_path, plus):
    start, clock, codes = started(tmp_path, plus=plus, date="01.01.85", time="00.00.00")
    assert (start, clock) == (None, None)
    assert codes == ["date-unknown", "time-unknown"]


@pytest.mark.parametrize(
    ("date", "startdate"),
    [
        ("01.01.85", "01-JAN-1985"),
        ("01.01.00", "01-JAN-2000"),
        ("01.01.00", "X"),
        ("01.01.85", "01-JAN-1900"),
        ("01.01.70", "01-JAN-1970"),
        ("01.01.80", "X"),
    ],
)
@pytest.mark.parametrize("plus", [True, False])
def test_a_date_that_tools_write_for_a_removed_one_is_no_date(tmp_path, plus, date, startdate):
    recording = f"Startdate {startdate} X X X"
    found = started(tmp_path, plus=plus, date=date, recording=recording)
    assert found == (None, dt.time(22), ["date-unknown"])
    zeroed = started(tmp_path, plus=plus, date=date, recording=recording, time="00.00.00")
    assert zeroed == (None, None, ["date-unknown", "time-unknown"])


def test_new_year_is_a_date_and_its_first_second_is_none(tmp_path):
    assert started(tmp_path, date="01.01.24")[0] == dt.datetime(2024, 1, 1, 22)
    zeroed = started(tmp_path, date="01.01.24", time="00.00.00")
    assert zeroed == (None, None, ["date-unknown", "time-unknown"])


@pytest.mark.parametrize(
    ("date", "startdate"), [("01.01.85", "04-MAR-2024"), ("04.03.24", "01-JAN-1985")]
)
@pytest.mark.parametrize("plus", [True, False])
def test_a_stand_in_in_one_of_two_fields_leaves_the_date_in_the_other(
    tmp_path, plus, date, startdate
):
    start, _, codes = started(
        tmp_path, plus=plus, date=date, recording=f"Startdate {startdate} X X X"
    )
    assert (start, codes) == (dt.datetime(2024, 3, 4, 22), ["date-unknown"])


@pytest.mark.parametrize(
    ("date", "startdate"),
    [
        ("01.01.04", "01-JAN-1904"),
        ("01.01.85", "01-JAN-1951"),
        ("01.01.85", "14-NOV-1923"),
        ("14.11.23", "14-NOV-1923"),
        ("01.01.24", "01-JAN-1985"),
        ("01.01.85", "05-FEB-1987"),
        ("04.03.70", "01-JAN-1970"),
    ],
)
@pytest.mark.parametrize("plus", [True, False])
def test_beside_a_stand_in_a_date_that_may_come_from_the_removal_is_none(
    tmp_path, plus, date, startdate
):
    start, _, codes = started(
        tmp_path, plus=plus, date=date, recording=f"Startdate {startdate} X X X"
    )
    assert (start, codes) == (None, ["date-unknown"])


@pytest.mark.parametrize("plus", [True, False])
def test_nights_of_before_the_format_that_were_converted_to_it_have_their_date(tmp_path, plus):
    recording = "Startdate 24-APR-1989 X X X"
    found = started(tmp_path, plus=plus, date="24.04.89", recording=recording)
    assert found == (dt.datetime(1989, 4, 24, 22), dt.time(22), [])


def test_a_startdate_that_no_header_can_hold_leaves_the_date_of_the_header(tmp_path):
    start, _, codes = started(tmp_path, recording="Startdate 17-JUN-1923 X X X", plus=True)
    assert (start, codes) == (NIGHT, ["date-unknown"])


def test_a_removed_date_leaves_a_time_that_is_there(tmp_path):
    assert started(tmp_path, plus=True, date="01.01.85") == (None, dt.time(22), ["date-unknown"])


def test_the_startdate_of_edf_plus_wins(tmp_path):
    recording = "Startdate 28-FEB-2023 X X X"
    start, _, codes = started(tmp_path, plus=True, recording=recording)
    assert start == dt.datetime(2023, 2, 28, 22)
    assert codes == ["date-conflict"]


def test_in_plain_edf_the_header_date_wins(tmp_path):
    start, _, codes = started(tmp_path, recording="Startdate 28-FEB-2023 X X X")
    assert (start, codes) == (NIGHT, ["date-conflict"])


def test_a_startdate_tells_what_the_header_date_does_not(tmp_path):
    recording = "Startdate 01-MAR-2024 X X X"
    start, _, codes = started(tmp_path, plus=True, date="01.03.yy", recording=recording)
    assert start == NIGHT
    assert codes == ["date-unknown"]


@pytest.mark.parametrize("startdate", ["01-MAI-2024", "2024-03-01", "31-FEB-2024", "1.3.2024"])
def test_an_unreadable_startdate_is_said_and_the_header_date_used(tmp_path, startdate):
    recording = f"Startdate {startdate} X X X"
    start, _, codes = started(tmp_path, plus=True, recording=recording)
    assert (start, codes) == (NIGHT, ["startdate-unreadable"])


def test_a_fraction_of_a_second_is_kept(tmp_path):
    onsets_s = [r + 0.5 for r in range(300)]
    start, clock, codes = started(tmp_path, plus=True, onsets_s=onsets_s)
    assert start == dt.datetime(2024, 3, 1, 22, 0, 0, 500_000)
    assert clock == dt.time(22, 0, 0, 500_000)
    assert codes == []


def test_a_late_first_record_moves_the_start_past_midnight(tmp_path):
    onsets_s = [r + 7200.0 for r in range(300)]
    start, clock, codes = started(tmp_path, plus=True, onsets_s=onsets_s)
    assert (start, clock) == (dt.datetime(2024, 3, 2), dt.time(0))
    assert codes == ["start-offset"]


def test_the_local_clock_knows_no_summer_time(tmp_path):
    """02:00 to 03:00 does not exist on this night in Europe; the header said 01:57:30."""
    start, _, codes = started(tmp_path, date="31.03.24", time="01.57.30")
    assert (start, codes) == (dt.datetime(2024, 3, 31, 1, 57, 30), [])
    assert start is not None
    assert start.tzinfo is None
