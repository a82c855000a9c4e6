"""Pipeline files: psgpipe accepts only known keys and values."""

import pytest

from psgpipe.errors import PipelineInvalid
from psgpipe.night.definition import definition_from, load_definition
from psgpipe.night.fingerprint import pipeline_sha256

STEPS = ["load", "reference", "check_quality", "filter_eeg", "stage_sleep", "summarize"]


def definition(**tables):
    return definition_from({"steps": STEPS, **tables}, "my-lab.toml")


@pytest.mark.parametrize("name", ["standard-night", "eeg-only"])
def test_the_pipelines_that_come_with_psgpipe_are_found_by_name(name):
    assert load_definition(name).name == name


def test_the_standard_night_wants_eeg_eog_and_chin_emg():
    wanted = load_definition("standard-night").params["reference"].wanted
    assert wanted["eeg"][0] == "C4-M1"
    assert wanted["eog"][0] == "E1-M2"
    assert wanted["emg"] == ("chin",)


def test_eeg_only_leaves_eog_and_emg_out():
    assert list(load_definition("eeg-only").params["reference"].wanted) == ["eeg"]


def test_an_unknown_pipeline_name_is_answered_with_the_likely_one():
    with pytest.raises(PipelineInvalid, match="did you mean 'standard-night'"):
        load_definition("standard-nihgt")


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"stage_slep": {}}, "unknown key 'stage_slep'; did you mean 'stage_sleep'"),
        ({"stage_sleep": {"margin": 30}}, "unknown key 'margin'; did you mean 'margin_min'"),
        ({"stage_sleep": {"margin_min": "30"}}, "margin_min is '30', wanted number"),
        ({"stage_sleep": {"engine": "quick"}}, "engine is 'quick', wanted one of"),
        ({"reference": {"eeg": "C4-M1"}}, "eeg is 'C4-M1', wanted a list of texts"),
        ({"reference": {"eeg": []}}, "eeg is empty"),
        ({"reference": {"eeg": ["C4-Mars"]}}, "'C4-Mars', which names no derivation"),
        ({"reference": {"optional": ["ecg"]}}, "wanted one of 'eeg', 'eog', 'emg'"),
        ({"filter_eeg": {"low_hz": 40.0}}, "low_hz 40 is not between 0 and high_hz 35"),
        ({"filter_eeg": 3}, "is not a table"),
        ({"name": 7}, "name is not a text"),
    ],
)
def test_a_mistake_is_named_with_the_file_and_the_likely_word(tables, said):
    with pytest.raises(PipelineInvalid, match=r"my-lab\.toml") as caught:
        definition(**tables)
    assert said in caught.value.problem
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (None, "no list of steps"),
        (["load", "stage_sleeps"], "no step is called 'stage_sleeps'; did you mean 'stage_sleep'"),
        (["reference", "load"], "step 'reference' needs what 'load' gives"),
        (["load", "reference", "stage_sleep"], "needs what 'check_quality' gives"),
        (["load", "load"], "step 'load' is listed twice"),
        (STEPS[:-1], "no night can be finished without summarize"),
    ],
)
def test_steps_must_be_known_in_order_and_complete(steps, said):
    with pytest.raises(PipelineInvalid) as caught:
        definition_from({"steps": steps} if steps else {}, "my-lab.toml")
    assert said in caught.value.problem


def test_a_comparison_spec_is_no_pipeline():
    with pytest.raises(PipelineInvalid, match="this is a comparison spec") as caught:
        load_definition("treatment-comparison")
    assert "--spec" in caught.value.remedy


def test_a_file_that_is_not_toml_is_refused(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("steps = [", encoding="utf-8")
    with pytest.raises(PipelineInvalid, match=r"broken\.toml: not valid TOML"):
        load_definition(path)


def test_mastoids_may_be_called_by_their_old_names():
    assert definition(reference={"eeg": ["C4-A1"]}).params["reference"].eeg == ("C4-M1",)


def test_a_comment_leaves_the_recipe_as_it_was_and_a_parameter_does_not(tmp_path):
    plain, commented, changed = (tmp_path / f"{n}.toml" for n in ("plain", "commented", "changed"))
    text = f"name = 'my-lab'\nsteps = {STEPS}\n"
    plain.write_text(text, encoding="utf-8")
    commented.write_text("# as agreed on Monday\n" + text, encoding="utf-8")
    changed.write_text(text + "[stage_sleep]\nmargin_min = 20\n", encoding="utf-8")
    recipe = pipeline_sha256(load_definition(plain))
    assert pipeline_sha256(load_definition(commented)) == recipe
    assert pipeline_sha256(load_definition(changed)) != recipe
