"""psgpipe calibrate: the nights that it is fitted to, those that it refuses, and no leak."""

import json
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from psgpipe.agreement.agree import agree
from psgpipe.agreement.calibrating.fitted_nights import FittedNight, fitted_nights
from psgpipe.agreement.calibrating.left_out_subjects import left_out_performance, performance
from psgpipe.agreement.endpoints import night_endpoints
from psgpipe.agreement.night_origin import NightOrigin, night_origin
from psgpipe.agreement.scored_nights import ScoredNight
from psgpipe.cli.app import exit_code
from psgpipe.errors import NightsNotComparable, UsageError
from psgpipe.model.hypnogram import Hypnodensity, Hypnogram
from psgpipe.results.manifest import Manifest
from psgpipe.sleep.cycles import CYCLE_RULE
from psgpipe.staging.calibration.chain import fit_chain, known_epochs, posterior
from psgpipe.staging.calibration.lab_file import read_calibration
from psgpipe.staging.calibration.softmax import fit_weights, with_weights
from tests.agreement.test_agree import put_scoring, stages_of
from tests.builders import stages
from tests.studies import read_json

PLAIN = NightOrigin({"pipeline": "p1", "derivations": "C4-M1", "calibration": "none"})


def scored(subject, expert, probabilities, *, condition=None, origin=PLAIN):
    staged = Hypnogram(Hypnodensity(probabilities).stages())
    return ScoredNight(
        subject, "n1", condition, "a.edf", staged, Hypnogram(expert), probabilities,
        lights_known=True, cycle_rule=CYCLE_RULE, n_not_scored=0, de_weighted=False, origin=origin,
    )  # fmt: skip


def unsure(n):
    return np.full((n, 5), 0.2)


def fitted(*nights):
    return fitted_nights(nights, (), ())


def nights_of(*subjects, **more):
    return [scored(s, stages("W*4 N2*4 R*2"), unsure(10), **more) for s in subjects]


@pytest.mark.parametrize("chain", [False, True])
def test_a_subject_left_out_is_not_seen_by_what_is_fitted(chain):
    # Only E is ever given R: fitted to the others, no epoch of E can become R.
    others = [scored(s, stages("W*12 N2*8"), unsure(20)) for s in "ABCD"]
    nights = fitted(*others, scored("E", stages("R*20"), unsure(20)))
    seen = []

    def fit(some):
        seen.append({night.night.subject for night in some})
        pairs = [night.pair for night in some]
        if chain:
            weights = fit_chain(pairs)
            return lambda probabilities: posterior(probabilities, weights)
        weights = fit_weights(*known_epochs(pairs))
        return lambda probabilities: with_weights(probabilities, weights)

    found = left_out_performance(nights, fit, is_chain=chain)
    assert seen == [set("ABCDE") - {s} for s in "ABCDE"]
    assert found.agreement.confusion[4].sum() == 20
    assert found.agreement.confusion[:, 4].sum() == 0
    # Fitted to all, E's stage is known: this is what a leak would look like.
    assert fit_weights(*known_epochs([n.pair for n in nights])).offsets[4] > -2


def test_artefacts_and_unstaged_epochs_stay_what_they_are():
    probabilities = unsure(4)
    probabilities[1] = np.nan
    night = scored("A", stages("W*1 N2*1 N2*1 R*1"), probabilities)
    night = replace(night, automatic=Hypnogram(stages("W*1 ART*1 W*1 W*1")))
    sure = np.where(np.isfinite(probabilities), np.eye(5)[2], np.nan)
    found = performance([FittedNight(night, np.array([0, 2, 2, 4]))], [sure], is_chain=False)
    assert found.agreement.n_epochs == 3
    assert found.bias["unscored_min"].bias == 0.5


def test_bias_with_a_chain_leaves_out_changes_of_stage():
    nights = fitted(*nights_of(*"ABCD"))
    values = [np.eye(5)[night.labels] for night in nights]
    assert "stage_shifts_per_h" in performance(nights, values, is_chain=False).bias
    with_chain = performance(nights, values, is_chain=True).bias
    assert "tst_min" in with_chain
    assert not {"stage_shifts_per_h", "awakenings", "sleep_to_wake_per_h"} & set(with_chain)


def test_three_scored_subjects_are_too_few():
    with pytest.raises(UsageError, match="at least 4 subjects; 3 found"):
        fitted(*nights_of(*"ABC"))


def test_nights_without_a_common_epoch_do_not_count_as_scored():
    unscored = scored("D", stages("UNS*10"), unsure(10))
    with pytest.raises(UsageError, match="3 found"):
        fitted(*nights_of(*"ABC"), unscored)


def test_a_study_with_two_conditions_needs_scored_nights_of_both(study):
    made = study(*["n1"] * 4)
    made.run()
    from psgpipe.results.status import study_nights

    listed = study_nights(made.out)
    nights = nights_of(*"ABCD", condition="baseline")
    with pytest.raises(UsageError, match="condition treatment: none found"):
        fitted_nights(nights, (), listed)
    both = [*nights, *nights_of(*"ABCD", condition="treatment")]
    assert len(fitted_nights(both, (), listed)) == 8


def test_calibrated_nights_are_not_calibrated_again():
    nights = nights_of(*"ABCD")
    nights[2] = replace(nights[2], origin=replace(PLAIN, calibration="lab.toml"))
    with pytest.raises(NightsNotComparable, match=r"C n1: lab\.toml"):
        fitted(*nights)


def test_nights_of_two_recipes_are_refused_with_the_difference():
    nights = nights_of(*"ABCD")
    other = {**PLAIN.recipe, "derivations": "C3-M2"}
    nights[3] = replace(nights[3], origin=replace(PLAIN, recipe=other))
    with pytest.raises(
        NightsNotComparable, match=r"derivations .*C4-M1 \(A n1\) and C3-M2 \(D n1\)"
    ):
        fitted(*nights)


@pytest.fixture
def scored_study(study):
    """A study of eight finished nights, four of each condition, with scorings in a folder."""
    made = study(*(f"n{k}" for k in range(1, 9)))
    made.run()
    for number in range(1, 9):
        stages_given = (*stages_of(made.night(number))[:3], "W")
        name = f"S{number}_n{number}.edf"
        put_scoring(made.folder / "scorings", name, stages_given, number)
    return made


def calibrated(made, *options):
    return exit_code(
        ["calibrate", str(made.out), "-o", str(made.folder / "lab.toml"), "--scorings",
         str(made.folder / "scorings"), *options]
    )  # fmt: skip


@pytest.mark.parametrize("options", [(), ("--chain",)])
def test_the_file_that_is_written_can_be_read(scored_study, options, capsys):
    assert calibrated(scored_study, *options) == 0
    path = scored_study.folder / "lab.toml"
    found = read_calibration(path)
    assert found.is_chain == bool(options)
    assert len(found.recordings) == 8
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    assert table["fitted_on"]["conditions"] == {"baseline": 4, "treatment": 4}
    assert table["recipe"]["derivations"] == list(found.derivations)
    out = capsys.readouterr().out
    assert "Each subject by what was fitted to all others" in out
    before, after = table["leave_one_subject_out"]["kappa"]
    assert f"{before:.3f}" in out
    assert f"{after:.3f}" in out


def test_the_same_nights_give_the_same_file(scored_study):
    calibrated(scored_study, "-q")
    first = (scored_study.folder / "lab.toml").read_bytes()
    assert calibrated(scored_study, "-q") == 0
    assert (scored_study.folder / "lab.toml").read_bytes() == first


def test_the_report_as_json_has_before_and_after(scored_study, capsys):
    calibrated(scored_study, "--json")
    found = json.loads(capsys.readouterr().out)
    assert (found["n_subjects"], found["n_nights"]) == (8, 8)
    assert {"kappa", "f1", "ece", "brier", "bias"} <= set(found["before"])
    assert set(found["before"]) == set(found["after"])


def test_another_file_is_not_written_over(scored_study):
    path = scored_study.folder / "lab.toml"
    path.write_text('name = "my pipeline"\n', encoding="utf-8")
    assert calibrated(scored_study) == 7
    assert path.read_text(encoding="utf-8") == 'name = "my pipeline"\n'


def test_a_study_without_scorings_is_refused(study, capsys):
    made = study(*["n1"] * 4)
    made.run()
    assert exit_code(["calibrate", str(made.out), "-o", str(made.folder / "lab.toml")]) == 2
    assert "none found" in capsys.readouterr().err
    assert not (made.folder / "lab.toml").exists()


def test_summaries_of_nights_are_not_changed_by_calibrating(scored_study):
    before = read_json(scored_study.night(1) / "manifest.json")
    calibrated(scored_study)
    assert read_json(scored_study.night(1) / "manifest.json") == before


def test_the_manifest_says_whether_a_calibration_was_fitted_to_this_very_night():
    recording = "0123456789abcdef" + "0" * 48
    calibration = {"transitions": [[0.0] * 5] * 5, "recordings": ["0123456789abcdef"]}
    manifest = Manifest.from_dict(
        {
            "outputs": [],
            "recording": {"sha256": recording},
            "engine": {"calibration": "lab.toml", "calibration_sha256": "c" * 64},
        }
    )
    found = night_origin(manifest, {"calibration": calibration})
    assert (found.calibration, found.is_chain, found.is_fitted) == ("lab.toml", True, True)
    assert found.recipe["calibration"] == "c" * 64
    another = {**calibration, "recordings": ["fedcba9876543210"]}
    assert not night_origin(manifest, {"calibration": another}).is_fitted
    assert night_origin(manifest, {}).calibration is None


def test_endpoints_that_a_chain_withholds_are_absent_from_the_agreement(scored_study):
    found = agree(scored_study.out, scored_study.folder / "scorings")
    chained = replace(found.nights[0], origin=replace(PLAIN, is_chain=True))
    with_chain = night_endpoints(chained)
    assert with_chain.automatic["stage_shifts"] is None
    assert with_chain.expert["stage_shifts"] is not None
    assert with_chain.automatic["tst_min"] == night_endpoints(found.nights[0]).automatic["tst_min"]


def test_nights_of_a_person_alone_are_no_use_for_a_calibration(study, capsys):
    made = study("n1", columns="\tscoring", cells=["\tscorings/a.edf"])
    put_scoring(made.folder / "scorings", "a.edf", ("W", "N2", "N2", "R"), 1)
    made.run("--stages", "expert")
    assert exit_code(["calibrate", str(made.out), "-o", str(made.folder / "lab.toml")]) == 2
    assert "1 night has a person's stages alone" in capsys.readouterr().err
