"""The verdict on simulated recordings with and without a planted effect."""

import json

import pytest

from psgpipe.cli.app import exit_code

pytestmark = pytest.mark.slow

SPEC = 'name = "planted"\nprimary = "rem_pct"\n'


def contrasts(folder, *effect):
    """Endpoint by name: eight subjects with one night of 6 h a condition, by the commands."""
    spec = folder / "planted.toml"
    spec.write_text(SPEC, encoding="utf-8")
    study, out = folder / "study", folder / "out"
    for command in (
        ["simulate", "-o", study, "--subjects", 8, "--hours", 6, "--fs", 100, "-q", *effect],
        ["batch", study / "study.tsv", "-o", out, "-j", 1, "--no-figures", "-q"],
        ["compare", out, "--spec", spec, "-q"],
    ):
        assert exit_code([str(word) for word in command]) == 0
    written = json.loads((out / "comparison" / "comparison.json").read_text(encoding="utf-8"))
    assert {step["step"]: step["nights"] for step in written["flow"]}["analysed"] == 16
    return {row["endpoint"]: row for row in written["contrasts"]}


def test_five_points_of_rem_are_found_within_the_interval(tmp_path):
    rem = contrasts(tmp_path, "--effect", "rem_pct=-5")["rem_pct"]
    assert rem["ci_low"] <= -5 <= rem["ci_high"]
    assert rem["verdict"] == "preliminary: lower under treatment"
    # A stager with missed REM and false REM shows a smaller effect, never a larger one.
    assert -5 < rem["difference"] < -4


def test_without_an_effect_nothing_is_claimed(tmp_path):
    found = contrasts(tmp_path)
    assert [row["endpoint"] for row in found.values() if "under treatment" in row["verdict"]] == []
    assert found["rem_pct"]["ci_low"] <= 0 <= found["rem_pct"]["ci_high"]
    assert found["rem_pct"]["verdict"] == "preliminary: no evidence of change"
