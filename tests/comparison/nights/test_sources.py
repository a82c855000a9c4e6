"""Comparisons by diary and actigraphy: the same statistics, never pooled with polysomnography."""

import datetime as dt
import json

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.comparison.compare import compare
from psgpipe.comparison.spec import parse_spec
from psgpipe.errors import ComparisonSpecInvalid, StudyTableInvalid, UsageError

COLUMNS = (
    "subject", "night", "condition", "tst_min", "diary_tst_min", "diary_nightmare",
    "actigraphy_tst_min", "start", "dose_end",
)  # fmt: skip
EVENING = dt.datetime(2024, 3, 4, 23)
DOSE = dt.datetime(2024, 3, 18, 12)


def row(subject, night, condition, at, diary, nightmare, psg="", dosed=False):
    cells = (subject, night, condition, psg, diary, nightmare, "", at.isoformat(),
             DOSE.isoformat() if dosed else "")  # fmt: skip
    return "\t".join(map(str, cells))


def table(path, *more):
    """Six subjects: two nights at baseline, three after the dose with longer diary sleep."""
    lines = ["\t".join(COLUMNS)]
    for s in range(6):
        name = f"S{s}"
        for k in range(2):
            at = EVENING + dt.timedelta(days=k)
            lines.append(row(name, f"b{k}", "baseline", at, 400 + 7 * s + 3 * k, 0, 380 + k + s))
        for k in range(3):
            at = DOSE.replace(hour=23) + dt.timedelta(days=k)
            lines.append(row(name, f"t{k}", "treatment", at, 430 + 7 * s + 2 * k + s % 2,
                             int(k == 0 or s % 2), "", dosed=True))  # fmt: skip
    path.write_text("\n".join([*lines, *more]) + "\n", "utf-8")
    return path


@pytest.fixture
def nights(tmp_path):
    return table(tmp_path / "nights.tsv")


def test_a_diary_is_compared_alone_and_every_endpoint_says_so(nights):
    found = compare(nights, measured_by="diary")
    assert {c.endpoint for c in found.contrasts} == {"diary_tst_min", "diary_nightmare"}
    assert found.measured_by == "diary"
    assert "never stands for an effect by polysomnography" in found.statements["source"]
    assert not {"staging", "trust", "parts"} & set(found.statements)


def test_the_difference_is_that_of_subject_means(nights):
    (tst,) = (c for c in compare(nights, measured_by="diary").contrasts
              if c.endpoint == "diary_tst_min")  # fmt: skip
    # Baseline 401.5 + 7 s, treatment 432 + 7 s + (0 or 1).
    assert tst.difference == pytest.approx(31)
    assert tst.p_sign_flip == pytest.approx(2 / 64)


def test_nightmares_are_tested_by_sign_flips_of_each_subjects_proportion(nights):
    (nightmare,) = (c for c in compare(nights, measured_by="diary").contrasts
                    if c.endpoint == "diary_nightmare")  # fmt: skip
    # None at baseline; after the dose three subjects on one night of three, three on all of them.
    assert nightmare.baseline_mean == 0
    assert nightmare.treatment_mean == pytest.approx((1 / 3 + 1) / 2)
    assert nightmare.p_sign_flip == pytest.approx(2 / 64)


def test_each_day_after_the_dose_is_a_stratum(nights):
    found = compare(nights, measured_by="diary").strata
    tst = [s for s in found if s.endpoint == "diary_tst_min" and s.by == "days_since_dose"]
    assert [(s.stratum, s.n_subjects) for s in tst] == [("day 0", 6), ("day 1", 6), ("day 2", 6)]
    assert [s.difference for s in tst] == pytest.approx([29, 31, 33])


def test_an_endpoint_of_another_source_is_refused(nights):
    for endpoint, measured_by in (("tst_min", "diary"), ("diary_tst_min", "psg"),
                                  ("diary_tst_min", "actigraphy")):  # fmt: skip
        spec = parse_spec(f'primary = "{endpoint}"\n'.encode(), "spec")
        with pytest.raises(ComparisonSpecInvalid, match="Compare each source alone"):
            compare(nights, spec, measured_by=measured_by)


def test_a_comparison_of_polysomnography_leaves_other_sources_out(tmp_path):
    # Treatment nights by polysomnography, too.
    extra = [row(f"S{s}", "p0", "treatment", DOSE + dt.timedelta(days=4, hours=11), "", "", 370 + s,
                 dosed=True) for s in range(6)]  # fmt: skip
    found = compare(table(tmp_path / "nights.tsv", *extra))
    assert {c.endpoint for c in found.contrasts} == {"tst_min"}
    assert any("of another source" in warning for warning in found.warnings)


def test_stages_say_nothing_about_a_diary(nights):
    with pytest.raises(UsageError, match="Leave out --stages"):
        compare(nights, measured_by="diary", stages="expert")


def test_a_night_without_a_condition_is_counted_in_a_warning(tmp_path):
    extra = row("S1", "x", "", DOSE + dt.timedelta(days=9), 400, 0)
    found = compare(table(tmp_path / "nights.tsv", extra), measured_by="diary")
    assert any(w.startswith("1 night without a condition is left out") for w in found.warnings)


def test_a_table_without_the_source_is_refused(tmp_path):
    path = tmp_path / "nights.tsv"
    path.write_text("subject\tnight\tcondition\ttst_min\nS1\tb\tbaseline\t400\n", "utf-8")
    with pytest.raises(StudyTableInvalid, match="wanted columns such as diary_tst_min"):
        compare(path, measured_by="diary")


def test_each_source_has_its_own_folder_of_results(nights):
    command = ["compare", str(nights), "-q", "--no-figures", "--source", "diary"]
    assert exit_code(command) == 0
    folder = nights.parent / "comparison-diary"
    assert json.loads((folder / "comparison.json").read_text("utf-8"))["measured_by"] == "diary"
    assert not (nights.parent / "comparison").exists()
    text = (folder / "comparison.md").read_text("utf-8")
    assert "Treatment against baseline, by sleep diary" in text
