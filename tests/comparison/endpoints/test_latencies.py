"""Latencies of nights without sleep, without persistent sleep, and without REM."""

import math

import pytest

from psgpipe.comparison.compare import compare
from psgpipe.comparison.endpoints.latencies import latency_or_censored
from psgpipe.comparison.words.primary_sentence import primary_sentence
from psgpipe.model.comparison.measured_night import MeasuredNight
from tests.comparison.night_tables import night, nights_tsv


def contrast(comparison, endpoint):
    return next(c for c in comparison.contrasts if c.endpoint == endpoint)


def insomnia(never, n=12, **of_all):
    """`n` subjects who need 20 min and under treatment 30; `never` never sleep persistently."""
    rows = []
    for s in range(n):
        slept = s >= never
        rows += [
            night(f"S{s:02}", 0, "baseline", lps_min=20 + s, tst_min=400, **of_all),
            night(f"S{s:02}", 1, "treatment", lps_min=30 + s if slept else "",
                  tst_min=380 if slept else 8, **of_all),
        ]  # fmt: skip
    return rows


def test_subjects_who_never_sleep_ten_minutes_under_treatment_are_not_dropped(tmp_path):
    # All twelve are later: of 2^12 patterns of signs only two are as extreme.
    comparison = compare(nights_tsv(tmp_path / "n.tsv", insomnia(5)))
    c = contrast(comparison, "lps_min")
    assert (c.n_subjects, c.n_treatment_nights) == (12, 12)
    assert c.p_sign_flip == 2 / 2**12
    assert c.finding == "later under treatment"
    assert c.difference is None
    assert "5 of 24 nights have no 10 min of unbroken sleep" in c.note
    assert not any("lps_min" in w for w in comparison.warnings)


def test_an_endpoint_that_no_night_reaches_is_called_so(tmp_path):
    rows = [row | {"lps_min": "", "tst_min": 8} for row in insomnia(0)]
    rows = [row | {"psgpipe": "0.1", "wake_min": 400} for row in rows]
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert contrast(comparison, "lps_min").note == (
        "no night has 10 min of unbroken sleep, so there is nothing to compare"
    )


def test_an_endpoint_that_few_nights_reach_has_no_change_in_minutes(tmp_path):
    comparison = compare(nights_tsv(tmp_path / "n.tsv", insomnia(10)))
    c = contrast(comparison, "lps_min")
    assert c.hodges_lehmann is None
    assert "too few nights reached it for a change in minutes; 10 of 24 nights have no" in c.note


def test_a_blank_of_another_tool_is_only_missing_where_the_subject_slept_and_that_is_told(tmp_path):
    rows = insomnia(5)
    for row in rows:
        row["tst_min"] = 200
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert contrast(comparison, "lps_min").n_subjects == 7
    (warning,) = (w for w in comparison.warnings if "lps_min" in w)
    assert "blank in 5 analysed nights" in warning


def test_a_blank_of_psgpipe_is_a_night_without_persistent_sleep_however_long_the_sleep(tmp_path):
    rows = insomnia(5, psgpipe="0.1", wake_min=100)
    for row in rows:
        row["tst_min"] = 200
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert contrast(comparison, "lps_min").n_subjects == 12
    assert not any("lps_min" in w for w in comparison.warnings)


@pytest.mark.parametrize("latency", ["sol_min", "lps_min", "rem_latency_min",
                                     "rem_latency_from_lights_off_min"])  # fmt: skip
@pytest.mark.parametrize("shown_by", [{"tst_min": 0}, {"se_pct": 0}])
def test_a_sleepless_night_has_every_latency_longer_than_the_night(tmp_path, latency, shown_by):
    rows = []
    for s in range(6):
        rows += [night(f"S{s}", 0, "baseline", **{latency: 20 + s}, **dict.fromkeys(shown_by, 80)),
                 night(f"S{s}", 1, "treatment", **shown_by)]  # fmt: skip
    c = contrast(compare(nights_tsv(tmp_path / "n.tsv", rows)), latency)
    assert c.n_subjects == 6
    assert c.finding == "later under treatment"
    assert "6 of 12 nights have no" in c.note


def test_a_night_that_nobody_could_score_is_not_a_sleepless_one(tmp_path):
    rows = insomnia(3, tib_min=480, unscored_min=0)
    for row in rows:
        if row["lps_min"] == "":
            row |= {"tst_min": 0, "unscored_min": 480}
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert contrast(comparison, "lps_min").n_subjects == 9
    assert "blank in 3 analysed nights" in " ".join(comparison.warnings)


def test_a_night_that_psgpipe_withholds_has_no_latency(tmp_path):
    # Soon after an anaesthetic dose psgpipe writes the time in bed alone.
    rows = insomnia(3, psgpipe="0.1", wake_min=60)
    for row in rows:
        if row["lps_min"] == "":
            row |= {"tst_min": "", "wake_min": "", "tib_min": 480}
    comparison = compare(nights_tsv(tmp_path / "n.tsv", rows))
    assert contrast(comparison, "lps_min").n_subjects == 9


def test_a_latency_of_a_night_without_its_event_is_told(tmp_path):
    rows = insomnia(0)
    rows[1] |= {"tst_min": 3}
    warnings = " ".join(compare(nights_tsv(tmp_path / "n.tsv", rows)).warnings)
    assert "lps_min has a number in 1 analysed night without 10 min of unbroken sleep" in warnings


def test_the_change_of_one_subject_without_sleep_says_why_it_has_no_mean(tmp_path):
    comparison = compare(nights_tsv(tmp_path / "n.tsv", insomnia(1)))
    change = next(s for s in comparison.subjects if (s.subject, s.endpoint) == ("S00", "lps_min"))
    assert change.difference is None
    assert "a night without 10 min of unbroken sleep" in change.note


def test_the_sentence_on_a_latency_that_most_never_reached(tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text('primary = "lps_min"\n', encoding="utf-8")
    comparison = compare(nights_tsv(tmp_path / "n.tsv", insomnia(8)), spec)
    sentence = primary_sentence(comparison)
    assert sentence.startswith("The onset of persistent sleep (lps_min) was later under treatment")
    assert "too many nights never reached it" in sentence


def test_a_night_of_an_earlier_psgpipe_does_not_lack_rem_after_persistent_sleep():
    values = {"tst_min": 400.0, "wake_min": 60.0, "rem_min": 80.0, "rem_latency_from_lps_min": None}
    earlier = MeasuredNight("S1", "n1", "baseline", values, by_psgpipe=True)
    assert latency_or_censored(earlier, "rem_latency_from_lps_min") is None
    later = MeasuredNight("S1", "n1", "baseline", {**values, "tst_q1_min": 90.0}, by_psgpipe=True)
    assert latency_or_censored(later, "rem_latency_from_lps_min") == math.inf
