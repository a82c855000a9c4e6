"""Scorings of Luna and in JSON, written here as the rules of the formats say."""

import datetime as dt
import json

import pytest

from psgpipe.errors import ScoringInvalid
from psgpipe.scorings.mapping import read_mapping
from psgpipe.scorings.read import read_scoring

HEADER = "class\tinstance\tchannel\tstart\tstop\tmeta\n"


def write(folder, text, name):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def seen(scoring):
    return [(s.onset_s, s.duration_s, str(s.stage)) for s in scoring.stages]


def annot(folder, *rows, header=HEADER):
    return write(folder, header + "".join("\t".join(row) + "\n" for row in rows), "night.annot")


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        ("120", "150"), ("120", "+30"), ("0+00:02:00", "0+00:02:30"), ("0+00:02:00", "+30"),
        ("e:5", "."), ("e:5", "e:5"), ("e:30:5", "."),
    ],
)  # fmt: skip
def test_every_way_of_luna_to_write_seconds_is_the_same_time(tmp_path, start, stop):
    scoring = read_scoring(annot(tmp_path, ("N2", ".", ".", start, stop, ".")))
    assert (scoring.format, seen(scoring)) == ("luna-annot", [(120, 30, "N2")])


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        ("21:25:23", "21:25:53"), ("9:25:23pm", "9:25:53pm"), ("9:25:23 pm", "9:25:53 pm"),
        ("21:25:23", "+30"),
    ],
)  # fmt: skip
def test_every_way_of_luna_to_write_a_time_of_day_is_the_same_time(tmp_path, start, stop):
    scoring = read_scoring(annot(tmp_path, ("N2", ".", ".", start, stop, ".")))
    assert seen(scoring) == [(0, 30, "N2")]
    assert scoring.start_clock == dt.time(21, 25, 23)


def test_luna_writes_the_day_before_the_month(tmp_path):
    scoring = read_scoring(annot(tmp_path, ("R", ".", ".", "03-04-16-21:25:23", "+30", ".")))
    assert scoring.start == dt.datetime(2016, 4, 3, 21, 25, 23)


def test_a_stage_of_luna_that_ends_with_dots_lasts_to_the_next_line(tmp_path):
    path = annot(tmp_path, ("W", ".", ".", "0", "...", "."), ("N1", ".", ".", "90", "...", "."))
    assert seen(read_scoring(path)) == [(0, 90, "W"), (90, None, "N1")]
    path = annot(tmp_path, ("W", ".", ".", "0", "...", "."), ("up", ".", ".", "60", "+30", "."))
    assert seen(read_scoring(path)) == [(0, 60, "W")]


def test_an_epoch_of_movement_is_an_artefact_and_a_short_movement_is_an_event(tmp_path):
    path = annot(
        tmp_path,
        ("W", ".", ".", "0", "30", "."),
        ("M", ".", ".", "12", "15.5", "."),
        ("M", ".", ".", "30", "60", "."),
        ("N2", ".", ".", "60", "90", "."),
    )
    scoring = read_scoring(path)
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "ART"), (60, 30, "N2")]
    assert [(a.onset_s, a.duration_s) for a in scoring.annotations] == [(12, 3.5)]


def test_other_classes_of_luna_are_annotations(tmp_path):
    path = annot(
        tmp_path,
        ("W", ".", ".", "0", "30", "."), ("arousal", ".", "C3", "12", "15", "."),
        ("?", ".", ".", "30", "60", "."), ("L", ".", ".", "60", "90", "."),
    )  # fmt: skip
    scoring = read_scoring(path)
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "UNS")]
    assert [a.text for a in scoring.annotations] == ["arousal", "Lights on"]


def test_epochs_with_lights_on_of_luna_tell_lights_off_and_on(tmp_path):
    path = write(tmp_path, "L\nL\nW\nN1\nR\nL\n", "night.eannot")
    scoring = read_scoring(path)
    assert [(o, s) for o, _, s in seen(scoring)] == [(60, "W"), (90, "N1"), (120, "R")]
    assert [(a.onset_s, a.text) for a in scoring.annotations] == [
        (60, "Lights off"),
        (150, "Lights on"),
    ]


def test_four_columns_of_luna_without_a_header_are_read_by_the_ending_of_the_file(tmp_path):
    path = annot(tmp_path, ("# a comment",), ("N3", ".", "0", "30"), header="")
    scoring = read_scoring(path)
    assert scoring.recognised_by == "its name ends in .annot"
    assert seen(scoring) == [(0, 30, "N3")]


@pytest.mark.parametrize(
    "row", [("N2", ".", ".", "later", "30", "."), ("N2", ".", ".", "60", "30", ".")]
)
def test_a_line_of_luna_without_a_time_is_refused_with_its_number(tmp_path, row):
    with pytest.raises(ScoringInvalid, match="line 3"):
        read_scoring(annot(tmp_path, ("W", ".", ".", "0", "30", "."), row))


def test_a_file_of_luna_with_a_header_alone_names_no_stage(tmp_path):
    with pytest.raises(ScoringInvalid, match="nothing in it names a sleep stage"):
        read_scoring(annot(tmp_path))


def test_epoch_annotations_of_luna_are_one_stage_a_line(tmp_path):
    scoring = read_scoring(write(tmp_path, "W\nN1\nN2\n?\nR\n", "night.eannot"))
    assert (scoring.format, [s for *_, s in seen(scoring)]) == (
        "luna-eannot",
        ["W", "N1", "N2", "UNS", "R"],
    )


# --- JSON

YASA = {
    "values": ["WAKE", "N1", "N2", "N3", "REM", "ART", "UNS"],
    "n_stages": 5,
    "freq": "30s",
    "start": "2022-12-15T22:30:00+01:00",
    "scorer": "AB",
    "proba": None,
    "tz": "Europe/Paris",
}


def test_a_hypnogram_of_yasa_is_read_with_its_start_and_scorer(tmp_path):
    scoring = read_scoring(write(tmp_path, json.dumps(YASA, indent=2), "hypno.json"))
    assert scoring.format == "yasa-json"
    assert [s for *_, s in seen(scoring)] == ["W", "N1", "N2", "N3", "R", "ART", "UNS"]
    assert (scoring.start, scoring.scorers) == (dt.datetime(2022, 12, 15, 22, 30), ("AB",))


@pytest.mark.parametrize(
    ("freq", "epoch_s"), [("10s", 10), ("1min", 60), ("30S", 30), ("15 s", 15)]
)
def test_the_epochs_of_yasa_have_their_own_length(tmp_path, freq, epoch_s):
    scoring = read_scoring(write(tmp_path, json.dumps(YASA | {"freq": freq}), "hypno.json"))
    assert (scoring.epoch_s, seen(scoring)[1][0]) == (epoch_s, epoch_s)


def test_the_file_that_yasa_writes_is_read(tmp_path):
    yasa = pytest.importorskip("yasa")
    stages = ["W", "N1", "N2", "N3", "R", "ART", "UNS"]
    file = tmp_path / "hypno.json"
    yasa.Hypnogram(stages, n_stages=5, freq="30s", start="2022-12-15 22:30:00").to_json(file)
    scoring = read_scoring(file)
    assert [s for *_, s in seen(scoring)] == stages
    assert scoring.start == dt.datetime(2022, 12, 15, 22, 30)


def test_light_and_deep_sleep_of_yasa_are_refused(tmp_path):
    four = YASA | {"values": ["WAKE", "LIGHT", "DEEP"], "n_stages": 4}
    with pytest.raises(ScoringInvalid, match="does not have five stages"):
        read_scoring(write(tmp_path, json.dumps(four), "hypno.json"))


def test_a_list_of_numbers_in_json_asks_for_their_meaning(tmp_path):
    path = write(tmp_path, json.dumps([-1, 0, 1, 2, 3, 4]), "dreem.json")
    with pytest.raises(ScoringInvalid) as refused:
        read_scoring(path)
    assert "--scoring-map aasm" in refused.value.remedy
    scoring = read_scoring(path, mapping=read_mapping("aasm"))
    assert [s for *_, s in seen(scoring)] == ["ART", "W", "N1", "N2", "N3", "R"]


def test_an_object_with_a_hypnogram_in_words_is_read(tmp_path):
    content = {"hypnogram": ["WAKE", "N1", "REM"], "epoch_length": 20}
    scoring = read_scoring(write(tmp_path, json.dumps(content), "night.json"))
    assert seen(scoring) == [(0, 20, "W"), (20, 20, "N1"), (40, 20, "R")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"values": ["WAKE", ', "damaged JSON"),
        ('{"values": [], "n_stages": 5, "freq": "30s"}', "no list of stages"),
        ('["W", {"a": 1}]', "entry 2 is no stage"),
        ('["W", "Nap"]', "line 2"),
        ("[" * 100_000, "nested too deeply|damaged"),
        ("[" + "1" * 5000 + "]", "no stage|a sleep stage"),
    ],
)
def test_a_damaged_json_is_refused(tmp_path, text, said):
    with pytest.raises(ScoringInvalid, match=said):
        read_scoring(write(tmp_path, text, "hypno.json"))


def test_entries_of_a_json_list_with_times_of_their_own_are_not_taken_for_epochs(tmp_path):
    runs = [{"start": 0, "end": 300, "stage": "W"}, {"start": 300, "end": 330, "stage": "N1"}]
    with pytest.raises(ScoringInvalid, match="entry 1 of its list has a time of its own"):
        read_scoring(write(tmp_path, json.dumps(runs), "runs.json"))
    epochs = [{"onset": 0.0, "duration": 30, "stage": "W"}, {"onset": 30.0, "stage": "N1"}]
    scoring = read_scoring(write(tmp_path, json.dumps(epochs), "epochs.json"))
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "N1")]


def test_the_start_of_a_json_list_may_be_a_time_of_day(tmp_path):
    content = {"hypnogram": ["W", "N1", "R"], "start_time": "23:55:00"}
    scoring = read_scoring(write(tmp_path, json.dumps(content), "night.json"))
    assert (scoring.start, scoring.start_clock) == (None, dt.time(23, 55))
