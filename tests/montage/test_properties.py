"""For any recording, psgpipe builds the requested difference or nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from psgpipe.messages import printable
from psgpipe.model.header import Channel
from psgpipe.model.montage import ELECTRODES, LINKED, MASTOIDS, ChannelSource
from psgpipe.montage.candidates import best_montage, candidates
from psgpipe.montage.channel_labels import tables_for, understand
from psgpipe.montage.derivations import derive
from psgpipe.montage.event_labels import read_stage
from psgpipe.montage.label_form import read_label
from psgpipe.montage.label_table import fold
from tests.lights_words import read_lights

ELECTRODE = st.sampled_from(["C4", "C3", "Cz", "M1", "M2", "E1", "ref"])
PAIR = st.tuples(ELECTRODE, ELECTRODE).filter(lambda pair: pair[0] != pair[1] and pair[0] != "ref")
POTENTIALS = {"C4": 3.0, "C3": 0.7, "Cz": -1.1, "M1": 0.2, "M2": -0.4, "E1": 9.5, "ref": 0.13}


def potential(electrode):
    if electrode == LINKED:
        return (POTENTIALS["M1"] + POTENTIALS["M2"]) / 2
    return POTENTIALS[electrode]


@settings(deadline=None)
@given(recorded=st.lists(PAIR, max_size=8), wanted=PAIR)
def test_the_channels_add_up_to_the_derivation(recorded, wanted):
    sources = [
        ChannelSource(f"{a}-{b} #{n}", a, b, fs_hz=256.0) for n, (a, b) in enumerate(recorded)
    ]
    samples = {s.label: potential(s.plus) - potential(s.minus) for s in sources}
    derivation = derive("-".join(wanted), "eeg", sources)
    if derivation is not None:
        built = sum(t.weight * samples[t.label] for t in derivation.terms)
        np.testing.assert_allclose(built, potential(wanted[0]) - potential(wanted[1]), atol=1e-9)
    assert derivation is not None or wanted not in recorded


@settings(deadline=None)
@given(recorded=st.lists(PAIR, max_size=8), plus=st.sampled_from(["C4", "C3", "Cz"]))
def test_linked_mastoids_are_the_mean_of_both(recorded, plus):
    sources = [
        ChannelSource(f"{a}-{b} #{n}", a, b, fs_hz=256.0) for n, (a, b) in enumerate(recorded)
    ]
    derivation = derive(f"{plus}-{LINKED}", "eeg", sources)
    if derivation is not None:
        samples = {s.label: potential(s.plus) - potential(s.minus) for s in sources}
        built = sum(t.weight * samples[t.label] for t in derivation.terms)
        np.testing.assert_allclose(built, potential(plus) - potential(LINKED), atol=1e-9)


@settings(deadline=None)
@given(st.text())
def test_no_label_is_too_odd_to_be_read(label):
    meaning = read_label(label, tables_for([label]))
    if meaning is not None and meaning.plus in ELECTRODES:
        assert meaning.minus in ELECTRODES
        assert meaning.plus != meaning.minus
    assert printable(label).isprintable()
    read_stage(label)
    read_lights(label)


@given(st.text(st.characters(codec="ascii")))
def test_a_spelling_compared_twice_is_the_same(text):
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(
    plus=st.sampled_from(["C4", "Fpz", "O2", "E1", "P7"]),
    minus=st.sampled_from(sorted(MASTOIDS)),
    kind=st.sampled_from(["", "EEG ", "EEG", "eeg_", "EEG."]),
    separator=st.sampled_from(["-", " - ", ":", "/", "_", "–", "- "]),
    around=st.sampled_from(["{}", " {} ", "[{}]", "({})", "{}..", "{}."]),
    ears=st.booleans(),
    upper=st.booleans(),
)
def test_a_derivation_is_read_however_it_is_written(
    plus, minus, kind, separator, around, ears, upper
):
    reference = minus.replace("M", "A") if ears else minus
    label = around.format(f"{kind}{plus}{separator}{reference}")
    meaning = read_label(label.upper() if upper else label, tables_for([]))
    assert meaning == (plus, minus, "generic")


@settings(deadline=None)
@given(st.lists(st.text(max_size=16), max_size=30))
def test_any_header_gives_a_montage_or_says_what_was_found(labels):
    channels = [Channel(n, lb, "uV", 1.0, 256.0, -1, 1, -1, 1) for n, lb in enumerate(labels)]
    sources = understand(channels)
    assert [s.label for s in sources] == labels
    found = candidates(sources, {"eeg": ["C4-M1"], "emg": ["chin"]})
    montage = best_montage(found)
    twice = {label for label in labels if labels.count(label) > 1}
    assert twice.isdisjoint(montage.labels)
