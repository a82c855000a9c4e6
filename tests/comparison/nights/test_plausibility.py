"""Plausibility checks: numbers of a night that contradict each other."""

from pathlib import Path

import pytest

from psgpipe.comparison.compare import compare
from psgpipe.errors import StudyTableInvalid
from psgpipe.model.summary import ENDPOINTS
from tests.comparison.night_tables import night, nights_tsv

# 400 min of sleep in 480 min of bed: 40 N1, 200 N2, 80 N3, 80 REM.
WHOLE = {
    "tib_min": 480, "spt_min": 450, "tst_min": 400, "se_pct": 83.3, "sol_min": 10,
    "n1_min": 40, "n2_min": 200, "n3_min": 80, "rem_min": 80, "nrem_min": 320,
    "n1_pct": 10, "n2_pct": 50, "n3_pct": 20, "rem_pct": 20, "nrem_pct": 80,
}  # fmt: skip


def rows(n: int = 6, only: tuple[str, ...] = tuple(WHOLE), **first) -> list[dict]:
    """`n` subjects with a night in each condition; `first` replaces cells of the first night."""
    nights = [
        night(f"S{s}", k, "treatment" if k else "baseline", **{e: WHOLE[e] for e in only})
        for s in range(n)
        for k in (0, 1)
    ]
    nights[0] |= first
    return nights


def compared(tmp_path: Path, listed: list[dict]) -> str:
    """The warnings of a comparison of these nights."""
    return "\n".join(compare(nights_tsv(tmp_path / "n.tsv", listed)).warnings)


def refusal(tmp_path: Path, listed: list[dict]) -> str:
    with pytest.raises(StudyTableInvalid) as refused:
        compare(nights_tsv(tmp_path / "n.tsv", listed))
    assert refused.value.exit_code == 3
    return refused.value.problem


def test_nights_that_add_up_are_believed(tmp_path):
    said = compared(tmp_path, rows())
    assert "does not hold" not in said
    assert "fraction" not in said
    assert "hours" not in said


def test_hours_in_columns_of_minutes_are_asked_for_once(tmp_path):
    hours = {"tib_min": 8, "spt_min": 7.5, "tst_min": 7}
    listed = [row | hours for row in rows(only=("tib_min", "spt_min", "tst_min"))]
    questions = [w for w in compared(tmp_path, listed).splitlines() if "hours" in w]
    assert questions == [
        "tib_min, spt_min, tst_min are at most 24 min in rows 2, 3, 4, 5, 6 and 7 more: are they "
        "in hours?"
    ]


def test_short_nights_of_psgpipe_are_not_asked_for_their_unit(tmp_path):
    listed = [{**dict.fromkeys(ENDPOINTS, 0.5), **row} for row in rows(only=())]
    listed = [row | {"tib_min": 10 + k, "spt_min": 9, "tst_min": 8} for k, row in enumerate(listed)]
    said = compared(tmp_path, listed)
    assert "hours?" not in said
    assert "fraction?" not in said


def test_minutes_and_percentages_may_be_rounded_to_whole_numbers(tmp_path):
    # 33.4 + 33.3 + 33.3 of 399.6 minutes, all rounded: 33 + 33 + 33 + 0 is 99.
    rounded = {"n1_pct": 33, "n2_pct": 33, "n3_pct": 33, "rem_pct": 0}
    assert "does not hold" not in compared(tmp_path, rows(only=(*rounded,), **rounded))


@pytest.mark.parametrize(
    ("slip", "columns", "found"),
    [
        ({"tst_min": 500}, "column tst_min: wanted no more than tib_min, 480", "500"),
        ({"sol_min": 490}, "column sol_min: wanted no more than tib_min, 480", "490"),
        ({"n2_min": 410}, "column n2_min: wanted no more than tst_min, 400", "410"),
    ],
)
def test_a_part_longer_than_its_whole_is_refused_with_row_and_column(
    tmp_path, slip, columns, found
):
    said = refusal(tmp_path, rows(**slip))
    assert f"row 2, {columns}" in said
    assert f"found {found}" in said


@pytest.mark.parametrize(
    ("slip", "wanted", "found"),
    [
        ({"se_pct": 38.3}, "se_pct = 100 x tst_min / tib_min", "38.3 and 83.3333"),
        ({"nrem_pct": 60}, "nrem_pct + rem_pct = 100", "80 and 100"),
        ({"n1_pct": 1}, "n1_pct + n2_pct + n3_pct + rem_pct = 100", "91 and 100"),
        ({"n3_min": 60}, "n1_min + n2_min + n3_min + rem_min = tst_min", "380 and 400"),
        ({"rem_pct": 0.2}, "rem_pct = 100 x rem_min / tst_min", "0.2 and 20"),
    ],
)
def test_a_night_that_does_not_add_up_is_named_in_a_warning(tmp_path, slip, wanted, found):
    said = compared(tmp_path, rows(**slip))
    assert f"{wanted} does not hold on 1 of 12 nights (row 2; row 2 has {found})" in said


def test_stages_in_percent_of_time_in_bed_are_another_definition(tmp_path):
    # Of 480 min in bed, not of 400 min of sleep: 8.3 + 41.7 + 16.7 + 16.7 = 83.3 = SE.
    of_bed = {"n1_pct": 8.3, "n2_pct": 41.7, "n3_pct": 16.7, "rem_pct": 16.7}
    listed = [{**row, **of_bed} for row in rows(only=())]
    said = compared(tmp_path, listed)
    assert "n1_pct + n2_pct + n3_pct + rem_pct = 100 does not hold on 12 of 12 nights" in said
    assert "(rows 2, 3, 4, 5, 6 and 7 more; row 2 has 83.4 and 100)" in said


def test_an_excluded_night_may_hold_anything(tmp_path):
    assert "row 2" not in compared(tmp_path, rows(tst_min=500, exclude="yes"))


@pytest.mark.parametrize("endpoint", ["se_pct", "sme_pct", "nrem_pct", "n2_pct"])
def test_a_column_of_fractions_is_no_column_of_percentages(tmp_path, endpoint):
    listed = [{**row, endpoint: 0.81 + 0.01 * k} for k, row in enumerate(rows(only=()))]
    wanted = f"row 2, column {endpoint}: wanted a percentage from 0 to 100, found the fraction 0.81"
    assert wanted in refusal(tmp_path, listed)


def test_fractions_of_a_stage_are_found_by_its_minutes(tmp_path):
    listed = [{**row, "n3_pct": 0.2} for row in rows(only=("n3_min", "tst_min"))]
    assert "row 2, column n3_pct: wanted a percentage from 0 to 100, found the fraction 0.2" in (
        refusal(tmp_path, listed)
    )


def test_a_stage_that_is_hardly_there_may_be_suppressed(tmp_path):
    listed = [{**row, "rem_pct": 0.21 + 0.01 * k} for k, row in enumerate(rows(only=()))]
    assert "rem_pct is at most 1 % in rows 2, 3, 4, 5, 6 and 7 more: is it a fraction?" in (
        compared(tmp_path, listed)
    )


def test_little_rem_is_believed_where_the_minutes_say_so(tmp_path):
    # 2 min of 400 are half a percent.
    listed = [{**row, "rem_min": 2, "rem_pct": 0.5} for row in rows(only=("tst_min",))]
    assert "fraction" not in compared(tmp_path, listed)


def test_a_single_fraction_is_asked_about(tmp_path):
    assert "rem_pct is at most 1 % in row 2: is it a fraction?" in compared(
        tmp_path, rows(only=("rem_pct",), rem_pct=0.21)
    )


def test_hours_for_minutes_are_asked_about(tmp_path):
    assert "tst_min is at most 24 min in row 2: is it in hours?" in compared(
        tmp_path, rows(only=("tst_min",), tst_min=6.87)
    )


def test_a_night_copied_over_another_is_asked_about(tmp_path):
    listed = [{**row, "tst_min": 400 + k, "rem_min": 80 + k, "n3_min": 70 + k, "sol_min": 9 + k,
               "waso_min": 30 + k} for k, row in enumerate(rows(only=()))]  # fmt: skip
    assert "same numbers" not in compared(tmp_path, listed)
    copied = {e: listed[4][e] for e in ("tst_min", "rem_min", "n3_min", "sol_min", "waso_min")}
    listed[1] |= copied
    assert "rows 3 and 6 hold the same numbers" in compared(tmp_path, listed)


def test_a_whole_table_of_psgpipe_is_not_asked_for_fractions(tmp_path):
    listed = [{**row, **dict.fromkeys(ENDPOINTS, 0.5)} for row in rows(only=())]
    assert "rem_pct = 100 does not hold" in compared(tmp_path, listed)
