"""A recording that lacks a part of the night is flagged and left out, unless lights were on."""

import json
import os

import numpy as np
import pytest

import psgpipe
from psgpipe.cli.app import exit_code
from tests.edf_files import Signal, annotations, keeping_time, write_edf
from tests.recordings import brain_noise

FS_HZ = 100
MINUTES_60 = 3600


def channel(signal_uv):
    digital = np.clip(np.rint(signal_uv * 65.535), -32768, 32767)
    return Signal(label="C4-M1", digital=digital, per_record=FS_HZ)


def an_hour(path, signal_uv=None, onsets_s=None, **header):
    """An hour from 22:00 on, a second a record."""
    signal_uv = brain_noise(MINUTES_60, FS_HZ) if signal_uv is None else signal_uv
    channels = [channel(signal_uv)]
    if onsets_s is not None:
        channels.append(annotations(keeping_time(onsets_s)))
        header["reserved"] = "EDF+D"
    return write_edf(path, channels, len(signal_uv) // FS_HZ, **header)


def cut(path, share):
    os.truncate(path, int(path.stat().st_size * share))
    return path


def doubts(path, **options) -> dict[str, str]:
    """Effect by code of the flags, without those on the stages of noise."""
    flags = psgpipe.run_night(path, "eeg-only", **options).quality.flags
    of_stages = ("short-night", "stage-changes")
    return {flag.code: flag.effect for flag in flags if flag.code not in of_stages}


def test_a_whole_recording_is_complete(tmp_path):
    assert doubts(an_hour(tmp_path / "n.edf")) == {}


def test_a_copy_that_stopped_is_no_night(tmp_path):
    path = cut(an_hour(tmp_path / "n.edf"), 0.6)
    assert doubts(path) == {"incomplete": "withhold", "size-short": "doubt"}
    assert doubts(path, lights_off="22:05") == {"incomplete": "withhold", "size-short": "doubt"}


def test_a_copy_that_stopped_after_lights_on_is_complete(tmp_path):
    path = cut(an_hour(tmp_path / "n.edf"), 0.6)
    assert doubts(path, lights_on="22:30") == {}


def test_a_recording_that_was_never_closed_may_lack_its_end(tmp_path):
    path = an_hour(tmp_path / "n.edf", n_records_field=-1)
    assert doubts(path) == {"incomplete": "withhold", "record-count-unknown": "doubt"}
    assert doubts(path, lights_on="22:55") == {}


def test_records_behind_the_last_declared_one_are_a_missing_end(tmp_path):
    path = an_hour(tmp_path / "n.edf", n_records_field=1800)
    assert doubts(path) == {"incomplete": "withhold", "size-long": "doubt"}
    assert doubts(path, lights_on="22:25") == {}


def test_a_tail_of_zeros_is_no_sleep(tmp_path):
    signal_uv = brain_noise(MINUTES_60, FS_HZ)
    signal_uv[3000 * FS_HZ :] = 0  # ten minutes, 17 %
    path = an_hour(tmp_path / "n.edf", signal_uv)
    # The digital zero of these limits is not the last number: only the flat signal shows.
    assert doubts(path)["incomplete"] == "withhold"
    assert doubts(path, lights_on="22:50") == {}


def test_a_gap_of_eleven_minutes_in_bed_is_too_long(tmp_path):
    onsets_s = [*range(1200), *range(1860, 4260)]
    path = an_hour(tmp_path / "n.edf", onsets_s=onsets_s)
    assert doubts(path) == {"incomplete": "withhold", "edfplus-gap": "doubt"}
    assert doubts(path, lights_off="22:31", lights_on="23:05") == {}


def test_many_gaps_of_a_second_leave_hardly_an_epoch(tmp_path):
    # One second of 14 is lost: 7 % of the signal, and every epoch has a gap or two.
    onsets_s = [s for s in range(3900) if s % 14 != 5][:MINUTES_60]
    onsets_s[1000:] = range(onsets_s[1000], onsets_s[1000] + 2600)
    found = doubts(an_hour(tmp_path / "n.edf", onsets_s=onsets_s))
    assert found == {"incomplete": "withhold", "edfplus-gap": "doubt"}


def test_a_clock_that_loses_more_than_an_epoch_makes_the_numbers_doubtful(tmp_path):
    # Each record of a second is dated 0.99 s after the last one: 36 s in an hour.
    slow = an_hour(tmp_path / "n.edf", onsets_s=[0.99 * s for s in range(MINUTES_60)])
    assert doubts(slow) == {"clock-drift": "doubt"}
    little = an_hour(tmp_path / "m.edf", onsets_s=[0.999 * s for s in range(MINUTES_60)])
    assert doubts(little) == {}


@pytest.fixture
def study(tmp_path):
    """Two subjects with a baseline night and a treatment night; the last recording is cut."""
    rows = ["subject\tnight\tcondition\trecording"]
    for subject in ("S1", "S2"):
        for condition in ("baseline", "treatment"):
            name = f"{subject}_{condition}.edf"
            an_hour(tmp_path / name, brain_noise(MINUTES_60, FS_HZ, seed=len(rows)))
            rows.append(f"{subject}\t{condition}\t{condition}\t{name}")
    cut(tmp_path / name, 0.6)
    (tmp_path / "study.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def run(*words) -> int:
    return exit_code([str(word) for word in words])


@pytest.mark.slow
def test_batch_and_compare_name_the_incomplete_night_and_leave_it_out(study, capsys):
    out = study / "out"
    table = (study / "study.tsv", "-o", out, "-p", "eeg-only", "-j1", "--no-figures")
    assert run("batch", *table) == 0
    said = capsys.readouterr()
    (line,) = [line for line in said.err.splitlines() if "S2 treatment: finished" in line]
    assert "; flags: incomplete size-short" in line
    assert "1 finished night is incomplete; psgpipe compare leaves out" in said.out
    # 24 min are missing, and the last epoch of the file is cut.
    assert "S2 treatment: 25 of 60 min in bed (41 %) have no signal to stage" in said.out
    assert run("batch", *table) == 0  # nothing to do, and said again
    assert "1 finished night is incomplete" in capsys.readouterr().out
    assert run("compare", out, "--json") == 0
    written = json.loads(capsys.readouterr().out)
    fates = {(n["subject"], n["night"]): (n["fate"], n["reason"]) for n in written["nights"]}
    assert fates["S2", "treatment"][0] == "incomplete"
    assert fates["S2", "treatment"][1].startswith("25 of 60 min in bed")
    assert fates["S2", "baseline"][0] == "unpaired"
    assert any("S2 treatment is incomplete and left out" in w for w in written["warnings"])


@pytest.mark.slow
def test_a_spec_may_keep_incomplete_nights_with_a_warning(study, capsys):
    spec = study / "all.toml"
    spec.write_text('[nights]\nincomplete = "warn"\n', encoding="utf-8")
    out = study / "out"
    run("batch", study / "study.tsv", "-o", out, "-p", "eeg-only", "-j1", "--no-figures", "-q")
    capsys.readouterr()
    assert run("compare", out, "--spec", spec, "--json") == 0
    written = json.loads(capsys.readouterr().out)
    assert {night["fate"] for night in written["nights"]} == {"analysed"}
    (warning,) = [w for w in written["warnings"] if "doubtful" in w]
    assert "S2 treatment (incomplete, size-short, " in warning
    assert "(2 baseline, 2 treatment)" in warning
