"""Trial endpoints on nights that are counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.model.hypnogram import Hypnogram, SleepStage
from psgpipe.model.summary import ENDPOINTS, QUARTERS, TRIAL_ENDPOINTS
from psgpipe.sleep.architecture import summarize
from psgpipe.sleep.trial_endpoints import quarters_in_bed_min
from tests.builders import night


def by_quarter(summary, measure, unit="_min"):
    return [getattr(summary, f"{measure}_q{quarter}{unit}") for quarter in QUARTERS]


def test_awakenings_last_two_epochs_and_have_n2_n3_or_rem_between_them():
    # After persistent sleep: 2 + 3 wake (N1 between: one awakening), a single wake epoch, 4 + 1 + 2
    # (N1 between: one awakening), 6 to lights on.
    summary = summarize(night("W*10 N2*25 W*2 N1*3 W*3 N2 W N3*10 W*4 N1 W N1 W*2 R*20 N2*30 W*6"))
    assert summary.lps_min == 5.0
    assert summary.awakenings_lps == 3
    assert summary.awakening_mean_lps_min == 3.0  # (5 + 7 + 6) epochs / 3
    assert summary.waso_lps_min == 9.5  # 2 + 3 + 1 + 4 + 1 + 2 + 6 epochs
    assert summary.rem_latency_from_lps_min == 27.0
    assert summary.se_after_onset_pct == pytest.approx(100 * 91 / 110)
    assert summary.early_wake_min == 3.0


@pytest.mark.parametrize("between", ["N2", "N3", "R"])
def test_one_epoch_of_n2_n3_or_rem_makes_two_awakenings(between):
    assert summarize(night(f"N2*20 W*2 {between} W*2 N2*5")).awakenings_lps == 2


@pytest.mark.parametrize("between", ["N1", "N1*9", "ART", "UNS*3", "N1 W N1"])
def test_n1_and_epochs_without_a_stage_do_not_part_two_awakenings(between):
    assert summarize(night(f"N2*20 W*2 {between} W*2 N2*5")).awakenings_lps == 1


def test_an_epoch_without_a_stage_interrupts_wake():
    summary = summarize(night("N2*20 W ART W N2*5"))
    assert summary.awakenings_lps == 0
    assert summary.waso_lps_min == 1.0
    assert summary.awakening_mean_lps_min is None
    assert summary.absent["awakening_mean_lps_min"].startswith("no awakening")


def test_wake_before_persistent_sleep_is_no_wake_after_it():
    summary = summarize(night("W*4 N2*10 W*6 R N2*30 W*2 N2"))
    assert summary.waso_min == 4.0
    assert summary.waso_lps_min == 1.0
    assert summary.awakenings_lps == 1
    assert summary.rem_latency_from_lps_min == 0.0
    assert summary.rem_latency_min == 8.0


def test_rem_before_persistent_sleep_alone_is_a_censored_latency_from_it():
    summary = summarize(night("R*2 W*2 N2*40"))
    assert summary.rem_latency_min == 0.0
    assert summary.rem_latency_from_lps_min is None
    assert "censored at 20.0 min" in summary.absent["rem_latency_from_lps_min"]


def test_persistent_sleep_is_the_same_as_in_lps():
    summary = summarize(night("N2*19 ART N2*19 W*2 N2*20 W*8"))
    assert summary.lps_min == 20.5
    assert summary.waso_lps_min == 4.0


def test_a_night_without_persistent_sleep_has_no_wake_after_it():
    summary = summarize(night("W*4 N2*19 W*4 N2*19 W*4"))
    without = {"waso_lps_min", "awakenings_lps", "awakening_mean_lps_min"}
    assert {summary.absent[name] for name in without} == {"no 10 minutes of unbroken sleep"}
    assert "censored at 25.0 min" in summary.absent["rem_latency_from_lps_min"]
    assert summary.waso_q1_min is None
    assert summary.tst_q1_min == 19.0
    assert summary.early_wake_min == 2.0
    assert summary.se_after_onset_pct == pytest.approx(100 * 38 / 46)


def test_quarters_of_two_hours_since_lights_off():
    # 8 h: quarter 1 W*40 N2*200, 2 N3*240, 3 R*100 W*140, 4 W*60 N1*20 N2*60 W*100.
    summary = summarize(night("W*40 N2*200 N3*240 R*100 W*200 N1*20 N2*60 W*100"))
    assert by_quarter(summary, "tst") == [100.0, 120.0, 50.0, 40.0]
    assert by_quarter(summary, "n1") == [0.0, 0.0, 0.0, 10.0]
    assert by_quarter(summary, "n2") == [100.0, 0.0, 0.0, 30.0]
    assert by_quarter(summary, "n3") == [0.0, 120.0, 0.0, 0.0]
    assert by_quarter(summary, "rem") == [0.0, 0.0, 50.0, 0.0]
    assert by_quarter(summary, "waso") == [0.0, 0.0, 70.0, 80.0]  # not the wake before sleep
    # The awakening over the edge of quarters 3 and 4 belongs to the quarter where it began.
    assert by_quarter(summary, "awakenings", "") == [0, 0, 1, 1]
    assert sum(by_quarter(summary, "waso")) == summary.waso_lps_min
    assert quarters_in_bed_min(960) == (120.0, 120.0, 120.0, 120.0)


def test_a_quarter_after_lights_on_is_absent_and_a_part_of_one_is_stated():
    summary = summarize(night("N2*600"))
    assert by_quarter(summary, "tst") == [120.0, 120.0, 60.0, None]
    assert by_quarter(summary, "awakenings", "") == [0, 0, 0, None]
    assert summary.absent["n3_q4_min"] == (
        "lights on came before this quarter, 360 min from lights off"
    )
    assert quarters_in_bed_min(600) == (120.0, 120.0, 60.0, 0.0)


def test_time_after_eight_hours_is_in_no_quarter():
    summary = summarize(night("N2*960 R*100"))
    assert by_quarter(summary, "rem") == [0.0] * 4
    assert summary.rem_min == 50.0


def test_the_grid_of_quarters_begins_with_lights_off():
    whole = summarize(night("N2*240 R*240"))
    later = summarize(night("N3*33 N2*240 R*240 N3*7", lights_off_epoch=33, lights_on_epoch=513))
    assert later.endpoints() == whole.endpoints()


def test_sedation_withholds_trial_endpoints():
    hypnogram = night("N2*300")
    sedated = Hypnogram(hypnogram.stages, sedation=np.arange(300) < 4)
    summary = summarize(sedated)
    assert {getattr(summary, name) for name in TRIAL_ENDPOINTS} == {None}
    assert set(summary.absent) == set(ENDPOINTS) - {"tib_min"}


@given(st.lists(st.sampled_from([*SleepStage, SleepStage.N2, SleepStage.W]), min_size=1))
def test_trial_endpoints_add_up_on_any_night(stages):
    repeated = [stage for stage in stages for _ in range(12)]
    s = summarize(Hypnogram(tuple(repeated)))
    for quarter in QUARTERS:
        parts = [getattr(s, f"{stage}_q{quarter}_min") for stage in ("n1", "n2", "n3", "rem")]
        tst = getattr(s, f"tst_q{quarter}_min")
        assert parts == [None] * 4 if tst is None else sum(parts) == tst
    if s.waso_lps_min is not None:
        assert s.waso_lps_min <= s.waso_min
        total = (s.awakening_mean_lps_min or 0.0) * s.awakenings_lps
        assert total <= s.waso_lps_min + 1e-9
        assert s.early_wake_min == s.waso_min - s.waso_spt_min
    assert set(s.absent) == {name for name, value in s.endpoints().items() if value is None}
