"""Epochs within hours of an anaesthetic dose: sedation, not sleep."""

import datetime as dt

import numpy as np
import pytest

from psgpipe.model.hypnogram import Hypnogram
from psgpipe.model.summary import ENDPOINTS
from psgpipe.quality.flags import judge_stages
from psgpipe.sleep.architecture import summarize
from psgpipe.sleep.dose_time import dose_doubt
from psgpipe.sleep.sedation import sedated_epochs
from tests.builders import stages

START = dt.datetime(2024, 3, 1, 22, 0)


def sedated(dose_end: dt.datetime, window_h: float, n_epochs: int = 10) -> list[int]:
    return np.flatnonzero(
        sedated_epochs(n_epochs, (dose_end - START).total_seconds(), window_h)
    ).tolist()


def test_epochs_within_the_window_after_a_dose():
    # The dose ended at 21:00; an hour and two minutes later it is 22:02: four epochs.
    assert sedated(dt.datetime(2024, 3, 1, 21, 0), 1 + 2 / 60) == [0, 1, 2, 3]


def test_an_epoch_that_only_begins_within_the_window_counts():
    assert sedated(dt.datetime(2024, 3, 1, 21, 0), 1 + 10 / 3600) == [0]
    assert sedated(dt.datetime(2024, 3, 1, 21, 0), 1.0) == []


def test_a_dose_in_the_night_leaves_what_was_before_it():
    # 22:01:45 lies in the fourth epoch.
    assert sedated(dt.datetime(2024, 3, 1, 22, 1, 45), 6.0) == [3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("days", [-1, 1])
def test_a_dose_of_another_day_is_no_sedation(days):
    assert sedated(START + dt.timedelta(days=days), 6.0) == []


@pytest.mark.parametrize(
    ("days", "doubt"),
    [
        (-14.0, None), (-59.0, None), (-61.0, "61 days before the night"), (0.3, None),
        (0.5, "4.0 h after the night"), (-5113.0, "5113 days before the night"),
        (5113.0, "5113 days after the night"),
    ],
)  # fmt: skip
def test_a_dose_of_years_ago_or_after_the_night_is_doubted(days, doubt):
    # The night lasts eight hours; a washout of weeks and a dose in the night are possible.
    found = dose_doubt(days * 86400, 8 * 3600)
    assert (found is None) if doubt is None else (doubt in found)


def test_a_window_of_zero_turns_it_off():
    assert sedated(START + dt.timedelta(minutes=1), 0.0) == []


def dosed(sedated_epochs: list[int], in_bed: range) -> Hypnogram:
    epochs = stages("W*10 N2*40 W*5 R*40 W*9")
    number = np.arange(len(epochs))
    return Hypnogram(
        epochs, np.isin(number, in_bed), sedation=np.isin(number, sedated_epochs)
    )  # fmt: skip


def test_a_night_with_one_epoch_of_sedation_in_bed_has_no_architecture():
    summary = summarize(dosed([0], range(104)))
    assert summary.tib_min == 52.0
    others = {name: value for name, value in summary.endpoints().items() if name != "tib_min"}
    assert set(others.values()) == {None}
    assert set(summary.absent) == set(ENDPOINTS) - {"tib_min"}
    assert "1 of 104 epochs in bed" in summary.absent["rem_pct"]


def test_sedation_that_is_over_at_lights_off_withholds_nothing():
    after = dosed([0, 1, 2, 3], range(4, 104))
    assert summarize(after).rem_min == 20.0
    assert judge_stages(after, summarize(after))[0].code == "short-night"


def test_the_night_is_flagged():
    night = dosed([0, 1, 2], range(104))
    flags = {flag.code: flag for flag in judge_stages(night, summarize(night))}
    assert "3 epochs in bed" in flags["sedation"].message
    assert not flags["sedation"].refused
