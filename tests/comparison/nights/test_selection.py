"""Selection of the nights for a comparison."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.comparison.nights.selection import flow, select_nights
from psgpipe.model.comparison.measured_night import MeasuredNight
from psgpipe.model.comparison.spec import ComparisonSpec

CONDITIONS = ("baseline", "treatment", "adaptation", "washout", "followup")


def nights(*words: str, **columns) -> list[MeasuredNight]:
    """One subject's nights: ``baseline``, ``treatment``; a final 1 marks the first in the lab."""
    return [
        MeasuredNight(
            subject="A",
            night=str(number),
            condition=word.rstrip("1"),
            values={"rem_pct": 20.0},
            row=number,
            night_in_lab=1 if word.endswith("1") else None,
            **columns,
        )
        for number, word in enumerate(words, start=2)
    ]


def fates(listed, spec=None) -> list[str]:
    return [f.fate for f in select_nights(listed, spec or ComparisonSpec()).fates]


def dosed(hours=None, **columns) -> list[MeasuredNight]:
    """A baseline night and a treatment night some hours after a dose."""
    baseline, treatment = nights("baseline", "treatment")
    given = {"hours_since_dose": hours, "dose_mg_per_kg": 0.5, **columns}
    return [
        baseline,
        MeasuredNight("A", "t", "treatment", treatment.values, row=treatment.row, **given),
    ]


def test_adaptation_and_other_conditions_never_enter():
    found = fates(nights("adaptation", "baseline", "treatment", "washout", "followup"))
    assert found == ["adaptation", "analysed", "analysed", "other condition", "other condition"]


def test_the_first_laboratory_night_leaves_a_baseline_that_has_another():
    assert fates(nights("baseline1", "baseline", "treatment")) == [
        "first night in laboratory",
        "analysed",
        "analysed",
    ]


def test_the_only_baseline_night_stays_with_a_warning():
    selection = select_nights(nights("baseline1", "treatment"), ComparisonSpec())
    assert [f.fate for f in selection.fates] == ["analysed", "analysed"]
    assert "the bias favours the treatment" in " ".join(selection.warnings)


def test_a_first_night_under_treatment_stays_with_a_warning():
    selection = select_nights(nights("baseline", "treatment1"), ComparisonSpec())
    assert [f.fate for f in selection.fates] == ["analysed", "analysed"]
    assert "works against the treatment" in " ".join(selection.warnings)


def test_first_nights_as_the_spec_wants_them():
    listed = nights("baseline1", "baseline", "treatment")
    assert fates(listed, ComparisonSpec(first_night="keep")) == ["analysed"] * 3
    only = nights("baseline1", "treatment")
    assert fates(only, ComparisonSpec(first_night="drop")) == [
        "first night in laboratory",
        "unpaired",
    ]


@pytest.mark.parametrize(
    ("state", "fate"),
    [("excluded", "excluded"), ("failed", "failed"), ("refused", "refused by quality"),
     ("unfinished", "not finished")],
)  # fmt: skip
def test_nights_that_cannot_be_analysed_keep_their_reason(state, fate):
    lost = MeasuredNight("A", "x", "baseline", {}, state=state, reason="why", row=9)
    found = select_nights([*nights("baseline", "treatment"), lost], ComparisonSpec()).fates[-1]
    assert (found.fate, found.reason) == (fate, "why")


def test_a_subject_without_treatment_is_unpaired_but_tells_how_nights_vary():
    other = [
        MeasuredNight("B", str(k), "baseline", {"rem_pct": 20.0 + k}, row=20 + k) for k in range(2)
    ]
    selection = select_nights([*nights("baseline", "treatment"), *other], ComparisonSpec())
    assert [f.fate for f in selection.fates[2:]] == ["unpaired", "unpaired"]
    assert selection.fates[2].reason == "the subject has no valid treatment night"
    assert set(selection.baseline) == {"A"}
    assert set(selection.cohort_baseline) == {"A", "B"}


@pytest.mark.parametrize(("hours", "fate"), [(5.9, "sedation"), (6.0, "analysed")])
def test_a_night_within_six_hours_of_a_dose_is_withheld(hours, fate):
    assert fates(dosed(hours))[1] == fate


def test_hours_since_dose_from_the_clock():
    # Dose ends 19:00, lights off 22:30 by the clock of a recording that began at 22:10: 3.5 h.
    found = select_nights(
        dosed(dose_end="2024-03-01T19:00", start="2024-03-01T22:10:00", lights_off="22:30"),
        ComparisonSpec(),
    ).fates[1]
    assert found.fate == "sedation"
    assert found.reason is not None
    assert "3.5 h after the dose" in found.reason


def test_lights_off_after_midnight_is_the_next_day():
    # 17:30 to 00:15 the next day: 6.75 h, outside the window.
    found = dosed(dose_end="2024-03-01T17:30", start="2024-03-01T23:50:00", lights_off="00:15")
    assert fates(found)[1] == "analysed"


@pytest.mark.parametrize("clock", ["9:05", "9:05:00", "09:05:00"])
def test_the_hour_of_a_clock_may_have_one_digit(clock):
    found = dosed(dose_end="2024-03-01T07:00", start="2024-03-01T08:50", lights_off=clock)
    assert "2.1 h after the dose" in str(select_nights(found, ComparisonSpec()).fates[1].reason)


def test_a_dose_given_in_the_night_is_sedation():
    found = dosed(dose_end="2024-03-02T02:00", lights_off="2024-03-01T23:00", lights_on="07:00")
    fate = select_nights(found, ComparisonSpec()).fates[1]
    assert fate.fate == "sedation"
    assert str(fate.reason).startswith("the dose ended 3.0 h after lights off")


def test_a_night_that_was_over_before_the_dose():
    # Lights on at 07:00, dose at 09:00: awake at the dose, so no treatment night.
    found = dosed(dose_end="2024-03-02T09:00", lights_off="2024-03-01T23:00", lights_on="07:00")
    selection = select_nights(found, ComparisonSpec())
    assert selection.fates[1].fate == "analysed"
    assert "ended before the dose" in " ".join(selection.warnings)


@pytest.mark.parametrize("dose_end", ["2010-03-01T19:00", "2024-03-03T19:00"])
def test_a_dose_that_can_not_be_this_nights_leaves_the_hours_unknown(dose_end):
    found = dosed(
        dose_end=dose_end, start="2024-03-01T22:10", lights_off="22:30", lights_on="06:30"
    )
    selection = select_nights(found, ComparisonSpec())
    assert selection.fates[1].fate == "analysed"
    assert "one of the dates is wrong" in " ".join(selection.warnings)
    assert "sedation cannot be ruled out" in " ".join(selection.warnings)
    only_day_one = ComparisonSpec(hours_since_dose=(6, 48))
    assert fates(found, only_day_one)[1] == "outside hours since dose"


def test_an_unknown_time_of_the_dose_is_a_warning():
    selection = select_nights(dosed(None), ComparisonSpec())
    assert "sedation cannot be ruled out" in " ".join(selection.warnings)


@pytest.mark.parametrize(
    ("doses", "told"), [((0.5, 500), True), ((0.0, 0.5), False), ((0.1, 2.0), False)]
)
def test_doses_in_micrograms_among_milligrams_are_told(doses, told):
    listed = [MeasuredNight("A", "b", "baseline", {}, row=2)]
    listed += [
        MeasuredNight("A", f"t{row}", "treatment", {}, row=row, dose_mg_per_kg=dose)
        for row, dose in enumerate(doses, start=3)
    ]
    warnings = " ".join(select_nights(listed, ComparisonSpec()).warnings)
    assert ("goes from 0.5 to 500" in warnings) == told


@pytest.mark.parametrize(("dose", "told"), [(0.5, True), (0.0, False), (None, False)])
def test_a_dose_in_a_baseline_night_without_its_time_is_told(dose, told):
    listed = [
        MeasuredNight("A", "b", "baseline", {}, row=2, dose_mg_per_kg=dose),
        MeasuredNight("A", "t", "treatment", {}, row=3, dose_mg_per_kg=0.5),
    ]
    warnings = " ".join(select_nights(listed, ComparisonSpec()).warnings)
    assert ("1 baseline night with a dose and no time of it" in warnings) == told


@pytest.mark.parametrize(
    ("hours", "dose", "washout_days", "told"),
    [(20, 0.5, None, True), (20, None, None, True), (200, 0.5, 7, False), (160, 0.5, 7, True),
     (20, 0.0, None, False), (-9, 0.5, None, False)],
)  # fmt: skip
def test_a_baseline_night_after_a_dose_is_told_unless_the_washout_is_over(
    hours, dose, washout_days, told
):
    before = MeasuredNight("A", "b", "baseline", {}, row=2, hours_since_dose=hours,
                           dose_mg_per_kg=dose, lights_off="2024-03-01T23:00",
                           lights_on="07:00")  # fmt: skip
    listed = [before, MeasuredNight("A", "t", "treatment", {}, row=3)]
    warnings = select_nights(listed, ComparisonSpec(washout_days=washout_days)).warnings
    assert (f"1 baseline night came after a dose ({hours} h or more)" in " ".join(warnings)) == told


def test_only_nights_in_the_declared_hours_after_the_dose():
    spec = ComparisonSpec(hours_since_dose=(6, 48))
    assert fates(dosed(47.9), spec)[1] == "analysed"
    assert fates(dosed(48.0), spec) == ["unpaired", "outside hours since dose"]
    assert fates(dosed(None), spec)[1] == "outside hours since dose"


def test_unknown_lights_as_the_spec_wants_them():
    listed = nights("baseline", "treatment", recipe={"lights_source": "table/recording"})
    assert fates(listed) == ["analysed", "analysed"]
    assert fates(listed, ComparisonSpec(missing_lights="drop")) == ["lights not known"] * 2


def test_the_words_of_the_spec_are_the_conditions():
    spec = ComparisonSpec(baseline=("placebo",), treatment=("ketamine",))
    assert fates(nights("placebo", "ketamine", "baseline"), spec) == [
        "analysed",
        "analysed",
        "other condition",
    ]


def test_warnings_count_only_nights_that_entered():
    # B has no baseline night: its first laboratory night and its dose have no influence.
    b = MeasuredNight("B", "b", "treatment", {"rem_pct": 20.0}, row=9, night_in_lab=1,
                      dose_mg_per_kg=0.5)  # fmt: skip
    listed = [*nights("baseline", "treatment1", dose_mg_per_kg=0.5), b]
    warnings = select_nights(listed, ComparisonSpec()).warnings
    assert [w.split(" ")[:3] for w in warnings] == [["1", "treatment", "night"],
                                                   ["1", "baseline", "night"],
                                                   ["in", "1", "subject"]]  # fmt: skip
    kept = select_nights(listed, ComparisonSpec(first_night="keep")).warnings
    assert "1 first laboratory night kept, as the spec wants" in kept


def test_first_nights_in_both_conditions_favour_neither():
    selection = select_nights(nights("baseline1", "treatment1"), ComparisonSpec())
    assert [f.fate for f in selection.fates] == ["analysed", "analysed"]
    assert selection.warnings == ()


listed_nights = st.lists(
    st.builds(
        MeasuredNight,
        subject=st.sampled_from("ABCDE"),
        night=st.just("n"),
        condition=st.sampled_from(CONDITIONS),
        values=st.just({"rem_pct": 20.0}),
        state=st.sampled_from(["finished"] * 4 + ["excluded", "failed", "refused", "unfinished"]),
        night_in_lab=st.sampled_from([None, 1, 2]),
        hours_since_dose=st.sampled_from([None, -3.0, 3.0, 12.0, 60.0]),
        recipe=st.sampled_from([{}, {"lights_source": "recording"}]),
    ),
    max_size=25,
)
specs = st.builds(
    ComparisonSpec,
    first_night=st.sampled_from(["rule", "drop", "keep"]),
    missing_lights=st.sampled_from(["warn", "withhold", "drop"]),
    hours_since_dose=st.sampled_from([None, (6.0, 48.0)]),
)


@given(listed_nights, specs)
def test_no_night_is_lost_or_counted_twice(listed, spec):
    from dataclasses import replace

    numbered = [replace(n, row=row) for row, n in enumerate(listed, start=2)]
    selection = select_nights(numbered, spec)
    steps = {s.step: s.nights for s in flow(selection.fates)}
    assert steps.pop("listed") == len(listed) == sum(steps.values())
    assert steps["analysed"] == len(selection.analysed)
    for subject in selection.baseline:
        assert selection.baseline[subject]
        assert selection.treatment[subject]


def flagged(*flags: str, reason=None) -> list[MeasuredNight]:
    """A baseline night, and two treatment nights of which the last has flags."""
    *others, last = nights("baseline", "treatment", "treatment")
    return [*others, replace(last, flags=flags, reason=reason)]


def test_an_incomplete_night_is_left_out_by_name_and_with_its_reason():
    selection = select_nights(flagged("incomplete", "size-short", reason="cut"), ComparisonSpec())
    last = selection.fates[-1]
    assert (last.fate, last.reason) == ("incomplete", "cut")
    assert selection.warnings == ("A 4 is incomplete and left out: cut",)


def test_a_table_of_another_tool_need_not_say_why_a_night_is_incomplete():
    last = select_nights(flagged("incomplete"), ComparisonSpec()).fates[-1]
    assert (last.fate, last.reason) == ("incomplete", "flags: incomplete")


def test_a_spec_can_keep_incomplete_nights():
    selection = select_nights(flagged("incomplete"), ComparisonSpec(incomplete="warn"))
    assert [f.fate for f in selection.fates] == ["analysed"] * 3
    assert selection.warnings == (
        "the numbers of 1 analysed night are doubtful (0 baseline, 1 treatment): A 4 (incomplete)",
    )


def test_a_doubtful_night_is_analysed_and_named():
    selection = select_nights(flagged("clipped", "noise"), ComparisonSpec())
    assert [f.fate for f in selection.fates] == ["analysed"] * 3
    assert selection.warnings[0].endswith("A 4 (clipped, noise)")


def test_of_many_incomplete_nights_the_first_are_named():
    listed = [n for k in range(12) for n in flagged("incomplete", reason=f"cut {k}")]
    listed = [replace(n, subject=f"S{k}", row=k) for k, n in enumerate(listed)]
    warnings = select_nights(listed, ComparisonSpec()).warnings
    assert sum("is incomplete and left out" in w for w in warnings) == 8
    assert any(w.startswith("4 more nights incomplete and left out") for w in warnings)
