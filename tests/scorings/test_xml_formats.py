"""Scorings in XML, written here as the rules of the formats say; entities are never followed."""

import datetime as dt

import pytest

from psgpipe.errors import ScoringInvalid
from psgpipe.scorings.read import read_scoring


def write(folder, text, name="scoring.xml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def seen(scoring):
    return [(s.onset_s, s.duration_s, str(s.stage)) for s in scoring.stages]


def nsrr(*events, epoch_length="30"):
    rows = "".join(
        f"<ScoredEvent><EventConcept>{concept}</EventConcept><Start>{start}</Start>"
        f"<Duration>{duration}</Duration>{more}</ScoredEvent>"
        for concept, start, duration, more in (
            (*event, "") if len(event) == 3 else event for event in events
        )
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<PSGAnnotation>'
        f"<SoftwareVersion>Compumedics</SoftwareVersion><EpochLength>{epoch_length}</EpochLength>"
        f"<ScoredEvents>{rows}</ScoredEvents></PSGAnnotation>"
    )


def test_nsrr_stages_are_read_with_their_runs_and_the_clock_of_the_recording(tmp_path):
    text = nsrr(
        ("Recording Start Time", 0, 600, "<ClockTime>03.04.13 20.59.46</ClockTime>"),
        ("Wake|0", 0, 60.0),
        ("Stage 1 sleep|1", 60.0, 30.0),
        ("Arousal|Arousal ()", 75.2, 5.1),
        ("Stage 4 sleep|4", 90, 30),
        ("REM sleep|5", 120, 30),
        ("Movement|6", 150, 30),
        ("Unscored|9", 180, 30),
    )
    scoring = read_scoring(write(tmp_path, text))
    assert (scoring.format, scoring.epoch_s) == ("nsrr-xml", 30)
    assert seen(scoring) == [
        (0, 60, "W"), (60, 30, "N1"), (90, 30, "N3"), (120, 30, "R"), (150, 30, "ART"),
        (180, 30, "UNS"),
    ]  # fmt: skip
    assert scoring.start == dt.datetime(2013, 4, 3, 20, 59, 46)
    assert [a.text for a in scoring.annotations] == ["Recording Start Time", "Arousal"]


@pytest.mark.parametrize("clock", ["00.00.00 20.59.46", "01.01.1985 20:59:46"])
def test_a_removed_date_leaves_the_time_of_day(tmp_path, clock):
    text = nsrr(
        ("Recording Start Time", 0, 60, f"<ClockTime>{clock}</ClockTime>"), ("Wake|0", 0, 60)
    )
    scoring = read_scoring(write(tmp_path, text))
    assert (scoring.start, scoring.start_clock) == (None, dt.time(20, 59, 46))


def test_sro_names_are_stages_and_an_eye_movement_of_seconds_is_none(tmp_path):
    text = nsrr(
        ("SRO:Wake", 0, 30),
        ("SRO:RapidEyeMovement", 12, 1.4),
        ("SRO:Stage2Sleep", 30, 30),
        ("SRO:RapidEyeMovement", 60, 30),
        ("SRO:SignalArtifact", 61, 10),
        epoch_length="",
    )
    assert seen(read_scoring(write(tmp_path, text))) == [
        (0, 30, "W"),
        (30, 30, "N2"),
        (60, 30, "R"),
    ]


def test_stages_without_times_follow_one_another_and_that_is_said(tmp_path):
    text = nsrr(
        ("Recording Start Time", 0, 900, "<ClockTime>26.01.10 21.29.59</ClockTime>"),
        ("SRO:Wake", "", 30.0), ("SRO:LightsOn", "", 5.2), ("SRO:Stage3Sleep", "", 30.0),
    )  # fmt: skip
    scoring = read_scoring(write(tmp_path, text))
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "N3")]
    assert [(f.code, f.affects) for f in scoring.findings] == [("scoring-without-times", "numbers")]
    assert (scoring.start, scoring.start_clock) == (None, None)  # where they lie is not known


def test_some_stages_without_times_are_refused(tmp_path):
    text = nsrr(("SRO:Wake", 0, 30.0), ("SRO:Stage3Sleep", "", 30.0))
    with pytest.raises(ScoringInvalid, match="1 of 2 stages have no start time"):
        read_scoring(write(tmp_path, text))


def profusion(stages, epoch_length="30"):
    return (
        '<?xml version="1.0"?>\n<CMPStudyConfig>'
        f"<EpochLength>{epoch_length}</EpochLength><ScoredEvents><ScoredEvent><Name>Hypopnea</Name>"
        "<Start>35.5</Start><Duration>12</Duration></ScoredEvent></ScoredEvents><SleepStages>"
        + "".join(f"<SleepStage>{stage}</SleepStage>" for stage in stages)
        + "</SleepStages></CMPStudyConfig>"
    )


def test_profusion_numbers_are_stages_of_rechtschaffen_and_kales(tmp_path):
    scoring = read_scoring(
        write(tmp_path, profusion("0123456 9".replace(" ", "")), "night.edf.XML")
    )
    assert scoring.format == "profusion-xml"
    assert [s for *_, s in seen(scoring)] == ["W", "N1", "N2", "N3", "N3", "R", "ART", "UNS"]
    assert seen(scoring)[1][:2] == (30, 30)
    assert [(a.onset_s, a.duration_s) for a in scoring.annotations] == [(35.5, 12)]


def test_profusion_epochs_have_the_length_that_the_file_says(tmp_path):
    assert seen(read_scoring(write(tmp_path, profusion("02", "20"))))[1] == (20, 20, "N2")


@pytest.mark.parametrize(
    ("stages", "length", "said"), [(["0", "x"], "30", "epoch 2"), ("0", "", "EpochLength")]
)
def test_profusion_without_a_stage_or_a_length_is_refused(tmp_path, stages, length, said):
    with pytest.raises(ScoringInvalid, match=said):
        read_scoring(write(tmp_path, profusion(stages, length)))


RESPIRONICS = (
    '<?xml version="1.0"?><PatientStudy xmlns="http://www.respironics.com/PatientStudy.xsd">'
    "<Acquisition><Sessions><Session><RecordingStart>2021-03-04T22:10:00</RecordingStart>"
    "<Duration>300</Duration></Session></Sessions></Acquisition><ScoringData><StagingData>"
    '<MachineStaging><NeuroAdultAASMStaging><Stage Type="Wake" Start="0"/>'
    "</NeuroAdultAASMStaging></MachineStaging>"
    '<UserStaging><NeuroAdultAASMStaging><Stage Type="NotScored" Start="0"/>'
    '<Stage Type="Wake" Start="30"/><Stage Type="NonREM1" Start="120"/>'
    '<Stage Type="NonREM3" Start="180"/><Stage Type="REM" Start="240"/>'
    "</NeuroAdultAASMStaging></UserStaging></StagingData>"
    '<Events><Event Family="Respiratory" Type="Hypopnea" Start="130.5" Duration="20"/></Events>'
    "</ScoringData></PatientStudy>"
)


def test_respironics_gives_the_persons_changes_of_stage(tmp_path):
    scoring = read_scoring(write(tmp_path, RESPIRONICS, "night.rml"))
    assert scoring.format == "respironics-xml"
    assert "UserStaging" in scoring.recognised_by
    wanted = [(0, 30, "UNS"), (30, 90, "W"), (120, 60, "N1"), (180, 60, "N3"), (240, 60, "R")]
    assert seen(scoring) == wanted
    assert scoring.start == dt.datetime(2021, 3, 4, 22, 10)


def test_remlogic_xml_has_dates_and_times(tmp_path):
    rows = (("SLEEP-S0", "23:59:30", "2016-05-01"), ("SLEEP-S2", "00:00:00", "2016-05-02"))
    text = (
        "<EventExport><Events>"
        + "".join(
            f"<Event><Type>{kind}</Type><StartTime>{day}T{time}.000000</StartTime>"
            f"<StopTime>{day}T{time[:-2]}{int(time[-2:]) + 29}.999999</StopTime></Event>"
            for kind, time, day in rows
        )
        + "</Events></EventExport>"
    )
    scoring = read_scoring(write(tmp_path, text))
    assert scoring.format == "remlogic-xml"
    assert [(o, s) for o, _, s in seen(scoring)] == [(0, "W"), (30, "N2")]
    assert scoring.start == dt.datetime(2016, 5, 1, 23, 59, 30)


# --- what an XML file must not do

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE PSGAnnotation [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    "<PSGAnnotation>&c;</PSGAnnotation>"
)
EXTERNAL = (
    '<?xml version="1.0"?><!DOCTYPE PSGAnnotation [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    "<PSGAnnotation>&x;</PSGAnnotation>"
)


@pytest.mark.parametrize("text", [BOMB, EXTERNAL])
def test_entities_are_refused_and_not_followed(tmp_path, text):
    with pytest.raises(ScoringInvalid, match="declares entities"):
        read_scoring(write(tmp_path, text))


def test_a_cut_xml_is_refused_with_its_line(tmp_path):
    text = nsrr(("Wake|0", 0, 60))
    with pytest.raises(ScoringInvalid, match=r"damaged XML \(line 2"):
        read_scoring(write(tmp_path, text[: len(text) // 2]))


def test_a_file_of_a_gigabyte_is_refused_without_reading_it(tmp_path):
    path = write(tmp_path, nsrr(*[("Wake|0", 30 * i, 30) for i in range(1000)]))
    with path.open("r+b") as file:
        file.truncate(1_000_000_000)  # sparse
    with pytest.raises(ScoringInvalid, match="too large"):
        read_scoring(path)


def test_an_nsrr_file_without_a_stage_is_said_to_have_none(tmp_path):
    with pytest.raises(ScoringInvalid, match="nothing in it names a sleep stage"):
        read_scoring(write(tmp_path, nsrr()))
