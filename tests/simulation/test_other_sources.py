"""Diary and actigraphy of a simulated study: their bias is known, and the study stays the same."""

import numpy as np
import pytest

from psgpipe.actigraphy.read import read_actigraphy
from psgpipe.actigraphy.score import score_actigraphy
from psgpipe.diary.read import read_diary
from psgpipe.simulation.other_sources import diary_table, watch
from psgpipe.simulation.study_description import describe
from psgpipe.simulation.study_design import StudyDesign
from psgpipe.simulation.study_plan import nights_by_subject, plan_study, watch_of_each
from psgpipe.sleep.architecture import summarize

DESIGN = StudyDesign(subjects=4, nights=2, seed=5)


@pytest.fixture(scope="module")
def subjects():
    return nights_by_subject(plan_study(DESIGN))


def test_the_diary_is_a_valid_one_and_has_the_planted_bias_on_average(tmp_path, subjects):
    path = tmp_path / "diary.tsv"
    many = [diary_table(subjects, seed) for seed in range(30)]
    differences = []
    truth = [summarize(plan.hypnogram) for one in subjects for _, plan in one.nights]
    for content in many:
        path.write_bytes(content)
        nights = read_diary(path).nights
        differences += [
            (n.values["sol_min"] - t.sol_min, n.values["waso_min"] - t.waso_spt_min,
             n.values["tst_min"] - t.tst_min)
            for n, t in zip(nights, truth, strict=True)
        ]  # fmt: skip
    assert np.mean(differences, axis=0) == pytest.approx((10, 12, -22), abs=1.5)


def test_the_watch_takes_the_planted_minutes_of_wake_for_sleep(tmp_path, subjects):
    made = watch(subjects[0], 0, seed=5)
    path = tmp_path / "S01.AWD"
    path.write_bytes(made.content)
    score = score_actigraphy(read_actigraphy(path), "oakley")
    gained = []
    for _, plan in subjects[0].nights:
        lead = (plan.start - score.counts.start).total_seconds() + made.offset_s
        first = int((lead + plan.lights_off_s) // 60)
        last = int((lead + plan.lights_on_s) // 60)
        gained.append(float(score.sleep[first:last].sum()) - summarize(plan.hypnogram).tst_min)
    assert np.mean(gained) == pytest.approx(np.mean(made.quiet_min), abs=4)


def test_a_study_without_them_is_described_as_before():
    nights = plan_study(DESIGN)
    plain = describe(DESIGN, nights)
    assert not {"planted_bias", "clock_offsets_s"} & set(plain)
    assert not {"diary", "actigraphy"} & set(plain["design"])
    both = describe(StudyDesign(subjects=4, nights=2, seed=5, diary=True, actigraphy=True), nights)
    assert both["nights"] == plain["nights"]
    assert set(both["clock_offsets_s"]) == {"S01", "S02", "S03", "S04"}


def test_a_night_without_wake_between_its_sleep_has_no_quiet_wake():
    design = StudyDesign(subjects=4, hours=0.2, actigraphy=True)
    watches = watch_of_each(design, plan_study(design)).values()
    assert 0 in {minutes for made in watches for minutes in made.quiet_min}


@pytest.mark.parametrize("hours", [0.1, 0.5, 1, 24])
def test_a_night_of_any_length_has_a_diary_and_a_watch(hours):
    design = StudyDesign(subjects=6, hours=hours, diary=True, actigraphy=True)
    described = describe(design, plan_study(design))
    assert len(described["clock_offsets_s"]) == 6
