"""The times of a scoring are settled by the clock, and its stages brought to 30-s epochs."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psgpipe.errors import ScoringInvalid
from psgpipe.model.header import Annotation
from psgpipe.model.hypnogram import SleepStage
from psgpipe.scorings.align import align, on_own_clock
from psgpipe.sleep.local_clock import LocalClock
from tests.scorings.scoring_files import EVENING, epochs, scoring

HOUR_S = 3600.0


def clock(start=EVENING):
    return LocalClock(start, start.time())


def aligned(stages, span_s=HOUR_S, start=EVENING, recording=EVENING, **more):
    return align(scoring(stages, start, **more), clock(recording), span_s)


def words(result):
    return " ".join(result.hypnogram.stages)


def codes(result):
    return [finding.code for finding in result.findings]


def test_epochs_that_start_with_the_recording_stay_where_they_are():
    result = aligned(epochs("W N1 N2 R"), span_s=120)
    assert words(result) == "W N1 N2 R"
    assert (result.alignment.shift_s, result.alignment.remainder_s) == (0, 0)
    assert result.findings == ()


def test_a_scoring_that_starts_ten_minutes_later_is_moved_by_ten_minutes():
    result = aligned(epochs("N2 N3"), start=EVENING + dt.timedelta(minutes=10))
    assert result.alignment.shift_s == 600
    assert result.hypnogram.stages[19:23] == ("UNS", "N2", "N3", "UNS")
    assert "scoring-shifted" in codes(result)


def test_a_scoring_one_epoch_off_is_moved_by_one_epoch():
    result = aligned(epochs("N2 R R"), span_s=120, start=EVENING + dt.timedelta(seconds=30))
    assert words(result) == "UNS N2 R R"


def test_a_scoring_that_starts_before_the_recording_loses_what_lies_before_it():
    result = aligned(epochs("W N1 N2"), span_s=60, start=EVENING - dt.timedelta(seconds=30))
    assert words(result) == "N1 N2"
    assert result.alignment.outside_s == 30


def test_epochs_seven_seconds_off_give_each_epoch_the_stage_that_covers_most_of_it():
    result = aligned(epochs("W N1 N2", first_s=7), span_s=120)
    assert words(result) == "W N1 N2 UNS"
    assert result.alignment.remainder_s == 7
    assert "scoring-off-grid" in codes(result)


def test_epochs_twenty_seconds_off_belong_to_the_next_epoch():
    assert words(aligned(epochs("W N1 N2", first_s=20), span_s=120)) == "UNS W N1 N2"


def test_a_scoring_with_only_a_time_of_day_is_placed_over_midnight():
    late = LocalClock(dt.datetime(2024, 3, 4, 23, 50), dt.time(23, 50))
    result = align(scoring(epochs("R"), None, start_clock=dt.time(0, 10)), late, HOUR_S)
    assert result.alignment.shift_s == 1200
    assert result.alignment.settled_by == "clock"


def test_a_scoring_without_any_clock_counts_from_the_start_and_that_is_said():
    result = aligned(epochs("N2"), start=None)
    assert result.alignment.settled_by == "start"
    assert "scoring-no-clock" in codes(result)


def test_a_scoring_of_another_night_is_refused_with_both_clocks():
    with pytest.raises(ScoringInvalid) as refused:
        aligned(epochs("W N1 N2"), start=EVENING + dt.timedelta(days=1))
    assert "2024-03-05 22:55:00" in refused.value.problem
    assert "2024-03-04 22:55:00" in refused.value.problem


def test_a_scoring_by_day_does_not_fit_a_recording_by_night():
    with pytest.raises(ScoringInvalid, match="starts at 14:00:00 and ends at 14:01:00"):
        align(scoring(epochs("W N1"), None, start_clock=dt.time(14)), clock(), HOUR_S)


def test_where_the_clock_is_changed_the_time_zone_places_the_scoring():
    # Sunday 31 March 2024, Paris: after 01:59:59 comes 03:00:00.
    from psgpipe.sleep.local_clock import local_clock

    paris = local_clock(dt.datetime(2024, 3, 31, 0, 0), dt.time(0), "Europe/Paris")
    result = align(scoring(epochs("R"), dt.datetime(2024, 3, 31, 4, 0)), paris, 8 * HOUR_S)
    assert result.alignment.shift_s == 3 * HOUR_S


# --- stages without duration


@pytest.mark.parametrize("duration_s", [None, 0.0])
def test_a_stage_without_duration_lasts_to_the_next_one(duration_s):
    changes = [(0, duration_s, "W"), (90, duration_s, "N1"), (120, duration_s, "N2")]
    result = aligned(changes, span_s=180)
    # It lists changes, so that the last stage lasts to the end of the recording.
    assert words(result) == "W W W N1 N2 N2"
    assert "the last one to the end of the recording" in result.findings[0].message


@pytest.mark.parametrize("duration_s", [None, 0.0])
def test_the_last_epoch_in_a_list_of_epochs_lasts_one_epoch(duration_s):
    every = [(30 * i, duration_s, word) for i, word in enumerate(["W", "W", "N2", "N2"])]
    assert words(aligned(every, span_s=180)) == "W W N2 N2 UNS UNS"


def test_an_epoch_that_is_not_in_a_list_of_epochs_has_no_stage():
    listed = [(o, None, s) for o, _, s in epochs("W W W N1 N2 N2 N2 N2 N2 R R R R R W W")]
    result = aligned(listed[:7] + listed[8:], span_s=16 * 30)
    assert words(result) == "W W W N1 N2 N2 N2 UNS N2 R R R R R W W"


def test_an_hour_without_stages_where_summer_time_begins_is_refused():
    night = dt.datetime(2024, 3, 31, 1, 0)
    before, behind = epochs("N2 " * 120), epochs("R " * 120, first_s=2 * HOUR_S)
    with pytest.raises(ScoringInvalid, match="no stage from 02:00:00 to 03:00:00, as in the night"):
        aligned(before + behind, span_s=4 * HOUR_S, start=night, recording=night)
    other = night + dt.timedelta(minutes=10)
    result = aligned(before + behind, span_s=4 * HOUR_S, start=other, recording=other)
    assert words(result).count("UNS") == 240


def test_changes_and_epochs_of_one_scoring_give_the_same_stages():
    runs = (("W", 10), ("N1", 6), ("N2", 40), ("N3", 30), ("N2", 14), ("R", 15), ("W", 5))
    stages = [stage for stage, n in runs for _ in range(n)]
    every = [(30 * i, None, stage) for i, stage in enumerate(stages)]
    changes = [every[0], *(b for a, b in itertools.pairwise(every) if a[2] != b[2])]
    assert aligned(every).hypnogram.stages == aligned(changes).hypnogram.stages == tuple(stages)


def test_durations_that_are_given_count_between_stages_without():
    mixed = [(0, 60, "W"), (90, None, "N2"), (150, 30, "R")]
    assert words(aligned(mixed, span_s=180)) == "W W UNS N2 N2 R"


# --- epochs of other lengths


def test_epochs_of_ten_seconds_become_the_stage_of_two_of_three():
    result = aligned(epochs("W N1 N1 N2 N2 N1", epoch_s=10), span_s=60)
    assert words(result) == "N1 N2"
    assert result.alignment.ties == ()


def test_epochs_of_twenty_seconds_share_every_third_epoch():
    assert words(aligned(epochs("W N1 N2", epoch_s=20), span_s=60)) == "W N2"


def test_an_epoch_of_sixty_seconds_is_two_epochs():
    assert words(aligned(epochs("N3 R", epoch_s=60), span_s=120)) == "N3 N3 R R"


def test_of_two_halves_the_earlier_counts_and_the_tie_is_said():
    result = aligned(epochs("N2 N1 R R", epoch_s=15), span_s=60)
    assert words(result) == "N2 R"
    assert result.alignment.ties == (0,)
    assert "scoring-ties" in codes(result)


def test_a_stage_counts_before_an_artefact_that_lasts_as_long():
    assert words(aligned(epochs("ART N1", epoch_s=15), span_s=30)) == "N1"


@pytest.mark.parametrize("epoch_s", [2.0, 120.0])
def test_epochs_shorter_than_5_s_or_longer_than_60_s_are_refused(epoch_s):
    with pytest.raises(ScoringInvalid, match=f"epochs of {epoch_s:g} s"):
        aligned(epochs("W N1", epoch_s=epoch_s), epoch_s=epoch_s)


# --- two scorers


def test_two_stages_for_one_time_are_refused_with_the_time():
    twice = [*epochs("W N1 N2"), *epochs("W N1 N3")]
    with pytest.raises(ScoringInvalid, match="two different stages at 22:56:00"):
        aligned(twice)


def test_two_scorers_who_disagree_are_named():
    by_two = [(0, 30, "N1", "AB"), (0, 30, "N2", "CD")]
    with pytest.raises(ScoringInvalid) as refused:
        aligned(by_two)
    assert "--scorer NAME, of AB, CD" in refused.value.remedy


def test_two_scorers_who_agree_are_one_scoring():
    both = [(0, None, "W", "AB"), (60, 30, "N2", "AB"), (0, 60, "W", "CD"), (60, 30, "N2", "CD")]
    assert words(aligned(both, span_s=90)) == "W W N2"


def test_times_rounded_to_the_second_are_no_contradiction():
    assert words(aligned([(0, 30.5, "W"), (30, 30, "N1")], span_s=60)) == "W N1"


def test_annotations_move_with_the_stages():
    lights = Annotation(60.0, None, "Lights off")
    later = EVENING + dt.timedelta(seconds=30)
    result = aligned(epochs("W W W"), start=later, annotations=(lights,))
    assert [a.onset_s for a in result.annotations] == [90.0]


# --- properties

STAGES = st.lists(st.sampled_from(["W", "N1", "N2", "N3", "R", "ART"]), min_size=1, max_size=200)


@given(STAGES, st.integers(-100, 100))
def test_a_shift_by_whole_epochs_moves_every_stage_and_changes_none(stages, n_epochs):
    start = EVENING + dt.timedelta(seconds=30 * n_epochs)
    own = epochs(" ".join(stages))
    if len(stages) + n_epochs <= 0 or n_epochs >= 400:
        with pytest.raises(ScoringInvalid):
            aligned(own, 12000, start)
        return
    seen = aligned(own, 12000, start).hypnogram.stages
    wanted = ["UNS"] * max(n_epochs, 0) + stages[max(-n_epochs, 0) :]
    assert list(seen) == (wanted + ["UNS"] * 400)[:400]


@given(STAGES, st.floats(0.01, 14.9), st.sampled_from([-1, 1]))
def test_a_shift_by_less_than_half_an_epoch_changes_no_stage(stages, seconds, sign):
    start = EVENING + dt.timedelta(seconds=sign * seconds)
    seen = aligned(epochs(" ".join(stages)), 30.0 * len(stages), start).hypnogram.stages
    assert list(seen) == stages


@given(STAGES, st.sampled_from([5, 6, 7.5, 10, 15, 30]))
def test_stages_that_last_whole_epochs_are_the_same_in_epochs_of_any_length(stages, epoch_s):
    parts = int(30 / epoch_s)
    short = epochs(" ".join(word for word in stages for _ in range(parts)), epoch_s=epoch_s)
    assert list(aligned(short, 30.0 * len(stages)).hypnogram.stages) == stages


@given(st.lists(st.tuples(st.sampled_from(["W", "N2", "R"]), st.integers(1, 600)), min_size=1))
def test_each_epoch_has_the_stage_of_most_of_its_seconds(runs):
    seconds = [stage for stage, n in runs for _ in range(n)]
    onsets = [sum(n for _, n in runs[:i]) for i in range(len(runs))]
    stages = [(o, n, stage) for o, (stage, n) in zip(onsets, runs, strict=True)]
    result = aligned(stages, float(len(seconds)))
    for epoch, stage in enumerate(result.hypnogram.stages):
        own = seconds[30 * epoch : 30 * epoch + 30]
        own += ["UNS"] * (30 - len(own))
        assert own.count(stage) == max(own.count(word) for word in {*own})
        assert stage in SleepStage


def test_a_stage_counts_where_another_annotation_says_that_it_is_unknown():
    assert words(aligned([(0, 90, "UNS"), (30, 30, "N2")], span_s=90)) == "UNS N2 UNS"


def test_a_short_artefact_within_a_stage_is_no_contradiction():
    assert words(aligned([(0, 60, "N2"), (40, 5, "ART")], span_s=60)) == "N2 N2"
    with pytest.raises(ScoringInvalid, match="two different stages"):
        aligned([(0, 60, "N2"), (30, 30, "ART")], span_s=60)


def test_a_change_from_stage_3_to_stage_4_is_a_change_although_both_are_n3():
    given = [(0, None, "W"), (60, None, "N3"), (120, None, "N3")]
    texts = ["Sleep stage W", "Sleep stage 3", "Sleep stage 4"]
    own = scoring(given)
    stages = [replace(s, text=t) for s, t in zip(own.stages, texts, strict=True)]
    result = align(replace(own, stages=tuple(stages)), clock(), 240)
    assert words(result) == "W W N3 N3 N3 N3 N3 N3"


def test_clocks_that_differ_by_a_fraction_of_a_second_agree():
    result = aligned(epochs("W N2"), start=EVENING + dt.timedelta(seconds=0.25), span_s=60)
    assert words(result) == "W N2"
    assert result.findings == ()


def test_without_a_clock_of_its_own_a_contradiction_is_shown_on_the_recordings_clock():
    twice = [*epochs("W N1"), *epochs("W N2")]
    with pytest.raises(ScoringInvalid, match="two different stages at 22:55:30"):
        aligned(twice, start=None)


def test_a_stage_of_years_is_refused_before_it_needs_memory():
    with pytest.raises(ScoringInvalid, match="lasts 11574 days"):
        on_own_clock(scoring([(0, 1e9, "W")]))
