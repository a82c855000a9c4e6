"""Comparisons of nights that a person scored, alone, beside automatic ones, and corrected."""

import pytest

import psgpipe
from psgpipe.errors import NightsNotComparable, UsageError
from psgpipe.model.summary import ENDPOINTS
from tests.comparison.night_tables import nights_tsv


def night(subject, condition, stages="auto", **values):
    """A row as psgpipe gather writes it: every endpoint has its column."""
    stager = "expert" if stages == "expert" else "yasa 0.7.0"
    row = {"subject": subject, "night": condition, "condition": condition, "state": "done"}
    row |= {"reason": "", **dict.fromkeys(ENDPOINTS, ""), "stager": stager, "psgpipe": "0.1.0"}
    row |= {"derivations": "" if stages == "expert" else "C4-M1", "stages": stages}
    return {**row, "tib_min": 480, **values}


def study(tmp_path, *nights):
    return nights_tsv(tmp_path / "nights.tsv", nights)


def pair(subject, baseline, treatment, **more):
    """Two nights with N1, automatic and by a person: ``(automatic, expert)`` each."""
    return [
        night(subject, condition, n1_min=auto, expert_n1_min=expert, expert_tib_min=480, **more)
        for condition, (auto, expert) in (("baseline", baseline), ("treatment", treatment))
    ]


def contrast(comparison, endpoint="n1_min"):
    return next(c for c in comparison.contrasts if c.endpoint == endpoint)


def beside(tmp_path):
    return study(
        tmp_path, *pair("S1", (20, 50), (20, 40)), *pair("S2", (30, 60), (30, 40)),
        *pair("S3", (40, 70), (40, 40)),
    )  # fmt: skip


def test_the_stages_of_the_scorings_are_compared_where_they_are_asked_for(tmp_path):
    table = beside(tmp_path)
    assert contrast(psgpipe.compare(table)).difference == 0
    # -10, -20 and -30 minutes by the scorings.
    assert contrast(psgpipe.compare(table, stages="expert")).difference == -20


def test_the_report_then_says_that_a_person_scored_the_nights(tmp_path):
    comparison = psgpipe.compare(beside(tmp_path), stages="expert")
    assert comparison.statements["stages"].startswith("Stages scored by a person")
    assert comparison.recipe["stager"] == ["expert"]
    assert comparison.recipe["derivations"] == []
    assert contrast(comparison).staging is None


def test_a_night_without_a_scoring_is_left_out_with_its_reason(tmp_path):
    bare = [night("S4", c, n1_min=20) for c in ("baseline", "treatment")]
    table = nights_tsv(
        tmp_path / "nights.tsv",
        [*pair("S1", (20, 50), (20, 40)), *pair("S2", (3, 6), (3, 4)), *bare],
    )
    comparison = psgpipe.compare(table, stages="expert")
    assert contrast(comparison).n_subjects == 2
    reasons = {fate.reason for fate in comparison.nights if fate.subject == "S4"}
    assert reasons == {"no person's stages: the night has no scoring"}
    assert "2 without a person's stages" in comparison.sentences[0]


def test_nights_that_were_run_by_a_persons_stages_are_compared_as_they_are(tmp_path):
    nights = [
        night(s, c, "expert", n1_min=n)
        for s, values in (("S1", (50, 40)), ("S2", (60, 40)))
        for c, n in zip(("baseline", "treatment"), values, strict=True)
    ]
    table = study(tmp_path, *nights)
    for stages in (None, "expert"):
        assert contrast(psgpipe.compare(table, stages=stages)).difference == -15


def test_without_any_scoring_there_is_nothing_to_compare(tmp_path):
    table = study(tmp_path, night("S1", "baseline", n1_min=2), night("S1", "treatment", n1_min=3))
    with pytest.raises(UsageError, match='stages="expert"'):
        psgpipe.compare(table, stages="expert")


@pytest.mark.parametrize("second", [("S2", "baseline"), ("S2", "treatment")])
def test_a_persons_stages_and_automatic_ones_are_not_mixed(tmp_path, second):
    nights = [
        night(s, c, "expert" if (s, c) == second else "auto", n1_min=20)
        for s in ("S1", "S2", "S3")
        for c in ("baseline", "treatment")
    ]
    with pytest.raises(NightsNotComparable, match="1 night scored by a person, 5 nights staged"):
        psgpipe.compare(study(tmp_path, *nights))


def test_subjects_who_were_all_scored_by_a_person_are_not_mixed_with_others(tmp_path):
    nights = [
        night(s, c, stages, n1_min=20)
        for s, stages in (("S1", "expert"), ("S2", "auto"), ("S3", "auto"))
        for c in ("baseline", "treatment")
    ]
    table = study(tmp_path, *nights)
    with pytest.raises(NightsNotComparable):
        psgpipe.compare(table)
    assert psgpipe.compare(table, allow_unlike=["stager"]).contrasts


def test_corrected_nights_are_counted_by_condition(tmp_path):
    nights = [
        night(s, c, "corrected" if c == "treatment" and s != "S3" else "auto", n1_min=20 + i)
        for i, s in enumerate(("S1", "S2", "S3"))
        for c in ("baseline", "treatment")
    ]
    warnings = psgpipe.compare(study(tmp_path, *nights)).warnings
    assert any(
        "2 nights were corrected by hand (baseline 0 of 3, treatment 2 of 3)" in w for w in warnings
    )


def test_lights_of_the_scoring_are_as_known_as_those_of_the_table(tmp_path):
    nights = [
        night(s, c, "expert", n1_min=20 + i, lights_source=source)
        for s in ("S1", "S2")
        for i, (c, source) in enumerate((("baseline", "table"), ("treatment", "scoring")))
    ]
    assert contrast(psgpipe.compare(study(tmp_path, *nights))).n_subjects == 2
