"""Conditions that are not alike: time in bed, unscored time, numbers of nights."""

import numpy as np
import pytest

from psgpipe.comparison.compare import compare
from psgpipe.errors import ComparisonSpecInvalid
from tests.comparison.night_tables import night, nights_tsv, study


def warnings(tmp_path, rows, spec=None):
    return " ".join(compare(nights_tsv(tmp_path / "n.tsv", rows), spec).warnings)


def nights(baseline, treatment, n=6):
    """The same values in each subject, and a REM that varies."""
    conditions = {"baseline": baseline, "treatment": treatment}
    return [night(f"S{s}", k, word, rem_pct=20 + s, **values)
            for s in range(n) for k, (word, values) in enumerate(conditions.items())]  # fmt: skip


@pytest.mark.parametrize(
    ("baseline", "treatment"),
    [({"tib_min": 480}, {"tib_min": 400}),
     ({"lights_off": "22:40", "lights_on": "06:40"}, {"lights_off": "22:40", "lights_on": "05:20"}),
     ({"lights_off": "2024-03-01T22:40", "lights_on": "2024-03-02T06:40:00"},
      {"lights_off": "2024-03-01T22:40", "lights_on": "2024-03-02T05:20"}),
     ({"tst_min": 432, "se_pct": 90}, {"tst_min": 360, "se_pct": 90})],
)  # fmt: skip
def test_less_time_in_bed_under_treatment_is_told(tmp_path, baseline, treatment):
    said = warnings(tmp_path, nights(baseline, treatment))
    assert "time in bed differs between the conditions: 480 -> 400 min (-80)" in said


def test_more_unscored_time_under_treatment_is_told(tmp_path):
    said = warnings(tmp_path, nights({"unscored_min": 5}, {"unscored_min": 35}))
    assert "unscored time differs between the conditions: 5 -> 35 min (+30)" in said


def test_small_differences_are_not_told(tmp_path):
    said = warnings(tmp_path, nights({"tib_min": 480, "unscored_min": 4},
                                     {"tib_min": 455, "unscored_min": 16}))  # fmt: skip
    assert "differs between the conditions" not in said


def uneven(n_baseline, n_treatment, *, endpoint="score", skewed=True, n=10):
    """Nights of one distribution in both conditions, in unequal numbers."""
    rng = np.random.default_rng(4)
    rows = []
    for s in range(n):
        for k in range(n_baseline + n_treatment):
            value = rng.normal(3, 0.8)
            rows.append(
                night(f"S{s}", k, "baseline" if k < n_baseline else "treatment",
                      **{endpoint: round(float(np.exp(value) if skewed else value), 3)})
            )  # fmt: skip
    return rows


def test_many_skewed_nights_against_one_make_the_sign_flip_test_inexact(tmp_path):
    comparison = compare(nights_tsv(tmp_path / "n.tsv", uneven(6, 1)))
    (c,) = comparison.contrasts
    assert "sign-flip test not exact: 6 baseline nights to 1 treatment nights" in c.note
    assert "declare [transform] log or rank for them" in " ".join(comparison.warnings)
    assert "exact only for symmetric changes, because in 10 of 10 subjects" in " ".join(
        comparison.sentences
    )


@pytest.mark.parametrize(
    "rows",
    [uneven(6, 1, skewed=False), uneven(3, 3), uneven(3, 2)],
    ids=["symmetric", "even", "3:2"],
)
def test_symmetric_nights_or_about_as_many_in_both_conditions_do_not(tmp_path, rows):
    assert "not exact" not in warnings(tmp_path, rows)


def test_as_many_nights_in_both_conditions_make_it_exact(tmp_path):
    said = " ".join(compare(nights_tsv(tmp_path / "n.tsv", study(6))).sentences)
    assert "counts all sign patterns; it is exact, because each subject has as many" in said
    said = " ".join(compare(nights_tsv(tmp_path / "m.tsv", study(21))).sentences)
    assert "draws 99999 sign patterns (standard error of a p of 0.05: 0.0007); it is valid" in said


@pytest.mark.parametrize("transform", ["log", "rank"])
def test_logarithms_and_ranks_make_up_for_it(tmp_path, transform):
    spec = tmp_path / "spec.toml"
    spec.write_text(f'[transform]\nscore = "{transform}"\n', encoding="utf-8")
    assert "not exact" not in warnings(tmp_path, uneven(6, 1), spec)


def test_ranks_give_medians_and_no_mean(tmp_path):
    # Six subjects 10 ... 15, each higher by 100 under treatment: every rank rises by six.
    rows = [night(f"S{s}", k, ("baseline", "treatment")[k], waso_min=10 + s + 100 * k)
            for s in range(6) for k in (0, 1)]  # fmt: skip
    spec = tmp_path / "spec.toml"
    spec.write_text('primary = "waso_min"\n[transform]\nwaso_min = "rank"\n', encoding="utf-8")
    (c,) = compare(nights_tsv(tmp_path / "n.tsv", rows), spec).contrasts
    assert (c.difference, c.p_sign_flip, c.hodges_lehmann) == (None, 2 / 64, 100)
    assert c.finding == "higher under treatment"
    assert "tested by the ranks of all nights, as declared; median of subjects 12.5 -> 112 min" in (
        c.note
    )


def test_ranks_have_no_margin(tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text('[transform]\nrem_pct = "rank"\n[equivalence]\nrem_pct = 3\n', "utf-8")
    with pytest.raises(ComparisonSpecInvalid, match="ranks, which have no margin"):
        compare(nights_tsv(tmp_path / "n.tsv", study(6)), spec)


def test_several_arms_in_one_table_are_said_to_be_one_group(tmp_path):
    rows = [{**row, "arm": "drug" if row["subject"] < "S03" else "placebo"} for row in study(8)]
    said = compare(nights_tsv(tmp_path / "n.tsv", rows)).warnings
    assert any("2 arms (placebo: 5 subjects, drug: 3 subjects)" in text for text in said)
    one = [{**row, "arm": "drug"} for row in study(8)]
    assert not any("arm" in text for text in compare(nights_tsv(tmp_path / "n.tsv", one)).warnings)
