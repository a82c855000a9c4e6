"""Claims of a comparison, and the caveats that belong to them."""

import json
import math

import pytest

from psgpipe.cli.text.compare_text import comparison_text
from psgpipe.comparison.compare import compare
from psgpipe.comparison.spec_lock import lock_spec
from psgpipe.comparison.words.markdown import markdown
from psgpipe.errors import ComparisonSpecInvalid, NightsNotComparable, StudyTableInvalid
from psgpipe.model.summary import ENDPOINTS
from tests.comparison.night_tables import night, nights_tsv, study


def one_row(tmp_path, rows, spec_text=None):
    spec = None
    if spec_text is not None:
        spec = tmp_path / "spec.toml"
        spec.write_text(spec_text, encoding="utf-8")
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows), spec)
    return comparison, comparison.contrasts[0]


def crossover(n_treated_first, n_treated_second, *, effect, period_effect):
    rows = []
    for s in range(n_treated_first + n_treated_second):
        for period in (1, 2):
            treated = (s < n_treated_first) == (period == 1)
            value = (
                20 + s + effect * treated + period_effect * (period == 2) + 0.1 * (s % 3) * period
            )
            word = "treatment" if treated else "baseline"
            rows.append(night(f"S{s:02}", period, word, period=period, rem_pct=round(value, 3)))
    return rows


def test_a_period_effect_is_not_claimed_as_treatment_where_sequences_are_uneven(tmp_path):
    # Twelve had the treatment first and one had it last: a rise of 3 between periods looks like -3.
    rows = crossover(12, 1, effect=0, period_effect=3)
    comparison, c = one_row(tmp_path, rows)
    assert comparison.design == "crossover"
    assert c.p_sign_flip is not None
    assert c.p_sign_flip < 0.01
    assert comparison.crossover[0].p > 0.05
    assert c.verdict == "exploratory: no evidence of change"
    assert "freed from the period effect" in c.note


def test_a_period_effect_on_latencies_with_nights_without_rem_is_not_claimed_either(tmp_path):
    rows = crossover(12, 1, effect=0, period_effect=3)
    for row in rows:
        row |= {"rem_latency_min": row["rem_pct"], "rem_pct": 20, "tst_min": 400}
    rows[0] |= {"rem_latency_min": "", "rem_pct": 0}
    rows[1] |= {"rem_latency_min": "", "rem_pct": 0}
    comparison, _ = one_row(tmp_path, rows, 'primary = "rem_latency_min"\nendpoints = []\n')
    (c,) = comparison.contrasts
    assert c.p_sign_flip is not None
    assert c.p_sign_flip < 0.01
    assert c.verdict == "no evidence of change"
    assert comparison.crossover == ()


def test_an_endpoint_that_only_one_sequence_has_is_not_claimed_in_a_crossover(tmp_path):
    # All twelve had the treatment first, so -3 can also be a rise of 3 between periods.
    rows = crossover(12, 2, effect=0, period_effect=3)
    for row in rows:
        row["n3_pct"] = row["rem_pct"] if row["subject"] < "S12" else ""
    comparison, c = one_row(tmp_path, rows, 'primary = "n3_pct"\n')
    assert comparison.design == "crossover"
    assert c.p_adjusted is not None
    assert c.p_adjusted < 0.01
    assert c.verdict == "no evidence of change"
    assert "cannot be freed from the period effect, so nothing is claimed" in c.note


def test_an_interval_in_the_margin_is_not_no_change_where_the_one_freed_from_the_period_is_not(
    tmp_path,
):
    # The fall of 3 hides the fall of 3 from period to period in the twelve treated first: mean
    # difference -0.55 [-1.54, 0.44]. scipy's ttest_ind of the halved differences of the two
    # sequences, the signs of one turned, gives -3.05 [-3.15, -2.95].
    rows = crossover(12, 1, effect=-3, period_effect=-3)
    comparison, c = one_row(tmp_path, rows, 'primary = "rem_pct"\n[equivalence]\nrem_pct = 2\n')
    assert c.ci_low is not None
    assert c.ci_low == pytest.approx(-1.543922, abs=1e-6)
    assert comparison.crossover[0].ci_high == pytest.approx(-2.952317, abs=1e-6)
    assert c.verdict == "lower under treatment"


def test_a_declared_crossover_tells_who_is_not_in_it(tmp_path):
    rows = crossover(4, 4, effect=-4, period_effect=1)
    rows[-1] |= {"period": ""}
    comparison, _ = one_row(tmp_path, rows, 'design = "crossover"\n')
    warnings = " ".join(comparison.warnings)
    assert comparison.crossover[0].n_treated_first + comparison.crossover[0].n_treated_second == 7
    assert "in 1 of 8 subjects the period of each condition is not clear" in warnings
    assert "Hills-Armitage leaves them out" in warnings
    assert "period is not stated on 1 analysed night of 16" in warnings


def test_a_treatment_effect_beyond_the_period_effect_is_claimed(tmp_path):
    rows = crossover(6, 6, effect=-4, period_effect=1)
    _, c = one_row(tmp_path, rows)
    assert c.verdict == "exploratory: lower under treatment"


def test_a_contrast_holds_its_hedges_its_direction_and_its_finding_apart(tmp_path):
    _, c = one_row(tmp_path, study(8, effect=-6))
    assert (c.hedges, c.direction) == (("preliminary", "exploratory"), "lower")
    assert c.finding == "lower under treatment"
    assert c.verdict == "preliminary, exploratory: lower under treatment"
    margin = 'primary = "rem_pct"\n[equivalence]\nrem_pct = 9\n'
    _, c = one_row(tmp_path, study(8, effect=-6), margin)
    assert (c.direction, c.finding) == ("lower", "lower, but inside the margin of 9 %")


def test_a_crossover_whose_periods_are_not_clear_is_not_silently_a_before_after_study(tmp_path):
    rows = crossover(4, 4, effect=-4, period_effect=1)
    rows[-1] |= {"period": ""}
    comparison, _ = one_row(tmp_path, rows)
    assert comparison.design == "before-after"
    assert "in 1 of 8 subjects the period of each condition is not clear" in " ".join(
        comparison.warnings
    )


def test_sequences_without_periods_are_a_warning(tmp_path):
    rows = [{**row, "sequence": "AB"} for row in study(6)]
    comparison, _ = one_row(tmp_path, rows)
    assert "sequence is given and period is not" in " ".join(comparison.warnings)


def test_a_drug_that_abolishes_rem_makes_its_latency_later(tmp_path):
    rows = []
    for s in range(6):
        rows += [night(f"S{s}", 0, "baseline", rem_latency_min=60 + s, rem_min=90, tst_min=400),
                 night(f"S{s}", 1, "treatment", rem_min=0, tst_min=380)]  # fmt: skip
    _, c = one_row(tmp_path, rows, 'primary = "rem_latency_min"\n')
    assert c.verdict == "preliminary: later under treatment"


def test_drift_of_a_log_endpoint_is_that_of_its_minutes(tmp_path):
    # Baseline SOL 0, 20 and 40 min: mean 20, population mean 10, half of the way back is -5.
    rows = [night(f"S{s}", k, "treatment" if k else "baseline", sol_min=20 * s + k)
            for s in range(3) for k in (0, 1)]  # fmt: skip
    _, c = one_row(
        tmp_path, rows,
        '[transform]\nsol_min = "log"\n[population]\nsol_min = { mean = 10, icc = 0.5 }\n',
    )  # fmt: skip
    assert "by regression to the mean: -5 min" in c.note


def test_a_logarithm_of_negative_values_is_refused(tmp_path):
    rows = [night(f"S{s}", k, "treatment" if k else "baseline", delta_score=s - 1 + k)
            for s in range(3) for k in (0, 1)]  # fmt: skip
    with pytest.raises(ComparisonSpecInvalid, match=r"delta_score.*-1.*row 2"):
        one_row(tmp_path, rows, '[transform]\ndelta_score = "log"\n')


def test_less_rem_than_false_positives_give_has_no_tipping_point(tmp_path):
    # With a false positive rate of 2.68 %, even a stager blind to REM would see more than 1 %.
    rows = [night("A", 0, "baseline", rem_pct=20), night("A", 1, "treatment", rem_pct=1)]
    comparison, _ = one_row(tmp_path, rows)
    assert "no REM sensitivity of the stager would explain it" in " ".join(comparison.sentences)


def test_first_nights_that_the_spec_drops_are_not_said_to_be_baseline_nights(tmp_path):
    rows = [{**row, "night_in_lab": 1 if row["night"] == "n2" else 2} for row in study(6)]
    comparison, _ = one_row(tmp_path, rows, '[nights]\nfirst_night = "drop"\n')
    assert "First nights in the laboratory: 6 left out." in comparison.sentences


def test_a_column_of_dates_or_ids_is_no_endpoint(tmp_path):
    rows = [
        {
            **row,
            "date": 20250101 + i,
            "recording_id": i,
            "study_date": 20250101 + i,
            "scorer": i % 2,
        }
        for i, row in enumerate(study(6))
    ]
    comparison, _ = one_row(tmp_path, rows)
    assert {c.endpoint for c in comparison.contrasts} == {"rem_pct"}


def test_quality_flags_of_the_nights_are_told(tmp_path):
    rows = [{**dict.fromkeys(ENDPOINTS, 1), **row} for row in study(6)]
    rows[0]["flags"] = "hum bridged"
    rows[5]["flags"] = "hum"
    comparison, _ = one_row(tmp_path, rows)
    assert "Quality flags on 2 of 24 analysed nights: hum (2), bridged (1)." in comparison.sentences


def test_flags_that_a_table_does_not_tell(tmp_path):
    comparison, _ = one_row(tmp_path, study(6))
    assert "Quality flags are not stated (column flags)." in comparison.sentences


def test_an_endpoint_with_too_few_subjects_is_marked_in_its_own_row(tmp_path):
    rows = study(6)
    for row in rows:
        row["n3_pct"] = 20 + len(row["night"]) if row["subject"] == "S00" else ""
    rows[1]["n3_pct"], rows[2]["n3_pct"] = 18, 23
    comparison, _ = one_row(tmp_path, rows)
    lines = comparison_text(comparison).splitlines()
    assert lines[0].startswith("No primary endpoint was declared")
    (n3,) = [line for line in lines if line.split()[:1] == ["n3_pct"]]
    assert n3.rstrip().endswith("descriptive: no exact sign-flip test at 0.05 is possible")
    (rem,) = [line for line in lines if line.split()[:1] == ["rem_pct"]]
    assert rem.rstrip().endswith("preliminary, exploratory: no evidence of change")


def test_a_study_file_that_cannot_be_read_may_have_said_blind(tmp_path):
    table = nights_tsv(tmp_path / "nights.tsv", study(6))
    (tmp_path / "study.json").write_text('{"blind": tr', encoding="utf-8")
    with pytest.raises(NightsNotComparable, match=r"study\.json"):
        compare(table)
    (tmp_path / "study.json").write_text(json.dumps({"blind": False}), encoding="utf-8")
    assert compare(table).contrasts


def test_periods_spelled_in_capitals_are_the_same_periods(tmp_path):
    rows = crossover(4, 4, effect=-4, period_effect=1)
    for i, row in enumerate(rows):
        row["period"] = f"{'pP'[i % 3 == 0]}{row['period']}"
    comparison, _ = one_row(tmp_path, rows)
    assert comparison.design == "crossover"
    assert comparison.crossover[0].difference == pytest.approx(-4, abs=0.2)
    assert math.isclose(comparison.crossover[0].period_difference, 1, abs_tol=0.2)


def test_the_terminal_tells_the_hash_of_the_lock_once(tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text('primary = "rem_pct"\n', encoding="utf-8")
    sha256 = lock_spec(spec)["sha256"]
    comparison = compare(nights_tsv(tmp_path / "n.tsv", study(8, effect=-6)), spec)
    assert sha256 in comparison.contrasts[0].note
    assert comparison_text(comparison).count(sha256) == 1
    assert markdown(comparison).count(sha256) == 1
    assert "rem_pct: before-after, not causal" in comparison_text(comparison)


def test_an_endpoint_that_is_alike_on_all_nights_has_no_change_and_no_test(tmp_path):
    # A rounding error of the means is neither a change nor a variance.
    rows = [
        night(f"S{s}", k, "treatment" if k > 2 else "baseline", se_pct=90.1, rem_pct=20 + s + k)
        for s in range(7)
        for k in range(4 + s % 2)
    ]
    comparison, c = one_row(tmp_path, rows, 'primary = "se_pct"\n')
    assert (c.difference, c.p_sign_flip, c.hodges_lehmann) == (0.0, 1.0, 0.0)
    assert (c.t, c.p_t, c.ci_low, c.dz, c.g_av, c.kr_p) == (None,) * 6
    assert "no subject changed: no t, no interval" in c.note
    assert "no mixed model" in c.note
    assert {s.difference for s in comparison.subjects if s.endpoint == "se_pct"} == {0.0}


def test_nights_that_have_an_endpoint_are_not_counted_as_lacking_it(tmp_path):
    rows = study(6)
    for row in rows:
        row["sol_min"] = "" if (row["subject"], row["night"]) in {("S00", "n2"), ("S00", "n3"),
                                                                  ("S01", "n0")} else 9  # fmt: skip
    comparison, _ = one_row(tmp_path, rows)
    (sol,) = (c for c in comparison.contrasts if c.endpoint == "sol_min")
    assert (sol.n_subjects, sol.n_baseline_nights, sol.n_treatment_nights) == (5, 9, 10)
    assert "absent in 3 nights; 2 nights with it left out: none in the other condition" in sol.note


def test_out_of_reach_is_said_only_of_what_no_outcome_could_have_reached(tmp_path):
    # Holm over p of 1/2048 and 1/32: the second is not multiplied, so six subjects can reach 0.05
    # beside twelve; beside another six (1/32 and 1/32) they cannot.
    rows = study(12, effect=-6)
    for row in rows:
        row["n3_pct"] = row["rem_pct"] if row["subject"] < "S06" else ""
        row["n2_pct"] = row["n3_pct"]
    spec = 'primary = "n2_pct"\nsecondary = ["n3_pct", "rem_pct"]\nendpoints = []\n'
    comparison, _ = one_row(tmp_path, rows, spec)
    notes = {c.endpoint: c.note for c in comparison.contrasts}
    n3 = next(c for c in comparison.contrasts if c.endpoint == "n3_pct")
    assert n3.p_adjusted == pytest.approx(1 / 32)
    assert "no sign-flip p" not in "".join(notes.values())
    comparison, _ = one_row(
        tmp_path, rows, 'primary = "rem_pct"\nsecondary = ["n3_pct", "n2_pct"]\n'
    )
    notes = {c.endpoint: c.note for c in comparison.contrasts}
    assert "with 6 subjects no sign-flip p among 2 can reach 0.05" in notes["n3_pct"]


def dosed(doses, hours=(), n=6, **more):
    """`n` subjects with a baseline night and a treatment night after each dose."""
    rows = []
    for s in range(n):
        rows.append(night(f"S{s}", 0, "baseline", sol_min=20 + s, rem_pct=20 + s))
        for k, dose in enumerate(doses):
            since = {"hours_since_dose": hours[k]} if hours else {}
            rows.append(
                night(f"S{s}", k + 1, "treatment", sol_min=10 + s, rem_pct=20 + s - dose,
                      dose_mg_per_kg=dose, **since, **more)
            )  # fmt: skip
    return rows


def test_doses_below_a_ten_thousandth_are_strata_in_their_order(tmp_path):
    comparison, _ = one_row(tmp_path, dosed([0.00005, 0.0001, 0]))
    found = [s.stratum for s in comparison.strata if s.endpoint == "rem_pct"]
    assert found == ["0", "5e-05", "0.0001"]


def test_the_only_stratum_is_told_where_other_nights_lie_outside(tmp_path):
    spec = "[strata]\ndose = false\nhours_since_dose = [6, 24, 48]\n"
    comparison, _ = one_row(tmp_path, dosed([2, 4], hours=[10, 100]), spec)
    (stratum,) = (s for s in comparison.strata if s.endpoint == "rem_pct")
    assert (stratum.stratum, stratum.n_treatment_nights) == ("6-24", 6)
    assert stratum.difference == pytest.approx(-2)
    comparison, _ = one_row(tmp_path, dosed([2, 4], hours=[10, 20]), spec)
    assert comparison.strata == ()


def test_all_strata_of_a_log_endpoint_are_on_the_scale_of_the_whole(tmp_path):
    rows = dosed([1, 2])
    rows[1]["sol_min"] = 0  # after the lower dose only
    comparison, _ = one_row(tmp_path, rows, '[transform]\nsol_min = "log"\n')
    units = {x.unit for x in comparison.strata if x.endpoint == "sol_min"}
    assert units == {"ln(min + 0.5)"}
    assert {x.unit for x in comparison.contrasts if x.endpoint == "sol_min"} == units


def test_a_night_whose_lights_are_not_known_leaves_the_slope_of_the_others(tmp_path):
    rows = dosed([0.5, 1, 2], n=3, lights_source="table")
    for row in rows:
        row["lights_source"] = "table"
    rows[3] |= {"lights_source": "recording", "sol_min": 500}
    spec = tmp_path / "spec.toml"
    spec.write_text('[nights]\nmissing_lights = "withhold"\n', encoding="utf-8")
    table = nights_tsv(tmp_path / "n.tsv", rows)
    comparison = compare(table, spec, allow_unlike=["lights_source"])
    slopes = {x.endpoint: (x.n_subjects, x.slope) for x in comparison.slopes}
    assert slopes["sol_min"] == (3, 0)


def test_nights_of_unlike_recipes_do_not_tell_how_nights_vary(tmp_path):
    # Two derivations of an unpaired subject, 3 and 40 % REM, are no night-to-night variation.
    rows = [{**row, "derivations": "C4-M1"} for row in study(6)]
    before, _ = one_row(tmp_path, rows)
    rows += [night("U", 0, "baseline", rem_pct=3, derivations="Fpz-Cz"),
             night("U", 1, "baseline", rem_pct=40, derivations="C4-M1")]  # fmt: skip
    comparison, _ = one_row(tmp_path, rows)
    assert comparison.subjects == before.subjects
    assert "baseline nights of 1 subject outside the comparison" in " ".join(comparison.warnings)
    spec = tmp_path / "none.toml"
    spec.write_text("", encoding="utf-8")
    allowed = compare(nights_tsv(tmp_path / "n.tsv", rows), spec, allow_unlike=["derivations"])
    assert allowed.subjects[0].within_sd != before.subjects[0].within_sd


def test_a_logarithm_of_an_unpaired_subject_s_negative_value_is_refused(tmp_path):
    rows = [*study(3, endpoint="score"), night("U", 0, "baseline", score=-3)]
    with pytest.raises(ComparisonSpecInvalid, match=r"score.*-3.*row 14"):
        one_row(tmp_path, rows, '[transform]\nscore = "log"\n')


def test_a_margin_may_be_declared_for_what_turns_out_constant(tmp_path):
    rows = [{**row, "score": 3} for row in study(6)]
    comparison, _ = one_row(tmp_path, rows, "[equivalence]\nscore = 1\n")
    assert "score" in {c.endpoint for c in comparison.contrasts}


def test_nights_without_rem_have_no_slope_of_rem_latency_on_dose(tmp_path):
    rows = dosed([0.5, 1], n=3, tst_min=400)
    for row in rows:
        treated = row["condition"] == "treatment"
        row |= {"rem_min": 0 if treated else 90, "rem_latency_min": "" if treated else 70}
    comparison, _ = one_row(tmp_path, rows)
    assert "rem_latency_min" not in {x.endpoint for x in comparison.slopes}


def latencies(pairs):
    """One baseline and one treatment night of each subject; None for a night without REM."""
    return [
        night(f"S{s}", k, "treatment" if k else "baseline", rem_min=0 if latency is None else 90,
              rem_latency_min="" if latency is None else latency, tst_min=400)
        for s, pair in enumerate(pairs)
        for k, latency in enumerate(pair)
    ]  # fmt: skip


def test_latencies_on_the_log_scale_are_read_in_minutes_and_ratios(tmp_path):
    # Five subjects double their latency, one loses REM: 21 Walsh averages, 6 of them infinite, so
    # that the median is ln 2; subjects' medians are 85 and sqrt(160 x 180) min.
    rows = latencies([(60, 120), (70, 140), (80, 160), (90, 180), (100, 200), (110, None)])
    spec = 'primary = "rem_latency_min"\nendpoints = []\n[transform]\nrem_latency_min = "log"\n'
    comparison, c = one_row(tmp_path, rows, spec)
    assert c.hodges_lehmann == pytest.approx(math.log(2))
    assert "ratio of medians 2.00" in c.note
    assert "median of subjects 84.9 -> 170 min" in c.note
    (line,) = (x for x in comparison_text(comparison).splitlines() if "rem_latency_min  min" in x)
    assert "x 2.00 (medians)" in line


def test_an_interval_that_reaches_beyond_the_night_says_so(tmp_path):
    # Six subjects: the interval goes from the smallest Walsh average, 60, to the largest.
    rows = latencies([(60, 120), (70, 140), (80, 160), (90, 180), (100, 200), (110, None)])
    _, c = one_row(tmp_path, rows, 'primary = "rem_latency_min"\n')
    assert (c.hl_low, c.hl_high) == (60, None)
    assert "Hodges-Lehmann upper limit beyond the length of a night" in c.note


def test_a_ratio_says_what_was_added_before_the_logarithm(tmp_path):
    rows = [night("A", 0, "baseline", sol_min=0), night("A", 1, "treatment", sol_min=9.5)]
    _, c = one_row(tmp_path, rows, '[transform]\nsol_min = "log"\n')
    assert "ratio of geometric means 20.00, of the value + 0.5 min" in c.note


def test_a_very_small_ratio_is_not_nothing(tmp_path):
    rows = [night(f"S{s}", k, "treatment" if k else "baseline", power_uv2=0.002 if k else 1 + s)
            for s in range(6) for k in (0, 1)]  # fmt: skip
    # The geometric mean of 1 ... 6 is 2.99, so the ratio is 0.00067.
    comparison, c = one_row(tmp_path, rows, '[transform]\npower_uv2 = "log"\n')
    assert "ratio 0.00067 (95 %" in c.note
    assert "x 0.00067 [" in comparison_text(comparison)


def test_a_subject_s_change_and_a_stratum_of_a_log_endpoint_are_not_read_as_minutes(tmp_path):
    # Baseline 10 and 11 min, treatment 40: a ratio of 40 / sqrt(110), or 1.34 on the ln scale.
    rows = [night(f"S{s}", k, "treatment" if k > 1 else "baseline", sol_min=40 if k > 1 else 10 + k,
                  **({"dose_mg_per_kg": k} if k > 1 else {}))
            for s in range(6) for k in range(4)]  # fmt: skip
    comparison, _ = one_row(tmp_path, rows, 'primary = "sol_min"\n[transform]\nsol_min = "log"\n')
    lines = markdown(comparison).splitlines()
    assert any("sol_min: 6 of 6: S0 (x 3.81), S1 (x 3.81)" in line for line in lines)
    cells = [line.strip("| ").split(" | ") for line in lines]
    (stratum,) = (row for row in cells if row[:2] == ["dose_mg_per_kg", "2"])
    assert stratum[2:4] == ["sol_min", "ln(min)"]
    assert stratum[-1] == "+1.34"


def test_a_crossover_of_three_periods_is_not_silently_a_before_after_study(tmp_path):
    rows = [
        night(f"S{s}", k, "treatment" if word == "B" else "baseline", period=k,
              sequence=sequence, rem_pct=20 + s + k)
        for s, sequence in enumerate(["ABB", "BAA"] * 4)
        for k, word in enumerate(sequence, start=1)
    ]  # fmt: skip
    comparison, _ = one_row(tmp_path, rows)
    assert comparison.design == "before-after"
    assert "in 8 of 8 subjects the period of each condition is not clear" in " ".join(
        comparison.warnings
    )


def test_the_paired_t_is_not_a_mixed_model_with_periods(tmp_path):
    one_night = "one night a condition: no mixed model"
    _, c = one_row(tmp_path, crossover(4, 4, effect=-4, period_effect=1))
    assert c.note.endswith(one_night)
    _, c = one_row(tmp_path, study(4, nights=1))
    assert c.note.endswith(f"{one_night}, the paired t says the same")


def test_what_holds_for_every_endpoint_is_said_once(tmp_path):
    rows = [
        night(f"S{s}", k, "treatment" if k else "baseline", se_pct=80 + s + k,
              rem_pct=20 - k * (s + 1), n3_pct=15 + k)
        for s in range(2) for k in (0, 1)
    ]  # fmt: skip
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert all("no mixed model below 3 subjects" in c.note for c in comparison.contrasts)
    text = markdown(comparison)
    assert text.count("no mixed model below 3 subjects") == 1
    assert "n3_pct: all subjects changed by the same amount" in text


def test_very_small_numbers_are_not_printed_as_nothing(tmp_path):
    rows = [night(f"S{s}", k, "treatment" if k else "baseline", power_v2=(3 + s + k) * 1e-8)
            for s in range(6) for k in (0, 1)]  # fmt: skip
    comparison, _ = one_row(tmp_path, rows)
    line = next(x for x in comparison_text(comparison).splitlines() if "power_v2" in x)
    assert line.split()[2:5] == ["5.5e-08", "6.5e-08", "+1e-08"]


def test_a_number_too_large_to_be_squared_is_refused_with_its_cell(tmp_path):
    rows = study(3, endpoint="power_uv2")
    rows[4]["power_uv2"] = "1e180"
    with pytest.raises(StudyTableInvalid, match=r"row 6, column power_uv2: .*found '1e180'"):
        one_row(tmp_path, rows)


def test_two_subjects_who_differ_beyond_reason_have_an_interval_and_no_traceback(tmp_path):
    # ln ratios of 0 and 103.6: mean 51.8, t(1) = 12.706 times a standard error of 51.8 is 658.
    pairs = {"A": (1, 1), "B": (1e-22, 1e23)}
    rows = [night(s, k, ("baseline", "treatment")[k], power_uv2=pair[k])
            for s, pair in pairs.items() for k in (0, 1)]  # fmt: skip
    comparison, c = one_row(tmp_path, rows, '[transform]\npower_uv2 = "log"\n')
    assert "(95 % 1e-263 to 1e+308)" in c.note
    assert "[1e-263, 1e+308]" in comparison_text(comparison)


def test_an_adaptation_night_makes_no_column_an_endpoint(tmp_path):
    # The score is equal on all compared nights, so it does not count in the adjustment.
    rows = [{**row, "score": 3} for row in study(6)]
    before, _ = one_row(tmp_path, rows)
    rows.append(night("S00", 9, "adaptation", rem_pct=9, score=4))
    after, _ = one_row(tmp_path, rows)
    assert after.contrasts == before.contrasts


def cut_study(tmp_path, **cut):
    """Seven subjects whose REM rises by 4 points; the treatment night of the last one is cut."""
    rows = []
    for s in range(7):
        for k, word in enumerate(("baseline", "treatment")):
            rows.append(night(f"S{s}", k, word, rem_pct=20 + s + (4 + s / 10) * k, flags=""))
    # The REM of the morning is missing.
    rows[-1] |= {"rem_pct": 12.0, **cut}
    return nights_tsv(tmp_path / "n.tsv", rows)


def test_a_cut_recording_hides_a_change_unless_it_is_left_out(tmp_path):
    table = cut_study(tmp_path, flags="incomplete size-short", reason="192 min are missing")
    warn = tmp_path / "warn.toml"
    warn.write_text('[nights]\nincomplete = "warn"\n', encoding="utf-8")
    kept, left_out = compare(table, warn), compare(table)
    # Six rises of six: 2 in 2^6 sign flips. One fall that is larger than the rises hides them.
    assert left_out.contrasts[0].p_sign_flip == pytest.approx(2 / 64)
    assert left_out.contrasts[0].direction == "higher"
    assert kept.contrasts[0].direction is None
    assert any("S6 n1 is incomplete and left out: 192 min" in w for w in left_out.warnings)
    assert any("S6 n1 (incomplete, size-short)" in w for w in kept.warnings)
