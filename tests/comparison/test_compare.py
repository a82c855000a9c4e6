"""The comparison of a table of nights."""

import math
from pathlib import Path

import numpy as np
import pytest

from psgpipe.comparison.compare import compare
from psgpipe.errors import (
    ComparisonSpecInvalid,
    NightsNotComparable,
    StudyTableInvalid,
    UsageError,
)
from psgpipe.model.summary import ENDPOINTS
from tests.comparison.night_tables import night, nights_tsv, study
from tests.comparison.statistics.golden import golden
from tests.shared_files import shared


def row_of(comparison, endpoint):
    return next(c for c in comparison.contrasts if c.endpoint == endpoint)


def written(tmp_path: Path, text: str, name: str = "spec.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def six(tmp_path: Path, **more) -> Path:
    """The six golden subjects with one night in each condition."""
    g = golden("paired_six_subjects")
    rows = []
    for number, (b, t) in enumerate(zip(g["baseline"], g["treatment"], strict=True)):
        rows += [night(f"S{number}", 0, "baseline", rem_pct=b, **more),
                 night(f"S{number}", 1, "treatment", rem_pct=t, **more)]  # fmt: skip
    return nights_tsv(tmp_path / "six.tsv", rows)


def test_the_tiny_study_has_the_golden_numbers():
    comparison = compare(shared("golden", "tiny.csv"))
    expected = golden("mixed_model_tiny_csv")
    c = row_of(comparison, "y")
    summary = expected["summary_measures_paired_t"]
    assert c.difference == pytest.approx(summary["difference"], abs=1e-6)
    assert c.p_t == pytest.approx(summary["p"], abs=1e-6)
    assert [c.ci_low, c.ci_high] == pytest.approx(summary["ci95"], abs=1e-6)
    assert c.kr_difference == pytest.approx(expected["difference"], abs=1e-4)
    assert c.kr_se == pytest.approx(expected["kr_se"], abs=1e-4)
    assert c.kr_df == pytest.approx(expected["kr_df"], abs=1e-4)
    assert c.kr_p == pytest.approx(expected["kr_p"], abs=1e-4)
    assert (c.n_subjects, c.n_baseline_nights, c.n_treatment_nights) == (6, 15, 11)
    changes = golden("reliable_change_tiny_csv")
    assert {s.subject: s.rci_t for s in comparison.subjects} == pytest.approx(
        changes["t"], abs=1e-3
    )


def test_six_subjects_with_one_night_each(tmp_path):
    c = row_of(compare(six(tmp_path)), "rem_pct")
    g = golden("paired_six_subjects")
    assert c.t == pytest.approx(g["t"], abs=1e-6)
    assert c.p_sign_flip == g["sign_flip_p"]
    assert c.hodges_lehmann == pytest.approx(g["hodges_lehmann"])
    assert [c.hl_low, c.hl_high, c.hl_coverage] == pytest.approx(
        [*g["walsh_ci"], g["walsh_attained_coverage"]]
    )
    assert c.dz == pytest.approx(g["dz"], abs=1e-6)
    assert c.g_av == pytest.approx(g["g_av"], abs=1e-6)
    assert c.unit == "%"
    assert c.kr_p is None
    assert "one night a condition" in c.note


def test_the_subject_is_the_unit_not_the_night(tmp_path):
    # A subject with nine treatment nights has the same weight as a subject with one night.
    rows = [night("A", 0, "baseline", rem_pct=20), night("B", 0, "baseline", rem_pct=20)]
    rows += [night("A", k, "treatment", rem_pct=10) for k in range(1, 10)]
    rows += [night("B", 1, "treatment", rem_pct=20)]
    assert row_of(compare(nights_tsv(tmp_path / "n.tsv", rows)), "rem_pct").difference == -5


@pytest.mark.parametrize(
    ("n", "word"),
    [(5, "descriptive"), (6, "preliminary"), (11, "preliminary"), (12, "exploratory")],
)
def test_words_follow_the_number_of_subjects(tmp_path, n, word):
    comparison = compare(nights_tsv(tmp_path / "n.tsv", study(n, effect=-8)))
    c = row_of(comparison, "rem_pct")
    assert c.verdict.startswith(word)
    said = " ".join(comparison.sentences)
    if n == 5:
        assert c.verdict == "descriptive: no exact sign-flip test at 0.05 is possible"
        assert "no exact sign-flip test at 0.05 is possible (its smallest p is 0.0625)" in said
    else:
        assert "lower under treatment" in c.verdict
        assert "before-after, not causal" in c.note
        assert ("preliminary" in said) == (n < 12)


def test_no_effect_is_no_claim(tmp_path):
    c = row_of(compare(nights_tsv(tmp_path / "n.tsv", study(14))), "rem_pct")
    assert c.verdict == "exploratory: no evidence of change"


def test_no_change_only_inside_a_declared_margin(tmp_path):
    table = nights_tsv(tmp_path / "n.tsv", study(14))
    wide = written(tmp_path, 'primary = "rem_pct"\n[equivalence]\nrem_pct = 3\n')
    narrow = written(tmp_path, 'primary = "rem_pct"\n[equivalence]\nrem_pct = 0.1\n', "narrow.toml")
    assert row_of(compare(table, wide), "rem_pct").verdict == (
        "no change (interval within -3 to 3 %)"
    )
    assert row_of(compare(table, narrow), "rem_pct").verdict == "no evidence of change"


def test_roles_and_families(tmp_path):
    rows = study(8, effect=-3)
    for k, row in enumerate(rows):
        row |= {"tst_min": 400 + 7 * k % 31, "n3_pct": 20 + k % 5, "sol_min": 9 + k % 7,
                "se_pct": 80 + k % 3}  # fmt: skip
    spec = written(tmp_path, 'primary = "rem_pct"\nsecondary = ["tst_min", "n3_pct"]\n')
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows), spec)
    assert [(c.endpoint, c.role, c.adjustment) for c in comparison.contrasts] == [
        ("rem_pct", "primary", "none"),
        ("tst_min", "secondary", "hierarchical-holm"),
        ("n3_pct", "secondary", "hierarchical-holm"),
        ("se_pct", "exploratory", "benjamini-hochberg"),
        ("sol_min", "exploratory", "benjamini-hochberg"),
    ]
    tst, n3 = row_of(comparison, "tst_min"), row_of(comparison, "n3_pct")
    small, large = sorted([tst, n3], key=lambda c: c.p_sign_flip)
    assert small.p_adjusted == pytest.approx(min(2 * small.p_sign_flip, 1))
    assert large.p_adjusted == pytest.approx(max(large.p_sign_flip, small.p_adjusted))
    assert row_of(comparison, "rem_pct").p_adjusted == row_of(comparison, "rem_pct").p_sign_flip


def test_max_t_as_an_option(tmp_path):
    rows = study(8, effect=-3)
    for k, row in enumerate(rows):
        row["tst_min"] = 400 + 7 * k % 31
    spec = written(tmp_path, "max_t = true\n")
    c = row_of(compare(nights_tsv(tmp_path / "n.tsv", rows), spec), "rem_pct")
    assert c.adjustment == "max-t"
    assert c.p_adjusted >= c.p_sign_flip


def test_log_endpoints_are_ratios(tmp_path):
    rows = [
        night(f"S{s}", k, "treatment" if k else "baseline", sol_min=(10 + s) * (0.5 if k else 1))
        for s in range(6)
        for k in (0, 1)
    ]
    spec = written(tmp_path, '[transform]\nsol_min = "log"\n')
    c = row_of(compare(nights_tsv(tmp_path / "n.tsv", rows), spec), "sol_min")
    assert c.unit == "ln(min)"
    assert c.difference == pytest.approx(math.log(0.5))
    assert c.treatment_mean - c.baseline_mean == pytest.approx(c.difference)
    assert "ratio of geometric means 0.50" in c.note


def test_a_latency_of_zero_shifts_the_logarithm_by_half_a_minute(tmp_path):
    rows = [night("A", 0, "baseline", sol_min=0), night("A", 1, "treatment", sol_min=9.5)]
    spec = written(tmp_path, '[transform]\nsol_min = "log"\n')
    c = row_of(compare(nights_tsv(tmp_path / "n.tsv", rows), spec), "sol_min")
    assert c.unit == "ln(min + 0.5)"
    assert c.difference == pytest.approx(math.log(10 / 0.5))


def test_nights_without_rem_are_ranked_last_not_dropped(tmp_path):
    rows = []
    for s in range(6):
        rows += [night(f"S{s}", 0, "baseline", rem_latency_min=60 + s, rem_min=90, tst_min=400),
                 night(f"S{s}", 1, "treatment", rem_min=0, tst_min=380)]  # fmt: skip
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    c = row_of(comparison, "rem_latency_min")
    assert (c.n_subjects, c.n_treatment_nights) == (6, 6)
    assert c.p_sign_flip == 2 / 64
    assert (c.difference, c.p_t, c.hodges_lehmann) == (None, None, None)
    assert "6 of 12 nights have no REM" in c.note
    assert "not reached" in c.note
    change = next(s for s in comparison.subjects if s.endpoint == "rem_latency_min")
    assert change.beyond_mdc is None


def test_a_blank_latency_of_a_night_that_may_have_had_rem_is_only_missing(tmp_path):
    rows = [night(f"S{s}", k, "treatment" if k else "baseline", rem_latency_min=60 + s + k)
            for s in range(3) for k in (0, 1)]  # fmt: skip
    rows.append(night("S0", 2, "treatment"))
    c = row_of(compare(nights_tsv(tmp_path / "n.tsv", rows)), "rem_latency_min")
    assert c.difference == 1
    assert "absent in 1 night" in c.note


def test_composition_as_an_option(tmp_path):
    rows = [night(f"S{s}", k, "treatment" if k else "baseline", n1_pct=6, n2_pct=54, n3_pct=18,
                  rem_pct=22, tst_min=400) for s in range(2) for k in (0, 1)]  # fmt: skip
    comparison = compare(
        nights_tsv(tmp_path / "n.tsv", rows), written(tmp_path, "composition = true\n")
    )
    balances = [c for c in comparison.contrasts if c.endpoint.startswith("ilr_")]
    expected = golden("composition_ilr")["ilr"]
    assert [c.baseline_mean for c in balances] == pytest.approx(expected, abs=1e-5)
    assert {c.unit for c in balances} == {"ilr"}


def test_regression_to_the_mean_is_told(tmp_path):
    rows = [night(f"S{s}", k, "treatment" if k else "baseline", se_pct=70 + 2 * (s - 1) + 4 * k)
            for s in range(3) for k in (0, 1)]  # fmt: skip
    spec = written(tmp_path, "[population]\nse_pct = { mean = 80, icc = 0.5 }\n")
    note = row_of(compare(nights_tsv(tmp_path / "n.tsv", rows), spec), "se_pct").note
    assert "if subjects were selected by these baseline nights" in note
    assert "regression to the mean: +5 %" in note


def test_the_tipping_point_for_rem_is_told(tmp_path):
    rows = [night("A", 0, "baseline", rem_pct=17.9), night("A", 1, "treatment", rem_pct=13.9)]
    said = " ".join(compare(nights_tsv(tmp_path / "n.tsv", rows)).sentences)
    assert "REM sensitivity from 0.87 to 0.65" in said


def test_crossover_is_found_and_freed_from_the_period(tmp_path):
    # Treatment -4, second period +2, in both sequences.
    rows = []
    for s in range(8):
        first = "treatment" if s % 2 else "baseline"
        for period in (1, 2):
            treated = (first == "treatment") == (period == 1)
            value = 20 + 0.1 * s - 4 * treated + 2 * (period == 2) + 0.05 * (s * period % 3)
            rows.append(night(f"S{s}", period, "treatment" if treated else "baseline",
                              period=period, rem_pct=round(value, 3)))  # fmt: skip
    spec = written(tmp_path, "washout_days = 14\n")
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows), spec)
    (effect,) = comparison.crossover
    assert comparison.design == "crossover"
    assert effect.difference == pytest.approx(-4, abs=0.06)
    assert effect.period_difference == pytest.approx(2, abs=0.06)
    assert "washout 14 days" in " ".join(comparison.sentences)
    assert "not causal" not in " ".join(comparison.sentences)


def test_periods_in_one_order_only_are_no_crossover(tmp_path):
    rows = [{**row, "period": 1 + ("treat" in row["condition"])} for row in study(4)]
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert comparison.design == "before-after"
    assert "period and condition cannot be told apart" in comparison.contrasts[0].note


def test_a_declared_crossover_without_periods_is_refused(tmp_path):
    spec = written(tmp_path, 'design = "crossover"\n')
    with pytest.raises(NightsNotComparable, match="declares a crossover"):
        compare(nights_tsv(tmp_path / "n.tsv", study(4)), spec)


def test_a_sequence_with_both_orders_is_a_warning(tmp_path):
    rows = []
    for s in range(4):
        for period in (1, 2):
            word = "treatment" if (period == 1) == (s % 2 == 0) else "baseline"
            rows.append(night(f"S{s}", period, word, rem_pct=20 + s * period, period=period,
                              sequence="AB"))  # fmt: skip
    warned = compare(nights_tsv(tmp_path / "n.tsv", rows)).warnings
    assert "sequence AB holds subjects with both orders of periods" in warned


def test_dose_strata_and_slope_within_subjects(tmp_path):
    rows = []
    for s in range(4):
        rows.append(night(f"S{s}", 0, "baseline", rem_pct=20 + s))
        rows += [night(f"S{s}", k, "treatment", rem_pct=20 + s - 8 * dose, dose_mg_per_kg=dose,
                       hours_since_dose=10 * k) for k, dose in ((1, 0.5), (2, 1.0))]  # fmt: skip
    spec = written(tmp_path, "[strata]\nhours_since_dose = [6, 12, 24]\n")
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows), spec)
    found = {(s.by, s.stratum): s.difference for s in comparison.strata}
    assert found == pytest.approx(
        {("dose_mg_per_kg", "0.5"): -4, ("dose_mg_per_kg", "1"): -8,
         ("hours_since_dose", "6-12"): -4, ("hours_since_dose", "12-24"): -8}
    )  # fmt: skip
    (slope,) = comparison.slopes
    assert slope.slope == pytest.approx(-8)
    assert (slope.n_subjects, slope.unit) == (4, "% per mg/kg")


def test_one_subject_s_own_nights_give_no_verdict_below_five(tmp_path):
    def table(k):
        rows = [night("A", i, "baseline", rem_pct=20 + i % 2) for i in range(k)]
        return nights_tsv(tmp_path / f"{k}.tsv", [*rows, night("A", 99, "treatment", rem_pct=9)])

    (four,), (five,) = compare(table(4)).subjects, compare(table(5)).subjects
    assert four.beyond_mdc is None
    assert "own 4 baseline nights" in four.note
    assert five.beyond_mdc is True
    assert "does not say: caused by the treatment" in five.note


def made_by(rows, unlike, column="stager"):
    """The rows with a recipe; the treatment nights of the first subjects have another one."""
    others = {f"S{s:02d}" for s in range(unlike)}
    return [
        {**row, column: "other" if row["subject"] in others and row["night"] == "n3" else "usual"}
        for row in rows
    ]


def test_when_most_subjects_have_unlike_nights_the_study_is_refused_or_allowed_by_name(tmp_path):
    table = nights_tsv(tmp_path / "n.tsv", made_by(study(3), unlike=2))
    with pytest.raises(NightsNotComparable, match="stager differs between nights of subject S00"):
        compare(table)
    warned = compare(table, allow_unlike=["stager"]).warnings
    assert any("allowed by --allow-unlike stager" in w for w in warned)
    with pytest.raises(UsageError, match="no such field"):
        compare(table, allow_unlike=["stagger"])


def test_a_subject_with_unlike_nights_is_left_out_and_named(tmp_path):
    rows = study(6)
    comparison = compare(nights_tsv(tmp_path / "n.tsv", made_by(rows, unlike=1)))
    without = compare(nights_tsv(tmp_path / "w.tsv", made_by(rows, unlike=0)[4:]))
    row, expected = row_of(comparison, "rem_pct"), row_of(without, "rem_pct")
    assert (row.n_subjects, row.difference, row.p_sign_flip) == (
        5, expected.difference, expected.p_sign_flip,
    )  # fmt: skip
    steps = {step.step: (step.nights, step.subjects) for step in comparison.flow}
    assert steps["made by different recipes"] == (4, 1)
    assert steps["analysed"] == (20, 5)
    reason = "stager differs between its nights: usual (night n0) and other (night n3)"
    assert {n.reason for n in comparison.nights if n.subject == "S00"} == {reason}
    assert any("1 subject left out" in w and f"S00 ({reason})" in w for w in comparison.warnings)


@pytest.mark.parametrize(("n", "unlike", "refused"), [(4, 2, False), (5, 3, True), (1, 1, True)])
def test_half_of_the_subjects_are_not_most(tmp_path, n, unlike, refused):
    table = nights_tsv(tmp_path / "n.tsv", made_by(study(n), unlike))
    if refused:
        with pytest.raises(NightsNotComparable):
            compare(table)
    else:
        assert row_of(compare(table), "rem_pct").n_subjects == n - unlike


@pytest.mark.parametrize(
    "column",
    ["pipeline", "classifier", "derivations", "demographics", "window", "lights_source"],
)
def test_every_part_of_the_recipe_counts(tmp_path, column):
    with pytest.raises(NightsNotComparable) as refused:
        compare(nights_tsv(tmp_path / "n.tsv", made_by(study(3), 2, column)))
    assert refused.value.exit_code == 7
    assert f"--allow-unlike {column}" in refused.value.remedy


def with_lights(sources):
    """Six subjects whose four nights have lights from these sources."""
    rows = study(6)
    return [{**row, "lights_source": sources[int(row["night"][1:])]} for row in rows]


@pytest.mark.parametrize(
    "sources",
    [("table", "annotation", "option", "table"),
     ("table/annotation", "table", "option/table", "table"),
     ("recording", "recording", "recording", "recording"),
     ("table/recording", "annotation/recording", "option/recording", "table/recording")],
)  # fmt: skip
def test_lights_that_are_known_are_known_whoever_gave_them(tmp_path, sources):
    comparison = compare(nights_tsv(tmp_path / "n.tsv", with_lights(sources)))
    assert row_of(comparison, "rem_pct").n_subjects == 6
    assert not any("lights source differs" in w for w in comparison.warnings)


@pytest.mark.parametrize(
    "sources",
    [("table", "table", "table", "recording"), ("table", "table", "table", "table/recording"),
     ("table/recording", "table/recording", "table/recording", "recording/table")],
)  # fmt: skip
def test_the_recording_s_end_is_no_lights_on(tmp_path, sources):
    with pytest.raises(NightsNotComparable, match="lights source differs"):
        compare(nights_tsv(tmp_path / "n.tsv", with_lights(sources)))


def test_one_night_without_lights_costs_its_subject_and_not_the_study(tmp_path):
    rows = with_lights(("table", "annotation", "table", "annotation"))
    rows[3]["lights_source"] = "recording"
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert row_of(comparison, "rem_pct").n_subjects == 5
    assert "S00 (lights source differs between its nights: known (night n0) and recording" in (
        " ".join(comparison.warnings)
    )


def test_recipes_that_differ_only_between_subjects_are_stated(tmp_path):
    rows = [{**row, "derivations": "C4-M1" if row["subject"] == "S00" else "C3-M2"}
            for row in study(3)]  # fmt: skip
    warned = compare(nights_tsv(tmp_path / "n.tsv", rows)).warnings
    assert "derivation set differs between subjects, not within them" in warned


def test_a_missing_condition_is_refused(tmp_path):
    rows = [{**row, "condition": "baseline"} for row in study(3)]
    rows = [{**row, "night": k} for k, row in enumerate(rows)]
    with pytest.raises(NightsNotComparable, match=r"wanted treatment nights .* found baseline"):
        compare(nights_tsv(tmp_path / "n.tsv", rows))


def test_no_subject_with_both_conditions_is_refused(tmp_path):
    rows = [night("A", 0, "baseline", rem_pct=20), night("B", 0, "treatment", rem_pct=20)]
    with pytest.raises(NightsNotComparable, match="no subject has at least one valid night"):
        compare(nights_tsv(tmp_path / "n.tsv", rows))


def test_duplicate_nights_are_refused(tmp_path):
    rows = [*study(2), study(2)[0]]
    with pytest.raises(StudyTableInvalid, match=r"row 10, column night: 'n0' .* stands twice"):
        compare(nights_tsv(tmp_path / "n.tsv", rows))


def test_one_night_in_two_conditions_is_refused(tmp_path):
    rows = study(2)
    rows.append({**rows[0], "condition": "treatment"})
    with pytest.raises(StudyTableInvalid, match="row 10, column condition: night 'n0'"):
        compare(nights_tsv(tmp_path / "n.tsv", rows))


def test_an_endpoint_that_does_not_exist_is_refused_with_the_likely_name(tmp_path):
    spec = written(tmp_path, 'primary = "rem_pc"\n')
    with pytest.raises(ComparisonSpecInvalid, match="did you mean 'rem_pct'"):
        compare(nights_tsv(tmp_path / "n.tsv", study(3)), spec)


def test_any_column_of_numbers_of_another_tool_is_an_endpoint(tmp_path):
    rows = [{**row, "spindles_per_h": 3 + k % 4, "hr_bpm": 55 + k, "bmi": 22, "note": "calm",
             "delta_power_uv2": 100 + k, "x": k} for k, row in enumerate(study(3))]  # fmt: skip
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert {c.endpoint: c.unit for c in comparison.contrasts} == {
        "rem_pct": "%", "spindles_per_h": "per h", "hr_bpm": "per min",
        "delta_power_uv2": "uV2", "x": "",
    }  # fmt: skip
    assert "same on all nights of each subject: bmi" in " ".join(comparison.warnings)


def test_a_column_in_capitals_can_be_the_primary_endpoint(tmp_path):
    rows = [{**row, "DeltaPower_uv2": 100 + k % 5, "visit": k} for k, row in enumerate(study(3))]
    comparison = compare(
        nights_tsv(tmp_path / "n.tsv", rows), written(tmp_path, 'primary = "DeltaPower_uv2"\n')
    )
    assert [c.endpoint for c in comparison.contrasts] == ["DeltaPower_uv2", "rem_pct"]


def test_psgpipe_s_own_table_has_psgpipe_s_endpoints(tmp_path):
    rows = [{**row, **dict.fromkeys(ENDPOINTS, 0.5), "rem_pct": row["rem_pct"], "madrs": k}
            for k, row in enumerate(study(3))]  # fmt: skip
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert [c.endpoint for c in comparison.contrasts] == list(ENDPOINTS)
    named = compare(
        tmp_path / "n.tsv", written(tmp_path, 'primary = "rem_pct"\nsecondary = ["madrs"]\n')
    )
    assert row_of(named, "madrs").role == "secondary"


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [("rem_pct", "120", "0 to 100"), ("rem_pct", "-1", "0 to 100"), ("tst_min", "-1", "negative"),
     ("tst_min", "7:12", "a number"), ("rem_pct", "20 %", "0 to 100"), ("state", "don", "'done'"),
     ("x_min", "l0", "a number"), ("night_in_lab", "1.5", "whole"),
     ("tst_min", "1441", "at most 1440"), ("mean_confidence", "70", "0 to 1"),
     ("x_min", "1e300", "a number"), ("x_min", "1e-200", "a number"),
     ("x_min", "-99", "a blank cell"), ("x_min", "9999", "a blank cell"),
     ("tst_min", "999", "a blank cell"), ("subject", "mean", "means or totals"),
     ("lights_on", "2024-03-01T06:52", "after lights_off")],
)  # fmt: skip
def test_a_wrong_cell_is_named(tmp_path, column, cell, words):
    rows = [{**row, "x_min": 3 + k, "tst_min": 400, "lights_off": "2024-03-01T22:41"}
            for k, row in enumerate(study(2))]  # fmt: skip
    rows[4][column] = cell
    with pytest.raises(StudyTableInvalid) as refused:
        compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert f"row 6, column {column}" in refused.value.problem
    assert words.strip("'") in refused.value.problem


@pytest.mark.parametrize("code", ["-9", "-99", "999", "9999", "-99.0", "−99"])
def test_a_number_of_nines_far_from_all_others_is_no_measurement(tmp_path, code):
    rows = [{**row, "score": 10 + k} for k, row in enumerate(study(3))]
    rows[4]["score"] = code
    with pytest.raises(StudyTableInvalid, match="row 6, column score"):
        compare(nights_tsv(tmp_path / "n.tsv", rows))


@pytest.mark.parametrize("code", ["-9", "-99", "999", "99"])
def test_a_number_of_nines_among_its_like_is_a_measurement(tmp_path, code):
    rows = [{**row, "shift": (1 - 2 * (k % 2)) * (900 + k)} for k, row in enumerate(study(3))]
    rows[4]["shift"] = code
    assert row_of(compare(nights_tsv(tmp_path / "n.tsv", rows)), "shift").n_treatment_nights == 6


def test_hours_before_a_dose_may_be_nine(tmp_path):
    rows = [{**row, "hours_since_dose": 30 if k else -9} for k, row in enumerate(study(3))]
    assert compare(nights_tsv(tmp_path / "n.tsv", rows)).contrasts


@pytest.mark.parametrize(
    ("column", "likely"),
    [("excluded", "exclude"), ("Exclude?", "exclude"), ("night in lab", "night_in_lab"),
     ("hours since dose", "hours_since_dose"), ("dose_mg_kg", "dose_mg_per_kg"),
     ("lights off", "lights_off"), ("REM %", "rem_pct"), ("%REM", "rem_pct"),
     ("rem_percent", "rem_pct"), ("Rem (pct)", "rem_pct"), ("TST (min)", "tst_min"),
     ("tst_minutes", "tst_min"), ("WASO mins", "waso_min")],
)  # fmt: skip
def test_a_column_that_means_a_known_one_is_refused_with_its_name(tmp_path, column, likely):
    rows = [{**row, "n3_pct": 20 + k} for k, row in enumerate(study(2, endpoint="n2_pct"))]
    rows[0][column] = "1"
    with pytest.raises(StudyTableInvalid, match=f"did you mean '{likely}'"):
        compare(nights_tsv(tmp_path / "n.tsv", rows))


def test_a_column_like_an_endpoint_may_be_named_by_the_spec(tmp_path):
    rows = study(3, endpoint="REM %")
    spec = written(tmp_path, 'primary = "REM %"\n')
    assert row_of(compare(nights_tsv(tmp_path / "n.tsv", rows), spec), "REM %").role == "primary"


def test_a_column_of_doses_is_no_endpoint(tmp_path):
    rows = [{**row, "dose_mg": 30 + k} for k, row in enumerate(study(3))]
    assert [c.endpoint for c in compare(nights_tsv(tmp_path / "n.tsv", rows)).contrasts] == [
        "rem_pct"
    ]


def test_columns_that_are_not_numbers_are_named(tmp_path):
    rows = [{**row, "tst": "6h52", "status": "ok", "note": ""} for row in study(3)]
    warned = compare(nights_tsv(tmp_path / "n.tsv", rows)).warnings
    assert "not analysed, because no numbers: tst, status, note" in warned


def test_a_condition_that_nobody_named_is_named(tmp_path):
    rows = study(3)
    rows[0]["condition"] = "BL"
    rows[5]["condition"] = "washout"
    said = " ".join(compare(nights_tsv(tmp_path / "n.tsv", rows)).warnings)
    assert "neither baseline (baseline) nor treatment (treatment): condition 'bl' (1 night)" in said
    assert "washout" not in said


def test_a_condition_is_the_same_word_however_its_letters_are_encoded(tmp_path):
    rows = [{**row, "condition": row["condition"].replace("treatment", "KE\u0301TAMINE")}
            for row in study(3)]  # fmt: skip
    spec = written(tmp_path, '[conditions]\ntreatment = "k\u00e9tamine"\n')
    assert compare(nights_tsv(tmp_path / "n.tsv", rows), spec).contrasts[0].n_subjects == 3


def test_subjects_whose_letters_no_folder_can_hold_are_told_apart(tmp_path):
    names = {"S00": "患者甲", "S01": "患者乙", "S02": "患者丙"}
    rows = [{**row, "subject": names[row["subject"]]} for row in study(3)]
    assert compare(nights_tsv(tmp_path / "n.tsv", rows)).contrasts[0].n_subjects == 3


def test_a_period_that_came_back_as_1_0_is_period_1(tmp_path):
    rows = []
    for s in range(4):
        for period in (1, 2):
            word = "treatment" if (period == 1) == (s % 2 == 0) else "baseline"
            spelled = f"{period}.0" if s < 2 else str(period)
            rows.append(night(f"S{s}", period, word, rem_pct=20 + s * period, period=spelled))
            rows.append(night(f"S{s}", period + 2, word, rem_pct=21 + s, period=period))
    assert compare(nights_tsv(tmp_path / "n.tsv", rows)).design == "crossover"


def test_a_state_that_is_not_known_is_as_good_as_none(tmp_path):
    rows = [{**row, "state": "NA"} for row in study(3)]
    assert compare(nights_tsv(tmp_path / "n.tsv", rows)).contrasts[0].n_subjects == 3


def test_a_table_from_a_spreadsheet_with_decimal_commas(tmp_path):
    text = "\ufeffSubject;night;Condition;rem_pct\r\n"
    for s in ("007", "no", "NN"):
        text += f"{s};1;Baseline;20,5\r\n{s};2;BASELINE;NA\r\n{s};3;Treatment ;18,25\r\n"
    path = tmp_path / "lab.csv"
    path.write_bytes(text.encode("utf-8"))
    comparison = compare(path)
    assert row_of(comparison, "rem_pct").difference == -2.25
    assert [s.subject for s in comparison.subjects] == ["007", "NN", "no"]


def test_a_folder_that_psgpipe_wrote_tells_its_recipes_by_its_manifests(tmp_path):
    from psgpipe.files.atomic import json_bytes, write_file
    from psgpipe.results.night_folder import night_folder

    rows = study(3)
    nights_tsv(tmp_path / "nights.tsv", rows)
    for k, row in enumerate(rows):
        manifest = {
            "outputs": [],
            "pipeline": {"name": "standard-night", "sha256": "a" * 64},
            "engine": {"stager": "yasa", "versions": {"yasa": "0.8.1"},
                       "age_and_sex": k not in (2, 6), "classifier": "eeg",
                       "classifier_sha256": "b" * 64},
            "derivations": [{"name": "C4-M1"}],
            "lights": {"source": "table"},
            "steps": [{"name": "stage_sleep", "parameters": {"margin_min": 30.0}}],
        }  # fmt: skip
        folder = night_folder(tmp_path, row["subject"], row["night"])
        write_file(folder / "manifest.json", json_bytes(manifest))
    with pytest.raises(NightsNotComparable, match=r"demographics differs .* none \(night n2\)"):
        compare(tmp_path)
    comparison = compare(tmp_path, allow_unlike=["demographics"])
    assert comparison.recipe["stager"] == ["yasa 0.8.1"]
    assert comparison.recipe["window"] == ["lights with 30 min around"]
    assert "Staged by stager yasa 0.8.1" in " ".join(comparison.sentences)


def test_a_folder_without_a_table_says_what_to_do(tmp_path):
    (tmp_path / "nights").mkdir()
    with pytest.raises(StudyTableInvalid) as refused:
        compare(tmp_path)
    assert "psgpipe gather" in refused.value.remedy


def test_a_folder_without_results_is_none_of_psgpipe(tmp_path):
    with pytest.raises(UsageError, match=r"found neither study\.json nor nights/"):
        compare(tmp_path)


def test_lights_that_are_not_known_are_named_where_they_matter(tmp_path):
    rows = [{**row, "sol_min": 10 + k % 3, "lights_source": "recording"}
            for k, row in enumerate(study(3))]  # fmt: skip
    table = nights_tsv(tmp_path / "n.tsv", rows)
    comparison = compare(table)
    assert "depends on lights, not known in 12 nights" in row_of(comparison, "sol_min").note
    assert "lights" not in row_of(comparison, "rem_pct").note
    withheld = compare(table, written(tmp_path, '[nights]\nmissing_lights = "withhold"\n'))
    assert row_of(withheld, "sol_min").n_subjects == 0
    assert row_of(withheld, "sol_min").verdict == "not analysed"
    assert row_of(withheld, "rem_pct").n_subjects == 3


def test_without_a_spec_the_report_says_that_nothing_was_declared(tmp_path):
    comparison = compare(nights_tsv(tmp_path / "n.tsv", study(6)))
    assert "Nothing was declared before" in " ".join(comparison.sentences)
    assert {c.role for c in comparison.contrasts} == {"exploratory"}


def test_what_must_always_be_said(tmp_path):
    said = " ".join(compare(nights_tsv(tmp_path / "n.tsv", study(6))).sentences)
    for words in (
        "6 subjects, 24 nights analysed of 24 listed",
        "not for diagnosis",
        "no control arm",
        "First nights in the laboratory are not marked",
        "Co-medication is not stated",
        "does not say how the nights were staged",
        "not independent evidence",
        "group mean is not this patient",
        "N1 is the weakest",
    ):
        assert words in said


def test_the_shipped_spec_is_valid_and_found_by_name(tmp_path):
    rows = [{**row, "n3_pct": 20 + k % 4, "tst_min": 400 + k % 9, "waso_min": 30 + k % 5,
             "sol_min": 12 + k % 3, "rem_latency_min": 70 + k % 8}
            for k, row in enumerate(study(7, effect=-4))]  # fmt: skip
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows), "treatment-comparison")
    assert row_of(comparison, "rem_pct").role == "primary"
    assert row_of(comparison, "sol_min").unit == "ln(min)"


def test_the_same_table_gives_the_same_numbers_in_any_order(tmp_path):
    rows = study(25, effect=-1)
    shuffled = [rows[i] for i in np.random.default_rng(3).permutation(len(rows))]
    one = compare(nights_tsv(tmp_path / "a.tsv", rows)).contrasts[0]
    two = compare(nights_tsv(tmp_path / "b.tsv", shuffled)).contrasts[0]
    assert two.p_sign_flip == one.p_sign_flip
    assert two.kr_p == pytest.approx(one.kr_p, rel=1e-6)
    assert two.difference == pytest.approx(one.difference)
