"""Electrode numbers of BioSemi, EGI and depth electrodes are not names of 10-20."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psgpipe.errors import DerivationMissing
from psgpipe.model.header import Channel
from psgpipe.montage.candidates import candidates, missing_derivation
from psgpipe.montage.channel_labels import kind_of, understand
from psgpipe.montage.label_table import parse_label_table
from psgpipe.night.check import check_recording
from psgpipe.night.definition import load_definition
from tests.edf_files import Signal, write_edf

BIOSEMI = [f"{block}{n}" for block in "ABCD" for n in range(1, 33)]
EGI = [f"E{n}" for n in range(1, 129)]
PSG = ["F3", "F4", "C3", "C4", "O1", "O2", "A1", "A2", "E1", "E2", "Chin1", "Chin2", "ECG"]
WANTED = {
    "eeg": ["C4-M1", "C3-M2", "F4-M1", "F3-M2", "C3-C4"],
    "eog": ["E1-M2", "E2-M1", "E1-E2", "horizontal"],
}


def channels(labels, unit="uV"):
    return [
        Channel(n, label, unit, 1.0 if unit == "uV" else None, 256.0, -1, 1, -1, 1)
        for n, label in enumerate(labels)
    ]


def read(labels, table=None):
    """Label to electrodes, of the labels that are understood."""
    sources = understand(channels(labels), table)
    return {s.label: (s.plus, s.minus) for s in sources if s.understood}


def built(labels, table=None):
    found = candidates(understand(channels(labels), table), WANTED)
    return [d.name for role in WANTED for d in found.of(role)]


@pytest.mark.parametrize(
    "labels",
    [
        BIOSEMI, BIOSEMI[:64], [f"{x}{n}" for x in "AB" for n in range(1, 9)],
        ["A1", "A2", "A3", "C3", "C4"], ["A1", "B1", "C3", "C4"], ["A1", "C3", "C4", "D5"],
        [f"C{n}" for n in range(3, 9)] + ["A1", "A2"], ["A1", "C3", "C4", "C20"],
        [f"EEG {label}" for label in BIOSEMI], [f"{label}-Ref" for label in BIOSEMI],
        [f"A{n:02d}" for n in range(1, 33)] + ["C3", "C4", "A1"], [f"POL {x}" for x in BIOSEMI],
        [*BIOSEMI, "EXG1", "EXG2", "Status"], [x.lower() for x in BIOSEMI],
        [f"{x}{n}" for x in "ABCDEFGH" for n in range(1, 33)],
        ["A1-A2", "A2-A3", "A3-A4", "C3-C4", "C4-C5"], ["A1A2", "A2A3", "A3A4", "C3C4", "C4C5"],
        ["A1 (Cz)", "A19 (Pz)", "B22 (C4)", "C3", "C4", "A1"],
    ],
)  # fmt: skip
def test_a_file_with_numbers_that_10_20_has_not_has_no_names_of_10_20(labels):
    assert built(labels) == []
    assert not {pair for pair in read(labels).values() if pair[0][0] in "ACEF"}


@pytest.mark.parametrize(
    "labels", [EGI, EGI[:16], ["E1", "E2", "E9", "E22"], ["E1", "E2", "E5", "E6"]]
)
def test_e1_and_e2_of_a_net_are_not_eyes(labels):
    assert read(labels) == {}
    assert read([*labels, "Cz"]) == {"Cz": ("Cz", "ref")}


def test_a_net_beside_names_of_10_20_leaves_these_alone():
    assert set(read(["C3", "C4", "M1", "M2", *EGI])) == {"C3", "C4", "M1", "M2"}


def test_depth_electrodes_beside_a_scalp_montage():
    contacts = [f"{x}{n}" for x in "ABP" for n in range(1, 13)]
    scalp = ["Fz", "Cz", "O1", "O2", "F3", "F4", "C3", "C4"]
    found = read([*contacts, *scalp])
    assert set(found) == {"Fz", "Cz", "O1", "O2", "F3", "F4", "C3", "C4"}


def test_one_number_tells_it_of_its_own_letter_beside_a_scalp_montage():
    scalp = ["Fz", "Cz", "O1", "O2", "C3", "C4", "M1"]
    assert set(read([*scalp, "A1", "A2", "A3"])) == set(scalp)
    assert set(read([*scalp, "A1", "C7"])) == {"Fz", "Cz", "O1", "O2", "M1", "A1"}


def test_contacts_from_c1_on_are_no_scalp_electrodes_even_beside_a_scalp_montage():
    contacts = [f"C{n}" for n in range(1, 11)]
    assert set(read([*contacts, "Fz", "Cz", "O1", "A1"])) == {"Fz", "Cz", "O1", "A1"}


@pytest.mark.parametrize(
    "others",
    [
        [], ["E3", "E4"], ["X1", "X2", "X3", "X4", "X5"], ["B1"], ["D1", "D2"], ["DC1", "DC2"],
        ["M1", "M2"], ["Fz", "Cz", "Pz", "T3", "T4", "T5", "T6", "Fp1", "Fp2"],
        [f"C{n}" for n in range(25, 33)], ["C1", "C2", "C5", "C6", "P1", "P2", "F7", "F8", "F10"],
        ["1", "2", "3"], ["G1", "G2"], ["EEG C4-A12", "EEG F3-A22"], ["EMG D5", "ECG A3"],
        ["B1 battery", "A3D"],
    ],
)  # fmt: skip
def test_a_usual_polysomnogram_is_read_as_before(others):
    assert built([*PSG, *others])[:2] == ["C4-M1", "C3-M2"]
    assert "E1-M2" in built([*PSG, *others])


def test_a_number_that_is_no_potential_tells_nothing():
    psg = channels(["C3", "C4", "A1", "A2"])
    relay = Channel(9, "B1", "%", None, 1.0, -1, 1, -1, 1)
    assert understand([*psg, relay])[1].plus == "C4"
    assert understand([*psg, *channels(["B1"])])[1].plus is None


def test_a_label_table_goes_before_the_numbering():
    table = parse_label_table('[electrodes]\nC4 = ["B22"]\nM1 = ["D31"]\nE1 = ["C30"]', "cap")
    assert read(BIOSEMI, table) == {
        "B22": ("C4", "ref"), "D31": ("M1", "ref"), "C30": ("E1", "ref"),
    }  # fmt: skip
    assert built(BIOSEMI, table) == ["C4-M1"]


def test_a_label_table_may_say_that_a_number_is_its_name_of_10_20():
    table = parse_label_table('[electrodes]\nC4 = ["C4"]\nM1 = ["A1"]', "ours")
    assert built(BIOSEMI, table) == ["C4-M1"]


@settings(deadline=None)
@given(
    labels=st.lists(st.sampled_from(BIOSEMI), min_size=1, max_size=40, unique=True),
    prefix=st.sampled_from(["", "EEG ", "POL "]),
    suffix=st.sampled_from(["", "-Ref", " ref", "."]),
)
def test_no_part_of_a_cap_is_read_as_10_20_once_a_number_tells_it(labels, prefix, suffix):
    told = [x for x in labels if x[0] in "BD" or int(x[1:]) > {"A": 2, "C": 6}[x[0]]]
    found = read([f"{prefix}{label}{suffix}" for label in labels])
    assert (
        found == {}
        if told
        else set(found.values())
        <= {(name, "ref") for name in ("M1", "M2", "C1", "C2", "C3", "C4", "C5", "C6")}
    )


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*PSG, "M1", "M2", "Fz", "Cz", "T3", "P4", "LOC", "ROC"]), unique=True)
)
def test_no_part_of_a_polysomnogram_is_taken_for_numbers(labels):
    assert not any(source.is_numbered for source in understand(channels(labels)))


def test_the_error_says_why_and_what_helps():
    sources = understand(channels(BIOSEMI))
    error = missing_derivation(candidates(sources, WANTED), "eeg", sources, file="cap.bdf")
    assert isinstance(error, DerivationMissing)
    assert "A1 to D32 are electrode numbers of another system, not names of 10-20" in error.problem
    assert error.remedy.startswith(
        "Name the channels that are C4, M1 and so on in a label table (--labels FILE)"
    )


def test_numbered_channels_are_eeg_to_other_programs():
    assert {kind_of(source) for source in understand(channels(BIOSEMI))} == {"eeg"}


def test_check_names_the_numbers_although_something_can_be_built(tmp_path):
    labels = ["Fz-Cz", *BIOSEMI[:16]]
    path = write_edf(tmp_path / "n.edf", [Signal(label) for label in labels])
    definition = load_definition("eeg-only")
    checked = check_recording(path, definition, header_only=True)
    assert [d["name"] for d in checked["derivations"]] == ["Fz-Cz"]
    assert [f["code"] for f in checked["findings"]] == ["electrode-numbers"]
    assert checked["findings"][0]["message"].startswith("A1 to A16 are electrode numbers")
    table = parse_label_table('[electrodes]\nC4 = ["A3"]', "ours")
    assert check_recording(path, definition, table, header_only=True)["findings"] == []


@pytest.mark.parametrize(
    "labels",
    [
        ["C3-M2", *map(str, range(1, 33))],
        [*map(str, range(1, 33)), "1-2", "2-3"],
        [f"EEG{n}" for n in range(1, 33)] + ["EOG-L", "EOG-R", "EMG"],
        ["EEG", "EEG2", "EEG3", "EEG4", "EOG(L)", "EOG(R)", "EMG", "THOR RES"],
    ],
)
def test_plain_numbers_are_not_taken_for_those_of_a_data_set(labels):
    numbered = [x for x in read(labels) if x.removeprefix("EEG").replace("-", "").isdigit()]
    assert numbered == []
