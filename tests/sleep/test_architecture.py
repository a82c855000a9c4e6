"""Every endpoint on nights that are small enough to count by hand."""

import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.model.hypnogram import Hypnodensity, Hypnogram, SleepStage
from psgpipe.model.summary import ENDPOINTS, LIGHTS_DEPENDENT
from psgpipe.sleep.architecture import summarize
from tests.builders import night
from tests.shared_files import shared


def golden(name: str) -> dict[str, Any]:
    expected = json.loads(shared("golden", "expected.json").read_text(encoding="utf-8"))
    return dict(expected[name])


@pytest.mark.parametrize(
    ("name", "runs"), [("night_40_epochs", "stages"), ("night_600_epochs", "runs")]
)
def test_golden_nights_agree_endpoint_by_endpoint(name: str, runs: str):
    expected = golden(name)
    found = summarize(night(expected[runs])).endpoints()
    compared = found.keys() & expected.keys()
    assert len(compared) >= 8
    for endpoint in compared:
        wanted = expected[endpoint]
        assert found[endpoint] == (None if wanted is None else pytest.approx(wanted, abs=1e-6))


def test_golden_rem_by_third_of_the_sleep_period():
    expected = golden("night_600_epochs")
    summary = summarize(night(expected["runs"]))
    thirds = [summary.rem_third1_min, summary.rem_third2_min, summary.rem_third3_min]
    assert thirds == pytest.approx(expected["rem_by_third_of_spt_min"], abs=1e-6)


def test_a_night_with_one_awakening():
    summary = summarize(night("W*10 N2*40 W*5 R*40 W*9"))
    assert summary.sol_min == 5.0
    assert summary.waso_min == 7.0  # from sleep onset to lights on
    assert summary.waso_spt_min == 2.5  # YASA's WASO
    assert summary.tib_min == 52.0
    assert summary.tst_min == 40.0
    assert summary.spt_min == 42.5
    assert summary.awakenings == 1
    assert summary.awakenings_per_h == 1.5
    assert summary.sleep_to_wake_per_h == 3.0  # the final awakening counts
    assert summary.stage_shifts == 2
    assert summary.rem_latency_min == 22.5
    assert summary.rem_latency_from_lights_off_min == 27.5
    assert summary.wake_min == 12.0
    assert summary.rem_pct == 50.0
    assert summary.nrem_pct == 50.0


def test_epochs_out_of_bed_count_for_nothing():
    in_bed = summarize(night("W*10 N2*40 W*5 R*40 W*9"))
    hypnogram = night(
        "R*3 N2*30 W*10 N2*40 W*5 R*40 W*9 N3*8", lights_off_epoch=33, lights_on_epoch=137
    )
    assert summarize(hypnogram).endpoints() == in_bed.endpoints()


def test_asleep_at_lights_off_is_a_latency_of_zero():
    summary = summarize(night("N2*40 R*4"))
    assert summary.sol_min == 0.0
    assert summary.lps_min == 0.0


def test_nineteen_epochs_of_sleep_are_not_persistent():
    summary = summarize(night("W*2 N2*19 W N2*20"))
    assert summary.sol_min == 1.0
    assert summary.lps_min == 11.0


def test_an_unscored_epoch_breaks_persistent_sleep():
    assert summarize(night("N2*19 UNS N2*20")).lps_min == 10.0


def test_persistent_sleep_may_change_its_stage():
    assert summarize(night("W*4 N1*2 N2*10 R*8")).lps_min == 2.0


def test_early_morning_wake_is_waso_and_no_awakening():
    summary = summarize(night("N2*40 W*60"))
    assert summary.waso_min == 30.0
    assert summary.waso_spt_min == 0.0
    assert summary.awakenings == 0
    assert summary.sleep_to_wake_per_h == 3.0


def test_unscored_time_stays_in_the_denominator_of_efficiency():
    summary = summarize(night("N2*50 UNS*30 ART*20"))
    assert summary.se_pct == 50.0
    assert summary.unscored_min == 25.0
    assert summary.wake_min == 0.0
    assert summary.spt_min == 25.0  # up to the last sleep epoch


def test_an_awakening_behind_an_unscored_epoch_was_not_seen():
    summary = summarize(night("N2*10 UNS W*2 N2*10"))
    assert summary.sleep_to_wake_per_h == 0.0
    assert summary.awakenings == 1


def test_stage_shifts_look_across_unscored_epochs():
    assert summarize(night("N2*5 UNS N2*5 ART R*5")).stage_shifts == 1


def test_stage_shifts_before_sleep_and_after_it_do_not_count():
    summary = summarize(night("W*5 N1 N2*118 R W*5"))
    assert summary.stage_shifts == 2
    assert summary.stage_shifts_per_h == 2.0


def test_rem_on_the_edge_of_a_third_is_split():
    # 10 epochs of sleep: the thirds meet inside epochs 3 and 6.
    summary = summarize(night("N2*3 R N2*2 R N2*3"))
    assert summary.rem_third1_min == pytest.approx(1 / 6, abs=1e-12)
    assert summary.rem_third2_min == pytest.approx(2 / 6 + 2 / 6, abs=1e-12)
    assert summary.rem_third3_min == pytest.approx(1 / 6, abs=1e-12)


def test_confidence_is_the_mean_over_scored_epochs_in_bed():
    hypnogram = night("W N2 ART R N3", lights_on_epoch=4)
    best = np.array([0.6, 0.9, 0.2, 0.3, 1.0])
    others = (1 - best)[:, None] / 4
    probabilities = np.hstack([best[:, None], np.tile(others, 4)])
    probabilities[2] = np.nan
    summary = summarize(hypnogram, Hypnodensity(probabilities))
    assert summary.mean_confidence == pytest.approx((0.6 + 0.9 + 0.3) / 3)


def test_no_probabilities_no_confidence():
    summary = summarize(night("W N2"))
    assert summary.mean_confidence is None
    assert summary.absent["mean_confidence"] == "no probabilities were given"


def test_probabilities_of_another_night_are_refused():
    with pytest.raises(ValueError, match="3 probabilities for 2 epochs"):
        summarize(night("W N2"), Hypnodensity(np.full((3, 5), 0.2)))


def test_a_night_without_sleep():
    summary = summarize(night("W*100"))
    assert summary.se_pct == 0.0
    assert summary.tst_min == 0.0
    assert summary.n2_min == 0.0
    assert summary.wake_min == 50.0
    assert summary.cycles == 0
    given = {"tib_min", "tst_min", "se_pct", "wake_min", "unscored_min", "cycles", "nrem_min"}
    stage_minutes = {"n1_min", "n2_min", "n3_min", "rem_min"}
    first_quarter = {"tst_q1_min", "n1_q1_min", "n2_q1_min", "n3_q1_min", "rem_q1_min"}
    assert set(summary.absent) == set(ENDPOINTS) - given - stage_minutes - first_quarter
    later_quarter = re.compile("_q[234]")
    reasons = {
        k: v
        for k, v in summary.absent.items()
        if k != "mean_confidence" and not later_quarter.search(k)
    }
    assert all(reason.startswith("no sleep") for reason in reasons.values())


def test_a_night_without_rem_is_censored_and_not_dropped():
    summary = summarize(night("W*10 N2*90"))
    assert summary.rem_min == 0.0
    assert summary.rem_pct == 0.0
    assert summary.rem_latency_min is None
    assert summary.absent["rem_latency_min"] == (
        "no REM sleep: censored at 45.0 min, from sleep onset to lights on"
    )
    assert "censored at 50.0 min" in summary.absent["rem_latency_from_lights_off_min"]


def test_a_night_that_could_not_be_scored_has_no_efficiency():
    summary = summarize(night("UNS*10 ART*10"))
    assert summary.unscored_min == 10.0
    assert summary.se_pct is None
    assert summary.absent["se_pct"] == "no epoch in bed could be scored"


def test_no_epoch_in_bed_leaves_nothing_to_say():
    summary = summarize(night("N2*20", lights_off_epoch=20))
    assert set(summary.endpoints().values()) == {None}
    assert set(summary.absent) == set(ENDPOINTS)


def test_without_lights_the_numbers_are_the_same_and_the_reasons_speak_of_the_recording():
    known, unknown = (summarize(night("W*4 N2*40"), lights_known=k) for k in (True, False))
    assert known.endpoints() == unknown.endpoints()
    assert unknown.absent["rem_latency_min"].endswith("to the end of the recording")


def test_endpoints_that_depend_on_lights_are_those_that_move_with_them():
    runs = "UNS*2 W*28 N2*40 W*4 N2*40 R*30 W*30"
    wide, narrow = (
        summarize(night(runs)),
        summarize(night(runs, lights_off_epoch=10, lights_on_epoch=145)),
    )
    moved = [name for name, value in wide.endpoints().items() if value != getattr(narrow, name)]
    quarters = {name for name in ENDPOINTS if "_q" in name}
    assert set(moved) - quarters == set(LIGHTS_DEPENDENT) - quarters
    assert quarters < set(LIGHTS_DEPENDENT)


@given(st.lists(st.sampled_from(list(SleepStage)), min_size=1, max_size=300), st.data())
def test_minutes_add_up_on_any_night(stages: list[SleepStage], data: st.DataObject):
    in_bed = data.draw(st.lists(st.booleans(), min_size=len(stages), max_size=len(stages)))
    s = summarize(Hypnogram(tuple(stages), np.array(in_bed)))
    if s.tib_min is None:
        assert not any(in_bed)
        return
    assert s.tst_min == s.n1_min + s.n2_min + s.n3_min + s.rem_min
    assert s.nrem_min == s.n1_min + s.n2_min + s.n3_min
    assert s.tib_min == s.wake_min + s.tst_min + s.unscored_min == sum(in_bed) / 2
    assert set(s.absent) == {name for name, value in s.endpoints().items() if value is None}
    if s.tst_min:
        assert s.rem_pct + s.nrem_pct == pytest.approx(100)
        assert s.n1_pct + s.n2_pct + s.n3_pct == pytest.approx(s.nrem_pct)
        thirds = s.rem_third1_min + s.rem_third2_min + s.rem_third3_min
        assert thirds == pytest.approx(s.rem_min)
        assert s.waso_spt_min <= s.waso_min <= s.wake_min
        assert s.awakenings <= s.stage_shifts
