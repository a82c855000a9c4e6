"""Lights off and lights on, converted to seconds of the recording."""

import datetime as dt

import pytest

from psgpipe.errors import LightsImpossible, SeveralSleepPeriods
from psgpipe.model.header import Header
from psgpipe.model.night import Lights, Night
from psgpipe.sleep.lights import place_lights
from psgpipe.sleep.local_clock import clock_at

EIGHT_HOURS = 8 * 3600.0


def recording(start="2024-03-01T22:00:00", span_s=EIGHT_HOURS, clock=None):
    moment = dt.datetime.fromisoformat(start) if start else None
    clock = moment.time() if moment else clock
    return Header("night.edf", "EDF", moment, clock, span_s, span_s, ())


def placed(off=None, on=None, header=None, off_events_s=(), on_events_s=()):
    night = Night("S1", "1", lights_off=off, lights_on=on)
    return place_lights(night, header or recording(), off_events_s, on_events_s)[0]


def test_lights_are_counted_from_the_start_of_the_recording():
    assert placed("22:41", "05:30:15") == Lights(41 * 60, 7.5 * 3600 + 15, "option", "option")


def test_a_night_over_midnight_needs_no_date():
    assert placed("00:10", "05:00").off_s == 2 * 3600 + 600


def test_a_date_and_time_is_taken_at_its_word():
    assert placed("2024-03-01T23:00", "2024-03-02T05:00:00").off_s == 3600


def test_a_start_between_two_seconds_is_kept():
    assert placed("22:41", "05:00", recording("2024-03-01T22:00:00.500")).off_s == 41 * 60 - 0.5


def test_the_clock_is_enough_where_the_date_is_unknown():
    unknown_date = recording(start=None, clock=dt.time(22))
    assert placed("22:41", "05:00", unknown_date).off_s == 41 * 60


def test_without_any_word_the_recording_itself_stands_in():
    lights = placed()
    assert lights == Lights(0.0, EIGHT_HOURS, "recording", "recording")
    assert not lights.known


def test_annotations_say_it_where_nobody_else_does():
    lights = placed(off_events_s=[600.0, 4000.0], on_events_s=[3900.0, 27000.0])
    assert lights == Lights(600.0, 27000.0, "annotation", "annotation")


def test_a_night_that_ends_with_lights_off_does_not_end_at_the_walk_before():
    # Lights off at 22:10, on at 02:00 for five minutes, no annotation in the morning.
    lights = placed(off_events_s=[600.0, 14700.0], on_events_s=[14400.0])
    assert lights == Lights(600.0, EIGHT_HOURS, "annotation", "recording")


def test_what_was_given_goes_before_what_was_annotated():
    lights = placed(off="22:30", off_events_s=[600.0], on_events_s=[27000.0])
    assert lights == Lights(1800.0, 27000.0, "option", "annotation")
    assert lights.source == "option/annotation"


def test_annotations_that_contradict_each_other_are_disregarded_and_said():
    night = Night("S1", "1")
    lights, findings = place_lights(night, recording(), [20000.0], [600.0])
    assert not lights.known
    assert [f.code for f in findings] == ["lights-annotations-contradict"]


def test_a_recording_longer_than_a_day_meets_a_clock_time_twice():
    day_and_night = recording("2024-03-01T06:00:00", 26 * 3600.0)
    lights = placed("23:00", "07:00", day_and_night)
    assert (lights.off_s, lights.on_s) == (17 * 3600, 25 * 3600)


@pytest.mark.parametrize("off", ["+300", "300s", "300 s", "+300s", "+ 300 s", "+300.0"])
def test_lights_may_be_seconds_from_the_start(off):
    without_clock = recording(start=None)
    lights = placed(off, "+27000.5", without_clock)
    assert (lights.off_s, lights.on_s) == (300, 27000.5)


def test_a_bare_number_may_be_seconds_or_a_clock_time():
    with pytest.raises(LightsImpossible, match="lights off is '300'") as caught:
        placed("300", "05:00")
    assert caught.value.remedy == "For seconds from the start, write +300."


TWO_DAYS = recording("2024-03-04T20:00:00", 30 * 3600.0)  # 20:00 to 02:00 on the day after next


@pytest.mark.parametrize(("off", "on"), [("23:00", "01:15"), ("23:00", None), (None, "01:15")])
def test_a_clock_time_that_comes_twice_is_refused_with_both(off, on):
    with pytest.raises(LightsImpossible) as caught:
        placed(off, on, TWO_DAYS)
    both = (
        "2024-03-04T23:00:00 (+10800 s) and 2024-03-05T23:00:00 (+97200 s)" if off
        else "2024-03-05T01:15:00 (+18900 s) and 2024-03-06T01:15:00 (+105300 s)"
    )  # fmt: skip
    assert both in caught.value.problem
    assert "with its date" in caught.value.remedy


def test_a_clock_time_that_comes_twice_is_clear_with_its_date():
    lights = placed("2024-03-05T23:00", "01:15", TWO_DAYS)
    assert (lights.off_s, lights.on_s) == (27 * 3600, 29.25 * 3600)


def test_of_two_clock_times_the_one_that_leaves_a_night_is_meant():
    # 06:00 comes once; after the second 23:00 there is no 06:00 any more.
    assert placed("23:00", "06:00", TWO_DAYS).off_s == 3 * 3600


def test_without_a_date_a_clock_time_that_comes_twice_is_refused_with_seconds():
    undated = recording(None, 30 * 3600.0, dt.time(20))
    with pytest.raises(LightsImpossible, match=r"\+10800 s and \+97200 s"):
        placed("23:00", "01:15", undated)


def test_more_than_a_day_in_bed_is_refused():
    with pytest.raises(LightsImpossible, match=r"26\.0 h from lights off"):
        placed("2024-03-04T21:00", "2024-03-05T23:00", TWO_DAYS)


# Two nights, 23:00 to 06:00 and 23:00 to 01:30.
NIGHTS = {"off_events_s": [10800.0, 97200.0], "on_events_s": [36000.0, 106200.0]}


def test_several_nights_in_one_recording_are_named_and_not_added_up():
    with pytest.raises(SeveralSleepPeriods) as caught:
        placed(header=TWO_DAYS, **NIGHTS)
    problem = caught.value.problem
    assert "1: 23:00:00 (+10800 s) to 06:00:00 (+36000 s)" in problem
    assert "2: 23:00:00 (+97200 s) to 01:30:00 (+106200 s)" in problem
    assert "--sleep-period" in caught.value.remedy


@pytest.mark.parametrize(("period", "off_s", "on_s"), [(1, 10800, 36000), (2, 97200, 106200)])
def test_one_of_several_nights_is_chosen(period, off_s, on_s):
    night = Night("S1", "1", sleep_period=period)
    lights, _ = place_lights(night, TWO_DAYS, **NIGHTS)
    assert lights == Lights(off_s, on_s, "annotation", "annotation")


def test_a_period_that_is_not_there_is_refused():
    with pytest.raises(LightsImpossible, match="sleep period 3 is wanted; its annotations show 2"):
        place_lights(Night("S1", "1", sleep_period=3), TWO_DAYS, **NIGHTS)
    with pytest.raises(LightsImpossible, match="show no lights off"):
        place_lights(Night("S1", "1", sleep_period=1), TWO_DAYS)


def test_a_period_and_a_time_of_lights_off_may_contradict_each_other():
    night = Night("S1", "1", sleep_period=1, lights_off="+97200")
    with pytest.raises(LightsImpossible, match="wanted one of them"):
        place_lights(night, TWO_DAYS, **NIGHTS)


def test_a_given_time_says_which_night_is_meant():
    lights = placed(off="+97500", header=TWO_DAYS, **NIGHTS)
    assert lights == Lights(97500, 106200, "option", "annotation")
    lights = placed(on="+35700", header=TWO_DAYS, **NIGHTS)
    assert lights == Lights(10800, 35700, "annotation", "option")


def test_two_hours_up_in_the_night_are_said():
    night = Night("S1", "1")
    lights, findings = place_lights(night, recording(), [600, 18000], [10800, 27000])
    assert (lights.off_s, lights.on_s) == (600, 27000)
    assert [f.code for f in findings] == ["lights-on-within"]


def annotated(off_h, on_h, off=None, on=None):
    """Lights and (code, what is doubtful, message) of findings; events in hours after 22:00."""
    night = Night("S1", "1", lights_off=off, lights_on=on)
    events = ([h * 3600 for h in off_h], [h * 3600 for h in on_h])
    lights, findings = place_lights(night, recording(span_s=12 * 3600), *events)
    return lights, [(f.code, f.affects, f.message) for f in findings]


def test_of_two_lights_off_the_first_is_used_and_this_is_said():
    lights, ((code, affects, message),) = annotated([1, 2], [10])
    assert (lights.off_s, lights.on_s) == (3600, 36000)
    assert (code, affects) == ("lights-off-twice", "numbers")
    assert message == (
        "lights off is annotated at 23:00:00 (+3600 s) and again at 00:00:00 (+7200 s), without "
        "lights on between: 23:00:00 (+3600 s) is used; if that is wrong, give lights off with "
        "the night"
    )


def test_two_annotations_of_one_moment_are_one_lights_off():
    assert annotated([1, 1 + 50 / 3600], [10])[1] == []
    assert annotated([1], [10, 10 + 50 / 3600])[1] == []


def test_lights_off_again_after_a_person_got_up_is_not_lights_off_twice():
    assert annotated([1, 5], [4.9, 10])[1] == []


def test_lights_off_twice_is_not_doubtful_where_lights_off_is_given():
    assert annotated([1, 2], [10], off="00:00")[1] == []
    assert [f[0] for f in annotated([1, 2], [10], on="07:30")[1]] == ["lights-off-twice"]


def test_of_two_lights_on_in_the_morning_the_last_is_used_and_this_is_said():
    lights, ((code, affects, message),) = annotated([1], [8, 10])
    assert (lights.on_s, code, affects) == (36000, "lights-on-twice", "numbers")
    assert "at 06:00:00 (+28800 s) and again at 08:00:00 (+36000 s)" in message
    assert annotated([1], [8, 10], on="07:00")[1] == []
    assert [f[0] for f in annotated([], [8, 10])[1]] == ["lights-on-twice"]


@pytest.mark.parametrize(
    ("on_h", "off_h", "doubtful"), [(1, 2, "nothing"), (1, 2.4, "nothing"), (1, 2.5, "numbers")]
)
def test_lights_on_without_lights_off_before_it_is_said(on_h, off_h, doubtful):
    lights, ((code, affects, message),) = annotated([off_h], [on_h, 10])
    assert (lights.off_s, code, affects) == (off_h * 3600, "lights-on-before-off", doubtful)
    assert message.startswith("lights on is annotated at 23:00:00 (+3600 s), and no lights off")


def test_lights_that_are_on_at_the_start_are_no_news():
    assert annotated([1], [0, 10])[1] == []


@pytest.mark.parametrize(
    ("off", "on", "said"),
    [
        ("25:99", None, "lights off is '25:99', wanted HH:MM"),
        ("bedtime", None, "lights off is 'bedtime'"),
        ("", None, "lights off is ''"),
        ("2024-03-01T22:41+01:00", None, "wanted HH:MM"),
        ("21:00", None, "lights off 21:00 is outside the recording (22:00:00 to 06:00:00)"),
        (None, "06:30", "lights on 06:30 is outside the recording"),
        (
            "2024-03-02T22:41",
            None,
            "is outside the recording (2024-03-01T22:00:00 to 2024-03-02T06:00:00)",
        ),
        ("2024-03-02", None, "lights off is '2024-03-02', wanted HH:MM"),
        ("1:5", None, "lights off is '1:5', wanted HH:MM"),
        ("24:00", None, "lights off is '24:00', wanted HH:MM"),
        ("2024-03-02T24:00", None, "wanted HH:MM"),
        ("2024-02-30T22:41", None, "wanted HH:MM"),
        ("05:00", "23:00", "lights on (23:00:00) is not at least one epoch after lights off"),
        ("23:00", "23:00", "is not at least one epoch after"),
    ],
)
def test_impossible_lights_are_refused_with_the_reason(off, on, said):
    with pytest.raises(LightsImpossible) as caught:
        placed(off, on)
    assert said in caught.value.problem
    assert caught.value.exit_code == 2


def test_a_clock_time_cannot_be_placed_where_the_start_is_unknown():
    with pytest.raises(LightsImpossible, match="does not say when it started"):
        placed("22:41", None, recording(start=None))


def test_a_date_is_of_no_use_where_the_recording_has_none():
    with pytest.raises(LightsImpossible, match="on which day it started") as caught:
        placed("2024-03-01T22:41", None, recording(start=None, clock=dt.time(22)))
    assert caught.value.remedy == "Give the clock time alone."


@pytest.mark.parametrize(
    ("off", "off_s"), [("1:05", 11100), ("01:05:30.25", 11130.25), ("2024-03-02 01:05", 11100)]
)
def test_the_ways_to_write_a_time(off, off_s):
    assert placed(off).off_s == off_s


def test_the_clock_runs_over_midnight():
    assert clock_at(dt.time(23, 59, 30), 30) == "00:00:00"
    assert clock_at(dt.time(22, 0, 0, 500000), 30) == "22:00:30.500"
    assert clock_at(None, 30) is None
