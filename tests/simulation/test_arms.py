"""A simulated study with two arms."""

import json

import pytest

from psgpipe.errors import UsageError
from psgpipe.simulation.study import simulate_study
from psgpipe.simulation.study_description import describe
from psgpipe.simulation.study_design import StudyDesign
from psgpipe.simulation.study_plan import plan_study


def rem_change(nights, subjects):
    """Change of true REM % over these subjects, from the stages themselves."""
    share = {}
    for n in nights:
        stages = [str(s) for s in n.plan.hypnogram.stages]
        sleep = [s for s in stages if s in ("N1", "N2", "N3", "R")]
        share.setdefault((n.subject in subjects, n.condition), []).append(
            100 * sleep.count("R") / len(sleep)
        )
    mean = {key: sum(v) / len(v) for key, v in share.items()}
    return mean[True, "treatment"] - mean[True, "baseline"]


def test_only_the_arm_with_the_drug_has_the_effect():
    design = StudyDesign(subjects=8, hours=4, effects={"rem_pct": -6.0}, arms=True)
    nights = plan_study(design)
    arms = {n.subject: n.arm for n in nights}
    assert [*arms.values()] == ["drug", "drug", "placebo", "placebo"] * 2
    drug = {s for s, arm in arms.items() if arm == "drug"}
    changes = rem_change(nights, drug), rem_change(nights, set(arms) - drug)
    assert changes == pytest.approx((-6, 0), abs=0.5)  # rounded to whole epochs
    told = describe(design, nights)["true_difference"]["rem_pct"]
    assert told == pytest.approx(changes[0] - changes[1], abs=0.01)


def test_the_table_has_the_arm_of_each_night(tmp_path):
    simulate_study(StudyDesign(subjects=4, hours=0.1, arms=True), tmp_path / "trial")
    head, *rows = (tmp_path / "trial" / "study.tsv").read_text(encoding="utf-8").splitlines()
    assert head.split("\t")[-1] == "arm"
    assert [row.split("\t")[-1] for row in rows] == ["drug"] * 4 + ["placebo"] * 4
    stored = json.loads((tmp_path / "trial" / "simulation.json").read_text(encoding="utf-8"))
    assert stored["design"]["arms"] is True


def test_without_arms_nothing_is_said_of_them():
    design = StudyDesign(subjects=2, hours=0.1)
    described = describe(design, plan_study(design))
    assert "arms" not in described["design"]
    assert all("arm" not in night for night in described["nights"])


def test_both_arms_need_a_pair_of_subjects():
    with pytest.raises(UsageError, match="--arms with --subjects 3, wanted 4 or more"):
        plan_study(StudyDesign(subjects=3, arms=True))
