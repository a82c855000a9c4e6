"""A small hypnogram shows the stages of the night, at one scale for all nights."""

import re

from psgpipe.reports.small_hypnogram import LEVELS, small_hypnogram
from tests.builders import stages


def drawn(runs, in_bed=None):
    sequence = [str(stage) for stage in stages(runs)]
    return small_hypnogram(sequence, in_bed or [True] * len(sequence))


def epochs_at(path, n_epochs):
    """The height in each epoch, read back from a path of horizontal and vertical steps."""
    heights, x, y = [None] * n_epochs, 0.0, 0.0
    for letter, numbers in re.findall(r"([MHV])([0-9. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if letter == "M":
            x, y = values
        elif letter == "V":
            y = values[0]
        else:
            heights[round(x) : round(values[0])] = [y] * round(values[0] - x)
            x = values[0]
    return heights


def test_every_epoch_lies_at_the_level_of_its_stage():
    runs = "W*3 N1*2 N2*4 N3*5 R*6 UNS*2 N2 ART W*2"
    heights = epochs_at(drawn(runs).line, 26)
    assert heights == [LEVELS.get(str(stage)) for stage in stages(runs)]


def test_wake_is_above_rem_and_rem_above_deep_sleep():
    assert LEVELS["W"] < LEVELS["R"] < LEVELS["N1"] < LEVELS["N2"] < LEVELS["N3"]


def test_rem_is_marked_again_and_only_rem():
    heights = epochs_at(drawn("N2*3 R*2 N2 R").rem, 7)
    assert [height is not None for height in heights] == [False] * 3 + [True] * 2 + [False, True]


def test_a_night_without_rem_and_a_recording_without_a_stage_have_no_such_path():
    assert drawn("N2*10").rem == ""
    assert drawn("UNS*10").line == ""
    assert drawn("UNS*10").without_stage == ((0, 10),)


def test_epochs_without_stage_and_out_of_bed_are_marked():
    small = drawn("W*2 ART*2 N2*2 UNS", [False] + [True] * 5 + [False])
    assert small.without_stage == ((2, 2), (6, 1))
    assert small.out_of_bed == ((0, 1), (6, 1))


def test_the_width_is_thirty_pixels_an_hour():
    assert drawn("N2*960").width_px == 240
    assert drawn("N2*40").width_px == 10
    assert drawn("N2*3").width_px == 2
