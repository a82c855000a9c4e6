"""Reliable change, drift to the mean, tipping point, composition, crossover, censoring, dose."""

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.comparison.statistics.censored import (
    latency_change_min,
    median_latency_min,
    mid_ranks,
    worst_rank_differences,
)
from psgpipe.comparison.statistics.composition import stage_balances, without_zeros
from psgpipe.comparison.statistics.crossover import hills_armitage
from psgpipe.comparison.statistics.dose_response import interval_of, within_subject_slope
from psgpipe.comparison.statistics.regression_to_mean import expected_drift
from psgpipe.comparison.statistics.reliable_change import pooled_within_sd, reliable_change
from psgpipe.comparison.statistics.tipping_point import (
    tipping_false_positive_rate,
    tipping_sensitivity,
)
from psgpipe.sleep.dose_time import hours_since, in_sedation
from tests.comparison.statistics.golden import golden, tiny_nights


def tiny(condition: str) -> dict[str, list[float]]:
    nights: dict[str, list[float]] = {}
    for row in tiny_nights():
        if row["condition"] == condition:
            nights.setdefault(row["subject"], []).append(float(row["y"]))
    return nights


def test_reliable_change_in_the_tiny_study():
    expected = golden("reliable_change_tiny_csv")
    baseline, treatment = tiny("baseline"), tiny("treatment")
    within = pooled_within_sd(baseline.values())
    assert within is not None
    assert within.sd == pytest.approx(expected["pooled_within_subject_baseline_sd"], abs=1e-6)
    assert within.df == expected["df"]
    for subject, t in expected["t"].items():
        b, d = baseline[subject], treatment[subject]
        change = reliable_change(np.mean(d) - np.mean(b), len(b), len(d), within)
        assert change.t == pytest.approx(t, abs=1e-3)
        assert change.mdc95 == pytest.approx(expected["mdc95"].get(subject, change.mdc95), abs=1e-3)


def test_one_baseline_night_each_gives_no_night_to_night_sd():
    assert pooled_within_sd([[20.0], [22.0]]) is None
    assert pooled_within_sd([[20.0, 20.0], [22.0]]) is None


def test_drift_to_the_mean():
    g = golden("regression_to_the_mean")
    drift = expected_drift(g["baseline_mean"], g["population_mean"], g["icc"])
    assert drift == g["expected_change_without_treatment"]
    assert expected_drift(70, 80, icc=1.0) == 0


def test_rem_tipping_point():
    g = golden("tipping_point")
    found = tipping_sensitivity(*g["observed_pct"], g["sensitivity"], g["false_positive_rate"])
    assert found == pytest.approx(
        g["sensitivity_under_drug_that_erases_the_change"], abs=g["tolerance"]
    )


@given(st.floats(5, 40), st.floats(0.3, 0.95), st.floats(0.3, 0.95), st.floats(0, 0.05))
def test_tipping_point_recovers_the_sensitivity_that_faked_the_change(true, usual, drug, false):
    def seen(sensitivity):
        return sensitivity * true + false * (100 - true)

    found = tipping_sensitivity(seen(usual), seen(drug), usual, false)
    assert found == pytest.approx(drug)


def test_rem_below_the_false_positives_has_no_tipping_point():
    assert tipping_sensitivity(2.0, 1.0, 0.87, 0.0268) is None


def test_stage_balances():
    g = golden("composition_ilr")
    assert stage_balances(*g["N1_N2_N3_R"]) == pytest.approx(g["ilr"], abs=g["tolerance"])


def test_balances_do_not_depend_on_the_unit():
    assert stage_balances(24, 216, 72, 88) == pytest.approx(stage_balances(6, 54, 18, 22))


def test_a_night_without_n3_keeps_its_sleep_time():
    filled = without_zeros((30.0, 200.0, 0.0, 70.0))
    assert filled[2] == 0.25
    assert sum(filled) == pytest.approx(300.0)
    assert filled[0] / filled[1] == pytest.approx(30 / 200)
    assert without_zeros((1.0, 2.0, 3.0, 4.0)) == (1.0, 2.0, 3.0, 4.0)


def test_crossover_by_hand():
    # Treatment +4, second period +1. Treated first: 4 - 1 = 3; treated second: 4 + 1 = 5.
    differences = [2.0, 3.0, 4.0, 4.0, 6.0]
    effect = hills_armitage(differences, [True, True, True, False, False])
    assert effect is not None
    assert effect.difference == 4.0
    assert effect.period_difference == 1.0
    # Pooled variance (2 + 2)/3; SE = sqrt(4/3 (1/3 + 1/2))/2.
    assert effect.se == pytest.approx(math.sqrt(4 / 3 * (1 / 3 + 1 / 2)) / 2)
    assert effect.df == 3
    assert effect.t == pytest.approx(4 / effect.se)
    # t(0.975, 3 df) = 3.182446
    assert effect.high == pytest.approx(4 + 3.182446 * effect.se, abs=1e-5)
    assert (effect.n_treated_first, effect.n_treated_second) == (3, 2)


def test_crossover_with_one_sequence_is_no_crossover():
    assert hills_armitage([1.0, 2.0, 3.0], [True, True, True]) is None


def test_ranks_share_ties_and_put_nights_without_rem_last():
    assert mid_ranks([60, 90, 60, math.inf, math.inf]) == pytest.approx([1.5, 3, 1.5, 4.5, 4.5])


def test_a_drug_that_abolishes_rem_has_the_largest_rank_difference():
    # Ranks: 60 -> 1, 70 -> 2, 80 -> 3, none -> 4.
    found = worst_rank_differences(
        [60, math.inf, 70, 80], ["A", "A", "B", "B"], [False, True, False, True]
    )
    assert found == {"A": 3.0, "B": 1.0}


def test_median_latency_is_not_reached_with_half_of_the_nights_censored():
    assert median_latency_min([60, 90, math.inf]) == 90
    assert median_latency_min([60, math.inf]) == math.inf
    assert latency_change_min(60, math.inf) == math.inf
    assert latency_change_min(math.inf, math.inf) == 0


def test_hours_since_dose_cross_midnight():
    assert hours_since(dt.datetime(2024, 3, 1, 16), dt.datetime(2024, 3, 2, 0, 30)) == 8.5


@pytest.mark.parametrize(
    ("hours", "sedation"),
    [(5.9, True), (6.0, False), (0.0, True), (-2.0, True), (-8.0, False), (-9.0, False)],
)
def test_eight_hours_in_bed_and_a_six_hour_window(hours, sedation):
    assert in_sedation(hours, 6.0, in_bed_h=8.0) is sedation


def test_a_dose_at_an_unknown_time_of_a_night_of_unknown_length():
    assert in_sedation(-13.9, 6.0)
    assert not in_sedation(-14.0, 6.0)


def test_slope_of_a_subject_with_three_doses():
    assert within_subject_slope([0.5, 0.75, 1.0], [20, 18, 16]) == pytest.approx(-8)
    assert within_subject_slope([0.5, 0.5], [20, 18]) is None


def test_nights_that_are_all_alike_have_no_slope():
    assert within_subject_slope([0.1, 0.2, 0.6], [90.1, 90.1, 90.1]) == 0


def test_strata_hold_their_lower_edge():
    assert interval_of(6, (6, 24, 48)) == (6, 24)
    assert interval_of(24, (6, 24, 48)) == (24, 48)
    assert interval_of(48, (6, 24, 48)) is None


def test_more_false_positives_make_rem_rise_without_any_true_change():
    # True REM at baseline (18 - 2.68)/(87 - 2.68) = 18.17 %, of which 15.81 points are recognised.
    # The other 6.19 points of 22 are false positives in 81.83 % of the sleep: 0.0757.
    assert tipping_false_positive_rate(18, 22, 0.87, 0.0268) == pytest.approx(0.0757, abs=1e-4)
    assert tipping_sensitivity(18, 22, 0.87, 0.0268) > 1


def test_a_stage_that_false_positives_alone_would_give_has_no_tipping_point():
    assert tipping_false_positive_rate(2, 5, 0.87, 0.0268) is None
    assert tipping_sensitivity(2, 5, 0.87, 0.0268) is None
