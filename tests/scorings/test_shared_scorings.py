"""Scorings as programs wrote them; the counts were made with a text editor's search."""

import datetime as dt
from collections import Counter

import pytest

from psgpipe.errors import ScoringInvalid
from psgpipe.scorings.align import on_own_clock
from psgpipe.scorings.mapping import read_mapping
from psgpipe.scorings.read import read_scoring
from tests.shared_files import shared


def scoring(name, **given):
    return read_scoring(shared("data", "vendor-scoring", name), **given)


def counts(found):
    return Counter(str(s.stage) for s in found.stages)


def test_a_night_of_noxturnal_in_french():
    found = scoring("noxturnal_events_example_unicode.csv")
    assert found.format == "noxturnal"
    assert counts(found) == {"W": 213, "N1": 66, "N2": 466, "N3": 364, "R": 249}
    assert found.start == dt.datetime(2016, 1, 15, 22, 30)
    assert on_own_clock(found).hypnogram.valid.sum() == 1358
    assert len(found.annotations) == 53  # 29 notifications, 22 arousals, 2 warnings


def test_another_night_of_noxturnal_with_breathing_events():
    found = scoring("noxturnal_events_example_unicode_2.csv")
    assert counts(found) == {"W": 169, "N1": 38, "N2": 354, "N3": 141, "R": 146}
    # The first line is of 23:45:40, the first epoch of 23:46.
    assert (found.start, found.stages[0].onset_s) == (dt.datetime(2018, 7, 25, 23, 46), 0)
    assert found.annotations[0].onset_s == -20


def test_a_night_of_profusion():
    found = scoring("compumedics_profusion_20017.edf.XML")
    assert (found.format, found.epoch_s) == ("profusion-xml", 30)
    assert counts(found) == {"W": 393, "N1": 44, "N2": 432, "N3": 165, "R": 160}


def test_a_night_of_the_nsrr_made_from_embla_has_no_times():
    found = scoring("nsrr_10007_from_embla.xml")
    assert found.format == "nsrr-xml"
    assert counts(found) == {"W": 279, "N1": 92, "N2": 258, "N3": 137, "R": 193}
    assert [f.code for f in found.findings] == ["scoring-without-times"]


def test_digits_one_a_line_have_no_stated_meaning():
    with pytest.raises(ScoringInvalid, match="the numbers 0, 1, 2, 3, 4, and nothing says"):
        scoring("digits-one-a-line.txt")
    found = scoring("digits-one-a-line.txt", mapping=read_mapping("aasm"))
    assert counts(found) == {"W": 232, "N1": 10, "N2": 387, "N3": 240, "R": 143}


@pytest.mark.parametrize("folder", ["sleep-edf-hypnograms", "sleep-edf-ST-hypnograms"])
def test_nights_of_sleep_edf_have_every_annotation_as_a_stage(folder):
    for path in sorted(shared("data", folder).glob("*-Hypnogram.edf")):
        found = read_scoring(path)
        assert found.annotations == (), path.name
        assert {"W", "N1", "N2", "N3", "R"} <= {str(s.stage) for s in found.stages}, path.name


def test_a_recording_in_place_of_a_scoring_is_said_to_hold_no_stages():
    with pytest.raises(ScoringInvalid, match="nothing in it names a sleep stage"):
        read_scoring(shared("data", "real-edf", "short_psg.edf"))
