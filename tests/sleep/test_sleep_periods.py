"""Several nights or naps in one recording, and a person who got up."""

import pytest

from psgpipe.sleep.sleep_periods import sleep_periods

HOUR = 3600.0


def periods(*hours, span=36.0):
    """Hours of the periods from lights off and lights on in turn, in hours."""
    off_s, on_s = ([h * HOUR for h in hours[k::2]] for k in (0, 1))
    found = sleep_periods(off_s, on_s, span * HOUR)
    return [(p.off_s / HOUR, None if p.on_s is None else p.on_s / HOUR) for p in found]


def test_one_night_is_one_period():
    assert periods(1, 9) == [(1, 9)]


def test_two_nights_with_a_day_between_them():
    assert periods(3, 10, 27, 29.5) == [(3, 10), (27, 29.5)]


def test_five_naps_with_100_minutes_between_them():
    naps = [h for n in range(1, 6) for h in (n * 2.0, n * 2.0 + 1 / 3)]
    found = [h for period in periods(*naps) for h in period]
    assert found == pytest.approx(naps)


def test_a_nap_after_the_night():
    assert periods(1, 9, 11, 11.5) == [(1, 9), (11, 11.5)]


@pytest.mark.parametrize("up_min", [5, 20, 60, 89])
def test_a_person_who_got_up_has_one_night(up_min):
    assert periods(1, 4, 4 + up_min / 60, 9) == [(1, 9)]


def test_a_sleepless_person_who_was_up_for_two_hours_has_one_night():
    assert periods(1, 4, 6, 9) == [(1, 9)]
    (night,) = sleep_periods([HOUR, 6 * HOUR], [4 * HOUR, 9 * HOUR], 10 * HOUR)
    assert night.up_s == 2 * HOUR


def test_three_hours_with_the_lights_on_are_two_periods():
    assert periods(1, 5, 8, 12) == [(1, 5), (8, 12)]


def test_a_person_who_got_up_twice_in_the_second_of_two_nights():
    assert periods(1, 9, 25, 27, 27.2, 30, 30.5, 33) == [(1, 9), (25, 33)]


def test_minutes_in_bed_before_a_person_got_up_belong_to_the_night():
    assert periods(1, 1.2, 1.5, 9) == [(1, 9)]


def test_a_recording_that_ends_in_the_second_night():
    assert periods(1, 9, 25, span=30) == [(1, 9), (25, None)]


def test_lamps_that_are_switched_on_twice_in_the_morning():
    found = sleep_periods([HOUR, 25 * HOUR], [9 * HOUR, 9.2 * HOUR, 24.9 * HOUR], 26 * HOUR)
    assert [(p.off_s, p.on_s) for p in found] == [(HOUR, 9.2 * HOUR), (25 * HOUR, None)]


def test_lights_on_before_the_first_lights_off_begin_no_period():
    found = sleep_periods([HOUR], [0.5 * HOUR, 9 * HOUR], 10 * HOUR)
    assert [(p.off_s, p.on_s) for p in found] == [(HOUR, 9 * HOUR)]
