"""What ``psgpipe check`` says ends with a verdict that a technician can read."""

import numpy as np
import pytest

from psgpipe.cli.app import exit_code
from psgpipe.cli.printing import wrapped
from psgpipe.cli.text.check_text import WORDS, recording_text, verdict
from psgpipe.quality import rules
from tests.edf_files import Signal, write_edf
from tests.recordings import brain_noise, write_night


def checked_text(path, capsys, *options):
    code = exit_code(["check", str(path), *options])
    return code, capsys.readouterr().out.splitlines()


def test_a_good_recording_can_be_staged(tmp_path, capsys):
    code, lines = checked_text(write_night(tmp_path / "n.edf"), capsys)
    assert code == 0
    assert lines[-1] == "  C4-M1: good; E1-M2: good; chin: good; can be staged: yes"
    assert not any("median_epoch_sd_uv" in line for line in lines)


def test_measures_are_shown_where_they_are_asked_for(tmp_path, capsys):
    _, lines = checked_text(write_night(tmp_path / "n.edf"), capsys, "-v")
    assert any("median_epoch_sd_uv" in line for line in lines)


def test_a_derivation_that_is_replaced_is_named_with_its_fault(tmp_path, capsys):
    fs_hz, seconds = 128, 600
    labels = ("EEG C4-M1", "EEG C3-M2", "EOG E1-M2", "EMG chin")
    signals = [np.round(brain_noise(seconds, fs_hz, seed=n) * 65) for n in range(4)]
    signals[0][:] = 0
    path = write_edf(
        tmp_path / "flat.edf",
        [Signal(label, per_record=fs_hz, digital=s.astype(np.int16))
         for label, s in zip(labels, signals, strict=True)],
        seconds,
    )  # fmt: skip
    code, lines = checked_text(path, capsys)
    assert code == 0
    assert lines[-1].startswith("  C4-M1: not used, flat for much of the time")
    assert "C3-M2: good" in lines[-1]
    assert "can be staged: yes" in lines[-1]


def test_a_recording_without_a_derivation_cannot_be_staged(tmp_path, capsys):
    code, lines = checked_text(write_night(tmp_path / "n.edf", labels=("Flow",)), capsys)
    assert code == 5
    assert lines[-1] == "  can be staged: no"


def test_by_its_header_alone_a_recording_may_be_staged(tmp_path, capsys):
    _, lines = checked_text(write_night(tmp_path / "n.edf"), capsys, "--header-only")
    assert lines[-1] == "  can be staged: yes, by its header"


def test_a_doubt_is_in_the_verdict_and_is_said_once():
    flag = {"code": "unscored", "message": "5 % have no signal", "derivation": None,
            "refused": False, "effect": "doubt"}  # fmt: skip
    checked = {
        "file": "n.edf", "state": "warning", "container": "", "error": None,
        "findings": [{"code": "unscored", "message": "5 % have no signal", "channel": None}],
        "quality": {"flags": [flag], "measures": {"C4-M1": {}}},
    }  # fmt: skip
    assert recording_text(checked).count("5 % have no signal") == 1
    assert verdict(checked) == (
        "C4-M1: good; some of the night has no signal to stage; can be staged: yes, with doubts"
    )


def test_every_rule_of_a_derivation_has_words():
    listed = [rule for of_kind in rules.RULES.values() for rule in of_kind]
    assert {rule.code for rule in listed} - set(WORDS) == set()


def test_a_long_line_is_wrapped_to_the_terminal():
    line = "  ! flat: " + "the signal does not move " * 6
    lines = wrapped(line, 60).splitlines()
    assert max(map(len, lines)) <= 60
    assert all(text.startswith("      ") for text in lines[1:])
    assert wrapped(line, None) == line


def test_a_warning_of_a_night_is_said_once(tmp_path, capsys):
    path = write_night(tmp_path / "n.edf")
    assert exit_code(["run", str(path), "-o", str(tmp_path / "out"), "--no-figures"]) == 0
    captured = capsys.readouterr()
    assert (captured.out + captured.err).count("lights off and lights on are not known") == 1


def test_findings_about_channels_that_nothing_reads_are_counted_and_shown_with_v(tmp_path, capsys):
    labels = ("EEG C4-M1", "EOG E1-M2", "EMG chin", "Resp nasal", "Resp belt")
    signals = [Signal(label, unit="" if label.startswith("Resp") else "uV") for label in labels]
    path = write_edf(tmp_path / "n.edf", signals, 600)
    _, lines = checked_text(path, capsys, "--header-only")
    assert not any("unit-unknown" in line for line in lines)
    assert "  2 findings about channels that are not read as anything: -v shows them" in lines
    _, lines = checked_text(path, capsys, "--header-only", "-v")
    assert sum("unit-unknown" in line for line in lines) == 2
    assert not any("-v shows" in line for line in lines)


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        ([(30, "Lights off"), (540, "Lights on")],
         ["  lights off 22:00:30, lights on 22:09:00, by annotation"]),
        ([(30, "Lights off")],
         ["  lights off 22:00:30, by annotation",
          "  no annotation of lights on: give it with --lights-on, or in the study table"]),
        ([], ["  no annotation of lights off and lights on: give them with --lights-off and "
              "--lights-on, or in the study table"]),
    ],
)  # fmt: skip
def test_lights_are_said_and_what_is_missing(annotations, said, tmp_path, capsys):
    path = write_night(tmp_path / "n.edf", seconds=600, annotations=annotations)
    _, lines = checked_text(path, capsys)
    assert [line for line in lines if "lights " in line] == said
