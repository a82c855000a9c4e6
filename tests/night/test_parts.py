"""Several files of one night: joined on the clock, with a gap where nothing was recorded."""

import csv
import datetime as dt
import hashlib

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.edf.reader import read_recording
from psgpipe.errors import PartsApart
from psgpipe.model.night import Night
from psgpipe.night.definition import load_definition
from psgpipe.night.open import open_night
from psgpipe.night.parts import read_missing
from tests import cheap_nights
from tests.recordings import write_night
from tests.studies import flip_a_bit, read_json

LABELS = ("EEG C4-M1", "EOG E1-M2", "EMG chin")


@pytest.fixture
def evening(tmp_path):
    """Recorded from 22:00 to 22:10; lights off at 22:01."""
    return write_night(tmp_path / "evening.edf", annotations=[(60, "Lights off")])


@pytest.fixture
def night(tmp_path):
    """Recorded from 22:13 to 22:23; lights on at 22:22."""
    return write_night(
        tmp_path / "night.edf",
        start=dt.time(22, 13),
        annotations=[(540, "Lights on")],
        seed=10,
    )


def opened(first, *further):
    night = Night("S1", "1", further_parts=further)
    return open_night(first, night, load_definition("standard-night"), hashed=True)


def run(folder, *recordings, more=()):
    words = ["run", *map(str, recordings), "-o", str(folder / "out"), "--subject", "S1"]
    return exit_code([*words, "--night", "n", "--no-figures", "-q", *more])


def test_lights_are_placed_on_the_clock_of_the_whole_night(evening, night):
    found = opened(evening, night)
    assert (found.lights.off_s, found.lights.on_s) == (60, 13 * 60 + 540)
    assert (found.header.span_s, found.header.duration_s) == (23 * 60, 20 * 60)
    assert "parts-joined" in [f.code for f in found.findings]


def test_samples_stand_where_they_were_recorded(evening, night):
    recorded = {label: r for r in opened(evening, night).recorded for label in r.labels}
    eeg = recorded["EEG C4-M1"].pick("EEG C4-M1").to_recording()
    assert [tuple(s) for s in eeg.segments] == [(0.0, 600 * 128), (780.0, 600 * 128)]
    for half, path in ((slice(None, 76800), evening), (slice(76800, None), night)):
        alone = read_recording(path, ["EEG C4-M1"])
        assert (eeg.signals_uv[:, half] == alone.signals_uv).all()


def test_a_channel_that_is_read_later_is_joined_too(evening, night):
    (later,) = read_missing(opened(evening, night), ["EMG chin"])
    assert [s.onset_s for s in later.segments] == [0.0, 780.0]


def test_the_gap_between_two_parts_is_not_staged(tmp_path, evening, night):
    assert run(tmp_path, evening, night) == 0
    folder = tmp_path / "out" / "nights" / "S1" / "n"
    with (folder / "hypnogram.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    unscored = [int(row["epoch"]) for row in rows if row["stage"] == "UNS"]
    assert unscored == list(range(20, 26))  # 22:10 to 22:13
    assert rows[26]["clock"] == "22:13:00"
    assert read_json(folder / "summary.json")["tib_min"] == 21
    assert read_json(folder / "summary.json")["unscored_min"] == 3


def test_the_manifest_names_every_part_with_its_hash(tmp_path, evening, night):
    assert run(tmp_path, evening, night) == 0
    recording = read_json(tmp_path / "out/nights/S1/n/manifest.json")["recording"]
    assert recording["name"] == "evening.edf"
    assert [part["name"] for part in recording["parts"]] == ["evening.edf", "night.edf"]
    for part, path in zip(recording["parts"], (evening, night), strict=True):
        assert part["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_over_midnight_without_a_date_the_clock_tells_the_order(tmp_path):
    unknown = dt.date(1985, 1, 1)
    first = write_night(tmp_path / "a.edf", start=dt.time(23, 55), date=unknown)
    then = write_night(tmp_path / "b.edf", start=dt.time(0, 10), date=unknown)
    assert opened(first, then).parts[1].onset_s == 15 * 60


@pytest.mark.parametrize("start", [dt.time(22, 9), dt.time(21, 0)])
def test_parts_that_overlap_or_stand_in_the_wrong_order_are_refused(tmp_path, evening, start):
    other = write_night(tmp_path / "other.edf", start=start)
    with pytest.raises(PartsApart, match=r"other.edf: begins \d+ s before the part before it ends"):
        opened(evening, other)


def test_a_start_within_the_second_of_the_end_is_no_overlap(tmp_path):
    first = write_night(tmp_path / "a.edf", seconds=601)
    then = write_night(tmp_path / "b.edf", start=dt.time(22, 10))
    assert opened(first, then).parts[1].onset_s == 601


def test_a_file_of_another_night_is_refused(tmp_path, evening):
    other = write_night(tmp_path / "other.edf", date=dt.date(2024, 3, 2))
    with pytest.raises(PartsApart, match=r"other.edf: begins 23.8 h after the end"):
        opened(evening, other)


@pytest.mark.parametrize(
    ("different", "said"),
    [
        ({"labels": LABELS[:2]}, "only evening.edf has EMG chin at 128 Hz"),
        ({"labels": (*LABELS, "EEG C3-M2")}, "only other.edf has EEG C3-M2 at 128 Hz"),
        ({"fs_hz": 256}, "128 Hz"),
    ],
)
def test_parts_with_other_channels_or_rates_are_refused(tmp_path, evening, different, said):
    other = write_night(tmp_path / "other.edf", start=dt.time(22, 13), **different)
    with pytest.raises(PartsApart, match=said):
        opened(evening, other)


def test_parts_with_another_unit_are_refused(tmp_path, evening):
    other = write_night(tmp_path / "other.edf", start=dt.time(22, 13), unit="mV")
    with pytest.raises(PartsApart, match="EEG C4-M1 has another scale or unit"):
        opened(evening, other)


def study(folder, rows, columns="part"):
    table = folder / "study.tsv"
    text = f"subject\tnight\tcondition\trecording\t{columns}\n" + "".join(f"{r}\n" for r in rows)
    table.write_text(text, encoding="utf-8")
    return table


def batch(folder, rows, *options):
    table = study(folder, rows)
    return cheap_nights.main(
        ["batch", str(table), "-o", str(folder / "out"), "--no-figures", "-q", "-j1", *options]
    )


def the_row(folder):
    with (folder / "out" / "nights.tsv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file, delimiter="\t")
    return row


ROWS = ("S1\tn\tbaseline\tnight.edf\t2", "S1\tn\tbaseline\tevening.edf\t1")


@pytest.mark.usefixtures("evening", "night")
def test_rows_with_a_part_are_one_night(tmp_path):
    assert batch(tmp_path, ROWS) == 0
    row = the_row(tmp_path)
    assert (row["state"], row["recording"], row["duration_s"]) == ("done", "evening.edf", "1200.0")
    assert float(row["tib_min"]) == 21


@pytest.mark.usefixtures("evening")
@pytest.mark.parametrize("options", [(), ("--trust-mtime",)])
def test_a_changed_further_part_is_noticed(tmp_path, night, options):
    manifest = tmp_path / "out/nights/S1/n/manifest.json"
    fingerprints = []
    for change in (lambda path: None, lambda path: None, flip_a_bit):
        change(night)
        assert batch(tmp_path, ROWS, *options) == 0
        fingerprints.append(read_json(manifest)["fingerprint"])
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


@pytest.mark.usefixtures("evening")
def test_a_night_without_one_of_its_files_fails_with_that_reason(tmp_path):
    assert batch(tmp_path, ROWS) == 8
    row = the_row(tmp_path)
    assert (row["state"], row["kind"]) == ("failed", "UnsafeFile")
    assert "night.edf" in row["reason"]
