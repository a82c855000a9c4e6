"""A diary whose dates are those of the mornings is noticed beside recordings."""

import datetime as dt

import pytest

from psgpipe.concordance.psg_nights import PsgNight
from psgpipe.concordance.shifted_dates import shifted_dates
from psgpipe.diary.read import read_diary
from tests.concordance.three_sources import concord
from tests.diary.diaries import diary

DAY = dt.timedelta(days=1)
EVENING = dt.datetime(2024, 3, 4, 22, 0)
BEDTIMES_MIN = (0, 75, 20, 110, 45)  # minutes after 22:00 on five evenings
RECORDED = (1, 3)
COLUMNS = ("subject", "date", "into_bed", "tried_to_sleep", "final_awakening", "out_of_bed")


def lights(number):
    off = EVENING + number * DAY + dt.timedelta(minutes=BEDTIMES_MIN[number])
    return off, off + dt.timedelta(hours=8)


def recordings(numbers=RECORDED):
    return [
        PsgNight("S1", f"n{k}", None, {}, None, lights(k)[0], *lights(k), lights(k)[0].date())
        for k in numbers
    ]


def rows(path, days, numbers=range(5), late_min=5):
    """The diary of the evenings, a few minutes off, with dates so many days off."""
    cells = []
    for k in numbers:
        off, on = (moment + dt.timedelta(minutes=late_min) for moment in lights(k))
        clock = [f"{moment:%H:%M}" for moment in (off, off, on, on)]
        cells.append(("S1", str((EVENING + (k + days) * DAY).date()), *clock))
    return read_diary(diary(path / "diary.tsv", cells, COLUMNS)).nights


@pytest.mark.parametrize(("days", "words"), [(1, "a day later: are its dates those of the morning"),
                                             (-1, "a day earlier")])  # fmt: skip
def test_a_diary_that_fits_with_its_neighbouring_dates_is_noted(tmp_path, days, words):
    (note,) = shifted_dates(recordings(), rows(tmp_path, days))
    assert note.startswith("S1: on all 2 recorded nights")
    assert words in note


def test_a_diary_of_the_recorded_nights_alone_is_noted_too(tmp_path):
    assert list(shifted_dates(recordings(), rows(tmp_path, 1, RECORDED)))


def test_a_right_diary_one_night_and_equal_bedtimes_are_not_noted(tmp_path):
    assert not list(shifted_dates(recordings(), rows(tmp_path, 0)))
    assert not list(shifted_dates(recordings((1,)), rows(tmp_path, 1)))
    assert not list(shifted_dates(recordings(), rows(tmp_path, 1, late_min=45)))


def test_concord_says_so(tmp_path):
    import json

    from tests.concordance.three_sources import write_study

    write_study(tmp_path, subjects=2, nights=1, hours=3.0, seed=1)
    path = tmp_path / "diary.tsv"
    header, *lines = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    moved = [
        [str(dt.date.fromisoformat(c) + DAY) if name == "date"
         else (dt.datetime.fromisoformat(c) + DAY).isoformat() if "T" in c else c
         for name, c in zip(header, line, strict=True)]
        for line in lines
    ]  # fmt: skip
    text = "\n".join("\t".join(line) for line in (header, *moved))
    path.write_text(text + "\n", "utf-8")
    assert concord(tmp_path) == 0
    summary = (tmp_path / "out" / "concordance" / "concordance.json").read_text("utf-8")
    notes = json.loads(summary)["notes"]
    assert [note[:3] for note in notes if "a day later" in note] == ["S01", "S02"]
