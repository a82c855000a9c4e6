"""Nights staged with a calibration: other probabilities, another recipe, and what is withheld."""

import csv
import tomllib

import numpy as np
import pytest

from psgpipe.cli.app import exit_code
from psgpipe.files.toml_file import shipped_pipelines
from psgpipe.night.definition import load_definition
from psgpipe.night.fingerprint import pipeline_sha256
from psgpipe.sleep.changes_of_stage import CHANGES_OF_STAGE
from tests.recordings import write_night
from tests.studies import read_json

LIGHTS = ["--lights-off", "22:01", "--lights-on", "22:09:30"]
LAB = """\
version = 1
[fitted_on]
recordings = []
[recipe]
classifier_sha256 = "{classifier}"
derivations = [{derivations}]
age_and_sex = false
consensus = []
de_weight = false
[probabilities]
temperature = 2.0
offsets = {{ W = 0.5, N1 = -0.3, N2 = 0.2, N3 = -0.2, R = -0.2 }}
[errors.rem]
sensitivity = 0.8
false_positive_rate = 0.05
[prediction.n3_pct]
bias = 0.0
bias_se = 3.0
sd = 4.0
df = 7
{more}"""
CHAIN = "[chain]\n" + "".join(f"{s} = [1, 1, 1, 1, 1]\n" for s in ("W", "N1", "N2", "N3", "R"))
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A recording of ten minutes, staged as usual into ``plain``."""
    folder = tmp_path_factory.mktemp("calibrated")
    write_night(folder / "night.edf")
    assert run(folder, "plain", "standard-night") == 0
    return folder


def run(folder, out, pipeline):
    return exit_code(
        ["run", str(folder / "night.edf"), "-o", str(folder / out), "-p", str(pipeline), *LIGHTS,
         "--subject", "S1", "--night", "n1", "--condition", "baseline", "--no-figures", "-q"]
    )  # fmt: skip


def pipeline_with(folder, name, *, more="", derivations=None):
    """A pipeline file that names a calibration of the plain night's own recipe."""
    manifest = read_json(night(folder, "plain") / "manifest.json")
    names = derivations or [d["name"] for d in manifest["derivations"]]
    lab = LAB.format(
        classifier=manifest["engine"]["classifier_sha256"],
        derivations=", ".join(f'"{n}"' for n in names),
        more=more,
    )
    (folder / f"{name}-lab.toml").write_text(lab, encoding="utf-8")
    text = (shipped_pipelines() / "standard-night.toml").read_text(encoding="utf-8")
    text = text.replace("[stage_sleep]", f'[stage_sleep]\ncalibration = "{name}-lab.toml"')
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def night(folder, out):
    return folder / out / "nights" / "S1" / "n1"


def probabilities(folder, out):
    with (night(folder, out) / "hypnogram.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    columns = ("p_w", "p_n1", "p_n2", "p_n3", "p_r")
    return np.array([[float(row[c] or "nan") for c in columns] for row in rows])


def test_probabilities_are_those_of_the_formula_in_the_file(folder):
    assert run(folder, "calibrated", pipeline_with(folder, "offsets")) == 0
    plain, found = probabilities(folder, "plain"), probabilities(folder, "calibrated")
    powers = np.sqrt(np.maximum(plain, 1e-6)) * np.exp([0.5, -0.3, 0.2, -0.2, -0.2])
    assert found == pytest.approx(powers / powers.sum(axis=1, keepdims=True), abs=2e-3, nan_ok=True)
    assert not np.allclose(found, plain, equal_nan=True)


def test_the_manifest_has_the_calibration_with_its_numbers(folder):
    run(folder, "calibrated", pipeline_with(folder, "offsets"))
    manifest = read_json(night(folder, "calibrated") / "manifest.json")
    plain = read_json(night(folder, "plain") / "manifest.json")
    step = next(s for s in manifest["steps"] if s["name"] == "stage_sleep")
    assert step["parameters"]["calibration"]["temperature"] == 2.0
    assert manifest["engine"]["calibration_sha256"] == step["parameters"]["calibration"]["sha256"]
    assert manifest["fingerprint"] != plain["fingerprint"]
    assert manifest["pipeline"]["sha256"] != plain["pipeline"]["sha256"]
    assert "calibration" not in str(plain["steps"])


def test_another_calibration_computes_the_night_again(folder):
    path = pipeline_with(folder, "twice")
    run(folder, "twice", path)
    first = read_json(night(folder, "twice") / "manifest.json")
    lab = folder / "twice-lab.toml"
    other = folder / "renamed.toml"
    other.write_bytes(lab.read_bytes())
    renamed = folder / "twice-renamed.toml"
    renamed.write_text(
        path.read_text(encoding="utf-8").replace("twice-lab.toml", "renamed.toml"), encoding="utf-8"
    )
    assert pipeline_sha256(load_definition(renamed)) == pipeline_sha256(load_definition(path))
    text = lab.read_text(encoding="utf-8")
    lab.write_text(text + "# a comment\n", encoding="utf-8")
    assert run(folder, "twice", path) == 0
    assert read_json(night(folder, "twice") / "manifest.json") == first
    lab.write_text(text.replace("temperature = 2.0", "temperature = 1.2"), encoding="utf-8")
    assert run(folder, "twice", path) == 0
    assert (
        read_json(night(folder, "twice") / "manifest.json")["fingerprint"] != (first["fingerprint"])
    )


def test_the_summary_has_the_interval_of_the_scorers_value(folder):
    run(folder, "calibrated", pipeline_with(folder, "offsets"))
    summary = read_json(night(folder, "calibrated") / "summary.json")
    # t of 7 df is 2.36462, times the root of 4 ** 2 + 3 ** 2.
    wanted = [max(0.0, summary["n3_pct"] - 11.8231), min(100.0, summary["n3_pct"] + 11.8231)]
    assert summary["prediction_interval"] == {"n3_pct": pytest.approx(wanted, abs=1e-4)}
    assert "prediction_interval" not in read_json(night(folder, "plain") / "summary.json")


def test_changes_of_stage_are_withheld_under_a_chain_alone(folder):
    run(folder, "calibrated", pipeline_with(folder, "offsets"))
    assert run(folder, "chain", pipeline_with(folder, "chain", more=CHAIN)) == 0
    found = read_json(night(folder, "chain") / "summary.json")
    for endpoint in CHANGES_OF_STAGE:
        assert found[endpoint] is None
        assert found["absent"][endpoint]
    assert "too few changes of stage" in found["absent"]["stage_shifts_per_h"]
    # All transitions are alike: everything else is as without the chain.
    without = read_json(night(folder, "calibrated") / "summary.json")
    for endpoint in ("tst_min", "n1_min", "n3_pct", "rem_min", "waso_min"):
        assert found[endpoint] == without[endpoint]
    assert without["stage_shifts_per_h"] is not None


def test_a_night_of_other_derivations_is_refused(folder, capsys):
    path = pipeline_with(folder, "other", derivations=["O2-M1"])
    assert run(folder, "other", path) == 3
    assert "other-lab.toml [recipe] has derivations O2-M1" in capsys.readouterr().err


def test_a_pipeline_with_other_probabilities_is_refused(folder, capsys):
    path = pipeline_with(folder, "weights")
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("[stage_sleep]", "[stage_sleep]\nde_weight = true"), encoding="utf-8"
    )
    assert run(folder, "weights", path) == 3
    assert "weights-lab.toml [recipe] has de_weight = false, and weights.toml true" in (
        capsys.readouterr().err
    )


def test_a_calibration_that_is_no_file_name_is_refused(folder, capsys):
    path = pipeline_with(folder, "number")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"number-lab.toml"', "7"), encoding="utf-8")
    assert run(folder, "number", path) == 3
    assert "calibration is 7, wanted the name of a file" in capsys.readouterr().err
    path.write_text(text.replace("number-lab", "missing"), encoding="utf-8")
    assert run(folder, "number", path) == 3
    assert "missing.toml" in capsys.readouterr().err


def test_without_a_calibration_the_hash_of_a_pipeline_is_what_it_was():
    definition = load_definition("standard-night")
    content = tomllib.loads(
        (shipped_pipelines() / "standard-night.toml").read_text(encoding="utf-8")
    )
    assert "calibration" not in content["stage_sleep"]
    step = next(s for s in definition.as_dict()["steps"] if s["name"] == "stage_sleep")
    assert "calibration" not in step["parameters"]
    assert pipeline_sha256(definition) == pipeline_sha256(load_definition("standard-night"))


def test_nights_of_a_person_need_no_calibration(folder):
    path = pipeline_with(folder, "person")
    assert load_definition(path).params["stage_sleep"].calibration is not None
    assert load_definition(path).staged_by("expert").params["stage_sleep"].calibration is None


def test_a_calibrated_night_is_not_compared_with_one_that_is_not(folder, capsys):
    both = folder / "both"
    pipeline = pipeline_with(folder, "offsets")
    for pipeline_name, name, condition in (
        ("standard-night", "n1", "baseline"), (pipeline, "n2", "treatment"),
    ):  # fmt: skip
        arguments = ["run", str(folder / "night.edf"), "-o", str(both), "-p", str(pipeline_name)]
        arguments += [*LIGHTS, "--subject", "S1", "--night", name, "--condition", condition]
        assert exit_code([*arguments, "--no-figures", "-q"]) == 0
    assert exit_code(["gather", str(both), "-q"]) == 0
    capsys.readouterr()
    assert exit_code(["compare", str(both), "--no-figures"]) == 7
    assert "calibration differs between nights of subject S1: none (night n1)" in (
        capsys.readouterr().err
    )
    # Without a word on the pipeline, the calibration alone is reason enough.
    assert exit_code(["compare", str(both), "--no-figures", "--allow-unlike", "pipeline"]) == 7
