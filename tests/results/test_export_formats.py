"""Exported nights, read back by the tools for which they are written."""

import csv
import datetime as dt
import importlib.util
import io
import json
import os
import subprocess
import sys

import edfio
import mne
import numpy as np
import pyedflib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psgpipe.model.hypnogram import SCORED, SleepStage
from psgpipe.results.export.bids import events_tsv
from psgpipe.results.export.edf import edf_scoring
from psgpipe.results.export.luna import luna_annot, luna_eannot
from psgpipe.results.export.nsrr import nsrr_csv, nsrr_dictionary, nsrr_variables
from psgpipe.results.export.yasa_json import yasa_json
from psgpipe.results.status import StudyNight
from psgpipe.scorings.align import align
from psgpipe.scorings.read import read_scoring
from psgpipe.sleep.local_clock import LocalClock
from tests.builders import stages
from tests.lights_words import read_lights
from tests.recordings import write_night
from tests.results.finished_nights import EVENING, PROBABILITY, finished_night
from tests.shared_files import CHECKOUT

NIGHT = stages("W*3 N1*2 N2*4 N3*3 W N2*2 R*3 ART UNS W*2")
LIGHTS_S = (45.5, 630.0)

nights = st.lists(st.sampled_from(list(SleepStage)), min_size=1, max_size=1500)
lights = st.tuples(*[st.none() | st.floats(0, 40_000).map(lambda seconds: round(seconds, 3))] * 2)
last_epochs_s = st.integers(1, 30).map(float)


def rows_of(content, delimiter="\t"):
    return list(csv.DictReader(io.StringIO(content.decode()), delimiter=delimiter))


# EDF+


def test_stages_and_lights_stand_in_the_edf_as_annotations_of_the_field():
    night = finished_night(stages("W N1 N2 N3 R ART UNS"), lights_s=(45.5, 200.0))
    annotations = edfio.read_edf(edf_scoring(night)).annotations
    assert [(a.onset, a.duration, a.text) for a in annotations] == [
        (0, 30, "Sleep stage W"),
        (30, 30, "Sleep stage N1"),
        (45.5, None, "Lights off"),
        (60, 30, "Sleep stage N2"),
        (90, 30, "Sleep stage N3"),
        (120, 30, "Sleep stage R"),
        (150, 30, "Movement time"),
        (180, 30, "Sleep stage ?"),
        (200, None, "Lights on"),
    ]


def test_lights_that_are_not_known_are_no_annotations():
    annotations = edfio.read_edf(edf_scoring(finished_night(stages("W R")))).annotations
    assert [a.text for a in annotations] == ["Sleep stage W", "Sleep stage R"]


def test_mne_edfio_and_pyedflib_read_the_same_stages_at_the_same_times(tmp_path):
    path = tmp_path / "S1_n1.edf"
    path.write_bytes(edf_scoring(finished_night(NIGHT, lights_s=LIGHTS_S, last_epoch_s=12.0)))
    own = edfio.read_edf(path).annotations
    texts, onsets = [a.text for a in own], [a.onset for a in own]
    by_mne = mne.read_annotations(path)
    assert by_mne.description.tolist() == texts
    assert by_mne.onset.tolist() == onsets
    with pyedflib.EdfReader(str(path)) as reader:
        onset_s, duration_s, description = reader.readAnnotations()
        assert reader.getStartdatetime() == EVENING
    assert description.tolist() == texts
    assert onset_s.tolist() == onsets
    # pyedflib spells an absent duration -1
    assert [d if d >= 0 else None for d in duration_s.tolist()] == [a.duration for a in own]
    assert own[-1].duration == 12.0


@given(nights, lights, last_epochs_s)
def test_psgpipe_reads_back_every_stage_and_both_lights(tmp_path_factory, staged, at_s, last_s):
    path = tmp_path_factory.getbasetemp() / "night.edf"
    night = finished_night(staged, lights_s=at_s, last_epoch_s=last_s)
    path.write_bytes(edf_scoring(night))
    aligned = align(read_scoring(path), LocalClock(EVENING, EVENING.time()), night.span_s)
    if last_s > 15 or staged[-1] == "UNS":
        assert aligned.hypnogram.stages == tuple(staged)
    else:  # an epoch without signal in most of it has no stage
        assert aligned.hypnogram.stages[:-1] == tuple(staged[:-1])
    found = {read_lights(a.text): a.onset_s for a in aligned.annotations}
    known = zip(("off", "on"), at_s, strict=True)
    assert found == pytest.approx({side: s for side, s in known if s is not None})


WRITTEN = {
    "night.edf": edf_scoring,
    "night.annot": luna_annot,
    "night.eannot": luna_eannot,
    "night.json": yasa_json,
    "sub-1_task-sleep_events.tsv": events_tsv,
}


@pytest.mark.parametrize("name", WRITTEN)
@settings(deadline=None, max_examples=30)
@given(nights)
def test_psgpipe_reads_back_each_of_its_own_formats(tmp_path_factory, name, staged):
    if not any(stage in SCORED for stage in staged):
        staged = [*staged, SleepStage.N2]
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(WRITTEN[name](finished_night(staged)))
    clock = LocalClock(EVENING, EVENING.time())
    assert align(read_scoring(path), clock, 30.0 * len(staged)).hypnogram.stages == tuple(staged)


@pytest.mark.parametrize("start", [dt.datetime(2024, 3, 1, 22, 15, 7, 250_000), None])
def test_a_start_within_a_second_or_not_known_keeps_the_epochs_in_place(tmp_path, start):
    path = tmp_path / "night.edf"
    path.write_bytes(edf_scoring(finished_night(NIGHT, start=start)))
    clock = LocalClock(start, start.time() if start else None)
    aligned = align(read_scoring(path), clock, 30.0 * len(NIGHT))
    assert aligned.hypnogram.stages == NIGHT
    assert aligned.alignment.remainder_s == 0


def test_the_edf_names_no_patient_and_starts_with_the_recording():
    header = edf_scoring(finished_night(NIGHT))[:256]
    assert header[8:88].split() == [b"X"] * 4
    assert header[88:168].split() == [b"Startdate", b"01-MAR-2024", b"X", b"X", b"X"]
    assert header[168:184] == b"01.03.2422.15.07"


# Luna


def test_the_annot_file_has_lunas_columns_words_and_seconds():
    night = finished_night(stages("W N1 ART UNS R"), lights_s=(30.25, 140.0), last_epoch_s=7.5)
    assert luna_annot(night).decode().splitlines() == [
        "class\tinstance\tchannel\tstart\tstop\tmeta",
        "W\t.\t.\t0\t30\t.",
        "N1\t.\t.\t30\t60\t.",
        "lights_off\t.\t.\t30.25\t30.25\t.",
        "M\t.\t.\t60\t90\t.",
        "?\t.\t.\t90\t120\t.",
        "R\t.\t.\t120\t127.5\t.",
        "lights_on\t.\t.\t140\t140\t.",
    ]


def test_the_eannot_file_has_a_line_for_each_epoch_that_luna_makes():
    assert luna_eannot(finished_night(stages("W ART UNS R"))) == b"W\nM\n?\nR\n"
    unfinished = finished_night(stages("W N1 R"), last_epoch_s=29.0)
    assert luna_eannot(unfinished) == b"W\nN1\n"


def test_a_recording_with_gaps_has_no_eannot_file_because_luna_counts_its_epochs_otherwise():
    assert luna_eannot(finished_night(stages("W UNS R"), gap_s=17.0)) is None


LUNA_NAMES = {"M": "ART", "?": "UNS"}
READ_WITH_LUNA = """
import json, sys
import lunapi
project = lunapi.proj()
project.silence(True)
night = project.inst("night")
night.attach_edf(sys.argv[1])
for file in sys.argv[2:]:
    night.attach_annot(file)
classes = list(night.annots()["Annotations"])
found = night.fetch_fulls_annots(classes)
rows = [[r.Class, r.Instance, r.Start, r.Stop] for r in found.itertuples()]
night.silent_proc("HYPNO")
summary = night.table("HYPNO")
summary = {} if summary is None else summary.iloc[0][["E1_LIGHTS_OFF", "TST", "TRT"]].to_dict()
print(json.dumps({"rows": rows, "summary": summary}))
"""


def read_with_luna(*files):
    """What Luna reads: it ends the whole process on a bad file, so it has one of its own."""
    if importlib.util.find_spec("lunapi") is None:
        missing = pytest.fail if os.environ.get("PSGPIPE_REQUIRE_LUNA") == "1" else pytest.skip
        missing("Luna (lunapi, GPL) is not installed: pip install lunapi")
    run = subprocess.run(
        [sys.executable, "-c", READ_WITH_LUNA, *map(str, files)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def stage_rows(read):
    """(start, stop, stage) of each stage that Luna knows, in the order of time."""
    known = {*map(str, SleepStage), *LUNA_NAMES}
    rows = [(r[2], r[3], LUNA_NAMES.get(r[0], r[0])) for r in read["rows"] if r[0] in known]
    return sorted(rows)


def epochs_of(staged, last_epoch_s=30.0):
    ends_s = [30.0 * (n + 1) for n in range(len(staged))]
    ends_s[-1] += last_epoch_s - 30
    return [
        (30.0 * n, end_s, str(s)) for n, (s, end_s) in enumerate(zip(staged, ends_s, strict=True))
    ]


@pytest.fixture
def recording(tmp_path):
    return write_night(tmp_path / "recording.edf", seconds=30 * len(NIGHT), fs_hz=64)


def test_luna_reads_the_annot_file_with_every_stage_and_the_lights(tmp_path, recording):
    path = tmp_path / "S1_n1.annot"
    path.write_bytes(luna_annot(finished_night(NIGHT, lights_s=LIGHTS_S)))
    read = read_with_luna(recording, path)
    assert stage_rows(read) == epochs_of(NIGHT)
    lights_read = {r[0]: (r[2], r[3]) for r in read["rows"] if r[0].startswith("lights")}
    assert lights_read == {"lights_off": (45.5, 45.5), "lights_on": (630, 630)}
    # Luna counts in bed every epoch that ends after lights off, so from the second one.
    assert read["summary"]["E1_LIGHTS_OFF"] == pytest.approx(0.5)
    assert read["summary"]["TST"] == pytest.approx((2 + 4 + 3 + 2 + 3) / 2)


def test_luna_reads_the_eannot_file_with_every_stage(tmp_path, recording):
    path = tmp_path / "S1_n1.eannot"
    path.write_bytes(luna_eannot(finished_night(NIGHT)))
    assert stage_rows(read_with_luna(recording, path)) == epochs_of(NIGHT)


def test_luna_makes_no_epoch_of_an_unfinished_last_one(tmp_path):
    recording = write_night(tmp_path / "recording.edf", seconds=30 * 20 + 10, fs_hz=64)
    night = finished_night(stages("W*10 N2*10 R"), last_epoch_s=10.0)
    path = tmp_path / "S1_n1.eannot"
    path.write_bytes(luna_eannot(night))
    assert stage_rows(read_with_luna(recording, path)) == epochs_of(stages("W*10 N2*10"))


@pytest.mark.parametrize("microsecond", [0, 250_000])
def test_luna_reads_the_edf_with_the_same_stages_at_the_same_clock_times(tmp_path, microsecond):
    path = tmp_path / "S1_n1.edf"
    start = EVENING.replace(microsecond=microsecond)
    path.write_bytes(edf_scoring(finished_night(NIGHT, lights_s=LIGHTS_S, start=start)))
    read = read_with_luna(path)
    # Luna counts from the whole second in the header. It has no stage for movement: an event.
    late_s = microsecond / 1e6
    expected = [(a + late_s, b + late_s, s) for a, b, s in epochs_of(NIGHT) if s != "ART"]
    assert stage_rows(read) == expected
    events = {r[1]: r[2] for r in read["rows"] if r[0] == "edf_annot"}
    moved_s = 30.0 * NIGHT.index(SleepStage.ART) + late_s
    expected = {"lights_off": 45.5 + late_s, "lights_on": 630 + late_s, "Movement_time": moved_s}
    assert {name: events[name] for name in expected} == expected


# YASA


@settings(deadline=None)  # the first import of yasa takes seconds
@given(nights)
def test_yasa_reads_back_the_hypnogram_that_psgpipe_would_give_it(tmp_path_factory, staged):
    import yasa

    path = tmp_path_factory.getbasetemp() / "night.json"
    night = finished_night(staged)
    path.write_bytes(yasa_json(night))
    read, expected = yasa.Hypnogram.from_json(path), night.hypnogram.to_yasa()
    assert (read == expected).all()
    assert (read.start, read.freq, read.n_stages) == (expected.start, "30s", 5)
    is_staged = all(stage not in ("ART", "UNS") for stage in staged)
    assert (read.proba is not None) == is_staged
    if is_staged:
        assert np.allclose(read.proba.max(axis=1), PROBABILITY)


def test_yasa_writes_the_same_json_itself(tmp_path):
    import yasa

    (tmp_path / "ours.json").write_bytes(yasa_json(finished_night(stages("W N1 N2 N3 R W"))))
    yasa.Hypnogram.from_json(tmp_path / "ours.json").to_json(tmp_path / "theirs.json")
    ours, theirs = (json.loads((tmp_path / f"{w}.json").read_text()) for w in ("ours", "theirs"))
    assert ours == theirs


# BIDS


@given(nights, lights, last_epochs_s)
def test_the_events_have_every_epoch_and_both_lights(staged, at_s, last_s):
    rows = rows_of(events_tsv(finished_night(staged, lights_s=at_s, last_epoch_s=last_s)))
    epochs = [r for r in rows if not r["trial_type"].startswith("lights")]
    assert [r["trial_type"] for r in epochs] == [str(stage) for stage in staged]
    assert [float(r["onset"]) for r in epochs] == [30.0 * n for n in range(len(staged))]
    assert [float(r["duration"]) for r in epochs] == [30.0] * (len(staged) - 1) + [last_s]
    found = {r["trial_type"]: float(r["onset"]) for r in rows if r not in epochs}
    known = zip(("lights_off", "lights_on"), at_s, strict=True)
    assert found == pytest.approx({name: s for name, s in known if s is not None})
    assert [float(r["onset"]) for r in rows] == sorted(float(r["onset"]) for r in rows)


def test_an_event_says_who_scored_by_which_standard_and_how_sure():
    rows = rows_of(events_tsv(finished_night(stages("N2 ART"), lights_s=(12.0, None))))
    assert list(rows[0].values()) == ["0", "30", "N2", "AASM", "automatic", "yasa 0.8.1", "0.6"]
    assert list(rows[1].values()) == ["12", "0", "lights_off", "n/a", "n/a", "n/a", "n/a"]
    assert rows[2]["confidence"] == "n/a"


# NSRR


SUMMARY = {v.endpoint: float(n) for n, v in enumerate(nsrr_variables())}


def nsrr_row(night, **listed):
    line = nsrr_csv([(StudyNight("S1", "n1", None, **listed), night)])
    return rows_of(b"".join(line), ",")[0]


def test_every_endpoint_stands_under_its_nsrr_name_and_the_older_one():
    night = finished_night(stages("W N2 R"), lights_s=(60.0, 28_000.0), summary=SUMMARY)
    row = nsrr_row(night, age=34.0, sex="F")
    for variable in nsrr_variables():
        assert {float(row[name]) for name in variable.names} == {SUMMARY[variable.endpoint]}
    assert row["nsrr_ttldursp_f1"] == row["nsrr_tst_f1"] == repr(SUMMARY["tst_min"])
    assert (row["nsrr_age"], row["nsrr_age_gt89"], row["nsrr_sex"]) == ("34", "no", "female")
    # lights as the manifest has them, sleep from the second epoch on: 22:15:07 and 30 s
    times = [row[f"nsrr_{name}_f1"] for name in ("begtimbd", "endtimbd", "begtimsp")]
    assert times == ["22:16:07", "06:02:00", "22:15:37"]
    assert row["note"] == ""


def test_nobody_is_older_than_90_and_an_unknown_age_stays_blank():
    night = finished_night(stages("W R"), summary=SUMMARY)
    assert [nsrr_row(night, age=95.0)[name] for name in ("nsrr_age", "nsrr_age_gt89")] == [
        "90",
        "yes",
    ]
    assert nsrr_row(night)["nsrr_age"] == ""
    assert nsrr_row(night)["nsrr_sex"] == "not reported"


def test_without_known_lights_time_in_bed_is_absent_with_its_reason_and_sleep_is_there():
    row = nsrr_row(finished_night(stages("W N2 R"), summary=SUMMARY, flags=("incomplete",)))
    for name in ("nsrr_tib_f1", "nsrr_ttleffsp_f1", "nsrr_ttllatsp_f1", "nsrr_waso_f1"):
        assert row[name] == ""
    assert row["nsrr_begtimbd_f1"] == ""
    assert row["nsrr_tst_f1"] == repr(SUMMARY["tst_min"])
    assert "lights" in row["note"]
    assert row["flags"] == "incomplete"


def test_the_dictionary_explains_every_column_of_the_table():
    table = b"".join(nsrr_csv([])).decode().splitlines()[0].split(",")
    explained = [row["id"] for row in rows_of(nsrr_dictionary(), ",")]
    assert [c for c in table if c.startswith("nsrr_")] == explained


def test_the_page_of_endpoints_has_the_same_nsrr_names():
    page = (CHECKOUT / "docs" / "reference" / "endpoints.md").read_text(encoding="utf-8")
    row_of = {
        endpoint: line
        for line in page.partition("## The same measures elsewhere")[2].splitlines()
        if line.startswith("| `")
        for endpoint in line.split("|")[1].replace("`", "").split()
    }
    for variable in nsrr_variables():
        line = row_of[variable.endpoint]
        for name in variable.names:
            stem, _, ending = name.rpartition("_")
            assert f"`{name}`" in line or (f"`{stem}_" in line and f"`_{ending}`" in line), name
