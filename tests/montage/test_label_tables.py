"""Label tables: psgpipe checks them before it opens a recording."""

import pytest

from psgpipe.errors import LabelTableInvalid
from psgpipe.model.hypnogram import SleepStage
from psgpipe.montage.event_labels import read_stage
from psgpipe.montage.label_form import read_label
from psgpipe.montage.label_table import fold, parse_label_table, read_label_table, shipped_tables
from tests.lights_words import read_lights
from tests.shared_files import CHECKOUT


def refusal(text):
    with pytest.raises(LabelTableInvalid) as caught:
        parse_label_table(text, "our-lab")
    return caught.value


def test_an_unknown_key_is_refused_with_the_likely_word():
    error = refusal('[electrods]\nC4 = ["C4"]')
    assert error.problem == (
        "label table our-lab: unknown key 'electrods'; did you mean 'electrodes'?"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[electrodes]\nM3 = ["A3"]', "[electrodes]: unknown electrode 'M3'"),
        ('[derivations]\n"C4-M7" = ["x"]', "[derivations]: unknown electrode 'M7'"),
        ('[derivations]\nchni = ["x"]', "[derivations]: unknown derivation 'chni'"),
        ('[derivations]\n"ref-C4" = ["x"]', "ref-C4 is not a derivation"),
        ('[stages]\nN5 = ["x"]', "[stages]: unknown key 'N5'"),
        ('[lights]\nout = ["x"]', "[lights]: unknown key 'out'"),
        ('[match]\nany = ["x"]', "[match]: unknown key 'any'"),
        ("[match]\nnone_of = ['x']", "names no label that must be there"),
        ('[electrodes]\nC4 = "C4"', "[electrodes] C4 is not a list of texts"),
        ("[electrodes]\nC4 = [4]", "[electrodes] C4 is not a list of texts"),
        ('[electrodes]\nC4 = [". "]', "spelling without a letter or digit"),
        ("electrodes = 3", "[electrodes] is not a table"),
        ("[stages\nW = 1", "not valid TOML: "),
    ],
)
def test_what_a_table_must_not_hold(text, said):
    assert said in refusal(text).problem


def test_not_toml_names_the_line():
    assert "line 2" in refusal("[stages]\nW = ").problem


def test_one_spelling_in_two_places_is_refused():
    error = refusal('[electrodes]\nC4 = ["EEG 1"]\nC3 = ["eeg1."]')
    assert error.problem == (
        "label table our-lab [electrodes]: the spelling 'eeg1' stands under C4 and under C3"
    )


def test_a_table_is_read_from_a_file(tmp_path):
    file = tmp_path / "lab.toml"
    file.write_text('﻿[electrodes]\nC4 = ["Kanal C4"]', encoding="utf-8")
    assert read_label_table(file).electrodes == {"kanalc4": "C4"}


def test_a_shipped_table_is_read_by_name():
    assert read_label_table("nsrr-mesa").name == "nsrr-mesa"


def test_a_table_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(LabelTableInvalid, match=r"lab\.toml: cannot be read: No such file"):
        read_label_table(tmp_path / "lab.toml")


def test_a_table_that_is_not_text_is_said_so(tmp_path):
    (tmp_path / "lab.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LabelTableInvalid, match="wanted text in UTF-8"):
        read_label_table(tmp_path / "lab.toml")


def test_every_shipped_table_is_sound():
    names = [table.name for table in shipped_tables()]
    assert names[-1] == "generic"
    assert all(table.signatures for table in shipped_tables()[:-1])


def test_case_blanks_dots_and_brackets_do_not_count():
    assert fold("EEG [C4 : A1]..") == fold("eeg c4-a1") == "eegc4-a1"
    assert fold("1-2") != fold("12")


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("Sleep stage W", "W"), ("Sleep stage 1", "N1"), ("Sleep stage 2", "N2"),
        ("Sleep stage 3", "N3"), ("Sleep stage 4", "N3"), ("Sleep stage R", "R"),
        ("Sleep stage N2", "N2"), ("Sleep stage ?", "UNS"), ("Movement time", "ART"),
        ("Sleep_stage_N1", "N1"), ("SLEEP-S0", "W"), ("SLEEP-REM", "R"), ("Stage 4 sleep|4", "N3"),
        ("SN1", "N1"), ("S4", "N3"), ("REM", "R"), ("w", "W"), ("?", "UNS"), ("N3", "N3"),
        ("Sleep stage M", "ART"), ("NREM 2", "N2"),
        ("Sleep stage N2@@EEG C4-A1", "N2"), ("Stage - N1", "N1"), ("Stage - No Stage", "UNS"),
        ("sleep-wake", "W"), ("SLEEP-MT", "ART"), ("Wake|0", "W"), ("REM sleep|5", "R"),
    ],
)  # fmt: skip
def test_stages_as_scorers_spell_them(text, stage):
    assert read_stage(text) is SleepStage(stage)


@pytest.mark.parametrize(
    "text", ["", "1", "4", "5", "Arousal", "Sleep", "Hypopnea", "R-K", "Movement", "Artefact", "SW"]
)
def test_a_bare_number_or_an_event_is_not_a_stage(text):
    assert read_stage(text) is None


def test_a_users_stages_go_first():
    table = parse_label_table('[stages]\nR = ["5", "S4"]', "ours")
    assert read_stage("5", table) is SleepStage.R
    assert read_stage("S4", table) is SleepStage.R
    assert read_stage("S3", table) is SleepStage.N3


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("Lights off", "off"), ("Lights Out", "off"), ("LightsOff", "off"), ("LOFF", "off"),
        ("Licht aus", "off"), ("lichten uit", "off"), ("LIGHTS-OFF", "off"), ("Lights_Off", "off"),
        ("Lights off @ 22:41:30", "off"), ("lights on 06:52", "on"), ("Lights On", "on"),
        ("LON", "on"), ("Licht an", "on"), ("lumières éteintes", "off"), ("lights", None),
        ("Highlights on", None), ("", None), ("22:41", None),
        ("Lights off@@EEG F4-A1", "off"), ("LIGHTS ON.", "on"), ("Luces apagadas", "off"),
    ],
)  # fmt: skip
def test_lights_as_technicians_spell_them(text, which):
    assert read_lights(text) == which


def test_the_documented_example_is_a_table():
    page = (CHECKOUT / "docs" / "reference" / "label-tables.md").read_text(encoding="utf-8")
    example = page.split("```toml")[1].split("```")[0]
    table = parse_label_table(example, "example")
    assert table.derivations["augeli"] == ("E1", "M2")
    assert table.electrodes["kanal7"] == "C4"
    assert table.stages["traumschlaf"] is SleepStage.R
    assert table.lights["gutenacht"] == "off"
    assert "eegc3-m2" in table.ignore


def test_every_shipped_table_is_documented():
    page = (CHECKOUT / "docs" / "reference" / "label-tables.md").read_text(encoding="utf-8")
    assert [t.name for t in shipped_tables() if f"| `{t.name}` |" not in page] == []


@pytest.mark.parametrize("name", ["nsrr-mesa", "nox"])
def test_a_named_table_applies_without_its_signature(name):
    assert read_label_table(name).signatures == ()


def test_two_data_sets_that_disagree_leave_a_label_unread():
    one = parse_label_table('match = {any_of = ["x"]}\n[derivations]\n"C4-M1" = ["x"]', "one")
    two = parse_label_table('match = {any_of = ["x"]}\n[derivations]\n"C3-M2" = ["x"]', "two")
    assert read_label("x", [one]) == ("C4", "M1", "one")
    assert read_label("x", [one, two]) is None
