"""Scorings as tables and lists of text, written here as the programs' rules say."""

import datetime as dt
import json

import pytest

from psgpipe.errors import ScoringInvalid, UsageError
from psgpipe.scorings.align import on_own_clock
from psgpipe.scorings.mapping import read_mapping
from psgpipe.scorings.read import read_scoring


def write(folder, text, name="scoring.txt", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def seen(scoring):
    return [(s.onset_s, s.duration_s, str(s.stage)) for s in scoring.stages]


def refusal(path, **given):
    with pytest.raises(ScoringInvalid) as refused:
        read_scoring(path, **given)
    return refused.value


# --- Noxturnal

NOXTURNAL_FRENCH = (
    "Heure de début,Heure de fin,Événement,Durée,\r\n"
    "[],[],[],[s],\r\n"
    "15/01/2016 23:59:00,15/01/2016 23:59:30,Éveil,30,\r\n"
    "15/01/2016 23:59:08,15/01/2016 23:59:09,Rapide,1.5,\r\n"
    "15/01/2016 23:59:20,15/01/2016 23:59:26,Micro-éveil,6,\r\n"
    "15/01/2016 23:59:30,16/01/2016 00:00:00,N1,30,\r\n"
    "16/01/2016 00:00:00,16/01/2016 00:00:30,REM,30,\r\n"
)
NOXTURNAL_GERMAN = (
    "Startzeit;Endzeit;Ereignis;Dauer;\n"
    "[];[];[];[s];\n"
    "15.01.2016 23:59:00;15.01.2016 23:59:30;Wach;30,0;\n"
    "15.01.2016 23:59:30;16.01.2016 00:00:00;N1;30,0;\n"
    "16.01.2016 00:00:00;16.01.2016 00:00:30;REM;30,0;\n"
)
NOXTURNAL_ENGLISH = (
    "Start Time,End Time,Event,Duration,\n"
    "[],[],[],[s],\n"
    "1/15/2016 11:59:00 PM,1/15/2016 11:59:30 PM,Wake,30,\n"
    "1/15/2016 11:59:30 PM,1/16/2016 12:00:00 AM,N1,30,\n"
    "1/16/2016 12:00:00 AM,1/16/2016 12:00:30 AM,REM,30,\n"
)


@pytest.mark.parametrize("text", [NOXTURNAL_FRENCH, NOXTURNAL_GERMAN, NOXTURNAL_ENGLISH])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8", "utf-8-sig", "cp1252"])
def test_noxturnal_is_read_in_every_language_and_encoding(tmp_path, text, encoding):
    scoring = read_scoring(write(tmp_path, text, "events.csv", encoding))
    assert scoring.format == "noxturnal"
    assert "units in brackets" in scoring.recognised_by
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "N1"), (60, 30, "R")]
    assert scoring.start == dt.datetime(2016, 1, 15, 23, 59)


def test_an_eye_movement_of_noxturnal_is_an_event_and_no_stage(tmp_path):
    scoring = read_scoring(write(tmp_path, NOXTURNAL_FRENCH, "events.csv", "utf-16"))
    assert [(a.onset_s, a.duration_s, a.text) for a in scoring.annotations] == [
        (8, 1.5, "Rapide"),
        (20, 6, "Micro-éveil"),
    ]


# --- RemLogic, and Dreem, which writes the same table

REMLOGIC = (
    "RemLogic Event Export\n\nPatient:\tX\nPatient ID:\t\nRecording Date:\t02/04/2009\n\n"
    "Events Included:\nMCAP-A1\nSLEEP-REM\nSLEEP-S0\n\n"
    "Sleep Stage\tPosition\tTime [hh:mm:ss]\tEvent\tDuration[s]\tLocation\n"
    "W\tUnknown Position\t23:59:00\tSLEEP-S0\t30\tROC-LOC\n"
    "S2\tUnknown Position\t23:59:30\tSLEEP-S2\t30\tROC-LOC\n"
    "S2\tLeft\t23:59:45\tMCAP-A1\t6\tEEG-Fp2-F4\n"
    "S4\tLeft\t00:00:00\tSLEEP-S4\t30\tROC-LOC\n"
    "MT\tLeft\t00:00:30\tSLEEP-MT\t30\tROC-LOC\n"
    "R\tLeft\t00:01:30\tSLEEP-REM\t30\tROC-LOC\n"
)


def test_remlogic_gives_stages_with_gaps_past_midnight(tmp_path):
    scoring = read_scoring(write(tmp_path, REMLOGIC))
    assert (scoring.format, scoring.recognised_by) == (
        "remlogic",
        "its first line is RemLogic Event Export",
    )
    wanted = [(0, 30, "W"), (30, 30, "N2"), (60, 30, "N3"), (90, 30, "ART"), (150, 30, "R")]
    assert seen(scoring) == wanted
    assert (scoring.start, scoring.start_clock) == (None, dt.time(23, 59))
    assert [a.text for a in scoring.annotations] == ["MCAP-A1"]


def test_remlogic_times_with_points_are_times(tmp_path):
    text = REMLOGIC.replace("23:59:", "23.59.").replace("00:0", "00.0")
    text = text.replace("00.00:", "00.00.").replace("00.01:", "00.01.")
    assert seen(read_scoring(write(tmp_path, text)))[2] == (60, 30, "N3")


def test_remlogic_in_french_with_dates_in_each_time(tmp_path):
    text = (
        "RemLogic Event Export\nHeure [hh:mm:ss]\tEvénement\tDurée[s]\n"
        "2011-01-01T23:59:30.000000\tSLEEP-S1\t30\n2011-01-02T00:00:00.000000\tSLEEP-S2\t30\n"
    )
    scoring = read_scoring(write(tmp_path, text, encoding="cp1252"))
    assert seen(scoring) == [(0, 30, "N1"), (30, 30, "N2")]
    assert scoring.start == dt.datetime(2011, 1, 1, 23, 59, 30)


def test_dreem_text_has_the_stage_in_its_first_column(tmp_path):
    text = (
        "Hypnogram\n\nSleep Stage\tTime [hh:mm:ss]\tEvent\tDuration[s]\n"
        "SLEEP-S0\t22:30:00\t-\t30\nSLEEP-S2\t22:30:30\t-\t30\nSLEEP-REM\t22:31:00\t-\t30\n"
    )
    scoring = read_scoring(write(tmp_path, text))
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "N2"), (60, 30, "R")]


# --- DOMINO

DOMINO = (
    "Signal ID: SchlafProfil\\profil\r\nStart Time: 11/18/2021 11:59:30 PM\r\nUnit: \r\n"
    "Signal Type: Discret\r\nEvents list: N3,N2,N1,Rem,Wake,Artifact\r\nRate: 30 s\r\n\r\n"
    "23:59:30,000; A\r\n00:00:00,000; Wake\r\n00:00:30,000; N1\r\n00:01:00,000; Rem\r\n"
    "00:01:30,000; Artifact\r\n\r\n"
)


def test_domino_gives_epochs_with_the_date_of_its_head(tmp_path):
    scoring = read_scoring(write(tmp_path, DOMINO))
    assert (scoring.format, scoring.epoch_s) == ("domino", 30)
    assert [(o, s) for o, _, s in seen(scoring)] == [
        (0, "ART"), (30, "W"), (60, "N1"), (90, "R"), (120, "ART"),
    ]  # fmt: skip
    assert scoring.start == dt.datetime(2021, 11, 18, 23, 59, 30)


def test_domino_with_dates_in_its_rows_and_other_epochs(tmp_path):
    text = (
        "Signal ID: SchlafProfil\nStart Time: 30.05.2024 20:59:00\nUnit:\nSignal Type: Discret\n"
        "Events list: N4,N3,N2,N1,REM,Wake,Movement\nRate: 20 s\n\n"
        "30.05.2024 20:59:00,000; Wake\n30.05.2024 20:59:20,000; N4\n"
        "30.05.2024 20:59:40,000; Movement\n"
    )
    scoring = read_scoring(write(tmp_path, text))
    assert seen(scoring) == [(0, 20, "W"), (20, 20, "N3"), (40, 20, "ART")]
    assert scoring.start == dt.datetime(2024, 5, 30, 20, 59)


def test_domino_events_of_another_signal_are_not_the_sleep_profile(tmp_path):
    text = (
        "Signal ID: FlowD\\flow\nStart Time: 11/18/2021 8:39:46 PM\nUnit: s\n"
        "Signal Type: Impuls\n\n00:41:31,513-00:41:42,736; 11;Hypopnea\n"
    )
    assert "another signal" in refusal(write(tmp_path, text)).problem


def test_domino_with_a_word_that_is_no_stage_is_refused_with_its_line(tmp_path):
    text = DOMINO.replace("; N1", "; Nap")
    problem = refusal(write(tmp_path, text)).problem
    assert "line 10" in problem
    assert "Nap" not in problem


# --- Alice


def test_alice_text_has_a_12_hour_clock_past_midnight(tmp_path):
    text = (
        "Epoch,Start Time,Stage\n1,11:59:00 PM,WK\n2,11:59:30 PM,NS\n3,12:00:00 AM,N1\n"
        "4,12:00:30 AM,REM\n"
    )
    scoring = read_scoring(write(tmp_path, text))
    assert scoring.format == "alice"
    assert [(o, s) for o, _, s in seen(scoring)] == [(0, "W"), (30, "UNS"), (60, "N1"), (90, "R")]
    assert scoring.start_clock == dt.time(23, 59)


def test_alice_codes_are_epochs_of_6_s(tmp_path):
    scoring = read_scoring(write(tmp_path, "255,10,\n255,10,\n11,10,\n13,10,\n14,10,\n15,10,\n"))
    assert (scoring.format, scoring.epoch_s) == ("alice-codes", 6)
    assert [s for *_, s in seen(scoring)] == ["W", "W", "N1", "N3", "N3", "R"]
    assert seen(scoring)[-1][:2] == (30, 6)


def test_alice_events_with_the_stage_at_their_time_are_not_the_hypnogram(tmp_path):
    text = (
        '"Event type","Stage","Time","Epoch","Date","Duration"\n'
        '"Desaturation","NS","9:21:18 PM","24","2/3/2009","15"\n'
        '"Long RR","N2","4:40:32 AM","902","2/4/2009","2"\n'
    )
    assert "not the hypnogram" in refusal(write(tmp_path, text)).problem


# --- BIDS and other tables


def test_bids_events_give_stages_among_other_events(tmp_path):
    text = (
        "onset\tduration\ttrial_type\n0\t30\tsleep_wake\n30.0\t30\tSleep stage N2\n"
        "41.5\t3\tarousal\n60\t30\tREM\n60\t0\tLights off\n90\tn/a\tsleep_N3\n"
    )
    scoring = read_scoring(write(tmp_path, text, "sub-01_task-sleep_events.tsv"))
    assert scoring.format == "bids"
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "N2"), (60, 30, "R"), (90, None, "N3")]
    assert [a.text for a in scoring.annotations] == ["arousal", "Lights off"]


def test_bids_levels_say_what_codes_mean(tmp_path):
    text = "onset\tduration\tstage_hum\n0\t30\t0\n30\t30\t2\n60\t30\t5\n"
    path = write(tmp_path, text, "sub-01_events.tsv")
    assert "--scoring-map" in refusal(path).remedy
    levels = {"0": "Wake", "2": {"Description": "N2"}, "5": "REM sleep", "8": "something"}
    beside = write(tmp_path, json.dumps({"stage_hum": {"Levels": levels}}), "sub-01_events.json")
    mapping = read_mapping(str(beside))
    assert [s for *_, s in seen(read_scoring(path, mapping=mapping))] == ["W", "N2", "R"]
    write(tmp_path, "{", "sub-01_events.json")
    with pytest.raises(UsageError, match="not valid JSON"):
        read_mapping(str(beside))


def test_bids_columns_of_two_scorers_are_two_scorers(tmp_path):
    text = "onset\tduration\tstage_hum\tstage_ai\n0\t30\tW\tW\n30\t30\tN1\tN2\n"
    path = write(tmp_path, text, "sub-01_events.tsv")
    scoring = read_scoring(path)
    assert scoring.scorers == ("stage_hum", "stage_ai")
    assert [s for *_, s in seen(read_scoring(path, scorer="stage_hum"))] == ["W", "N1"]


def test_the_hypnogram_of_psgpipe_itself_is_a_scoring(tmp_path):
    text = (
        "epoch\tonset_s\tduration_s\tclock\tstage\tp_w\tin_bed\tvalid\n"
        "0\t0\t30\t22:55:00\tW\t0.9\ttrue\ttrue\n1\t30\t30\t22:55:30\tART\t\ttrue\tfalse\n"
        "2\t60\t30\t22:56:00\tN3\t0.1\ttrue\ttrue\n"
    )
    scoring = read_scoring(write(tmp_path, text, "hypnogram.tsv"))
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "ART"), (60, 30, "N3")]
    assert scoring.start_clock == dt.time(22, 55)


def test_polyman_text_has_dates_onsets_and_durations(tmp_path):
    text = (
        "Date, Time, Recording onset, Duration, Annotation, Linked channel\n"
        "20-Sep-2025, 21:44:00, 0, 60, Sleep stage W,\n"
        "20-Sep-2025, 21:45:00, 60, 30, Sleep stage 1,\n"
        "20-Sep-2025, 21:45:30, 90, 60, Sleep stage 2,\n"
    )
    scoring = read_scoring(write(tmp_path, text))
    assert seen(scoring) == [(0, 60, "W"), (60, 30, "N1"), (90, 60, "N2")]
    assert scoring.start == dt.datetime(2025, 9, 20, 21, 44)


def test_numbers_times_and_labels_are_read_by_the_names_of_the_columns(tmp_path):
    text = "No,StartTime,Label\n0,22:55:00,N2\n1,22:55:30,N2\n2,22:56:00,R\n"
    scoring = read_scoring(write(tmp_path, text, "stages.csv"))
    assert [(o, s) for o, _, s in seen(scoring)] == [(0, "N2"), (30, "N2"), (60, "R")]
    assert scoring.start_clock == dt.time(22, 55)


def test_a_column_with_the_start_in_every_row_is_the_clock_of_the_first_epoch(tmp_path):
    text = "No,StartTime,Label\n" + "".join(f"{i},22:55:00,N2\n" for i in range(3))
    scoring = read_scoring(write(tmp_path, text))
    assert [o for o, *_ in seen(scoring)] == [0, 30, 60]
    assert scoring.start_clock == dt.time(22, 55)
    without = write(tmp_path, text.replace("No,", "X,"))
    assert "all its times are the same" in refusal(without).problem


@pytest.mark.parametrize(("first", "onset_s"), [(0, 0), (1, 0), (5, 120)])
def test_numbers_of_epochs_count_from_zero_or_one(tmp_path, first, onset_s):
    text = "epoch;stage\n" + "".join(f"{first + i};N2\n" for i in range(3))
    scoring = read_scoring(write(tmp_path, text))
    assert [o for o, *_ in seen(scoring)] == [onset_s, onset_s + 30, onset_s + 60]
    assert [f.code for f in scoring.findings] == ["scoring-epoch-assumed"]


def test_a_numbered_epoch_does_not_last_over_a_gap(tmp_path):
    scoring = read_scoring(write(tmp_path, "epoch\tstage\n1\tW\n2\tN1\n5\tN2\n"))
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "N1"), (120, 30, "N2")]


def test_numbers_of_epochs_with_their_duration_assume_nothing(tmp_path):
    text = "epoch\tduration\tstage\n1\t20\tW\n2\t20\tN1\n"
    scoring = read_scoring(write(tmp_path, text))
    assert (seen(scoring), scoring.findings) == ([(0, 20, "W"), (20, 20, "N1")], ())


def test_a_decimal_comma_is_one_where_semicolons_separate(tmp_path):
    text = "onset;duration;stage\n0,5;30,0;W\n30,5;30,0;N1\n"
    assert seen(read_scoring(write(tmp_path, text))) == [(0.5, 30, "W"), (30.5, 30, "N1")]


@pytest.mark.parametrize(("unit", "value"), [("ms", "30000"), ("min", "0.5"), ("s", "30")])
def test_the_unit_of_a_column_is_read_from_its_name(tmp_path, unit, value):
    text = f"onset [{unit}],duration [{unit}],stage\n{value},{value},W\n"
    assert seen(read_scoring(write(tmp_path, text)))[0][:2] == (30, 30)


def test_the_end_gives_the_duration_where_there_is_none(tmp_path):
    text = "start,end,stage\n23:59:30,00:00:30,W\n00:00:30,00:01:00,N1\n"
    assert seen(read_scoring(write(tmp_path, text))) == [(0, 60, "W"), (60, 30, "N1")]


def test_two_scorers_in_a_column_are_told_apart(tmp_path):
    text = "onset,duration,stage,scorer\n0,30,W,AB\n0,30,N1,CD\n"
    assert read_scoring(write(tmp_path, text)).scorers == ("AB", "CD")


def test_times_from_midnight_on_may_be_times_since_the_start(tmp_path):
    text = "time,stage\n00:00:00,W\n00:00:30,N1\n"
    assert "may be times of day or times since the start" in refusal(write(tmp_path, text)).problem
    elapsed = write(tmp_path, text.replace("time,", "onset,"))
    assert [o for o, *_ in seen(read_scoring(elapsed))] == [0, 30]


def test_times_that_count_one_two_three_may_be_seconds_or_epochs(tmp_path):
    text = "start,stage\n0,W\n1,N1\n2,N2\n3,N2\n"
    assert "may be seconds or epochs" in refusal(write(tmp_path, text)).problem


def test_times_from_the_end_of_the_first_epoch_on_may_be_times_since_the_start(tmp_path):
    text = "time,stage\n0:00:30,W\n0:01:00,N1\n0:01:30,N2\n"
    assert "begin at 00:00:30 and may be" in refusal(write(tmp_path, text)).problem
    without_names = write(tmp_path, text.split("\n", 1)[1])
    assert "begin at 00:00:30 and may be" in refusal(without_names).problem


def test_an_epoch_without_a_stage_counts_where_stages_follow_one_another(tmp_path):
    text = "stage,scorer\n,AB\nW,AB\n,AB\nN2,AB\n"
    scoring = read_scoring(write(tmp_path, text))
    assert [(o, s) for o, _, s in seen(scoring)] == [(30, "W"), (90, "N2")]


def test_each_scorers_stages_follow_one_another(tmp_path):
    text = "scorer,stage\nAB,W\nCD,N1\nAB,N2\nCD,N3\n"
    scoring = read_scoring(write(tmp_path, text), scorer="CD")
    assert seen(scoring) == [(0, 30, "N1"), (30, 30, "N3")]


def test_stages_with_durations_alone_follow_one_another(tmp_path):
    scoring = read_scoring(write(tmp_path, "stage;duration\nW;60\nN1;30,0\nN2;600\n"))
    assert seen(scoring) == [(0, 60, "W"), (60, 30, "N1"), (90, 600, "N2")]
    assert scoring.findings == ()
    text = "stage;duration\nW;60\nN1;\nN2;600\n"
    assert "line 3: a stage without a duration" in refusal(write(tmp_path, text)).problem


def test_events_among_stages_need_times(tmp_path):
    text = "event,duration\nWake,30\nArousal,5\nN1,30\nN2,30\n"
    assert "line 3: an event among stages" in refusal(write(tmp_path, text)).problem


def test_numbered_epochs_of_20_s_may_end_with_a_shorter_one(tmp_path):
    text = "epoch,duration,stage\n1,20,W\n2,20,N1\n3,7,N2\n"
    assert [o for o, *_ in seen(read_scoring(write(tmp_path, text)))] == [0, 20, 40]
    other = text.replace("2,20", "2,25")
    assert "different durations" in refusal(write(tmp_path, other)).problem


@pytest.mark.parametrize(
    "line",
    ["Epoch length: 20 s", "Epochenlänge;20", "Durée d'époque : 20,0 sec", "Scored in 20-s epochs"],
)
def test_the_lines_above_a_table_say_how_long_its_epochs_are(tmp_path, line):
    text = f"Name: X\n{line}\nEpochs: 960\n\nepoch;stage\n1;W\n2;N1\n"
    scoring = read_scoring(write(tmp_path, text))
    assert (seen(scoring), scoring.findings) == ([(0, 20, "W"), (20, 20, "N1")], ())


@pytest.mark.parametrize(
    "line", ["Start Time: 11:05:30 PM", "Startzeit;23:05:30", "Recording start: 23.05.30"]
)
def test_the_lines_above_a_table_say_when_its_first_epoch_begins(tmp_path, line):
    text = f"{line}\nLights off: 23:10:00\nepoch;stage\n1;W\n2;N1\n"
    scoring = read_scoring(write(tmp_path, text))
    assert scoring.start_clock == dt.time(23, 5, 30)
    assert [o for o, *_ in seen(scoring)] == [0, 30]


def test_two_lengths_of_epochs_above_a_table_are_refused(tmp_path):
    text = "Epoch length: 20 s\nEpoch duration: 30 s\nepoch;stage\n1;W\n2;N1\n"
    assert "epochs of 20 and 30 s" in refusal(write(tmp_path, text)).problem


def test_the_date_of_the_evening_in_every_line_goes_on_past_midnight(tmp_path):
    rows = ["04.03.2024;23:59:00;W", "04.03.2024;23:59:30;N1", "04.03.2024;00:00:00;N2"]
    scoring = read_scoring(write(tmp_path, "\n".join(["Datum;Zeit;Stadium", *rows])))
    assert scoring.start == dt.datetime(2024, 3, 4, 23, 59)
    assert [o for o, *_ in seen(scoring)] == [0, 30, 60]


def test_a_clock_that_is_put_back_by_an_hour_is_refused(tmp_path):
    times = ["02:58:30", "02:59:00", "02:59:30", "02:00:00", "02:00:30", "02:01:00", "02:01:30"]
    text = "time;stage\n" + "".join(f"{time};N2\n" for time in times)
    assert "line 5: the clock goes back by one hour" in refusal(write(tmp_path, text)).problem


def test_an_unknown_word_in_a_column_of_stages_is_refused_with_its_line(tmp_path):
    text = "onset,duration,stage\n0,30,W\n30,30,Smith John\n"
    refused = refusal(write(tmp_path, text))
    assert "line 3" in refused.problem
    assert "Smith" not in str(refused)
    mapping = read_mapping("Smith John=N1")
    assert seen(read_scoring(write(tmp_path, text), mapping=mapping))[1][2] == "N1"


def test_a_word_that_no_language_has_is_named_by_the_mapping(tmp_path):
    text = "onset,duration,stage\n0,30,awake1\n30,30,light\n"
    mapping = read_mapping("awake1=W,light=N2")
    assert [s for *_, s in seen(read_scoring(write(tmp_path, text), mapping=mapping))] == [
        "W",
        "N2",
    ]


@pytest.mark.parametrize("row", ["abc,30,W", ",30,W", "0,-30,W", "0,abc,W"])
def test_a_line_with_a_stage_and_no_time_is_refused(tmp_path, row):
    path = write(tmp_path, f"onset,duration,stage\n0,30,N2\n{row}\n")
    assert "line 3" in refusal(path).problem


def test_the_column_that_names_the_stages_is_the_one_that_is_read(tmp_path):
    text = "type,name,onset,duration\nstage,N1,0,30\nstage,N2,30,30\nevent,Snore,31,2\n"
    assert seen(read_scoring(write(tmp_path, text))) == [(0, 30, "N1"), (30, 30, "N2")]


def test_a_header_on_every_page_is_no_stage(tmp_path):
    text = "epoch,duration,stage\n1,30,W\nepoch,duration,stage\n2,30,N1\n"
    assert [s for *_, s in seen(read_scoring(write(tmp_path, text)))] == ["W", "N1"]


# --- columns without names


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1,22:55:00,W\n2,22:55:30,N1\n3,22:56:00,R\n", [(0, "W"), (30, "N1"), (60, "R")]),
        ("22:55:00\tW\n22:55:30\tN1\n22:56:00\tR\n", [(0, "W"), (30, "N1"), (60, "R")]),
        ("1 W\n2 N1\n3 R\n", [(0, "W"), (30, "N1"), (60, "R")]),
        ("0 W\n20 N1\n40 R\n", [(0, "W"), (20, "N1"), (40, "R")]),
        ("0\t60\tW\n60\t30\tN1\n90\t30\tR\n", [(0, "W"), (60, "N1"), (90, "R")]),
    ],
)
def test_columns_without_names_are_read_where_they_can_mean_one_thing(tmp_path, text, wanted):
    scoring = read_scoring(write(tmp_path, text))
    assert scoring.format == "columns-without-names"
    assert "can only be" in scoring.recognised_by
    assert [(o, s) for o, _, s in seen(scoring)] == wanted


@pytest.mark.parametrize(
    "text", ["5 W\n7 N1\n9 R\n", "0 3 W\n1 4 N1\n2 5 R\n", "W N1\nN1 R\nR W\n"]
)
def test_columns_without_names_that_can_mean_two_things_are_not_read(tmp_path, text):
    assert "not a scoring in a format" in refusal(write(tmp_path, text)).problem


def test_visbrain_gives_the_end_of_each_stage(tmp_path):
    text = "*Duration_sec\t150\n*Datafile\tnight.edf\nWake\t60\nN1\t90\nREM\t150\n"
    scoring = read_scoring(write(tmp_path, text))
    assert (scoring.format, seen(scoring)) == (
        "visbrain",
        [(0, 60, "W"), (60, 30, "N1"), (90, 60, "R")],
    )


# --- texts that should be stages


def test_epochs_with_digits_among_events_are_not_left_out(tmp_path):
    rows = "".join(f"{30 * i}\t30\t{word}\n" for i, word in enumerate("W1122RRW"))
    path = write(tmp_path, f"onset\tduration\ttrial_type\n{rows}")
    refused = refusal(path)
    assert "4 events of 30 s where a stage should be" in refused.problem
    assert "--scoring-map" in refused.remedy
    scoring = read_scoring(path, mapping=read_mapping("1=N1,2=N2"))
    assert [s for *_, s in seen(scoring)] == ["W", "N1", "N1", "N2", "N2", "R", "R", "W"]


def test_one_epoch_of_many_with_an_unknown_text_is_said(tmp_path):
    words = ["N2"] * 40 + ["Nap"] + ["N2"] * 40
    rows = "".join(f"{30 * i}\t30\t{word}\n" for i, word in enumerate(words))
    scoring = read_scoring(write(tmp_path, f"onset\tduration\ttrial_type\n{rows}"))
    assert [f.code for f in scoring.findings] == ["scoring-unknown-epochs"]


# --- one stage a line


def test_comments_above_stages_one_a_line_are_no_epochs(tmp_path):
    scoring = read_scoring(write(tmp_path, "# scorer: AB\n# 30 s\nW\nN1\nN2\n"))
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "N1"), (60, 30, "N2")]


def test_a_comment_above_stages_one_a_line_says_how_long_an_epoch_is(tmp_path):
    scoring = read_scoring(write(tmp_path, "# Epoch length: 20 s\n# Scorer: AB\nW\nN1\nR\n"))
    assert seen(scoring) == [(0, 20, "W"), (20, 20, "N1"), (40, 20, "R")]
    assert scoring.findings == ()


def test_a_blank_line_among_stages_one_a_line_is_not_guessed(tmp_path):
    path = write(tmp_path, "# hypnogram\n\nW\nW\n# lights\nN1\n\nN2\nR\n")
    assert "line 7: a blank line among stages" in refusal(path).problem
    spaced = write(tmp_path, "W\n\nN1\n\nN2\n\nR\n\n\n")
    assert [o for o, *_ in seen(read_scoring(spaced))] == [0, 30, 60, 90]


def test_an_unknown_word_among_words_one_a_line_is_refused_with_its_line(tmp_path):
    assert "line 4" in refusal(write(tmp_path, "W\nN1\nN2\nNap\nN2\nR\nR\n")).problem


def test_words_one_a_line_are_epochs_of_30_s_and_that_is_said(tmp_path):
    scoring = read_scoring(write(tmp_path, "Wake\r\nN1\r\nN2\r\n?\r\nREM\r\n\r\n\r\n"))
    assert scoring.format == "one-a-line"
    assert [s for *_, s in seen(scoring)] == ["W", "N1", "N2", "UNS", "R"]
    assert seen(scoring)[-1][:2] == (120, 30)
    assert [f.code for f in scoring.findings] == ["scoring-epoch-assumed"]


def test_a_header_above_words_is_no_stage(tmp_path):
    assert len(read_scoring(write(tmp_path, "stage\nW\nN1\n")).stages) == 2


def test_digits_beside_letters_are_stages(tmp_path):
    scoring = read_scoring(write(tmp_path, "W\n1\n2\n3\n4\nR\n?\n"))
    assert [s for *_, s in seen(scoring)] == ["W", "N1", "N2", "N3", "N3", "R", "UNS"]


@pytest.mark.parametrize("text", ["W\n1\n5\nR\n", "W\n0\n1\n"])
def test_a_zero_or_five_beside_letters_is_not_guessed(tmp_path, text):
    assert "--scoring-map" in refusal(write(tmp_path, text)).remedy


def test_digits_alone_ask_for_their_meaning(tmp_path):
    path = write(tmp_path, "0\n1\n2\n3\n4\n-1\n")
    refused = refusal(path)
    assert "the numbers -1, 0, 1, 2, 3, 4" in refused.problem
    assert "--scoring-map 0=W,1=N1" in refused.remedy


@pytest.mark.parametrize(
    ("given", "stages"),
    [
        ("aasm", ["W", "N1", "N2", "N3", "R", "ART"]),
        ("rk", ["W", "N1", "N2", "N3", "N3", "UNS"]),
        ("0=W,1=N1,2=N2,3=N3,4=N3,-1=ART", ["W", "N1", "N2", "N3", "N3", "ART"]),
    ],
)
def test_digits_get_the_meaning_that_is_given(tmp_path, given, stages):
    path = write(tmp_path, "0\n1\n2\n3\n4\n-1\n")
    assert [s for *_, s in seen(read_scoring(path, mapping=read_mapping(given)))] == stages


def test_digits_written_as_decimals_are_digits(tmp_path):
    path = write(tmp_path, "0.0\n2.0\n")
    assert [s for *_, s in seen(read_scoring(path, mapping=read_mapping("aasm")))] == ["W", "N2"]


def test_a_digit_that_the_mapping_lacks_is_refused(tmp_path):
    refused = refusal(write(tmp_path, "0\n1\n7\n"), mapping=read_mapping("0=W,1=N1"))
    assert "the numbers 7, and not all are in the mapping" in refused.problem


# --- Elan


def test_elan_gives_runs_of_stages(tmp_path):
    text = "time_base 1.000000\nsampling_period 0.01\nepoch_nb 90\nepoch_list\n" + "".join(
        f"{stage}\n" * 30 for stage in ("0", "5", "-1")
    )
    scoring = read_scoring(write(tmp_path, text, "night.hyp"))
    assert scoring.format == "elan"
    assert seen(scoring) == [(0, 30, "W"), (30, 30, "R"), (60, 30, "ART")]


# --- epochs without a stage, and times in another unit


@pytest.mark.parametrize(
    "head_and_times",
    [
        ("onset,stage", ["0", "30", "60", "90", "120"]),
        ("time,stage", ["22:00:00", "22:00:30", "22:01:00", "22:01:30", "22:02:00"]),
    ],
)
def test_a_blank_epoch_ends_the_stage_before_it(tmp_path, head_and_times):
    head, times = head_and_times
    rows = zip(times, ["W", "N2", "", "N2", ""], strict=True)
    path = write(tmp_path, head + "\n" + "".join(f"{t},{s}\n" for t, s in rows))
    assert [s for *_, s in seen(read_scoring(path))] == ["W", "N2", "UNS", "N2", "UNS"]


def test_the_foot_of_a_table_is_no_blank_epoch(tmp_path):
    text = "time,stage\n22:00:00,W\n22:00:30,N2\n\nTotal,\n"
    assert [s for *_, s in seen(read_scoring(write(tmp_path, text)))] == ["W", "N2"]


@pytest.mark.parametrize("step", [0.5, 1])
def test_times_that_count_minutes_or_epochs_are_not_taken_for_seconds(tmp_path, step):
    rows = "".join(f"{step * i:g},{word}\n" for i, word in enumerate("W122R"))
    path = write(tmp_path, f"onset,stage\n{rows}")
    with pytest.raises(ScoringInvalid, match="apart, wanted epochs of 5 to 60 s") as refused:
        on_own_clock(read_scoring(path))
    assert "onset [min]" in refused.value.remedy


@pytest.mark.parametrize("step", [7680, 30000])
def test_times_that_count_samples_or_milliseconds_are_not_taken_for_seconds(tmp_path, step):
    text = "onset,stage\n" + "".join(f"{step * i},{['W', 'N2'][i % 2]}\n" for i in range(20))
    scoring = read_scoring(write(tmp_path, text))
    with pytest.raises(ScoringInvalid, match=f"begin {step} s apart, wanted epochs of 5 to 60 s"):
        on_own_clock(scoring)


def test_a_hypnogram_may_name_the_event_of_each_epoch(tmp_path):
    text = "epoch,stage,event\n1,W,\n2,N1,arousal\n3,N2,\n4,N2,spindle\n5,R,\n"
    scoring = read_scoring(write(tmp_path, text))
    assert [s for *_, s in seen(scoring)] == ["W", "N1", "N2", "N2", "R"]
