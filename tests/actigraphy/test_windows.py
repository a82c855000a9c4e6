"""The time in bed between markers, and the measures in it."""

import datetime as dt

import numpy as np
import pytest

from psgpipe.actigraphy.counts import ActivityCounts
from psgpipe.actigraphy.measures import measure_night
from psgpipe.actigraphy.score import ActigraphyScore
from psgpipe.actigraphy.windows import SleepWindow, windows_from_markers

EVENING = dt.datetime(2024, 3, 31, 23, 0)


def at(hours):
    return EVENING + dt.timedelta(hours=hours)


def test_two_markers_are_a_night_and_a_second_press_is_the_first():
    (window,) = windows_from_markers([at(8), at(0), at(8.1), at(0.05)])
    assert (window.begin, window.end, window.source) == (at(0), at(8), "markers")
    assert window.minutes == 480


def test_nights_of_a_day_sleeper_are_found_by_day():
    morning = [at(10), at(17), at(34), at(41)]
    assert [(w.begin, w.end) for w in windows_from_markers(morning)] == [
        (at(10), at(17)), (at(34), at(41))]  # fmt: skip


def test_a_marker_between_two_nights_gives_none_of_them_a_window():
    assert windows_from_markers([at(0), at(8), at(16)]) == []


@pytest.mark.parametrize("hours", [[], [0], [0, 2], [0, 15]])
def test_without_a_pair_there_is_no_window(hours):
    assert windows_from_markers([at(h) for h in hours]) == []


def score_of(sleep, wear=None, epoch_s=60.0):
    sleep = np.array(sleep, bool)
    wear = np.ones(sleep.size, bool) if wear is None else np.array(wear, bool)
    counts = ActivityCounts(EVENING, epoch_s, np.zeros(sleep.size))
    return ActigraphyScore(counts, "cole-kripke", np.zeros(sleep.size), sleep, wear, 180)


def window(minutes, begin=0.0):
    start = EVENING + dt.timedelta(minutes=begin)
    return SleepWindow(start, start + dt.timedelta(minutes=minutes), "diary")


def test_measures_of_a_night_that_can_be_counted_by_hand():
    sleep = [0] * 20 + [1] * 100 + [0] * 10 + [1] * 50 + [0] * 20
    night = measure_night(score_of(sleep), window(200))
    assert night.values == {
        "tib_min": 200, "sol_min": 20, "spt_min": 160, "tst_min": 150, "waso_min": 30,
        "waso_spt_min": 10, "se_pct": 75, "awakenings": 1, "not_worn_min": 0,
    }  # fmt: skip
    assert night.absent == {}


def test_what_was_not_worn_is_neither_sleep_nor_wake():
    sleep = [0] * 20 + [1] * 100 + [0] * 10 + [1] * 70
    wear = [1] * 120 + [0] * 10 + [1] * 70
    night = measure_night(score_of(sleep, wear), window(200))
    assert (night.values["waso_min"], night.values["not_worn_min"]) == (0, 10)
    assert night.values["awakenings"] == 0


def test_with_more_than_a_tenth_not_worn_sleep_is_not_known():
    night = measure_night(score_of([1] * 200, [0] * 21 + [1] * 179), window(200))
    assert night.values["tst_min"] is None
    assert night.values["tib_min"] == 200
    assert night.absent["tst_min"] == "the watch was not worn for 10 % of the time in bed"


@pytest.mark.parametrize("begin", [-1, 1])
def test_a_window_outside_the_recording_has_no_measures(begin):
    night = measure_night(score_of([1] * 200), window(200, begin))
    assert set(night.values.values()) == {None}
    assert "did not record the whole time in bed" in night.absent["tst_min"]


def test_a_night_without_sleep_has_no_latency():
    night = measure_night(score_of([0] * 60), window(60))
    assert (night.values["tst_min"], night.values["sol_min"]) == (0, None)
    assert night.absent["sol_min"] == "no epoch in bed is scored as sleep"
