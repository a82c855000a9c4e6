"""Files of counts of every format, right or refused with their line."""

import datetime as dt

import numpy as np
import pytest

import psgpipe
from psgpipe.errors import ActigraphyInvalid
from tests.actigraphy.count_files import START, WORDS, actiware, agd, awd, table, times
from tests.shared_files import shared

COUNTS = [0, 3, 120, 45, 0, 7, 900, 1]


def read(path):
    return psgpipe.read_actigraphy(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("header", ["time,counts", "Timestamp,Activity", "DateTime,axis1"])
def test_a_table_of_times_and_counts(tmp_path, delimiter, header):
    counts = read(table(tmp_path / "t.csv", COUNTS, header=header, delimiter=delimiter))
    assert (counts.start, counts.epoch_s) == (START, 60)
    assert counts.counts.tolist() == COUNTS
    assert counts.maker == ("actigraph" if "axis1" in header else None)
    assert counts.times == times(8)


@pytest.mark.parametrize("language", [*WORDS, "en-US"])
@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-16"),
                                                     (",", "cp1252")])  # fmt: skip
def test_an_actiware_export_in_its_languages(tmp_path, language, delimiter, encoding):
    if language == "pl" and encoding == "cp1252":
        pytest.skip("Windows-1252 has no Polish letters")
    start = dt.datetime(2024, 1, 31, 23, 58)
    counts = read(actiware(
        tmp_path / "a.csv", COUNTS, language, start=start, delimiter=delimiter, encoding=encoding,
        off_wrist=(1,), excluded=(2,), markers=(4,), missing=(6,),
    ))  # fmt: skip
    assert (counts.start, counts.epoch_s, counts.maker) == (start, 30, "actiwatch")
    assert np.isnan(counts.counts[6])
    assert [c for k, c in enumerate(counts.counts.tolist()) if k != 6] == [0, 3, 120, 45, 0, 7, 1]
    assert np.flatnonzero(counts.off_wrist).tolist() == [1, 2]
    assert counts.markers == (start + dt.timedelta(minutes=2),)


@pytest.mark.parametrize(("code", "epoch_s"), [("1", 15), ("2", 30), ("4", 60)])
def test_an_awd_file_and_its_markers(tmp_path, code, epoch_s):
    counts = read(awd(tmp_path / "w.AWD", COUNTS, code=code, markers=(2,)))
    assert (counts.start, counts.epoch_s, counts.maker) == (START, epoch_s, "actiwatch")
    assert counts.counts.tolist() == COUNTS
    assert counts.markers == (START + dt.timedelta(seconds=2 * epoch_s),)


def test_an_agd_file_with_a_missing_epoch(tmp_path):
    path = agd(tmp_path / "w.agd", COUNTS, skip=(3,))
    before = path.read_bytes()
    counts = read(path)
    assert (counts.start, counts.epoch_s, counts.maker) == (START, 60, "actigraph")
    assert np.isnan(counts.counts[3])
    assert counts.counts[4:].tolist() == COUNTS[4:]
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["w.agd"]


ACTILIFE = (
    "------------ Data Table File Created By ActiGraph GT3X+ ActiLife v6.13.3 Firmware v2.5.0 "
    "date format {format} Filter Normal -----------\nSerial Number: X\nStart Time 12:00:00\n"
    "Start Date {date}\nEpoch Period (hh:mm:ss) 00:01:00\nDownload Time 9:00:00\n"
    "Download Date 3/6/2024\nCurrent Memory Address: 0\nCurrent Battery Voltage: 4.1\n"
    "--------------------------------------------------\n{rows}\n"
)


@pytest.mark.parametrize(("format", "date"), [("M/d/yyyy", "3/4/2024"), ("d/M/yyyy", "4/3/2024"),
                                              ("dd.MM.yyyy", "04.03.2024")])  # fmt: skip
@pytest.mark.parametrize("names", ["", "Axis1,Axis2,Axis3,Steps\n"])
def test_a_table_of_actilife_without_times(tmp_path, format, date, names):
    path = tmp_path / "a.csv"
    rows = names + "\n".join(f"{c},1,2,0" for c in COUNTS)
    path.write_text(ACTILIFE.format(format=format, date=date, rows=rows), "utf-8")
    counts = read(path)
    assert (counts.start, counts.epoch_s, counts.maker) == (START, 60, "actigraph")
    assert counts.counts.tolist() == COUNTS


@pytest.mark.parametrize("start", [
    dt.datetime(2024, 2, 28, 23, 30), dt.datetime(2023, 2, 28, 23, 30),
    dt.datetime(2023, 12, 31, 23, 45), dt.datetime(2024, 3, 31, 1, 30),
    dt.datetime(2024, 10, 27, 1, 30), dt.datetime(2024, 4, 30, 8, 0),
])  # fmt: skip
@pytest.mark.parametrize("style", ["%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y-%m-%dT%H:%M"])
def test_days_follow_each_other_across_midnight_and_the_ends_of_months(tmp_path, start, style):
    path = tmp_path / "t.csv"
    moments = times(60 * 72, 60, start)
    path.write_text("time,counts\n" + "".join(f"{m.strftime(style)},5\n" for m in moments), "utf-8")
    counts = read(path)
    assert counts.times == moments


def test_a_day_and_month_that_may_be_exchanged_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,counts\n04/03/2024 12:00,1\n04/03/2024 12:01,1\n", "utf-8")
    with pytest.raises(ActigraphyInvalid, match=r"day and month of 04/03/2024 may be exchanged"):
        read(path)


def test_times_without_dates_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,counts\n12:00,1\n12:01,1\n", "utf-8")
    with pytest.raises(ActigraphyInvalid, match="line 2: wanted a date and a time"):
        read(path)


def test_an_hour_that_comes_twice_is_refused_with_its_line(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,counts\n" + "".join(
        f"2024-10-27T02:{m:02d}:00,1\n" for m in [*range(58, 60), *range(5)]), "utf-8")  # fmt: skip
    with pytest.raises(ActigraphyInvalid, match="line 4: the clock goes back"):
        read(path)


def test_rows_that_are_missing_leave_a_gap(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"2024-03-04T12:{m:02d}:00,{m}" for m in range(30) if not 10 <= m < 15]
    path.write_text("\n".join(["time,counts", *rows]), "utf-8")
    assert np.flatnonzero(~read(path).recorded).tolist() == [10, 11, 12, 13, 14]


@pytest.mark.parametrize(("text", "message"), [
    ("time,counts\n2024-03-04T12:00,x\n2024-03-04T12:01,1\n", "line 2: wanted a count, found 'x'"),
    ("time,counts\n2024-03-04T12:00,-4\n2024-03-04T12:01,1\n", "line 2: wanted a count"),
    ("time,counts\n2024-03-04T12:00,1\n2024-03-04T12:01\n", "line 3: 1 cell where"),
    ("time,counts\n2024-03-04T12:00,1\n2024-03-04T12:00,1\n", "line 3: the clock repeats"),
    ("time,counts\n2024-03-04T12:00,1\n2024-02-30T12:01,1\n", "line 3: wanted a date"),
    ("time,counts\n2024-03-04T12:00,1\n", "wanted epochs, found 1"),
    ("time,light\n2024-03-04T12:00,1\n", "no line names a time and a count"),
    ("", "no text and no AGD file"),
])  # fmt: skip
def test_a_wrong_table_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ActigraphyInvalid, match=message):
        read(path)


def test_raw_acceleration_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "w.gt3x"
    path.write_bytes(b"PK\x03\x04 raw")
    with pytest.raises(ActigraphyInvalid, match="raw acceleration") as error:
        read(path)
    assert "scikit-digital-health" in error.value.remedy


@pytest.mark.parametrize("damage", ["cut", "other", "view", "no-epoch-length", "text"])
def test_a_damaged_agd_file_is_refused(tmp_path, damage):
    import sqlite3

    path = tmp_path / "w.agd"
    if damage == "other":
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE other (x)")
        connection.commit()
        connection.close()
    else:
        agd(path, COUNTS * 200, settings={"x": "1"} if damage == "no-epoch-length" else None)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:9000])
    if damage in ("view", "text"):
        connection = sqlite3.connect(path)
        connection.executescript(
            "ALTER TABLE data RENAME TO old; CREATE VIEW data AS SELECT * FROM old"
            if damage == "view" else "UPDATE data SET dataTimestamp = 'yesterday'"
        )  # fmt: skip
        connection.close()
    with pytest.raises(ActigraphyInvalid):
        read(path)


def test_the_real_files():
    gt3x = read(shared("data", "actigraphy", "GT3XPlus-RawData-Day01-10sec60sec.csv"))
    assert (len(gt3x), gt3x.epoch_s, gt3x.maker) == (1500, 60, "actigraph")
    assert gt3x.counts[:3].tolist() == [1465, 207, 169]
    tensec = read(shared("data", "actigraphy", "ActiSleepPlus-RawData-Day01.agd"))
    assert (len(tensec), tensec.epoch_s) == (8639, 10)
    assert tensec.start == dt.datetime(2012, 4, 4, 13, 29)
    watch = read(shared("data", "actigraphy", "example_01.AWD"))
    assert (len(watch), watch.epoch_s, watch.maker) == (18_401, 60, "actiwatch")
    assert watch.start == dt.datetime(1918, 1, 23, 13, 58)
    assert len(watch.markers) > 20
    export = read(shared("data", "actigraphy", "test_sample_rpx_eng.csv"))
    assert (len(export), export.epoch_s, export.maker) == (20_160, 30, "actiwatch")
    assert export.start == dt.datetime(2015, 7, 4, 9, 45)
    assert export.markers == (dt.datetime(2015, 7, 4, 21, 0),)
