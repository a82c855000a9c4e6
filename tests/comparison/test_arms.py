"""Parallel arms: treatment against control, from the table of nights to the files."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from psgpipe.cli.compare import command
from psgpipe.comparison.compare import compare
from psgpipe.comparison.pages.read_comparison import read_comparison
from psgpipe.comparison.spec import parse_spec, spec_lines
from psgpipe.comparison.spec_lock import lock_spec
from psgpipe.comparison.words.sections import sections
from psgpipe.errors import (
    ComparisonSpecInvalid,
    NightsNotComparable,
    PsgpipeError,
    SpecChanged,
    StudyTableInvalid,
)
from tests.comparison.night_tables import night, nights_tsv
from tests.comparison.statistics.test_arms import BASELINE, OUTCOME

ARMS = '[arms]\ntreatment = "drug"\ncontrol = "placebo"\n'


def trial(n_drug=7, n_placebo=5, *, effect=0.0, nights=2, seed=1, endpoint="rem_pct"):
    """Subjects of two arms; the drug moves its treatment nights."""
    rng, rows = np.random.default_rng(seed), []
    for s in range(n_drug + n_placebo):
        arm, level = "drug" if s < n_drug else "placebo", 20 + rng.normal(0, 2)
        for k in range(2 * nights):
            treated = k >= nights
            value = level + rng.normal(0, 1) + effect * (treated and arm == "drug")
            rows.append(night(f"S{s:02d}", k, "treatment" if treated else "baseline", arm=arm,
                              **{endpoint: round(value, 2)}))  # fmt: skip
    return rows


def of_r():
    """One night in each condition, the values for which R gives the analysis of covariance."""
    return [
        night(f"S{s:02d}", k, word, arm="drug" if s < 7 else "placebo", rem_pct=values[s])
        for s in range(12)
        for k, (word, values) in enumerate((("baseline", BASELINE), ("treatment", OUTCOME)))
    ]


def compared(tmp_path, rows, text=ARMS):
    return compare(nights_tsv(tmp_path / "n.tsv", rows), parse_spec(text.encode(), "x.toml"))


def warned(comparison):
    return " ".join(comparison.warnings)


def test_the_difference_of_the_arms_is_that_of_r(tmp_path):
    comparison = compared(tmp_path, of_r(), 'primary = "rem_pct"\n' + ARMS)
    (c,) = comparison.contrasts
    assert comparison.design == "parallel"
    assert (c.difference, c.difference_se) == pytest.approx((-2.268252206037, 0.3702725708973))
    assert (c.ci_low, c.ci_high) == pytest.approx((-3.105866954480, -1.43063745759))
    assert (c.t, c.df, c.p_t) == pytest.approx((-6.12589855236, 9, 1.73707037134e-04))
    assert (c.p_permutation, c.p_adjusted, c.p_sign_flip) == (1 / 792, 1 / 792, None)
    assert (c.n_subjects, c.arms) == (12, (7, 5))
    assert (c.adjusted_treatment_mean, c.adjusted_control_mean) == pytest.approx(
        (19.0465615808, 21.3148137869)
    )
    assert c.slopes_p == pytest.approx(0.67916, abs=5e-6)
    assert c.verdict == "preliminary: lower under treatment"


def test_what_is_said_of_arms(tmp_path):
    comparison = compared(tmp_path, of_r(), 'primary = "rem_pct"\n' + ARMS)
    said = " ".join(comparison.sentences)
    for words in (
        "treatment arm drug: 7 of 7 subjects; control arm placebo: 5 of 5 subjects",
        "causal only if the subjects were assigned to the arms at random",
        "counts all 792 assignments of the subjects to the arms; it is exact",
        "Homogeneity of slopes on baseline was checked for 1 endpoint",
        "With 7 and 5 subjects in the arms the results are preliminary",
        "verdicts rest on the (adjusted) permutation p",
    ):
        assert words in said
    assert "no control arm" not in said
    assert "not causal" not in said + comparison.contrasts[0].note
    assert "Before-after" not in said


def test_a_large_trial_draws_assignments_with_their_error(tmp_path):
    comparison = compared(tmp_path, trial(14, 13, nights=1))
    said = " ".join(comparison.sentences)
    assert "draws 99999 assignments" in said
    assert "(standard error of a p of 0.05: 0.0007); it is valid" in said
    assert comparison.contrasts[0].hedges == ("exploratory",)


def test_the_slopes_of_the_arms_may_differ(tmp_path):
    rows = []
    for s in range(16):
        arm = "drug" if s % 2 else "placebo"
        after = 20 + (0.1 if s % 2 else 1.0) * s + 0.05 * (s % 3)
        rows += [night(f"S{s:02d}", 1, "baseline", arm=arm, rem_pct=20 + s),
                 night(f"S{s:02d}", 2, "treatment", arm=arm, rem_pct=round(after, 2))]  # fmt: skip
    comparison = compared(tmp_path, rows)
    assert "the arms differ in their slope on baseline (p 0.000)" in comparison.contrasts[0].note
    assert "without adjustment: rem_pct below 0.05" in " ".join(comparison.sentences)


def test_secondary_endpoints_wait_for_the_primary(tmp_path):
    rows = [{**row, "n3_pct": other["rem_pct"]}
            for row, other in zip(trial(8, 8, seed=4), trial(8, 8, effect=-6, seed=5),
                                  strict=True)]  # fmt: skip
    text = 'primary = "rem_pct"\nsecondary = ["n3_pct"]\n' + ARMS
    primary, secondary = compared(tmp_path, rows, text).contrasts
    assert primary.p_permutation > 0.05
    assert secondary.p_permutation < 0.01
    assert secondary.p_adjusted == primary.p_permutation
    assert secondary.finding == "not claimed: the primary endpoint failed"


def test_a_difference_inside_the_margin(tmp_path):
    text = ARMS + "[equivalence]\nrem_pct = 3\n"
    c = compared(tmp_path, trial(20, 20, nights=3, seed=6), text).contrasts[0]
    assert c.finding == "no change (interval within -3 to 3 %)"
    c = compared(tmp_path, trial(20, 20, nights=3, seed=6, effect=-1.5), text).contrasts[0]
    assert c.finding == "lower, but inside the margin of 3 %"


def test_a_logarithm_gives_a_ratio(tmp_path):
    rows = trial(10, 10, endpoint="waso_min", effect=-8)
    c = compared(tmp_path, rows, ARMS + '[transform]\nwaso_min = "log"\n').contrasts[0]
    assert c.note.startswith(f"ratio {np.exp(c.difference):.2f} (95 % ")
    assert c.adjusted_treatment_mean < c.adjusted_control_mean


def test_nights_without_rem_are_ranked_last_in_their_arm(tmp_path):
    rows = trial(8, 8, endpoint="rem_latency_min", seed=2)
    for row in rows:
        is_drug_night = row["arm"] == "drug" and row["condition"] == "treatment"
        row |= {"rem_min": 0 if is_drug_night else 80}
        row |= {"rem_latency_min": "" if is_drug_night else row["rem_latency_min"]}
    comparison = compared(tmp_path, rows, 'primary = "rem_latency_min"\n' + ARMS)
    c = comparison.contrasts[0]
    assert (c.difference, c.p_t, c.direction) == (None, None, "later")
    assert c.p_permutation == 2 / 12870  # all eight behind all others: C(16, 8), and its mirror
    assert "16 of 64 nights have no REM; they are ranked behind all others (worst rank)" in c.note
    assert "-> not reached min; control arm" in c.note


def test_declared_ranks_are_tested_by_the_arm(tmp_path):
    text = ARMS + '[transform]\nrem_pct = "rank"\n'
    c = compared(tmp_path, trial(6, 6, effect=-9), text).contrasts[0]
    assert (c.difference, c.finding) == (None, "lower under treatment")
    assert c.hodges_lehmann == pytest.approx(-9, abs=2)


@pytest.mark.parametrize(("n_drug", "n_placebo"), [(2, 9), (9, 1)])
def test_an_arm_of_one_or_two_subjects_is_described_and_not_tested(tmp_path, n_drug, n_placebo):
    comparison = compared(tmp_path, trial(n_drug, n_placebo), 'primary = "rem_pct"\n' + ARMS)
    (c,) = comparison.contrasts
    assert (c.p_permutation, c.p_t, c.ci_low, c.p_adjusted) == (None, None, None, None)
    assert c.difference is not None
    # Of the 11 choose 2 assignments of two against nine, one is 1/55: a test would be possible.
    assert c.verdict == "descriptive: nothing is tested with fewer than 3 subjects in an arm"
    assert "nothing is tested below 3 in an arm" in c.note
    said = " ".join(comparison.sentences)
    assert f"With {n_drug} and {n_placebo} subjects in the arms nothing is tested with" in said
    assert "no exact" not in said


def test_three_against_three_cannot_reach_the_level(tmp_path):
    c = compared(tmp_path, trial(3, 3, effect=-12)).contrasts[0]
    assert c.p_permutation == 2 / 20
    assert c.verdict == "descriptive: no exact permutation test at 0.05 is possible"


def test_an_endpoint_that_one_arm_lacks_is_not_analysed(tmp_path):
    rows = [{**row, "n3_pct": 10 + k % 5 if row["arm"] == "drug" else ""}
            for k, row in enumerate(trial())]  # fmt: skip
    c = next(c for c in compared(tmp_path, rows).contrasts if c.endpoint == "n3_pct")
    assert (c.finding, c.difference) == ("not analysed", None)
    assert "no subject of the control arm has this endpoint in both conditions" in c.note


def test_a_subject_in_two_arms_is_a_mistake(tmp_path):
    rows = trial()
    rows[3]["arm"] = "placebo"
    with pytest.raises(StudyTableInvalid, match=r"subject S00 is in arm drug \(row 2\) and in arm"):
        compared(tmp_path, rows)


def test_an_arm_stated_once_is_that_of_all_nights_of_the_subject(tmp_path):
    rows = [{**row, "arm": row["arm"].upper() if k % 4 == 0 else ""}
            for k, row in enumerate(trial())]  # fmt: skip
    assert compared(tmp_path, rows).contrasts[0].arms == (7, 5)


def test_a_subject_without_an_arm_is_left_out_and_named(tmp_path):
    rows = [{**row, "arm": "" if row["subject"] == "S02" else row["arm"]} for row in trial()]
    comparison = compared(tmp_path, rows)
    assert comparison.contrasts[0].arms == (6, 5)
    assert "1 subject without a stated arm left out: S02" in warned(comparison)
    assert {n.fate for n in comparison.nights if n.subject == "S02"} == {"arm not stated"}


def test_a_third_arm_is_left_out_and_named(tmp_path):
    rows = [{**row, "arm": "low dose" if row["subject"] in ("S01", "S02") else row["arm"]}
            for row in trial()]  # fmt: skip
    comparison = compared(tmp_path, rows)
    assert comparison.contrasts[0].arms == (5, 5)
    assert "neither treatment nor control: arm low dose (2 subjects)" in warned(comparison)
    assert [(f.arm, f.role, f.listed, f.analysed) for f in comparison.arms] == [
        ("drug", "treatment", 5, 5), ("placebo", "control", 5, 5), ("low dose", "other", 2, 0),
    ]  # fmt: skip


def test_only_one_arm_is_refused(tmp_path):
    rows = [{**row, "arm": "drug"} for row in trial()]
    with pytest.raises(NightsNotComparable, match=r"control arm \(placebo\), found drug \(12 sub"):
        compared(tmp_path, rows)


def test_a_misspelled_arm_is_suggested(tmp_path):
    with pytest.raises(NightsNotComparable, match="did you mean 'placebo'"):
        compared(tmp_path, trial(), ARMS.replace("placebo", "plazebo"))


def test_an_arm_without_any_complete_subject_is_refused_with_its_reasons(tmp_path):
    rows = [row for row in trial() if row["arm"] == "drug" or row["condition"] == "baseline"]
    with pytest.raises(NightsNotComparable, match=r"control arm \(placebo\) can be analysed \(5 u"):
        compared(tmp_path, rows)


def test_a_table_without_the_column_is_refused(tmp_path):
    rows = [{k: v for k, v in row.items() if k != "arm"} for row in trial()]
    with pytest.raises(ComparisonSpecInvalid, match="no column arm"):
        compared(tmp_path, rows)


def test_the_column_may_have_another_name(tmp_path):
    rows = [{"group" if k == "arm" else k: v for k, v in row.items()} for row in trial()]
    comparison = compared(tmp_path, rows, ARMS + 'column = "group"\n')
    assert [c.endpoint for c in comparison.contrasts] == ["rem_pct"]
    assert comparison.contrasts[0].arms == (7, 5)


def test_dropout_is_counted_by_arm_and_said_where_it_differs(tmp_path):
    gone = ("S00", "S01", "S02")
    rows = [row for row in trial() if row["subject"] not in gone or row["condition"] == "baseline"]
    comparison = compared(tmp_path, rows)
    drug, placebo = comparison.arms
    assert (drug.listed, drug.analysed, drug.left_out) == (7, 4, {"unpaired": 3})
    assert (placebo.listed, placebo.analysed, placebo.left_out) == (5, 5, {})
    assert "dropout differs between the arms: 3 of 7 subjects of the treatment arm" in warned(
        comparison
    )
    assert "treatment arm drug: 4 of 7 subjects (left out: 3 unpaired)" in " ".join(
        comparison.sentences
    )


def test_time_in_bed_that_differs_between_the_arms_is_told(tmp_path):
    rows = [{**row, "tib_min": 480 if row["arm"] == "drug" or row["condition"] == "baseline"
             else 400} for row in trial()]  # fmt: skip
    said = warned(compared(tmp_path, rows))
    assert "time in bed of the treatment nights differs between the arms: control 400" in said
    assert "of the baseline nights differs" not in said


def test_arms_of_unlike_numbers_of_nights_are_told(tmp_path):
    rows = [*trial(7, 0, nights=3), *({**row, "subject": f"C{row['subject']}"}
                                      for row in trial(0, 5, nights=1))]  # fmt: skip
    assert "the arms differ in their baseline nights: control 1 for each subject, treat" in warned(
        compared(tmp_path, rows)
    )


def test_the_files_have_the_arms(tmp_path):
    table = nights_tsv(tmp_path / "n.tsv", of_r())
    arguments = [str(table), "--treatment-arm", "drug", "--control-arm", "placebo", "--primary",
                 "rem_pct"]  # fmt: skip
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0
    assert 'treatment = ["drug"]\ncontrol = ["placebo"]' in result.stdout
    assert "REM sleep (rem_pct) was lower under treatment than under control" in result.stdout
    assert "12 subjects (7 treatment, 5 control)" in " ".join(result.stdout.split())
    folder = tmp_path / "comparison"
    head, row = (line.split("\t") for line in
                 (folder / "contrasts.tsv").read_text(encoding="utf-8").splitlines())  # fmt: skip
    cells = dict(zip(head, row, strict=True))
    assert head[30:32] == ["difference_se", "p_permutation"]
    assert float(cells["difference"]) == pytest.approx(-2.268252206)
    assert (cells["n_treatment_arm"], cells["n_control_arm"], cells["p_sign_flip"]) == (
        "7", "5", "")  # fmt: skip
    subjects = (folder / "subjects.tsv").read_text(encoding="utf-8").splitlines()
    assert subjects[0].endswith("\tnote\tarm")
    assert [line.split("\t")[-1] for line in subjects[1:]] == ["drug"] * 7 + ["placebo"] * 5
    content = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert content["design"] == "parallel"
    assert content["p_adjusted_from"] == "p_permutation"
    assert content["arms"][1] == {
        "arm": "placebo", "role": "control", "listed": 5, "analysed": 5, "left_out": {},
    }  # fmt: skip
    text = (folder / "comparison.md").read_text(encoding="utf-8")
    assert text.startswith("# Treatment against control")
    assert "| drug | treatment | 7 | 7 | - |" in text
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<h1>Treatment against control</h1>" in page
    assert "the difference between the arms at the same baseline" in page
    stored = read_comparison(folder)
    assert stored is not None
    assert stored.arms[0].left_out == {}
    assert stored.contrasts[0].arms == (7, 5)


def test_the_largest_t_takes_the_arms(tmp_path):
    rows = [{**row, "n3_pct": other["rem_pct"]} for row, other in
            zip(trial(6, 6, seed=4), trial(6, 6, seed=5), strict=True)]  # fmt: skip
    contrasts = compared(tmp_path, rows, "max_t = true\n" + ARMS).contrasts
    assert all(c.adjustment == "max-t" for c in contrasts)
    assert all(c.p_adjusted >= c.p_permutation for c in contrasts)


def test_the_page_says_which_test_finds_the_smallest_detectable_difference(tmp_path):
    (notes,) = [s.notes for s in sections(compared(tmp_path, trial())) if "Reliab" in s.title]
    assert "the difference of the arms that the t test of the analysis of covariance" in notes[1]
    assert "paired" not in " ".join(notes)


def test_without_a_difference_no_error_of_the_stager_is_said_to_explain_one(tmp_path):
    rows = [{**row, "rem_pct": 20} for row in trial()]
    assert "tipping" not in " ".join(compared(tmp_path, rows).sentences).lower()


def test_reliability_is_within_the_arms(tmp_path):
    (row,) = compared(tmp_path, of_r()).reliability
    x = np.array(BASELINE)
    squares = 6 * x[:7].var(ddof=1) + 4 * x[7:].var(ddof=1)
    assert row.sd_baseline == pytest.approx(np.sqrt(squares / 10))
    assert row.dz is None
    assert row.leave_one_out_low < -2.268 < row.leave_one_out_high
    # The noncentral t with 9 df has a power of 80 % at a shift of about 3.17 standard errors.
    assert row.smallest_detectable == pytest.approx(3.17 * 0.37027, rel=0.01)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[arms]\ntreatment = "drug"\n', "names one arm (drug)"),
        ('[arms]\ntreatment = "drug"\ncontrol = "DRUG"\n', "drug is treatment and control"),
        ('[arms]\ntreatment = []\ncontrol = "a"\n', "a word of the arm column"),
        ('[arms]\ntreatmnt = "drug"\n', "did you mean 'treatment'"),
        ('design = "crossover"\n' + ARMS, "compares arms"),
        ('design = "parallel"\n', "name them in [arms]"),
    ],
)
def test_arms_that_a_spec_cannot_mean_are_refused(text, words):
    with pytest.raises(ComparisonSpecInvalid) as refused:
        parse_spec(text.encode(), "x.toml")
    assert words in refused.value.problem
    assert len(str(refused.value).splitlines()) <= 3


def test_the_lines_of_the_options_say_the_same():
    spec = parse_spec(
        spec_lines(None, (), (), {"treatment": ["a"], "control": ["b"]}).encode(), "x"
    )
    assert (spec.arm_treatment, spec.arm_control, spec.arm_column) == (("a",), ("b",), "arm")


def test_the_lock_holds_the_arms(tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text(ARMS, encoding="utf-8")
    lock_spec(spec)
    spec.write_text(ARMS.replace("drug", "verum"), "utf-8")
    with pytest.raises(SpecChanged):
        compare(nights_tsv(tmp_path / "n.tsv", trial()), spec)


def test_arms_without_a_spec_are_one_group_and_no_control(tmp_path):
    comparison = compare(nights_tsv(tmp_path / "n.tsv", trial()))
    assert comparison.design == "before-after"
    assert "all are compared as one group" in warned(comparison)
    assert '[arms] treatment = "...", control = "..."' in warned(comparison)
    said = " ".join(comparison.sentences)
    assert "no control arm is used, because the spec names no [arms]" in said
    assert "there is no control arm" not in said


def test_every_refusal_is_short(tmp_path):
    rows = [{**row, "arm": "drug"} for row in trial()]
    with pytest.raises(PsgpipeError) as refused:
        compared(tmp_path, rows)
    assert refused.value.exit_code == 7
    assert len(str(refused.value).splitlines()) <= 3


def test_a_small_arm_that_varies_more_is_told(tmp_path):
    rng, rows = np.random.default_rng(2), []
    for s in range(24):
        arm, sd = ("drug", 4) if s < 8 else ("placebo", 1)
        before = rng.normal(20, 2)
        rows += [night(f"S{s:02d}", 1, "baseline", arm=arm, rem_pct=round(before, 2)),
                 night(f"S{s:02d}", 2, "treatment", arm=arm,
                       rem_pct=round(before + rng.normal(0, sd), 2))]  # fmt: skip
    c = compared(tmp_path, rows).contrasts[0]
    assert c.note.startswith("the smaller arm varies more (SD ")
    swapped = '[arms]\ntreatment = "placebo"\ncontrol = "drug"\n'
    assert "the smaller arm varies more" in compared(tmp_path, rows, swapped).contrasts[0].note
    even = [row for row in rows if row["subject"] < "S16"]
    assert "varies more" not in compared(tmp_path, even).contrasts[0].note
