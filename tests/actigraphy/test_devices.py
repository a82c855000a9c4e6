"""Counts of other watches and programs: read right, or refused with what to do."""

import datetime as dt

import numpy as np
import pytest

import psgpipe
from psgpipe.actigraphy.score import score_actigraphy
from psgpipe.errors import ActigraphyInvalid, UsageError
from tests.actigraphy.count_files import START, actiware, agd, awd, mtn, times

COUNTS = [0, 3, 120, 45, 0, 7, 900, 1]
EVENING = dt.datetime(2024, 1, 31, 23, 58)
AMBIGUOUS = dt.datetime(2024, 3, 4, 12, 0)


def read(path):
    return psgpipe.read_actigraphy(path)


def rows(path, header, row, *, head="", start=EVENING, counts=COUNTS, encoding="utf-8"):
    """A table; `row` makes a line from the number, the time and the count of an epoch."""
    moments = zip(times(len(counts), 60, start), counts, strict=True)
    lines = [row(k, moment, count) for k, (moment, count) in enumerate(moments)]
    path.write_text("\n".join([*([head] if head else []), header, *lines]) + "\n", encoding)
    return path


def refusal(path):
    with pytest.raises(ActigraphyInvalid) as error:
        read(path)
    return error.value


MOTIONWARE_HEAD = "MotionWare 1.2\nDevice,MotionWatch 8"
ACTTRUST_HEAD = (
    "+-------------------+ Condor Instruments Report +-------------------+\nSUBJECT_NAME : x\n"
    "DEVICE_MODEL : ActTrust\nINTERVAL : 60\nMODE : PIM/TAT/ZCM\n+------------------------+"
)
DEVICES = {
    "MotionWatch": (
        "Date,Time,Activity (MW counts),Light", MOTIONWARE_HEAD, "motionwatch",
        lambda k, m, c: f"{m:%d/%m/%Y},{m:%H:%M:%S},{c},3.2",
    ),
    "ActTrust": (
        "DATE/TIME;MS;EVENT;TEMPERATURE;PIM;PIMn;TAT;TATn;ZCM;ZCMn;LIGHT;STATE", ACTTRUST_HEAD,
        "condor", lambda k, m, c: f"{m:%d/%m/%Y %H:%M:%S};0;{int(k == 4)};25,5;{c};"
        f"{c / 60:.3f};3;0.05;9;0.1;1.2;0",
    ),
    "Tempatilumi": (
        "Data\tHora\tEvento\tTemperatura\tLuminosidade\tAtividade", "Série: 123", None,
        lambda k, m, c: f"{m:%d/%m/%Y}\t{m:%H:%M:%S}\t{int(k == 4)}\t25,2\t3\t{c}",
    ),
    "Daqtometer": (
        "Date,Activity,Light", "Daqtix\nSerial number,123\nStore rate,60", None,
        lambda k, m, c: f"{m:%Y-%m-%d %H:%M:%S},{c},1.5",
    ),
    "ActiLife 5": (
        "Date, Time, Activity, Activity (Horizontal), 3rd Axis, Steps", "ActiLife v5.5",
        "actigraph", lambda k, m, c: f"{m.month}/{m.day}/{m.year},{m:%H:%M:%S},{c},1,2,0",
    ),
    "pipes": (
        "date_time|activity_counts", "", None, lambda k, m, c: f"{m:%Y/%m/%d %H:%M:%S}|{c},0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("device", DEVICES)
def test_the_tables_of_other_watches(tmp_path, device):
    header, head, maker, row = DEVICES[device]
    counts = read(rows(tmp_path / "t.txt", header, row, head=head))
    assert (counts.start, counts.epoch_s, counts.maker) == (EVENING, 60, maker)
    assert counts.counts.tolist() == COUNTS
    marked = (EVENING + dt.timedelta(minutes=4),) if device in ("ActTrust", "Tempatilumi") else ()
    assert counts.markers == marked


def test_all_axes_of_an_old_table_of_actilife_tell_wear(tmp_path):
    header, head, _, row = DEVICES["ActiLife 5"]
    counts = read(rows(tmp_path / "t.csv", header, row, head=head))
    assert counts.movement.tolist() == [count + 3 for count in COUNTS]


def test_the_xml_of_a_motionwatch(tmp_path):
    counts = read(mtn(tmp_path / "w.mtn", COUNTS, epoch_s=5))
    assert (counts.start, counts.epoch_s, counts.maker) == (START, 5, "motionwatch")
    assert counts.counts.tolist() == COUNTS


@pytest.mark.parametrize(("old", "new", "message"), [
    ("</log2>", "", "damaged XML"), ("=StartTime", "=Start", "no start time"),
    ("2024-03-04 12", "04/03/2024 12", "day and month may be exchanged"),
    ("motion</name>", "other</name>", "wanted 1 channel motion, found 0"),
    (",\n120", ",\nx", "a count of the channel motion is none"),
    (",\n120", ",\n-1", "a count of the channel motion is none"),
    ("<epoch>5<", "<epoch>0<", "no length of an epoch"),
    ("<offset>0<", "<offset>30<", "begins behind the start"),
])  # fmt: skip
def test_a_damaged_xml_of_a_motionwatch_is_refused(tmp_path, old, new, message):
    path = mtn(tmp_path / "w.mtn", COUNTS, epoch_s=5)
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    assert message in refusal(path).problem


@pytest.mark.parametrize(("maker", "name"), [("motionwatch", "MotionWatch"), ("condor", "Condor")])
def test_counts_of_a_watch_without_an_algorithm_need_its_name_and_any_maker(maker, name):
    counts = psgpipe.ActivityCounts(START, 60.0, np.zeros(20), maker)
    with pytest.raises(UsageError, match=f"no algorithm of psgpipe is made for {name} counts"):
        score_actigraphy(counts)
    assert score_actigraphy(counts, "oakley", any_maker=True).sleep.all()


@pytest.mark.parametrize("head", ["Actigraphy of the sleep laboratory", "Pre-actigraphs"])
def test_the_word_actigraphy_is_no_maker(tmp_path, head):
    counts = read(rows(tmp_path / "t.csv", "time,counts", lambda k, m, c: f"{m},{c}", head=head))
    assert counts.maker is None


def test_the_temperature_at_the_wrist_is_no_mark_of_wear(tmp_path):
    header = "time,counts,wrist temperature"
    counts = read(rows(tmp_path / "t.csv", header, lambda k, m, c: f"{m},{c},31.5"))
    assert counts.off_wrist is None


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("1.0", "0.0"), ("True", "False"),
                                         ("yes", ""), ("off", "on")])  # fmt: skip
def test_marks_of_wear_as_numbers_or_words(tmp_path, yes, no):
    counts = read(rows(tmp_path / "t.csv", "time,counts,off-wrist",
                       lambda k, m, c: f"{m},{c},{yes if k == 3 else no}"))  # fmt: skip
    assert np.flatnonzero(counts.off_wrist).tolist() == [3]


def test_another_word_for_wear_is_refused_with_its_line(tmp_path):
    path = rows(tmp_path / "t.csv", "time,counts,off-wrist", lambda k, m, c: f"{m},{c},maybe")
    assert "line 2: wanted 0 or 1 for off the wrist, found 'maybe'" in refusal(path).problem


@pytest.mark.parametrize("zero", ["0", "0.0", "0,00", "", "no"])
def test_a_marker_column_of_zeros_has_no_markers(tmp_path, zero):
    path = rows(tmp_path / "t.csv", "time;counts;marker",
                lambda k, m, c: f"{m};{c};{'1' if k == 2 else zero}")  # fmt: skip
    assert read(path).markers == (EVENING + dt.timedelta(minutes=2),)


# Times


@pytest.mark.parametrize(("text", "remedy"), [
    ("{unix:.0f}", "seconds since 1970"), ("{unix:.3f}", "seconds since 1970"),
    ("{serial:.8f}", "in the spreadsheet"), ("{k}", "A number is no time"),
    ("{m:%H:%M}", "a time alone may be of any night"),
])  # fmt: skip
def test_a_time_that_is_none_says_what_to_do(tmp_path, text, remedy):
    def row(k, m, c):
        unix = (m - dt.datetime(1970, 1, 1)).total_seconds()
        serial = (m - dt.datetime(1899, 12, 30)).total_seconds() / 86_400
        return f"{text.format(unix=unix, serial=serial, k=k, m=m)};{c}"

    error = refusal(rows(tmp_path / "t.csv", "time;counts", row))
    assert "line 2: wanted a date and a time" in error.problem
    assert remedy in error.remedy


def test_the_epochs_of_nsrr_have_no_date_and_are_refused(tmp_path):
    header = "mesaid,line,linetime,offwrist,activity,marker,wake,interval,dayofweek"
    path = rows(tmp_path / "mesa.csv", header,
                lambda k, m, c: f"1,{k},{m:%H:%M:%S},0,{c},0,1,ACTIVE,4")  # fmt: skip
    assert "wanted a date and a time, found '23:58:00'" in refusal(path).problem


@pytest.mark.parametrize("before", ["+01:00", "+0100"])
def test_a_change_of_the_offset_from_utc_is_refused(tmp_path, before):
    path = rows(tmp_path / "t.csv", "time,counts",
                lambda k, m, c: f"{m.isoformat()}{before if k < 4 else '+02:00'},{c}")  # fmt: skip
    assert f"line 6: the offset from UTC changes from {before} to +02:00" in refusal(path).problem


def test_times_of_one_offset_are_those_of_the_watch(tmp_path):
    path = rows(tmp_path / "t.csv", "time,counts", lambda k, m, c: f"{m.isoformat()}+01:00,{c}")
    assert (read(path).start, read(path).notes) == (EVENING, ())


def test_times_in_utc_have_a_note(tmp_path):
    path = rows(tmp_path / "t.csv", "time,counts", lambda k, m, c: f"{m.isoformat()}Z,{c}")
    assert "UTC" in read(path).notes[0]
    assert "UTC" in score_actigraphy(read(path), "sadeh").notes[0]


def test_an_hour_that_is_missing_in_the_night_to_summer_time_has_a_note(tmp_path):
    path = tmp_path / "t.csv"
    spring = dt.datetime(2024, 3, 31, 1, 58)
    moments = [spring + dt.timedelta(minutes=k + (60 if k > 1 else 0)) for k in range(6)]
    path.write_text("time,counts\n" + "".join(f"{m},1\n" for m in moments), "utf-8")
    assert "no epochs from 2024-03-31 02:00:00 to 2024-03-31 03:00:00" in read(path).notes[0]
    text = path.read_text("utf-8").replace("2024-03-31", "2024-03-28")
    path.write_text(text, "utf-8")
    assert read(path).notes == ()


# Day and month


def test_the_head_of_actilife_tells_the_order_of_day_and_month(tmp_path):
    for form, style in (("M/d/yyyy", "%m/%d/%Y"), ("dd/MM/yyyy", "%d/%m/%Y")):
        path = rows(
            tmp_path / "t.csv", "Date,Time,Axis1",
            lambda k, m, c, style=style: f"{m:{style}},{m:%H:%M},{c}",
            head=f"Data Table File Created By ActiGraph GT3X+ date format {form}", start=AMBIGUOUS,
        )  # fmt: skip
        assert read(path).start == AMBIGUOUS


@pytest.mark.parametrize("language", ["fr", "it", "es", "pt", "nl"])
def test_languages_that_write_the_day_first_are_not_ambiguous(tmp_path, language):
    assert read(actiware(tmp_path / "a.csv", COUNTS, language, start=AMBIGUOUS)).start == AMBIGUOUS


@pytest.mark.parametrize("language", ["en", "en-US"])
def test_another_date_of_the_file_tells_the_order(tmp_path, language):
    path = tmp_path / "a.csv"
    end = dt.datetime(2024, 3, 18)
    counts = read(actiware(path, COUNTS, language, start=AMBIGUOUS, end=end))
    assert counts.start == AMBIGUOUS
    unclear = dt.datetime(2024, 3, 5)
    path = actiware(path, COUNTS, language, start=AMBIGUOUS, end=unclear)
    assert "may be exchanged" in refusal(path).problem


def test_days_that_contradict_the_head_are_refused(tmp_path):
    path = rows(
        tmp_path / "t.csv", "time,counts", lambda k, m, c: f"{m:%d/%m/%Y %H:%M},{c}",
        head="date format M/d/yyyy", start=dt.datetime(2024, 3, 4, 23, 58),
    )  # fmt: skip
    assert "has another order" in refusal(path).problem


def dated(path, *texts):
    rows = "".join(f"{text} 10:0{minute},1\n" for text in texts for minute in (0, 1))
    path.write_text(f"time,counts\n{rows}", "utf-8")
    return path


@pytest.mark.parametrize("texts", [
    ("01/02/2024", "02/03/2024"),  # 1 February and 2 March, or 2 January and 3 February
    ("24-03-04",), ("24-03-12", "24-04-12"),  # the year may stand first
    ("31/01/24",),  # 31 January 2024 or 24 January 2031
])  # fmt: skip
def test_dates_that_fit_in_two_orders_are_refused(tmp_path, texts):
    assert "may be exchanged" in refusal(dated(tmp_path / "t.csv", *texts)).problem


@pytest.mark.parametrize(("texts", "start"), [
    (("05/04/24", "06/04/24"), dt.datetime(2024, 4, 5, 10)),
    (("04/05/24", "04/06/24"), dt.datetime(2024, 4, 5, 10)),
    (("24-01-31", "24-02-01"), dt.datetime(2024, 1, 31, 10)),
    (("28/02/2024", "09/03/2024"), dt.datetime(2024, 2, 28, 10)),
    (("31/01/2024", "15/04/2024"), dt.datetime(2024, 1, 31, 10)),
    (("03/03/2024",), dt.datetime(2024, 3, 3, 10)),
])  # fmt: skip
def test_days_that_follow_each_other_tell_the_order(tmp_path, texts, start):
    assert read(dated(tmp_path / "t.csv", *texts)).start == start


# Counts


@pytest.mark.parametrize("text", ["1.900", "1,900", "12.345.678"])
def test_counts_with_marks_between_thousands_are_refused(tmp_path, text):
    path = rows(tmp_path / "t.csv", "time;counts",
                lambda k, m, c: f"{m};{text if k == 6 else c}")  # fmt: skip
    assert f"line 8: {text} may be thousands or a fraction" in refusal(path).problem


def test_counts_with_three_decimals_beside_others_are_fractions(tmp_path):
    path = rows(tmp_path / "t.csv", "time;counts",
                lambda k, m, c: f"{m};{'1,900' if k == 6 else f'{c},5'}")  # fmt: skip
    assert read(path).counts[6] == 1.9


def test_two_columns_of_counts_are_refused(tmp_path):
    path = rows(tmp_path / "t.csv", "time,activity,counts", lambda k, m, c: f"{m},7,{c}")
    assert "line 1: 'activity' and 'counts' may both be the counts" in refusal(path).problem


# AWD and AGD


@pytest.mark.parametrize(("code", "epoch_s"), [("8", 120), ("20", 300), ("81", 2), ("C1", 5),
                                               ("c2", 10)])  # fmt: skip
def test_other_epochs_of_an_awd_file(tmp_path, code, epoch_s):
    assert read(awd(tmp_path / "w.AWD", COUNTS, code=code)).epoch_s == epoch_s


@pytest.mark.parametrize("line", ["{c} M", "{c}M", "{c}\tm", "{c} , 3.53 M", "{c} M , 3.53"])
def test_the_marker_of_an_awd_file_beside_light(tmp_path, line):
    path = awd(tmp_path / "w.AWD", COUNTS)
    text = path.read_bytes().replace(b"\r\n120\r\n", f"\r\n{line.format(c=120)}\r\n".encode())
    path.write_bytes(text)
    counts = read(path)
    assert counts.counts.tolist() == COUNTS
    assert counts.markers == (START + dt.timedelta(minutes=2),)


@pytest.mark.parametrize("date", ["04-Mar-2024", "04-Mär-2024", "04-Mrz-2024", "04-mrt-2024",
                                  "04-Mars-2024", "2024-03-04", "04.03.2024"])  # fmt: skip
def test_the_month_of_an_awd_file_in_other_languages(tmp_path, date):
    assert read(awd(tmp_path / "w.AWD", COUNTS, date=date)).start == START


def test_an_awd_file_with_another_code_lists_the_known_ones(tmp_path):
    error = refusal(awd(tmp_path / "w.AWD", COUNTS, code="3"))
    assert "line 4: wanted the length of an epoch, 1 (15 s)" in error.problem


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_an_agd_file_of_one_two_or_three_axes(tmp_path, axes):
    counts = read(agd(tmp_path / "w.agd", COUNTS, axes=axes))
    assert counts.counts.tolist() == COUNTS
    if axes == 1:
        assert counts.movement is None
    else:  # axis 2 is 1, axis 3 is 0
        assert counts.movement.tolist() == [count + 1 for count in COUNTS]


def test_the_times_of_an_agd_file_are_exact_for_every_second(tmp_path):
    start = dt.datetime(2024, 3, 4, 12, 0, 1)
    counts = read(agd(tmp_path / "w.agd", COUNTS, epoch_s=1, start=start))
    assert (counts.start, counts.epoch_s) == (start, 1)


# Raw acceleration and other tables without counts


@pytest.mark.parametrize(("name", "content", "problem"), [
    ("w.gt3x", b"PK\x03\x04", "raw acceleration"), ("w.cwa", b"x", "raw acceleration"),
    ("w.dat", b"MD\xfc\x03" + bytes(100), "raw acceleration"),
    ("w.bin", b"Device Identity\r\n", "raw acceleration"),
    ("w.txt", b"Device Identity\nDevice Type:GENEActiv\nMeasurement Frequency:100.0\n",
     "GENEActiv"),
    ("w.csv", b"Device Type,GENEActiv\n2024-01-31 23:58:00:000,0.01,0.02,0.98,3,0,25.2,1.5\n",
     "GENEActiv"),
    ("w.csv", b"--- Data File Created By ActiGraph GT3X+ date format M/d/yyyy at 30 Hz ---\n"
     b"Accelerometer X,Accelerometer Y,Accelerometer Z\n0.1,0.2,0.9\n",
     "raw acceleration of an ActiGraph"),
    ("w.csv", b"Timestamp,Accelerometer X,Accelerometer Y,Accelerometer Z\n", "raw acceleration"),
    ("w.csv", b"time;x;y;z\n2024-01-31 23:58;0,1;0,2;0,9\n", "raw acceleration"),
])  # fmt: skip
def test_raw_acceleration_of_any_kind_says_to_make_counts(tmp_path, name, content, problem):
    path = tmp_path / name
    path.write_bytes(content)
    error = refusal(path)
    assert problem in error.problem
    assert "make counts of epochs" in error.remedy


@pytest.mark.parametrize(("member", "problem"), [
    ("log.bin", "raw acceleration"), ("counts.csv", "a packed file"),
    ("xl/workbook.xml", "a workbook"),
])  # fmt: skip
def test_packed_files_say_what_to_do(tmp_path, member, problem):
    import gzip
    import zipfile

    path = tmp_path / "w.dat"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(member, "x")
    assert problem in refusal(path).problem
    path.write_bytes(gzip.compress(b"time,counts"))
    assert "a packed file" in refusal(path).problem


@pytest.mark.parametrize("value", ["0", "0.0333"])
def test_raw_acceleration_in_an_agd_file(tmp_path, value):
    path = agd(tmp_path / "w.agd", COUNTS, settings={"epochlength": value})
    assert "raw acceleration in an AGD file" in refusal(path).problem


@pytest.mark.parametrize(("header", "problem"), [
    ("Id,ActivityMinute,Steps", "steps, no activity counts"),
    ("timestamp,vector magnitude", "only the vector magnitude"),
    ("zeitpunkt,bewegung", "no line names a time and a count"),
])  # fmt: skip
def test_tables_without_counts_are_refused(tmp_path, header, problem):
    path = rows(tmp_path / "t.csv", header, lambda k, m, c: f"{m},{c}")
    assert problem in refusal(path).problem
