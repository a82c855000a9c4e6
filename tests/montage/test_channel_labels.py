"""Channel labels and their meaning."""

import pytest

from psgpipe.edf.reader import read_recording
from psgpipe.model.header import Channel, Finding
from psgpipe.montage.channel_labels import standard_name, tables_for, understand
from psgpipe.montage.label_form import read_label
from psgpipe.montage.label_table import parse_label_table
from tests.edf_files import Signal, write_edf


def meaning(label, *others):
    found = read_label(label, tables_for([label, *others]))
    return found and (found.plus, found.minus)


@pytest.mark.parametrize(
    "label",
    [
        "C4-M1", "EEG C4-M1", "EEG C4-A1", "C4:A1", "EEG [C4-M1]", "c4-m1", "C4 - M1", "C4M1",
        "C4/A1", "EEG C4:M1", "EEG(C4-A1)", "C4–M1", "C4_M1", "EEG_C4_A1", "C4A1", "EEG C4M1",
        "EEG\nC4-M1", " C4-M1 ", "Ｃ４-Ｍ１",
    ],
)  # fmt: skip
def test_c4_against_the_left_mastoid(label):
    assert meaning(label) == ("C4", "M1")


@pytest.mark.parametrize("label", ["C4", "C4..", "EEG C4", "C4-Ref", "EEG C4-REF", "C4 ref", "c4"])
def test_c4_against_the_common_reference(label):
    assert meaning(label) == ("C4", "ref")


@pytest.mark.parametrize(
    "label",
    ["EEG C4-LER", "C4-LE", "C4-(M1+M2)/2", "C4-A1A2", "C4-M1M2", "C4-A1+A2", "C4-linked ears"],
)
def test_c4_against_linked_mastoids(label):
    assert meaning(label) == ("C4", "M1M2")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("EEG Fpz-Cz", ("Fpz", "Cz")),
        ("Pz-Oz", ("Pz", "Oz")),
        ("T3-A2", ("T7", "M2")),
        ("EEG T5", ("P7", "ref")),
        ("C4-AVG", ("C4", "avg")),
        ("A1", ("M1", "ref")),
        ("M2-Ref", ("M2", "ref")),
        ("M1-M2", ("M1", "M2")),
        ("EOG E1-M2", ("E1", "M2")),
        ("LOC-A2", ("E1", "M2")),
        ("EOG(L)", ("E1", "ref")),
        ("EOG ROC-M1", ("E2", "M1")),
        ("EOGl-A2", ("E1", "M2")),
        ("E1-E2", ("E1", "E2")),
        ("EOG E1-Fpz", ("E1", "Fpz")),
        ("EEG LOC-REF", ("E1", "ref")),
        ("EOG horizontal", ("horizontal", "horizontal")),
        ("EMG chin", ("chin", "chin")),
        ("EMG submental", ("chin", "chin")),
        ("Chin1-Chin2", ("chin1", "chin2")),
        ("EMG chin R-ref", ("chin2", "ref")),
        ("EMG", ("EMG", "EMG")),
    ],
)
def test_labels_of_many_labs(label, expected):
    assert meaning(label) == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("EOG M1", ("M1", "ref")), ("EOG A2", ("M2", "ref")), ("EOG M2-Ref", ("M2", "ref")),
        ("EMG EMG Chin", ("chin", "chin")), ("EMG_EMG_Chin", ("chin", "chin")),
        ("EMG EMG Chin1-Chin2", ("chin1", "chin2")), ("EEG EMG submental", ("chin", "chin")),
        ("EEG EEG C4-M1", ("C4", "M1")), ("EEG EEG C4", ("C4", "ref")), ("POL C4", ("C4", "ref")),
        ("POL E1", ("E1", "ref")), ("POL EMG chin", ("chin", "chin")), ("EEG E1", ("E1", "ref")),
        ("EEG EOG1", ("E1", "ref")), ("EEG EOG R", ("E2", "ref")), ("EEG A1", ("M1", "ref")),
        ("EOG EOG E1-M2", ("E1", "M2")), ("EEG EOG LOC-A2", ("E1", "M2")),
        ("EMG M1", ("M1", "ref")), ("EMG M2", ("M2", "ref")), ("EMG M2-Ref", ("M2", "ref")),
        ("ECG M1", ("M1", "ref")), ("EMG C4", ("C4", "ref")), ("EOG C4", ("C4", "ref")),
        ("EOG Fz", ("Fz", "ref")), ("EMG right mastoid", ("M2", "ref")),
        ("ECG EMG chin", ("chin", "chin")), ("EKG EMG chin 1", ("chin1", "ref")),
        ("ECG EMG submental", ("chin", "chin")), ("ECG EOG L", ("E1", "ref")),
    ],
)  # fmt: skip
def test_the_kind_before_a_label_may_be_wrong_or_stand_twice(label, expected):
    assert meaning(label) == expected


@pytest.mark.parametrize(
    "label",
    [
        "EMG A1", "EMG T3", "EMG E1", "EMG F1", "ECG C4", "ECG E1", "ECG V1", "EMG EMG", "ECG EMG",
        "EEG EEG", "EEG EEG1", "EMG EMG tib", "ECG EMG tib", "POL", "EMG EMG RAT", "EEG EMG 3",
        "POL Event", "Polso",
    ],
)  # fmt: skip
def test_a_kind_that_is_twice_wrong_says_nothing(label):
    assert meaning(label) is None


@pytest.mark.parametrize(
    "label",
    [
        "", "-", "ECG", "EKG1-EKG2", "EMG RAT", "EMG LAT", "Left Leg", "R Leg", "EMG1", "EMG tib",
        "C4-M1 (Imp)", "C4 Impédance", "C4 ImpÃ©dance", "SaO2", "SpO2", "CO2", "EtCO2", "PCO2",
        "Resp nasal", "Flow", "Snore", "M1M2", "A1A2", "EEG", "EEG1", "EEG 2", "1", "2", "F", "12",
        "1-2", "EEG 1-2", "EMG C4-M1", "EEG chin", "Fz-Fz", "C4-C4", "Ref", "avg",
        "REF-C4", "EEG Müller", "../../../x", "=1+cmd|x!A0", "Position", "PR", "Aux1", "C4-M1-M2",
        "Temp rectal", "Event marker", "LE", "RE",
    ],
)  # fmt: skip
def test_what_is_never_taken_for_eeg_eog_or_chin(label):
    assert meaning(label) is None


def test_a_mastoid_with_a_wrong_kind_is_read_only_where_the_file_has_no_other():
    def names(*labels):
        return [s.plus for s in understand([header_channel(x, n) for n, x in enumerate(labels)])]

    assert names("C4", "EMG M1", "EMG M2") == ["C4", "M1", "M2"]
    assert names("C4", "EMG M1", "M1") == ["C4", None, "M1"]


def test_shhs_calls_c4_eeg():
    shhs = ["SaO2", "H.R.", "EEG(sec)", "ECG", "EMG", "EOG(L)", "EOG(R)", "EEG", "THOR RES"]
    assert meaning("EEG", *shhs) == ("C4", "M1")
    assert meaning("EEG(sec)", *shhs) == ("C3", "M2")
    assert meaning("EEG", "ECG", "EMG") is None


def test_mesa_numbers_its_eeg():
    mesa = ["EKG", "EOG-L", "EOG-R", "EMG", "EEG1", "EEG2", "EEG3", "Pres", "Flow"]
    assert [meaning(f"EEG{n}", *mesa) for n in (1, 2, 3)] == [
        ("Fz", "Cz"),
        ("Cz", "Oz"),
        ("C4", "M1"),
    ]
    assert meaning("EOG-L", *mesa) == ("E1", "Fpz")


def test_nox_numbers_its_chin_electrodes():
    nox = ["1", "2", "F", "1-2", "1-F", "C4", "M1"]
    assert meaning("1-2", *nox) == ("chin1", "chin2")
    assert meaning("F", *nox) == ("chinZ", "ref")


def emg(*labels):
    """What the labels with EMG mean in a file with these and EEG C4-M1."""
    channels = [header_channel(label, n) for n, label in enumerate(("EEG C4-M1", *labels))]
    return {s.label: (s.plus, s.minus) for s in understand(channels) if "EMG" in s.label and s.plus}


@pytest.mark.parametrize(
    ("one", "two"),
    [("EMG1", "EMG2"), ("EMG 1", "EMG 2"), ("EMG EMG1", "EMG EMG2"), ("EMG-1", "EMG-2"),
     ("EMG1-Ref", "EMG2-Ref"), ("POL EMG1", "POL EMG2")],
)  # fmt: skip
@pytest.mark.parametrize("others", [(), ("Left Leg", "Right Leg"), ("RAT", "LAT", "ECG")])
def test_emg1_and_emg2_are_the_chins(one, two, others):
    assert emg(one, two, *others) == {one: ("chin1", "ref"), two: ("chin2", "ref")}


@pytest.mark.parametrize("label", ["EMG1", "EMG 2", "EMG EMG1", "EEG EMG1"])
def test_one_numbered_emg_is_as_emg_without_a_number(label):
    assert emg(label) == {label: ("EMG", "EMG")}


def test_the_pair_of_both_is_chin_emg():
    assert emg("EMG1-EMG2") == {"EMG1-EMG2": ("chin1", "chin2")}
    assert emg("EMG 1-2") == {"EMG 1-2": ("chin", "chin")}


@pytest.mark.parametrize(
    "others", [("EMG3",), ("EMG RAT", "EMG LAT"), ("EMG tib",), ("EMG",), ("Chin1", "Chin2")]
)
def test_numbered_emg_beside_emg_of_something_else_says_nothing(others):
    assert not {"EMG1", "EMG2"} & emg("EMG1", "EMG2", *others).keys()


def test_a_label_table_goes_before_the_numbers_of_emg():
    table = parse_label_table('[derivations]\nchin = ["EMG1"]\n', "our-lab")
    channels = [header_channel("EMG1"), header_channel("EMG2", 1)]
    assert [s.plus for s in understand(channels, table)] == ["chin", None]


def test_a_user_table_goes_before_everything():
    table = parse_label_table('ignore = ["C3-M2"]\n[derivations]\n"C4-M1" = ["Kanal 7"]\n'
                              '"Fz-M1" = ["EEG C4-M1"]', "our-lab")  # fmt: skip
    tables = tables_for(["Kanal 7"], table)
    assert read_label("kanal7", tables) == ("C4", "M1", "our-lab")
    assert read_label("EEG C4-M1", tables)[:2] == ("Fz", "M1")
    assert read_label("C3-M2", tables) is None


def header_channel(label, index=0, unit="uV", uv_per_unit=1.0, problem=None):
    return Channel(index, label, unit, uv_per_unit, 256.0, -1, 1, -1, 1, problem=problem)


def test_a_label_that_stands_twice_is_refused():
    one, two, other = understand([header_channel("EEG C4-M1"), header_channel("eeg c4-m1", 1),
                                  header_channel("C3-M2", 2)])  # fmt: skip
    assert one.refused == two.refused == "its label stands 2 times in the file"
    assert other.refused is None


def test_a_blank_unit_is_refused_unless_declared():
    blank = header_channel("C4-M1", unit="", uv_per_unit=None)
    assert understand([blank])[0].refused == "its unit is blank"
    assert understand([blank], declared_units={"C4-M1": "uV"})[0].refused is None


def test_a_channel_without_scale_is_refused_with_the_readers_reason():
    bad = header_channel("C4-M1", problem=Finding("scale", "digital limits are equal"))
    assert understand([bad])[0].refused == "digital limits are equal"


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("C4-M1", "C4-M1"), ("C4-A1", "C4-M1"), ("c4:m1", "C4-M1"), ("E1-M2", "E1-M2"),
        ("chin", "chin"), ("Chin", "chin"), ("horizontal", "horizontal"), ("LOC-A2", "E1-M2"),
        ("C4-(M1+M2)/2", "C4-M1M2"), ("C4", "C4"), ("chin1-chin2", "chin1-chin2"), ("X9", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_wanted_derivation_in_standard_names(asked, name):
    assert standard_name(asked) == name


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("EEG C4-M1", "eeg"),
        ("O2", "eeg"),
        ("A1", "eeg"),
        ("E1-M2", "eog"),
        ("LOC-A2", "eog"),
        ("EOG horizontal", "eog"),
        ("Chin 1-Chin 2", "emg"),
        ("EMG submental", "emg"),
        ("EMG RAT", "emg"),
        ("EEG 7", "eeg"),
        ("ECG", "ecg"),
        ("EKG II", "ecg"),
        ("SpO2", "misc"),
        ("Status", "misc"),
        ("", "misc"),
    ],
)
def test_what_a_channel_is_to_other_programs(tmp_path, label, kind):
    recording = read_recording(write_edf(tmp_path / "n.edf", [Signal(label)]), [label])
    assert recording.kinds == (kind,)


def test_a_channel_of_a_known_data_set_is_what_that_says(tmp_path):
    labels = ["EEG", "EEG(sec)", "EOG(L)", "EOG(R)", "EMG", "ECG", "SaO2"]  # SHHS
    path = write_edf(tmp_path / "n.edf", [Signal(label) for label in labels])
    assert read_recording(path, ["EOG(L)", "EEG", "EMG"]).kinds == ("eog", "eeg", "emg")
