"""Lights off and lights on by the annotations of a recording, and what is doubtful about them."""

import datetime as dt

import pytest

import psgpipe
from psgpipe.model.header import Annotation, Header
from psgpipe.model.night import Night
from psgpipe.montage.label_table import parse_label_table
from psgpipe.night.lights_events import lights_events
from tests.recordings import write_night

HOUR_S = 3600.0


def lights(*events, start="22:00", given=None, table=None):
    """Of an eight-hour night; an event is (hours after the start, text[, duration in hours])."""
    clock = dt.time.fromisoformat(start) if start else None
    header = Header("n.edf", "EDF+C", None, clock, 8 * HOUR_S, 8 * HOUR_S, ())
    annotations = [
        Annotation(at * HOUR_S, duration[0] * HOUR_S if duration else None, text)
        for at, text, *duration in events
    ]
    return lights_events(annotations, header, given or Night("S1", "1"), table)


def hours(seconds):
    return [s / HOUR_S for s in seconds]


def codes(result):
    return [finding.code for finding in result.findings]


def test_lights_off_and_on_are_taken_from_their_onsets():
    night = lights((0.5, "*Lights Out*"), (7.5, "Lights on"), (3, "Arousal"))
    assert (hours(night.off_s), hours(night.on_s)) == ([0.5], [7.5])
    assert night.findings == ()


def test_a_near_miss_is_a_finding_with_its_time_and_without_its_text():
    (finding,) = lights((0.5, "Mrs Zebrowski wants the lights off")).findings
    assert finding.code == "lights-unread"
    assert finding.message == (
        "the annotation at 22:30:00 may say lights off and psgpipe did not read it: list its text "
        "under [lights] of a label table (off, on or ignore), or give the time with the night"
    )


def test_near_misses_of_one_kind_are_one_finding():
    night = lights(*((n / 10, "lights off soon") for n in range(1, 6)), start=None)
    (finding,) = night.findings
    assert "5 annotations at 6.0 min after the start, 12.0 min after the start" in finding.message
    assert "and 2 more may say lights off" in finding.message


def test_a_near_miss_does_not_matter_where_the_time_is_given():
    given = Night("S1", "1", lights_off="22:31", lights_on="05:00")
    assert lights((0.5, "lights off soon"), given=given).findings == ()
    given = Night("S1", "1", lights_on="05:00")
    assert codes(lights((0.5, "lights off soon"), given=given)) == ["lights-unread"]
    assert codes(lights((0.5, "lights off 23:00"), given=given)) == ["lights-clock-differs"]


def test_a_remark_beside_lights_off_itself_is_no_near_miss():
    night = lights((0.5, "Lights off"), (0.505, "lights off, patient supine"), (7, "lights on"))
    assert night.findings == ()


def test_a_faint_word_matters_only_where_a_time_is_unknown():
    both = [(0.5, "Lights off"), (7, "Lights on")]
    assert codes(lights((0.4, "lights dimmed"), *both)) == []
    assert codes(lights((0.4, "lights dimmed"), both[1])) == ["lights-unread"]


def test_a_near_miss_matters_although_lights_off_was_annotated():
    night = lights((0.5, "Lights off"), (4, "Lights on"), (4.1, "lights off again after toilet"))
    assert codes(night) == ["lights-unread"]


def test_the_end_of_a_long_lights_off_is_lights_on():
    night = lights((0.5, "Lights off", 7))
    assert (hours(night.off_s), hours(night.on_s)) == ([0.5], [7.5])
    assert [f.message for f in night.findings] == [
        "the lights-off annotation lasts from 22:30:00 to 05:30:00; its end is used as lights on"
    ]


def test_two_long_lights_off_have_two_ends():
    night = lights((0.5, "Lights off", 3), (3.6, "Lights off", 3.9))
    assert hours(night.on_s) == [3.5, 7.5]


def test_a_lights_on_annotation_goes_before_the_end_of_a_duration():
    night = lights((0.5, "Lights off", 7), (7.5, "Lights on"))
    assert (hours(night.on_s), codes(night)) == ([7.5], [])
    night = lights((0.5, "Lights off", 6), (7.5, "Lights on"))
    assert hours(night.on_s) == [7.5]
    assert night.findings[0].message.endswith(
        "another annotation says lights on at 05:30:00, which is used"
    )


@pytest.mark.parametrize(
    "events",
    [
        [(0.5, "Lights off", 30 / 3600)],
        [(0.5, "Lights off", 7.5)],
        [(0.5, "Lights off", 9)],
        [(0.5, "Lights off", 1), (1.5, "Supine", 2)],
    ],
    ids=["an epoch", "to the end", "beyond the end", "until the next annotation"],
)
def test_a_duration_that_says_nothing_about_lights_on(events):
    night = lights(*events)
    assert (night.on_s, codes(night)) == ([], [])


def test_the_end_of_lights_on_at_the_start_is_lights_off():
    night = lights((0, "Lights on", 0.5))
    assert (hours(night.off_s), night.on_s) == ([0.5], [])
    assert codes(night) == ["lights-duration"]


def test_a_long_lights_on_in_the_morning_is_no_lights_off():
    night = lights((7, "Lights on", 0.5))
    assert (night.off_s, hours(night.on_s), codes(night)) == ([], [7], [])


@pytest.mark.parametrize(
    ("text", "is_used"),
    [
        ("Lights off 22:30", True), ("Lights off 22:31:30", True), ("Lights off 10:30", True),
        ("Lights off 10:30 pm", True), ("Lights off 22:15", False), ("Lights off 10:30 am", False),
        ("22:45 Lights off", False),
    ],
)  # fmt: skip
def test_a_clock_time_in_the_text_must_be_that_of_the_annotation(text, is_used):
    night = lights((0.5, text))
    assert night.off_s == ([0.5 * HOUR_S] if is_used else [])
    assert codes(night) == ([] if is_used else ["lights-clock-differs"])


def test_the_message_gives_both_clock_times():
    (finding,) = lights((0, "Lights Off: 22:41")).findings
    assert finding.message == (
        "the annotation at 22:00:00 says lights off at 22:41: psgpipe did not use it; give the "
        "time with the night"
    )


def test_a_clock_time_over_midnight_and_one_without_a_clock_to_compare():
    assert lights((2.5, "Lights off 00:30")).off_s == [2.5 * HOUR_S]
    assert lights((0.5, "Lights off 23:59"), start=None).off_s == [0.5 * HOUR_S]


def test_an_annotation_outside_the_recording_says_nothing():
    night = lights((-0.1, "Lights off"), (9, "lights off soon"))
    assert night == ([], [], ())


def test_a_label_table_settles_a_near_miss():
    table = parse_label_table('[lights]\noff = ["bedroom dark"]\nignore = ["red light on"]', "ours")
    night = lights((0.5, "Bedroom dark!"), (1, "red light on"), (7, "Lights on"), table=table)
    assert (hours(night.off_s), codes(night)) == ([0.5], [])


def test_a_run_names_the_annotation_that_it_did_not_read(tmp_path):
    events = [(60.0, "Ana Zebrowski wants the lights off"), (570.0, "Lights on")]
    path = write_night(tmp_path / "n.edf", ["EEG C4-M1"], annotations=events)
    night = psgpipe.run_night(path, "eeg-only")
    assert night.lights.source == "recording/annotation"
    said = [w for w in night.provenance["warnings"] if w.startswith("lights-unread: ")]
    assert len(said) == 1
    assert "at 22:01:00 may say lights off" in said[0]
    assert "Zebrowski" not in said[0]
