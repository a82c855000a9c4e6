"""Simulated hypnograms: the true stages have the planted values."""

from collections import Counter
from statistics import fmean

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from psgpipe.errors import UsageError
from psgpipe.simulation.hypnogram import CycleModel, EpochCounts, apportion, build_stages
from psgpipe.simulation.night import plan_night
from psgpipe.simulation.scene import NightKey
from psgpipe.simulation.study_design import StudyDesign, parse_effects
from psgpipe.simulation.study_plan import plan_study
from psgpipe.simulation.targets import POPULATION, Targets, add_effects, draw_response
from psgpipe.sleep.architecture import summarize

whole = st.integers(0, 400)


def difference(endpoint, **design):
    """Treatment minus baseline in the true stages, mean over subjects and nights."""
    planned = plan_study(StudyDesign(**design))
    value = {"baseline": [], "treatment": []}
    for night in planned:
        value[night.condition].append(getattr(summarize(night.plan.hypnogram), endpoint))
    return fmean(value["treatment"]) - fmean(value["baseline"])


@settings(max_examples=60, deadline=None)
@given(whole, whole, whole, whole, whole, whole, st.integers(0, 10**6))
def test_every_epoch_of_the_counts_is_in_the_night_and_no_other(lat, wake, n1, n2, n3, rem, seed):
    assume(n1 + n2 + n3 + rem > 0)
    counts = EpochCounts(lat, wake, n1, n2, n3, rem)
    night = Counter(build_stages(counts, np.random.default_rng(seed), CycleModel()))
    expected = {"W": lat + wake, "N1": n1, "N2": n2, "N3": n3, "R": rem}
    assert {stage: night[stage] for stage in expected} == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(0, 200), st.integers(0, 10**6))
def test_sleep_begins_after_the_planted_latency(latency, wake, seed):
    counts = EpochCounts(latency, wake, 40, 400, 160, 180)
    night = build_stages(counts, np.random.default_rng(seed), CycleModel())
    assert [stage == "W" for stage in night[: latency + 1]] == [True] * latency + [False]


@given(st.integers(0, 1000), st.lists(st.floats(0, 100), min_size=1, max_size=6))
def test_apportioning_keeps_the_total_and_is_never_off_by_a_whole_epoch(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    if sum(weights) > 0:
        share = [total * w / sum(weights) for w in weights]
        assert all(abs(d - s) < 1 for d, s in zip(parts, share, strict=True))


def test_deep_sleep_comes_early_and_rem_sleep_late():
    first, last = Counter(), Counter()
    for subject in range(1, 21):
        night = plan_night(0, subject=subject).hypnogram.stages
        first.update(night[:320])
        last.update(night[-320:])
    assert first["N3"] > 4 * last["N3"]
    assert last["R"] > 2 * first["R"]


def test_cycles_take_about_ninety_to_a_hundred_and_ten_minutes():
    summaries = [summarize(plan_night(1, subject=n).hypnogram) for n in range(1, 21)]
    assert {s.cycles for s in summaries} <= {3, 4, 5, 6}
    assert 85 < fmean(s.spt_min / s.cycles for s in summaries) < 120
    assert 55 < fmean(s.rem_latency_min for s in summaries) < 120


def test_adults_sleep_as_the_literature_says_on_average():
    summaries = [summarize(plan_night(2, subject=n).hypnogram) for n in range(1, 41)]
    assert fmean(s.sol_min for s in summaries) == pytest.approx(14, abs=3)
    assert fmean(s.waso_min for s in summaries) == pytest.approx(36, abs=6)
    assert fmean(s.rem_pct for s in summaries) == pytest.approx(22, abs=1.5)
    assert fmean(s.n3_pct for s in summaries) == pytest.approx(20, abs=2)
    assert 5 < fmean(s.stage_shifts_per_h for s in summaries) < 25


@pytest.mark.parametrize(
    ("name", "value"),
    [("rem_pct", -4), ("n3_pct", 6), ("n1_pct", 3), ("n2_pct", -5), ("sol_min", 12),
     ("waso_min", 25), ("tst_min", -30)],
)  # fmt: skip
def test_over_an_even_number_of_subjects_the_mean_difference_is_the_planted_effect(name, value):
    # Whole epochs: a share of 400 min is known to 0.1 points, minutes to half a minute.
    off_by = 0.5 if name.endswith("min") else 0.1
    found = difference(name, subjects=4, nights=2, seed=5, effects={name: value})
    assert found == pytest.approx(value, abs=off_by)


def test_without_an_effect_treatment_nights_are_like_baseline_nights():
    assert difference("rem_pct", subjects=4, seed=3) == pytest.approx(0, abs=0.1)


def test_subjects_and_nights_differ():
    nights = plan_study(StudyDesign(subjects=4, nights=3))
    rem = [summarize(n.plan.hypnogram).rem_pct for n in nights]
    assert len({round(r, 2) for r in rem}) > 20
    changes = [rem[6 * s + 3] - rem[6 * s] for s in range(4)]
    assert np.std(changes) > 0.5


def test_two_effects_are_planted_together_and_the_other_stages_share_the_rest():
    moved = add_effects(POPULATION, {"rem_pct": -4, "n3_pct": 6}, 465)
    assert (moved.rem_pct, moved.n3_pct) == (18, 26)
    # 56 points are left for N1 and N2, which had 7 and 51.
    assert moved.n1_pct == pytest.approx(56 * 7 / 58)
    assert moved.n2_pct == pytest.approx(56 * 51 / 58)


def test_sleep_that_is_lost_is_wake_after_onset_and_the_time_in_bed_stays():
    moved = add_effects(POPULATION, {"tst_min": -20}, 465)
    assert (moved.sol_min, moved.waso_min) == (14, 56)
    moved = add_effects(POPULATION, {"tst_min": -20, "waso_min": 5}, 465)
    assert (moved.sol_min, moved.waso_min) == (29, 41)


@pytest.mark.parametrize(
    "effects",
    [
        {"rem_pct": -23},
        {"n2_pct": 60},
        {"waso_min": -40},
        {"waso_min": 430},
        {"tst_min": -20, "waso_min": 5, "sol_min": 5},
        {"n1_pct": 1, "n2_pct": 1, "n3_pct": 1, "rem_pct": 1},
    ],
)
def test_an_effect_that_no_night_can_have_is_refused(effects):
    with pytest.raises(UsageError, match="no night can have the planted effect"):
        add_effects(POPULATION, effects, 465)


def test_all_four_shares_may_be_planted_where_they_cancel():
    effects = {"n1_pct": 1, "n2_pct": 2, "n3_pct": 1, "rem_pct": -4}
    assert add_effects(POPULATION, effects, 465) == Targets(14, 36, 8, 53, 21, 18)


def test_an_effect_by_a_wrong_name_is_refused_with_the_likely_word():
    with pytest.raises(UsageError, match="rem_pct"):
        parse_effects(["rem_perc=-4"])


@pytest.mark.parametrize("text", ["rem_pct", "rem_pct=", "rem_pct=low", "rem_pct=nan"])
def test_an_effect_without_a_number_is_refused(text):
    with pytest.raises(UsageError, match="wanted a number"):
        parse_effects([text])


@pytest.mark.parametrize("hours", [0, -1, 24.1, float("nan"), 0.01])
def test_a_night_of_impossible_length_is_refused(hours):
    with pytest.raises(UsageError, match="h was asked for"):
        plan_night(hours=hours)


@pytest.mark.parametrize("hours", [0.1, 0.5, 1, 3, 14, 24])
def test_short_and_long_nights_have_every_stage_and_their_length(hours):
    night = plan_night(hours=hours).hypnogram
    assert len(night) == round(hours * 120)
    assert set(night.in_bed_stages) == {"W", "N1", "N2", "N3", "R"}


def test_a_night_does_not_depend_on_the_other_nights_of_the_study():
    small = plan_study(StudyDesign(subjects=1, nights=1))
    large = plan_study(StudyDesign(subjects=3, nights=2))
    by_name = {(n.subject, n.night): n.plan.hypnogram.stages for n in large}
    for night in reversed(small):
        assert night.plan.hypnogram.stages == by_name[night.subject, night.night]


def test_lights_lie_on_the_epoch_grid_and_mark_the_epochs_in_bed():
    plan = plan_night(hours=8)
    in_bed = np.flatnonzero(plan.hypnogram.in_bed)
    assert (30 * in_bed[0], 30 * (in_bed[-1] + 1)) == (plan.lights_off_s, plan.lights_on_s)
    assert (plan.lights_off_s, plan.lights_on_s) == (600, 8 * 3600 - 300)


def test_some_subjects_respond_more_than_others_and_pairs_mirror_each_other():
    responses = [draw_response(NightKey(0, subject)) for subject in range(1, 21)]
    assert all(0.6 <= response <= 1.4 for response in responses)
    assert np.std(responses) == pytest.approx(0.2, abs=0.07)
    assert [a + b for a, b in zip(responses[::2], responses[1::2], strict=True)] == pytest.approx(
        [2] * 10
    )


def test_a_subject_responds_alike_in_all_of_its_nights():
    response = draw_response(NightKey(4, 3))
    for night in (1, 2):
        with_effect = plan_night(4, subject=3, condition="treatment", night=night,
                                 effects={"rem_pct": -5})  # fmt: skip
        without = plan_night(4, subject=3, condition="treatment", night=night)
        planted = with_effect.targets.rem_pct - without.targets.rem_pct
        assert planted == pytest.approx(-5 * response)
