"""The keys of a comparison spec, and its lock."""

import json
import os
from pathlib import Path

import pytest

from psgpipe.comparison.compare import compare
from psgpipe.comparison.output_files import write_comparison
from psgpipe.comparison.spec import parse_spec
from psgpipe.comparison.spec_lock import load_spec, lock_path, lock_spec
from psgpipe.errors import ComparisonSpecInvalid, NightsNotComparable, OutputConflict, SpecChanged
from psgpipe.model.comparison.spec import ComparisonSpec, Population
from psgpipe.study.blinding import unblind
from tests.comparison.night_tables import nights_tsv, study


def spec_file(tmp_path: Path, text: str = 'primary = "rem_pct"\n') -> Path:
    path = tmp_path / "my.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_reaches_its_field():
    spec = parse_spec(
        b"""
        name = "ketamine"
        primary = "rem_pct"
        secondary = ["tst_min"]
        endpoints = ["n3_pct"]
        design = "crossover"
        washout_days = 14
        composition = true
        max_t = true
        blind = true
        seed = 7
        [conditions]
        baseline = "Placebo"
        treatment = ["Ketamine 0.5", "ketamine 1.0"]
        [nights]
        hours_since_dose = [6, 48]
        sedation_window_h = 4
        first_night = "drop"
        missing_lights = "withhold"
        [transform]
        sol_min = "log"
        [equivalence]
        tst_min = 20
        sol_min = 1.25
        [population]
        tst_min = { mean = 400, icc = 0.6 }
        [strata]
        dose = false
        hours_since_dose = [6, 24, 48]
        [tipping_point]
        rem_sensitivity = 0.9
        rem_false_positive_rate = 0.02
        """,
        "x.toml",
    )
    assert spec == ComparisonSpec(
        name="ketamine", primary="rem_pct", secondary=("tst_min",), endpoints=("n3_pct",),
        design="crossover", washout_days=14.0, composition=True, max_t=True, blind=True, seed=7,
        baseline=("placebo",), treatment=("ketamine 0.5", "ketamine 1.0"),
        hours_since_dose=(6.0, 48.0), sedation_window_h=4.0, first_night="drop",
        missing_lights="withhold", transform={"sol_min": "log"},
        equivalence={"tst_min": 20.0, "sol_min": 1.25},
        population={"tst_min": Population(400.0, 0.6)}, dose_strata=False,
        hours_strata=(6.0, 24.0, 48.0), rem_sensitivity=0.9, rem_false_positive_rate=0.02,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('primry = "rem_pct"', "unknown key 'primry'; did you mean 'primary'"),
        ('[night]\nfirst_night = "rule"', "unknown key 'night'; did you mean 'nights'"),
        ('[nights]\nfirst_nigth = "rule"', "[nights]: unknown key 'first_nigth'"),
        ("primary = 5", "primary is '5', wanted an endpoint"),
        ('secondary = "tst_min"', "wanted a list of endpoints"),
        ('secondary = ["tst_min"]', "secondary endpoints without a primary"),
        ('primary = "a"\nsecondary = ["a"]', "a is declared twice"),
        ('primary = "a"\nsecondary = ["b","c","d","e","f","g"]', "6 secondary endpoints"),
        ('design = "parallel"', "wanted one of auto, before-after, crossover"),
        ('[conditions]\nbaseline = "treatment"', "treatment is baseline and treatment"),
        ('[conditions]\nbaseline = "adaptation"', "adaptation nights never enter"),
        ("[conditions]\nbaseline = []", "wanted a word"),
        ("[nights]\nhours_since_dose = [48, 6]", "wanted [low, high]"),
        ("[nights]\nhours_since_dose = [6]", "wanted [low, high]"),
        ("[nights]\nsedation_window_h = -1", "not negative"),
        ('[transform]\nsol_min = "sqrt"', "one of log, rank, none"),
        ("[equivalence]\ntst_min = 0", "wanted above 0"),
        ('[transform]\nsol_min = "log"\n[equivalence]\nsol_min = 0.8', "a ratio above 1"),
        ("[population]\ntst_min = { mean = 400 }", "{ mean = ..., icc = 0 to 1 }"),
        ("[population]\ntst_min = { mean = 400, icc = 2 }", "icc = 0 to 1"),
        ("[population]\ntst_min = { mean = 400, ic = 1 }", "unknown key 'ic'; did you mean 'icc'"),
        ("[tipping_point]\nrem_sensitivity = 0.01", "not above the false positive rate"),
        ("nights = 3", "wanted a table [nights]"),
        ("blind = 1", "true or false"),
        ("seed = true", "whole number"),
        ("washout_days = nan", "number of days"),
        ("primary = ", "not valid TOML"),
        ('PRIMRY = "rem_pct"', "did you mean 'primary'"),
    ],
)
def test_what_is_wrong_is_refused_with_where_and_what(text, words):
    with pytest.raises(ComparisonSpecInvalid) as refused:
        parse_spec(text.encode(), "x.toml")
    assert refused.value.exit_code == 3
    assert words in refused.value.problem
    assert refused.value.problem.startswith("x.toml: ")


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_spec_in_another_encoding(encoding):
    with pytest.raises(ComparisonSpecInvalid, match="wanted text in UTF-8") as refused:
        parse_spec('name = "Müller"'.encode(encoding), "x.toml")
    assert refused.value.remedy == "Save the file as UTF-8."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.toml")
    with pytest.raises(ComparisonSpecInvalid, match="not a regular file"):
        load_spec(tmp_path / "x.toml")


def test_a_spec_that_is_not_there():
    with pytest.raises(ComparisonSpecInvalid, match="cannot be read"):
        load_spec("absent.toml")
    with pytest.raises(ComparisonSpecInvalid, match="no comparison spec is called"):
        load_spec("absent")


def test_a_lock_holds_hash_and_time_and_every_output_carries_the_hash(tmp_path):
    import hashlib

    path = spec_file(tmp_path)
    lock = lock_spec(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert lock["sha256"] == sha256
    assert json.loads(lock_path(path).read_text(encoding="utf-8")) == lock
    comparison = compare(nights_tsv(tmp_path / "n.tsv", study(6)), path)
    folder = write_comparison(comparison, tmp_path)
    for name in ("contrasts.tsv", "subjects.tsv", "reliability.tsv", "comparison.json"):
        assert sha256 in (folder / name).read_text(encoding="utf-8")
    assert sha256 in " ".join(comparison.sentences)


def test_an_unlocked_spec_says_so(tmp_path):
    comparison = compare(nights_tsv(tmp_path / "n.tsv", study(6)), spec_file(tmp_path))
    assert "not locked" in " ".join(comparison.sentences)


def test_a_spec_edited_after_its_lock_is_refused(tmp_path):
    path = spec_file(tmp_path)
    lock_spec(path)
    path.write_text('primary = "tst_min"\n', encoding="utf-8")
    with pytest.raises(SpecChanged) as refused:
        load_spec(path)
    assert refused.value.exit_code == 7


def test_exploratory_goes_on_and_stamps_every_table(tmp_path):
    rows = [{**row, "tst_min": 400 + k % 7} for k, row in enumerate(study(6))]
    table = nights_tsv(tmp_path / "n.tsv", rows)
    path = spec_file(tmp_path)
    lock_spec(path)
    path.write_text('primary = "tst_min"\n', encoding="utf-8")
    comparison = compare(table, path, exploratory=True)
    assert {c.role for c in comparison.contrasts} == {"exploratory"}
    assert all("EXPLORATORY" in row.note for row in (*comparison.contrasts, *comparison.subjects))
    assert "EXPLORATORY" in " ".join(comparison.sentences)


def test_a_lock_is_written_once(tmp_path):
    path = spec_file(tmp_path)
    lock = lock_spec(path)
    assert lock_spec(path)["locked_at"] == lock["locked_at"]
    path.write_text('primary = "tst_min"\n', encoding="utf-8")
    with pytest.raises(OutputConflict, match="was locked on"):
        lock_spec(path)


def test_a_wrong_or_shipped_spec_is_not_locked(tmp_path):
    with pytest.raises(ComparisonSpecInvalid):
        lock_spec(spec_file(tmp_path, "primry = 1\n"))
    assert not lock_path(tmp_path / "my.toml").exists()
    with pytest.raises(ComparisonSpecInvalid, match="comes with psgpipe"):
        lock_spec("treatment-comparison")


def test_a_lock_that_cannot_be_read_is_no_lock_that_can_be_ignored(tmp_path):
    path = spec_file(tmp_path)
    lock_path(path).write_text("{}", encoding="utf-8")
    with pytest.raises(SpecChanged):
        load_spec(path)


def test_a_pipeline_is_no_spec():
    with pytest.raises(ComparisonSpecInvalid, match="this is a pipeline") as refused:
        load_spec("eeg-only")
    assert "-p" in refused.value.remedy


@pytest.mark.parametrize("by", ["spec", "study"])
def test_a_blinded_study_is_compared_only_after_the_blind_was_lifted(tmp_path, by):
    table = nights_tsv(tmp_path / "nights.tsv", study(6))
    spec = spec_file(tmp_path, "blind = true\n") if by == "spec" else None
    if by == "study":
        (tmp_path / "study.json").write_text('{"blind": true}', encoding="utf-8")
    for source in (table, tmp_path):
        with pytest.raises(NightsNotComparable, match="is blinded"):
            compare(source, spec)
    assert unblind(tmp_path, blind_by_spec=by == "spec")
    assert not unblind(tmp_path, blind_by_spec=by == "spec")
    journal = (tmp_path / "journal.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["event"] for line in journal.splitlines()] == ["unblinded"]
    assert compare(tmp_path, spec).contrasts
