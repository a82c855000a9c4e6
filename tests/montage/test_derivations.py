"""A derivation is a sum of channels in which all electrodes except two cancel out."""

import re

import numpy as np
import pytest

from psgpipe.model.montage import ChannelSource, Term
from psgpipe.montage.candidates import best_montage, candidates, describe, missing_derivation
from psgpipe.montage.derivations import derive, why_not


def channel(name, *, label=None, fs_hz=256.0, refused=None):
    """A channel recorded as `name`, e.g. C4-M1; a bare electrode is against ref."""
    plus, _, minus = name.partition("-")
    if plus in ("chin", "horizontal", "EMG"):
        minus = plus
    return ChannelSource(label or name, plus, minus or "ref", fs_hz=fs_hz, refused=refused)


def recorded(*names):
    return [channel(name) for name in names]


def terms(derivation):
    return {t.label: t.weight for t in derivation.terms}


def test_a_derivation_recorded_as_such_is_used_as_it_is():
    derivation = derive("C4-M1", "eeg", recorded("C4", "M1", "C4-M1"))
    assert derivation.terms == (Term("C4-M1", 1.0),)
    assert derivation.why == "recorded as C4-M1"


def test_a_derivation_recorded_the_wrong_way_round_is_turned():
    derivation = derive("C4-M1", "eeg", recorded("M1-C4"))
    assert terms(derivation) == {"M1-C4": -1.0}
    assert "turned round" in derivation.why


@pytest.mark.parametrize(
    ("channels", "weights"),
    [
        (["C4", "M1"], {"C4": 1, "M1": -1}),
        (["C4-Cz", "M1-Cz"], {"C4-Cz": 1, "M1-Cz": -1}),
        (["C4-Cz", "Cz-M1"], {"C4-Cz": 1, "Cz-M1": 1}),
        (["Cz-C4", "M1-Cz"], {"Cz-C4": -1, "M1-Cz": -1}),
        (["Cz-C4", "Cz-M1"], {"Cz-C4": -1, "Cz-M1": 1}),
        (["C4-M1M2", "M1-M1M2"], {"C4-M1M2": 1, "M1-M1M2": -1}),
        (["C4-M2", "M2-M1"], {"C4-M2": 1, "M2-M1": 1}),
    ],
)
def test_a_shared_electrode_cancels_out(channels, weights):
    assert terms(derive("C4-M1", "eeg", recorded(*channels))) == weights


def test_the_common_reference_is_preferred_to_a_third_electrode():
    derivation = derive("C4-M1", "eeg", recorded("C4-Cz", "M1-Cz", "C4", "M1"))
    assert terms(derivation) == {"C4": 1, "M1": -1}
    assert derivation.why == "C4 minus M1, both against the common reference"


def test_linked_mastoids_are_not_one_mastoid():
    assert derive("C4-M1", "eeg", recorded("C4-M1M2")) is None
    assert why_not("C4-M1", recorded("C4-M1M2")) == (
        "C4 was recorded against linked mastoids (M1M2), and nothing links that to M1"
    )


def test_linked_mastoids_are_the_mean_of_both_where_they_are_wanted():
    assert terms(derive("C4-M1M2", "eeg", recorded("C4", "M1", "M2"))) == {
        "C4": 1.0,
        "M1": -0.5,
        "M2": -0.5,
    }
    assert terms(derive("C4-M1M2", "eeg", recorded("C4-M1M2", "M1"))) == {"C4-M1M2": 1.0}


def test_an_electrode_alone_is_as_recorded():
    assert terms(derive("E1", "eog", recorded("E1", "E2-M1"))) == {"E1": 1}
    assert derive("C4-M1", "eeg", recorded("C4")) is None


@pytest.mark.parametrize(
    ("channels", "weights"),
    [
        (["chin"], {"chin": 1}),
        (["chin1", "chin2", "chin1-chin2"], {"chin1-chin2": 1}),
        (["chin1", "chin2"], {"chin1": 1, "chin2": -1}),
        (["chin2", "chinZ"], {"chin2": -1, "chinZ": 1}),
        (["EMG"], {"EMG": 1}),
        (["EMG", "chin"], {"chin": 1}),
    ],
)
def test_any_chin_pair_is_chin_emg(channels, weights):
    found = terms(derive("chin", "emg", recorded(*channels)))
    assert found in (weights, {label: -w for label, w in weights.items()})


def test_one_chin_electrode_against_the_head_is_not_chin_emg():
    assert derive("chin", "emg", recorded("chin1")) is None


def test_two_channels_called_emg_are_not_guessed_between():
    emgs = [channel("EMG", label="EMG"), channel("EMG", label="EMG.1")]
    assert derive("chin", "emg", emgs) is None


def test_horizontal_eog_is_any_difference_of_both_eyes():
    assert terms(derive("horizontal", "eog", recorded("horizontal"))) == {"horizontal": 1}
    assert terms(derive("horizontal", "eog", recorded("E1", "E2"))) == {"E1": 1, "E2": -1}
    assert derive("E1-E2", "eog", recorded("horizontal")) is None


def test_rates_that_differ_are_refused_and_another_way_is_found():
    slow_m1 = channel("M1", fs_hz=128.0)
    assert derive("C4-M1", "eeg", [channel("C4"), slow_m1]) is None
    assert why_not("C4-M1", [channel("C4"), slow_m1]) == (
        "C4 and M1 have different rates (256, 128 Hz)"
    )
    other_way = [channel("C4"), slow_m1, channel("C4-Cz"), channel("M1-Cz")]
    assert terms(derive("C4-M1", "eeg", other_way)) == {"C4-Cz": 1, "M1-Cz": -1}


def test_a_channel_at_80_hz_cannot_be_staged():
    assert derive("C4-M1", "eeg", [channel("C4-M1", fs_hz=80.0)], min_fs_hz=80.0) is None
    assert derive("C4-M1", "eeg", [channel("C4-M1", fs_hz=81.0)], min_fs_hz=80.0)


def test_a_refused_channel_gives_its_reason():
    sources = [channel("C4-M1", refused="its label stands 2 times in the file")]
    assert derive("C4-M1", "eeg", sources) is None
    assert why_not("C4-M1", sources) == (
        "C4-M1 cannot be used: its label stands 2 times in the file"
    )


def test_candidates_stand_in_the_order_wanted():
    found = candidates(
        recorded("C3-M2", "C4", "M1", "E1-M2"),
        {"eeg": ["F4-M1", "C4-M1", "C3-M2"], "eog": ["E1-M2"]},
    )
    assert [d.name for d in found.of("eeg")] == ["C4-M1", "C3-M2"]
    assert [d.name for d in found.of("eog")] == ["E1-M2"]
    assert found.of("emg") == ()


def test_the_montage_takes_the_best_of_each_role():
    sources = recorded("C3-M2", "C4-M1", "E1-M2", "chin")
    wanted = {"eeg": ["C4-M1", "C3-M2"], "eog": ["E1-M2"], "emg": ["chin"]}
    montage = best_montage(candidates(sources, wanted))
    assert [d.name for d in montage.derivations] == ["C4-M1", "E1-M2", "chin"]


def test_what_is_missing_is_named_with_what_was_found():
    sources = recorded("Fpz-Cz", "Pz-Oz", "horizontal")
    found = candidates(sources, {"eeg": ["C4-M1", "C3-M2"]})
    error = missing_derivation(found, "eeg", sources, file="SC4001E0-PSG.edf")
    assert error.problem == (
        "SC4001E0-PSG.edf: none of C4-M1, C3-M2 can be built from Fpz-Cz, Pz-Oz, horizontal"
    )


def test_a_label_table_is_advised_only_where_a_channel_was_not_understood():
    slow = [channel("chin", fs_hz=1.0)]
    error = missing_derivation(candidates(slow, {"emg": ["chin"]}, min_fs_hz=80.0), "emg", slow)
    assert "more than 80 Hz is needed" in error.problem
    assert "label table" not in error.remedy
    assert "-p eeg-only" in error.remedy
    error = missing_derivation(candidates(slow, {"eeg": ["C4-M1"]}), "eeg", slow)
    assert "label table" in error.remedy


def test_the_remedy_names_the_labels_that_were_not_understood():
    sources = [
        *recorded("C4", "C3"),
        ChannelSource("Mast. lks", None, None, fs_hz=256.0),
        ChannelSource("EEG 7", None, None, fs_hz=256.0),
        ChannelSource("SaO2", None, None, fs_hz=1.0),
        ChannelSource("ECG", None, None, fs_hz=256.0),
        ChannelSource("Flow", None, None, fs_hz=256.0, refused="its unit is no known voltage"),
    ]
    found = candidates(sources, {"eeg": ["C4-M1"]}, min_fs_hz=80.0)
    error = missing_derivation(found, "eeg", sources, min_fs_hz=80.0)
    assert error.remedy.startswith(
        "Not understood: EEG 7, Mast. lks. Name them in a label table (--labels FILE). "
    )


def test_the_remedy_names_first_what_looks_like_the_chin():
    labels = ("EEG 7", "ECG", "EMG Leg", "ECG lead chin")
    sources = [ChannelSource(label, None, None, fs_hz=256.0) for label in labels]
    error = missing_derivation(candidates(sources, {"emg": ["chin"]}), "emg", sources)
    assert error.remedy.startswith("Not understood: ECG lead chin, EMG Leg, EEG 7. Name them")


@pytest.mark.parametrize(
    ("channels", "lines"),
    [
        (["O1", "C3", "C4"], 'eeg = ["C4-ref", "C3-ref", "O1-ref"] under'),
        (["C4-avg", "E1-avg"], 'eeg = ["C4-avg"] and eog = ["E1-avg"] under'),
        (["C4", "E1", "E2"], 'eeg = ["C4-ref"] and eog = ["horizontal", "E1-ref", "E2-ref"] under'),
        (["C4-M1M2"], 'eeg = ["C4-M1M2"] under [reference] of a pipeline.'),
    ],
)
def test_without_a_mastoid_the_remedy_gives_the_lines_of_a_pipeline(channels, lines):
    sources = recorded(*channels)
    found = candidates(sources, {"eeg": ["C4-M1"], "eog": ["E1-M2"]})
    error = missing_derivation(found, "eeg", sources)
    assert f"If no mastoid was recorded, write {lines}" in error.remedy
    assert ("12 of 50 epochs" in error.remedy) == ("M1M2" not in lines)


@pytest.mark.parametrize("channels", [["C3", "M1"], ["C4", "C3-M2"], ["chin"]])
def test_where_a_mastoid_was_recorded_no_other_reference_is_advised(channels):
    sources = recorded(*channels)
    found = candidates(sources, {"eeg": ["F4-M1"]})
    assert "epochs" not in missing_derivation(found, "eeg", sources).remedy


def test_many_channels_are_not_all_listed():
    sources = [ChannelSource(f"DC{n}", None, None) for n in range(40)] + recorded("Pz-Oz")
    found = candidates(sources, {"eeg": ["C4-M1"]})
    error = missing_derivation(found, "eeg", sources)
    assert re.search(r"built from Pz-Oz, DC0, .*DC10 and 29 more", error.problem)


def test_a_role_without_a_derivation_stays_empty():
    sources = recorded("C4-M1")
    found = candidates(sources, {"eeg": ["C4-M1"], "emg": ["chin"]})
    assert [d.role for d in best_montage(found).derivations] == ["eeg"]
    error = missing_derivation(found, "emg", sources)
    assert error.problem.startswith("chin cannot be built from C4-M1")


def test_a_label_cannot_break_the_message():
    sources = [channel("Pz-Oz", label="EEG\nC4\x1b[2J" + "x" * 100)]
    found = candidates(sources, {"eeg": ["C4-M1"]})
    error = missing_derivation(found, "eeg", sources)
    assert error.problem.isprintable()
    assert len(error.problem) < 150


def test_weights_times_potentials_give_the_derivation():
    rng = np.random.default_rng(7)
    electrodes = {name: rng.normal(size=50) for name in ("C4", "M1", "M2", "Cz", "ref")}
    names = ["C4", "M1", "M2-Cz", "C4-Cz", "Cz-M1"]
    samples = {}
    for name in names:
        plus, _, minus = name.partition("-")
        samples[name] = electrodes[plus] - electrodes[minus or "ref"]
    for wanted in ("C4-M1", "C4-M2", "M1-M2", "Cz-C4"):
        plus, _, minus = wanted.partition("-")
        built = sum(
            t.weight * samples[t.label] for t in derive(wanted, "eeg", recorded(*names)).terms
        )
        np.testing.assert_allclose(built, electrodes[plus] - electrodes[minus], atol=1e-12)
    mean = sum(
        t.weight * samples[t.label] for t in derive("C4-M1M2", "eeg", recorded(*names)).terms
    )
    expected = electrodes["C4"] - (electrodes["M1"] + electrodes["M2"]) / 2
    np.testing.assert_allclose(mean, expected, atol=1e-12)


def test_describe_says_what_each_channel_is_and_what_can_be_built():
    sources = [*recorded("C4", "M1"), ChannelSource("SaO2", None, None, fs_hz=1.0)]
    said = describe(sources, candidates(sources, {"eeg": ["C4-M1", "C4-M2"]}))
    assert said["channels"][2] == {
        "label": "SaO2",
        "plus": None,
        "minus": None,
        "table": None,
        "fs_hz": 1.0,
        "refused": None,
    }
    assert [d["name"] for d in said["derivations"]] == ["C4-M1"]
    assert said["missing"] == [
        {
            "name": "C4-M2",
            "role": "eeg",
            "reason": "C4 was recorded against the common reference, and nothing links that to M2",
        }
    ]
