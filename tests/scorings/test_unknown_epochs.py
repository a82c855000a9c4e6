"""Texts that may be stages and that psgpipe does not know: they are said or refused."""

import pytest

from psgpipe.errors import ScoringInvalid
from psgpipe.scorings.hypnogram import read_scoring as read_hypnogram
from psgpipe.scorings.mapping import read_mapping
from psgpipe.scorings.read import read_scoring
from psgpipe.scorings.stage_words import may_name_stage, stage_word
from tests.scorings.scoring_files import edf_scoring


def write(tmp_path, notes):
    path = tmp_path / "night.edf"
    path.write_bytes(edf_scoring(notes))
    return path


def stages(path):
    return [stage.value for stage in read_hypnogram(path).stages]


def every_30_s(words, duration_s=None):
    return [(30 * i, duration_s, word) for i, word in enumerate(words)]


MANY = [("Stade 2", "Stade R")[i % 2] for i in range(40)]


@pytest.mark.parametrize("unknown", ["SP", "Sleep stage 5", "Sommeil léger", "Stage 2 (drowsy)"])
def test_the_stage_before_an_unknown_one_does_not_last_over_it(tmp_path, unknown):
    path = write(tmp_path, every_30_s(["Stade 3", unknown, *MANY]))
    assert stages(path)[:3] == ["N3", "UNS", "N2"]
    assert "scoring-unknown-epochs" in [f.code for f in read_scoring(path).findings]


def test_a_list_of_changes_with_many_unknown_stages_is_refused(tmp_path):
    path = write(tmp_path, every_30_s(["Veille", "S1", "S2", "SP", "SP", "S2"]))
    with pytest.raises(ScoringInvalid, match="2 events without duration") as refused:
        read_scoring(path)
    assert "the first at 90 s" in refused.value.problem
    assert "--scoring-map" in refused.value.remedy
    named = read_scoring(path, mapping=read_mapping("SP=R"))
    assert [s.stage.value for s in named.stages] == ["W", "N1", "N2", "R", "R", "N2"]


def test_sleep_without_its_stage_is_not_the_wake_before_it(tmp_path):
    with pytest.raises(ScoringInvalid):
        read_scoring(write(tmp_path, every_30_s(["Wake", "Sleep", "Wake"])))


def test_a_word_of_another_language_is_noticed_by_its_times(tmp_path):
    foreign = [(30 * i, None, "Sen płytki") for i in (1, 3, 5)]
    known = [(30 * i, None, "Sleep stage W") for i in (0, 2, 4, 6)]
    with pytest.raises(ScoringInvalid, match="3 events without duration"):
        read_scoring(write(tmp_path, foreign + known))


@pytest.mark.parametrize("event", ["Arousal", "Stage shift", "REM latency", "Movement", "Snore"])
def test_an_event_without_duration_changes_no_stage(tmp_path, event):
    notes = [*every_30_s(["Stade W", *MANY]), *((7.3 + 41 * i, None, event) for i in range(9))]
    scoring = read_scoring(write(tmp_path, notes))
    assert len(scoring.stages) == 41
    assert [f.code for f in scoring.findings] == []


def test_an_event_in_every_epoch_beside_its_stage_changes_no_stage(tmp_path):
    notes = [*every_30_s(["Stade W", *MANY]), *every_30_s(["Supine"] * 41)]
    assert len(read_scoring(write(tmp_path, notes)).stages) == 41


def test_an_unknown_stage_of_several_epochs_is_noticed(tmp_path):
    notes = [(0, 120, "Stage W"), (120, 90, "Schlaf tief"), (210, 30, "Stage 2")]
    with pytest.raises(ScoringInvalid, match="1 event of 90 s"):
        read_scoring(write(tmp_path, notes))


@pytest.mark.parametrize(
    "words",
    [["Vigilia", "Fase 1", "Fase 2", "Fase 2"], ["Sen 1", "Sen 2", "Sen 2", "REM", "REM"]],
)
def test_unknown_stages_at_the_begin_or_end_are_noticed(tmp_path, words):
    notes = every_30_s(words, 30)
    with pytest.raises(ScoringInvalid, match="3 events of 30 s"):
        read_scoring(write(tmp_path, notes))


def test_a_pause_that_fills_the_time_between_two_stages_is_one_event_of_many(tmp_path):
    before = [(30 * i, 30, "Stage W") for i in range(20)]
    after = [(3600 + 30 * i, 30, "Stage 2") for i in range(20)]
    scoring = read_scoring(write(tmp_path, [*before, (600, 3000, "Pause"), *after]))
    assert len(scoring.stages) == 40
    assert "1 event of 3000 s" in scoring.findings[0].message


def test_calibrations_of_30_s_before_the_stages_are_no_stages(tmp_path):
    notes = [(0, 30, "Eyes open"), (20, 30, "Blink"), (60, 30, "Stage W"), (90, 30, "Stage 2")]
    scoring = read_scoring(write(tmp_path, notes))
    assert (len(scoring.stages), scoring.findings) == (2, ())


@pytest.mark.parametrize(
    ("text", "stage"),
    [("N1 (NREM 1)", "N1"), ("W - Wake", "W"), ("N2 - NREM", "N2"), ("REM (R)", "R")],
)
def test_a_text_that_says_its_stage_twice_names_it(tmp_path, text, stage):
    assert stage_word(text).stage.value == stage
    scoring = read_scoring(write(tmp_path, every_30_s([text, "Stage 2", text])))
    assert [s.stage.value for s in scoring.stages] == [stage, "N2", stage]
    assert scoring.scorers == ()


@pytest.mark.parametrize("text", ["N1/N2", "Stage W/N1", "REM/NREM", "N2 (arousal)", "W: AB"])
def test_a_text_of_two_stages_or_of_one_and_more_names_none(text):
    assert stage_word(text) is None
    assert may_name_stage(text)
