"""The clock on the wall, and the nights in which it is changed."""

import datetime as dt

import pytest

from psgpipe.errors import LightsImpossible, TimeZoneUnknown
from psgpipe.model.header import Header
from psgpipe.model.night import Night
from psgpipe.sleep.clock_change import changed_between
from psgpipe.sleep.lights import place_lights
from psgpipe.sleep.local_clock import local_clock, read_zone

ELEVEN_HOURS = 11 * 3600.0
# In Paris the clock goes forward from 02:00 on 31 March 2024, and back from 03:00 on 27 October.
SPRING, AUTUMN = "2024-03-30T22:00", "2024-10-26T22:00"


def placed(start, off, on, timezone=None, span_s=ELEVEN_HOURS):
    moment = dt.datetime.fromisoformat(start)
    header = Header("night.edf", "EDF", moment, moment.time(), span_s, span_s, ())
    night = Night("S1", "1", lights_off=off, lights_on=on, timezone=timezone)
    lights, findings = place_lights(night, header)
    return (lights.on_s - lights.off_s) / 60, [f.code for f in findings]


@pytest.mark.parametrize(
    ("start", "in_bed_min"), [(SPRING, 475), (AUTUMN, 595), ("2024-03-01T22:00", 535)]
)
def test_in_a_known_time_zone_the_time_in_bed_is_what_went_by(start, in_bed_min):
    # 22:10 to 07:05 by the clock is 8 h 55 min; the night of spring is an hour shorter.
    assert placed(start, "22:10", "07:05", "Europe/Paris") == (in_bed_min, [])


def test_a_date_and_time_is_converted_like_a_clock_time():
    in_bed_min, _ = placed(SPRING, "2024-03-30T22:10", "2024-03-31T07:05", "Europe/Paris")
    assert in_bed_min == 475


@pytest.mark.parametrize("start", [SPRING, AUTUMN, "2024-03-09T22:00", "2024-11-02T22:00"])
def test_in_an_unknown_time_zone_a_night_of_a_clock_change_is_doubtful(start):
    assert placed(start, "22:10", "07:05") == (535, ["clock-change"])


def test_whether_the_clock_was_changed_depends_on_a_country_that_is_not_known():
    moment = dt.datetime.fromisoformat(SPRING)
    span_s = ELEVEN_HOURS
    header = Header("night.edf", "EDF", moment, moment.time(), span_s, span_s, ())
    _, (finding,) = place_lights(Night("S1", "n", lights_off="22:10", lights_on="07:05"), header)
    assert "if this recording is from Europe, lights on may be an hour off" in finding.message


def test_a_clock_time_before_the_change_is_right_in_any_country():
    assert placed(SPRING, "22:10", "23:50") == (100, [])


def test_seconds_from_the_start_are_right_in_every_night():
    assert placed(SPRING, "+600", "+32700") == (535, [])


def test_another_time_zone_changes_its_clock_in_another_night():
    assert placed(SPRING, "22:10", "07:05", "America/New_York") == (535, [])
    assert placed("2024-03-09T22:00", "22:10", "07:05", "America/New_York") == (475, [])


@pytest.mark.parametrize(
    ("start", "off", "said"),
    [
        (SPRING, "02:30", "does not exist on 2024-03-31 in Europe/Paris"),
        (AUTUMN, "02:30", "comes twice on 2024-10-27 in Europe/Paris: +16200 s and +19800 s"),
    ],
)
def test_a_clock_time_that_the_change_leaves_out_or_repeats_is_refused(start, off, said):
    with pytest.raises(LightsImpossible) as caught:
        placed(start, off, "07:05", "Europe/Paris")
    assert said in caught.value.problem
    assert "seconds from the start" in caught.value.remedy


@pytest.mark.parametrize(
    ("start", "said"), [("2024-03-31T02:30", "does not exist"), ("2024-10-27T02:30", "comes twice")]
)
def test_a_recording_that_starts_while_the_clock_is_changed_is_refused(start, said):
    with pytest.raises(LightsImpossible, match=said):
        placed(start, "04:00", "07:05", "Europe/Paris")


def test_a_start_that_the_wall_never_shows_is_no_traceback():
    start = dt.datetime(2024, 3, 31, 2, 30)
    assert local_clock(start, start.time(), "Europe/Paris").clock_at(3600) == "04:30:00"


def test_a_time_zone_is_of_no_use_without_a_date():
    header = Header("night.edf", "EDF", None, dt.time(22), ELEVEN_HOURS, ELEVEN_HOURS, ())
    night = Night("S1", "1", lights_off="22:10", lights_on="07:05", timezone="Europe/Paris")
    lights, findings = place_lights(night, header)
    assert (lights.off_s, lights.on_s) == (600, 32700)
    assert [f.code for f in findings] == ["timezone-unused"]


def test_the_clock_on_the_wall_jumps_with_the_change():
    start = dt.datetime.fromisoformat(SPRING)
    clock = local_clock(start, start.time(), "Europe/Paris")
    assert clock.clock_at(4 * 3600 - 1) == "01:59:59"
    assert clock.clock_at(4 * 3600) == "03:00:00"
    assert clock.moment_at(4 * 3600) == dt.datetime(2024, 3, 31, 3)


@pytest.mark.parametrize("name", ["Europe/Pariss", "", "../../etc/passwd", "Europe", "22:00"])
def test_a_name_that_is_no_time_zone_is_refused(name):
    with pytest.raises(TimeZoneUnknown, match="is unknown"):
        read_zone(name)


def test_a_misspelled_time_zone_is_corrected():
    with pytest.raises(TimeZoneUnknown) as caught:
        read_zone("Europe/Pariss")
    assert caught.value.remedy == "Did you mean Europe/Paris?"


def test_a_computer_without_time_zones_says_what_to_install(monkeypatch):
    import zoneinfo

    def absent(name):
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", absent)
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    with pytest.raises(TimeZoneUnknown) as caught:
        read_zone.__wrapped__("Europe/Paris")
    assert "pip install tzdata" in caught.value.remedy


@pytest.mark.parametrize(
    ("sunday", "where"),
    [
        ("2019-03-31", "Europe"), ("2026-10-25", "Europe"), ("2026-03-08", "North America"),
        ("2026-11-01", "North America"), ("2026-04-05", "Australia and New Zealand"),
        ("2026-10-04", "Australia and New Zealand"), ("2026-09-27", "Australia and New Zealand"),
        ("2026-03-15", None), ("2026-11-08", None), ("2026-03-30", None),
    ],
)  # fmt: skip
def test_the_sundays_on_which_clocks_are_changed(sunday, where):
    evening = dt.datetime.fromisoformat(f"{sunday}T22:00") - dt.timedelta(days=1)
    assert changed_between(evening, evening + dt.timedelta(hours=9)) == where


@pytest.mark.parametrize("hours", [1.9, -20.0])
def test_a_night_that_ends_before_the_change_or_starts_after_it(hours):
    midnight = dt.datetime(2024, 3, 31)
    begin = midnight - dt.timedelta(hours=2) if hours > 0 else midnight + dt.timedelta(hours=4)
    assert changed_between(begin, begin + dt.timedelta(hours=abs(hours))) is None
