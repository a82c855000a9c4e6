"""Completeness of a night: gaps, dead signal and a missing end within the time in bed."""

import math

import numpy as np
import pytest

from psgpipe.model.header import Finding
from psgpipe.quality.completeness import completeness, judge_completeness

EPOCHS_8_H = 960
SHORT = Finding("size-short", "records are missing", affects="end", missing_end_s=1.0)
GAP = Finding("edfplus-gap", "1 gap", affects="gaps")
LIMITS_WRONG = Finding("digital-out-of-range", "wrong limits", "C4", affects="numbers")
COMMA = Finding("decimal-comma", "a comma")


def night(*lost: tuple[int, int], in_bed=(0, EPOCHS_8_H), missing_end_min: float = 0.0):
    """The completeness of eight hours without signal in `lost` epochs (first, end)."""
    epochs = np.arange(EPOCHS_8_H)
    has_signal = np.ones(EPOCHS_8_H, bool)
    for first, end in lost:
        has_signal[first:end] = False
    return completeness(
        (epochs >= in_bed[0]) & (epochs < in_bed[1]), has_signal, 60 * missing_end_min
    )


def effects(of, *findings) -> dict[str, str]:
    return {flag.code: flag.effect for flag in judge_completeness(of, findings)}


def test_a_whole_night_has_no_flag_whatever_was_found_in_its_file():
    assert effects(night(), SHORT, GAP, COMMA) == {}


def test_signal_is_counted_from_lights_off_to_lights_on():
    # In bed 800 epochs; of the gaps (100 epochs each), the second half of the first is in bed.
    found = night((0, 100), (900, 960), in_bed=(50, 850))
    assert (found.in_bed_min, found.unstaged_min, found.longest_min) == (400, 25, 25)


@pytest.mark.parametrize(
    ("lost", "codes"),
    [
        ([(100, 119)], {}),  # 9.5 min, 2 %
        ([(100, 120)], {"unscored": "doubt"}),  # 10 min, 2.1 %
        ([(100, 121)], {"incomplete": "withhold"}),  # 10.5 min on end
        ([(k, k + 12) for k in range(100, 580, 120)], {"unscored": "doubt"}),  # 4 x 6 min, 5 %
        ([(k, k + 13) for k in range(100, 580, 120)], {"incomplete": "withhold"}),
        ([(k, k + 1) for k in range(0, 960, 2)], {"incomplete": "withhold"}),
    ],
)
def test_more_than_5_percent_or_10_minutes_on_end_make_a_night_incomplete(lost, codes):
    assert effects(night(*lost)) == codes


def test_a_missing_end_counts_as_time_in_bed_without_signal():
    assert effects(night(missing_end_min=9.0)) == {}
    assert effects(night(missing_end_min=11.0)) == {"incomplete": "withhold"}
    # 6 min without signal at the end of the file, and 5 min that are not there.
    assert effects(night((948, 960), missing_end_min=5.0)) == {"incomplete": "withhold"}
    assert effects(night((100, 112), missing_end_min=5.0)) == {"unscored": "doubt"}


def test_an_end_of_unknown_length_makes_a_night_incomplete():
    unknown = night(missing_end_min=math.inf)
    (flag,) = judge_completeness(unknown)
    assert (flag.code, flag.effect) == ("incomplete", "withhold")
    assert flag.message.startswith("an unknown time is missing behind the end of the recording")


def test_an_incomplete_night_says_what_was_found_about_it():
    cut = effects(night(missing_end_min=100.0), SHORT, GAP, COMMA)
    assert cut == {"incomplete": "withhold", "size-short": "doubt"}
    interrupted = effects(night((100, 200)), SHORT, GAP, COMMA)
    assert interrupted == {"incomplete": "withhold", "edfplus-gap": "doubt"}


def test_what_makes_the_numbers_doubtful_in_any_night_is_always_a_flag():
    assert effects(night(), LIMITS_WRONG) == {"digital-out-of-range": "doubt"}


def test_the_message_states_minutes_in_bed_and_the_limits():
    (flag,) = judge_completeness(night((100, 160), (300, 330)))
    assert flag.message == (
        "45 of 480 min in bed (9 %) have no signal to stage, 30 min on end; wanted at most 5 % and "
        "10 min on end"
    )


def test_a_recording_without_an_epoch_in_bed_has_nothing_to_judge():
    assert effects(night(in_bed=(0, 0))) == {}
