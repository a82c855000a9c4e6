"""NREM-REM cycles on nights that are small enough to count by hand (120 epochs are one hour)."""

import json
from typing import Any

import pytest

from psgpipe.sleep.cycles import CycleRule, SleepCycle, sleep_cycles
from tests.builders import night
from tests.shared_files import shared


@pytest.fixture
def golden() -> dict[str, Any]:
    expected = json.loads(shared("golden", "expected.json").read_text(encoding="utf-8"))
    return dict(expected["night_600_epochs"])


def rem_min(runs: str) -> list[float]:
    return [cycle.rem_min for cycle in sleep_cycles(night(runs))]


def nrem_min(runs: str) -> list[float]:
    return [cycle.nrem_min for cycle in sleep_cycles(night(runs))]


def test_golden_night_has_four_cycles(golden: dict[str, Any]):
    cycles = sleep_cycles(night(golden["runs"]))
    assert [c.nrem_min for c in cycles] == golden["nrem_period_min"]
    assert [c.rem_min for c in cycles] == golden["rem_period_min"]


def test_fifteen_minutes_of_nrem_make_a_cycle_and_less_do_not():
    assert nrem_min("W*4 N2*30 R*20") == [15.0]
    assert nrem_min("W*4 N2*29 R*20") == []


def test_rem_bouts_less_than_fifteen_minutes_apart_are_one_period():
    assert rem_min("N2*60 R*12 N2*29 R*20") == [16.0]
    assert rem_min("N2*60 R*12 N2*30 R*20") == [6.0, 10.0]


def test_what_interrupts_rem_is_not_rem_time():
    assert sleep_cycles(night("N2*60 R*12 W*10 R*20")) == (SleepCycle(0, 60, 102, 30.0, 16.0),)


def test_only_the_first_rem_period_may_be_short():
    assert rem_min("N2*60 R*1 N2*60 R*9 N2*60 R*10") == [0.5, 5.0]


def test_nrem_around_a_rem_period_too_short_is_one_nrem_period():
    assert nrem_min("N2*60 R*10 N2*60 R*9 N2*60 R*10") == [30.0, 60.0]


def test_wake_inside_a_nrem_period_is_not_nrem_time():
    assert nrem_min("N2*40 W*30 N3*20 R*12") == [30.0]


def test_nrem_after_the_last_rem_period_is_no_cycle():
    assert rem_min("N2*60 R*12 N2*90 W*10") == [6.0]


def test_rem_at_sleep_onset_ends_no_cycle():
    assert nrem_min("N1*2 R*20 N2*60 R*12") == [30.0]


def test_rem_again_after_wake_without_nrem_belongs_to_the_period_before():
    # 20 minutes apart, but only 5 of them NREM sleep
    assert rem_min("N2*60 R*12 W*30 N2*10 R*20") == [16.0]


def test_sleep_before_lights_off_makes_no_cycle():
    assert sleep_cycles(night("N2*60 R*12 N2*60 R*12", lights_off_epoch=70)) == (
        SleepCycle(72, 132, 144, 30.0, 6.0),
    )


def test_the_rule_can_be_declared():
    assert len(sleep_cycles(night("N2*20 R*12"), CycleRule(nrem_min=10.0))) == 1


@pytest.mark.parametrize("runs", ["W*30", "UNS*4", "N2*60", "R*20"])
def test_no_cycle_without_nrem_and_rem(runs: str):
    assert sleep_cycles(night(runs)) == ()
