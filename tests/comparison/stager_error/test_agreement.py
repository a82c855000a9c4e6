"""compare --agreement: differences against the stager's own error, by hand."""

import json
import math

import pytest

from psgpipe.cli.app import exit_code
from psgpipe.comparison.compare import compare
from psgpipe.errors import NightsNotComparable, UsageError
from psgpipe.files.atomic import json_bytes, write_file
from psgpipe.results.night_folder import night_folder
from tests.comparison.night_tables import night, nights_tsv

RECIPE = {
    "calibration": ["none"], "pipeline": ["a" * 64], "stager": ["yasa 0.8.1"],
    "classifier": ["b" * 64], "derivations": ["C4-M1"], "demographics": ["none"],
    "lights_source": ["option"],
}  # fmt: skip
PERFECT = [[100 if i == j else 0 for j in range(5)] for i in range(5)]
# One fifth of true REM is staged as N2.
REM_LOST = [*PERFECT[:4], [0, 0, 20, 0, 80]]


def pooled(confusion=PERFECT, n_nights=5):
    return {"n_subjects": 5, "n_nights": n_nights, "confusion": confusion}


def error(bias, half, n_nights=5):
    interval = None if half is None else [bias - half, bias + half]
    return {"n_subjects": 5, "n_nights": n_nights, "bias": bias, "bias_interval": interval}


def agreement(**fields):
    """The content of an agreement.json: REM 1 min too low at baseline, 3 min under treatment."""
    return {
        "recipe": RECIPE,
        "n_fitted_nights": 0,
        "pooled": pooled(),
        "by_condition": {"baseline": pooled(), "treatment": pooled(REM_LOST)},
        "endpoints": {
            "rem_min": {"by_condition": {"baseline": error(-1, 3), "treatment": error(-3, 4)}}
        },
        "nights": [
            {"condition": "baseline", "sensitivity": {"R": s}, "false_positive_rate": {"R": 0.02}}
            for s in (0.7, 0.8, 0.9)
        ],
        **fields,
    }


REM_ERRORS = {
    "sensitivity": 0.83, "false_positive_rate": 0.041, "sensitivity_sd": 0.12,
    "false_positive_rate_sd": 0.013,
}  # fmt: skip


def put_study(folder, changes, *, calibration=None, classifier="b" * 64, **endpoints):
    """Two nights of a subject for each change of REM, in a folder as psgpipe writes it."""
    minutes = {"wake_min": 60, "n1_min": 20, "n2_min": 200, "n3_min": 80, "rem_min": 100}
    minutes |= {"rem_pct": 25}
    rows = []
    for number, change in enumerate(changes):
        subject = f"S{number}"
        rows.append(night(subject, 0, "baseline", **minutes))
        after = {**minutes, "rem_min": 100 + change, "n2_min": 200 - change}
        rows.append(night(subject, 1, "treatment", **(after | endpoints)))
    parameters = {} if calibration is None else {"calibration": calibration}
    engine = {"stager": "yasa", "classifier_sha256": classifier, "age_and_sex": False,
              "versions": {"yasa": "0.8.1"}}  # fmt: skip
    if calibration is not None:
        engine["calibration_sha256"] = "c" * 64
    for row in rows:
        manifest = {
            "outputs": [],
            "pipeline": {"name": "our-lab", "sha256": "a" * 64},
            "engine": engine,
            "steps": [{"name": "stage_sleep", "parameters": parameters}],
            "derivations": [{"name": "C4-M1", "role": "eeg"}],
            "lights": {"source": "option"},
        }
        where = night_folder(folder, row["subject"], row["night"])
        write_file(where / "manifest.json", json_bytes(manifest))
    nights_tsv(folder / "nights.tsv", rows)
    return folder


def rows_of(tmp_path, changes, content=None, **more):
    path = tmp_path / "agreement.json"
    path.write_text(json.dumps(content or agreement()), encoding="utf-8")
    comparison = compare(put_study(tmp_path / "out", changes, **more), agreement=path)
    return {row.endpoint: row for row in comparison.stager_error}, comparison


def test_the_error_is_the_difference_of_the_biases_with_its_interval(tmp_path):
    # -3 less -1; half of the intervals 3 and 4 together is the root of 9 + 16.
    row = rows_of(tmp_path, [-20, -21, -22, -19, -18, -20])[0]["rem_min"]
    assert (row.bias_baseline, row.bias_treatment, row.error) == (-1, -3, -2)
    assert (row.error_low, row.error_high) == pytest.approx((-7, 3))


def test_a_change_whose_interval_lies_beyond_the_error_exceeds_it(tmp_path):
    row = rows_of(tmp_path, [-20, -21, -22, -19, -18, -20])[0]["rem_min"]
    assert row.difference == -20
    assert row.judgement == "exceeds it"


def test_a_change_whose_interval_reaches_into_the_error_does_not_clearly_exceed_it(tmp_path):
    row = rows_of(tmp_path, [-2, -20, -4, -18, -1, -9])[0]["rem_min"]
    assert row.difference == -9
    assert row.judgement == "exceeds it, but its interval does not"


def test_a_change_as_small_as_the_error_does_not_exceed_it(tmp_path):
    row = rows_of(tmp_path, [-5, -6, -4, -5, -6, -4])[0]["rem_min"]
    assert row.judgement == "does not exceed it"


def test_a_change_smaller_than_an_error_that_is_never_0_does_not_exceed_it(tmp_path):
    # An error of -15 to -5 could have made any fall up to 15 min.
    content = agreement()
    content["endpoints"]["rem_min"]["by_condition"] = {
        "baseline": error(0, 3), "treatment": error(-10, 4),
    }  # fmt: skip
    assert rows_of(tmp_path, [-2, -2.1, -1.9, -2, -2, -2], content)[0]["rem_min"].judgement == (
        "does not exceed it"
    )


def test_two_words_of_a_condition_count_by_their_nights(tmp_path):
    content = agreement()
    content["endpoints"]["rem_min"]["by_condition"] = {
        "baseline": error(-1, 3), "low dose": error(-2, 4, 10), "high dose": error(-8, 4, 5),
    }  # fmt: skip
    path = tmp_path / "agreement.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    folder = put_study(tmp_path / "out", [-5, -6])
    table = folder / "nights.tsv"
    table.write_text(table.read_text("utf-8").replace("treatment", "low dose"), "utf-8")
    spec = tmp_path / "spec.toml"
    spec.write_text('[conditions]\ntreatment = ["low dose", "High Dose"]\n', encoding="utf-8")
    found = compare(folder, spec, agreement=path)
    row = next(r for r in found.stager_error if r.endpoint == "rem_min")
    # (-2 * 10 - 8 * 5) / 15 is -4; halves of 8/3 and 4/3.
    assert row.bias_treatment == pytest.approx(-4)
    half = math.hypot(3, math.hypot(8 / 3, 4 / 3))
    assert (row.error_low, row.error_high) == pytest.approx((-3 - half, -3 + half))


def test_a_fall_of_rem_that_the_confusion_explains_is_corrected_to_nothing(tmp_path):
    # Under treatment a fifth of 100 min of REM is staged as N2.
    rows, _ = rows_of(tmp_path, [-20] * 6)
    assert rows["rem_min"].corrected_difference == pytest.approx(0, abs=1e-9)
    assert rows["rem_min"].corrected_n == 6
    assert rows["n2_min"].corrected_difference == pytest.approx(0, abs=1e-9)
    assert rows["n3_min"].corrected_difference == pytest.approx(0, abs=1e-9)


def test_no_verdict_depends_on_the_agreement(tmp_path):
    changes = [-20, -21, -22, -19, -18, -20]
    _, with_it = rows_of(tmp_path, changes)
    without = compare(put_study(tmp_path / "out", changes))
    assert with_it.contrasts == without.contrasts
    assert without.stager_error == ()


def test_an_agreement_of_one_condition_alone_judges_nothing(tmp_path):
    content = agreement(by_condition={"baseline": pooled()})
    content["endpoints"]["rem_min"]["by_condition"].pop("treatment")
    row = rows_of(tmp_path, [-20, -21], content)[0]["rem_min"]
    assert (row.error, row.judgement, row.corrected_difference) == (None, None, None)
    assert row.reason == "the agreement has no night of treatment (treatment)"
    assert row.correction_reason == "the agreement has no night of treatment"


def test_one_scored_subject_shows_no_interval_and_judges_nothing(tmp_path):
    content = agreement()
    content["endpoints"]["rem_min"]["by_condition"]["treatment"] = error(-3, None)
    row = rows_of(tmp_path, [-20, -21], content)[0]["rem_min"]
    assert row.reason == "the agreement has too few subjects of treatment (treatment)"


def test_an_endpoint_on_a_logarithmic_scale_is_not_judged(tmp_path):
    path = tmp_path / "agreement.json"
    path.write_text(json.dumps(agreement()), encoding="utf-8")
    spec = tmp_path / "spec.toml"
    spec.write_text('[transform]\nrem_min = "log"\n', encoding="utf-8")
    found = compare(put_study(tmp_path / "out", [-5, -6, -7]), spec, agreement=path)
    row = next(r for r in found.stager_error if r.endpoint == "rem_min")
    assert row.error is None
    assert "was analysed in ln(min" in row.reason


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("derivations", ["C3-M2"], "another recipe: derivations C3-M2"),
        (
            "pipeline",
            ["d" * 64],
            "another recipe: pipeline dddddddddddd, and these nights have aaa",
        ),
        ("calibration", ["e" * 64], "another recipe: calibration"),
        ("classifier", ["b" * 64, "f" * 64], "another recipe: classifier"),
    ],
)
def test_an_agreement_of_another_recipe_is_refused(tmp_path, field, value, said):
    with pytest.raises(NightsNotComparable, match=said) as refused:
        rows_of(tmp_path, [-1, -2], agreement(recipe={**RECIPE, field: value}))
    assert refused.value.exit_code == 7


def test_an_agreement_of_nights_that_the_calibration_was_fitted_to_is_refused(tmp_path):
    with pytest.raises(NightsNotComparable, match="4 nights to which the calibration"):
        rows_of(tmp_path, [-1, -2], agreement(n_fitted_nights=4))


def test_an_agreement_without_a_recipe_is_of_no_use(tmp_path):
    with pytest.raises(UsageError, match="does not state how its nights were staged"):
        rows_of(tmp_path, [-1, -2], agreement(recipe=None))


def test_a_table_that_does_not_say_how_its_nights_were_staged_is_refused(tmp_path):
    path = tmp_path / "agreement.json"
    path.write_text(json.dumps(agreement()), encoding="utf-8")
    rows = [night("A", 0, "baseline", rem_pct=20), night("A", 1, "treatment", rem_pct=18)]
    with pytest.raises(UsageError, match="does not state calibration"):
        compare(nights_tsv(tmp_path / "n.tsv", rows), agreement=path)


def test_nights_of_a_person_have_no_stager_error(tmp_path):
    path = tmp_path / "agreement.json"
    path.write_text(json.dumps(agreement()), encoding="utf-8")
    rows = [night("A", k, c, rem_pct=20 + k, stager="expert")
            for k, c in enumerate(("baseline", "treatment"))]  # fmt: skip
    with pytest.raises(UsageError, match="a person scored these nights"):
        compare(nights_tsv(tmp_path / "n.tsv", rows), agreement=path)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"pooled": 3}', b"\x00\xff", json.dumps(
        agreement(pooled={"n_subjects": 1, "n_nights": 1, "confusion": [[1, 2]]})).encode()],
)  # fmt: skip
def test_a_file_that_is_no_agreement_is_refused(tmp_path, content):
    path = tmp_path / "agreement.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"agreement\.json"):
        compare(put_study(tmp_path / "out", [-1, -2]), agreement=path)


def test_a_missing_agreement_is_refused(tmp_path):
    folder = put_study(tmp_path / "out", [-1, -2])
    assert exit_code(["compare", str(folder), "--agreement", str(tmp_path / "none.json")]) == 2


def test_tipping_points_take_the_errors_of_the_agreement(tmp_path):
    # Baseline confusion: all of REM found, nothing taken for REM; sensitivities of the nights are
    # 0.7, 0.8 and 0.9, with an SD of 0.1.
    content = agreement(by_condition={"baseline": pooled(REM_LOST), "treatment": pooled()})
    _, found = rows_of(tmp_path, [-1] * 6, content, rem_pct=20)
    assert "sensitivity from 0.80 to 0.64" in found.statements["tipping point rem"]
    assert "(baseline of agreement.json: 5 nights)" in found.statements["tipping point rem"]
    assert (
        "REM sensitivity 0.80 (SD 0.10), false positive rate 0.000 (SD 0.000)"
        in (found.statements["tipping point spread"])
    )


def test_declared_errors_go_before_those_of_the_agreement(tmp_path):
    path = tmp_path / "agreement.json"
    path.write_text(json.dumps(agreement()), encoding="utf-8")
    spec = tmp_path / "spec.toml"
    spec.write_text("[tipping_point]\nrem_sensitivity = 0.5\n", encoding="utf-8")
    found = compare(
        put_study(tmp_path / "out", [-1] * 6, rem_pct=20), spec, agreement=path
    ).statements
    assert "sensitivity from 0.50" in found["tipping point rem"]
    assert "(declared)" in found["tipping point rem"]


def test_tipping_points_of_calibrated_nights_take_the_errors_of_the_calibration(tmp_path):
    folder = put_study(
        tmp_path / "out", [-1] * 6, calibration={"errors": {"rem": REM_ERRORS}}, rem_pct=20
    )
    found = compare(folder).statements
    assert "sensitivity from 0.83" in found["tipping point rem"]
    assert "(the calibration, in subjects left out)" in found["tipping point rem"]
    assert "It was measured without a calibration." in found["trust"]
    assert (
        "REM sensitivity 0.83 (SD 0.12), false positive rate 0.041 (SD 0.013)"
        in (found["tipping point spread"])
    )


def test_the_rows_stand_in_text_and_files(tmp_path, capsys):
    path = tmp_path / "agreement.json"
    path.write_text(json.dumps(agreement()), encoding="utf-8")
    folder = put_study(tmp_path / "out", [-20, -21, -22, -19, -18, -20])
    arguments = ["compare", str(folder), "--agreement", str(path), "--primary", "rem_min"]
    assert exit_code([*arguments, "--no-figures"]) == 0
    text = capsys.readouterr().out
    assert "Against the error of the stager (sensitivity, not in the verdict)" in text
    assert "-2.00 [-7.00, +3.00]" in text
    content = json.loads((folder / "comparison" / "comparison.json").read_text("utf-8"))
    row = next(r for r in content["stager_error"] if r["endpoint"] == "rem_min")
    assert (row["error"], row["judgement"]) == (-2, "exceeds it")
    report = (folder / "comparison" / "comparison.md").read_text("utf-8")
    assert "## Error of the stager (sensitivity)" in report
    assert "not judged, because the agreement does not have this endpoint: " in report
