"""What a study declares to estimate, and how many nights a subject needs for it."""

import pytest

from psgpipe.cli.text.compare_text import comparison_text
from psgpipe.comparison.compare import compare
from psgpipe.comparison.comparison_json import comparison_dict
from psgpipe.comparison.spec_lock import lock_spec
from psgpipe.comparison.words.markdown import markdown
from psgpipe.errors import ComparisonSpecInvalid, NightsNotComparable, SpecChanged
from tests.comparison.night_tables import nights_tsv, study

ESTIMAND = '[estimand]\npopulation = "adults"\nsummary = "mean change"\n'


def compared(tmp_path, spec, rows):
    (tmp_path / "spec.toml").write_text(spec, encoding="utf-8")
    return compare(nights_tsv(tmp_path / "n.tsv", rows), tmp_path / "spec.toml")


def test_the_estimand_stands_above_the_results(tmp_path):
    comparison = compared(tmp_path, 'primary = "rem_pct"\n' + ESTIMAND, study(6))
    sentence = (
        "Estimand: population adults; summary mean change. Not stated: treatment, intercurrent "
        "events, strategy."
    )
    assert " ".join(comparison_text(comparison).split()).startswith(sentence)
    assert markdown(comparison).index(sentence) < markdown(comparison).index("REM")
    assert comparison_dict(comparison)["estimand"] == sentence


def test_without_an_estimand_nothing_is_said(tmp_path):
    comparison = compared(tmp_path, 'primary = "rem_pct"\n', study(6))
    assert "Estimand" not in comparison_text(comparison)
    assert comparison_dict(comparison)["estimand"] is None


def test_the_lock_holds_the_estimand(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(ESTIMAND, encoding="utf-8")
    lock_spec(path)
    with pytest.raises(SpecChanged):
        compared(tmp_path, ESTIMAND.replace("adults", "all"), study(6))


@pytest.mark.parametrize(
    "line", ["strategy = 1", 'strategy = " "', f'strategy = "{"x" * 501}"', 'event = "x"']
)
def test_an_estimand_is_a_text_under_a_known_key(tmp_path, line):
    with pytest.raises(ComparisonSpecInvalid):
        compared(tmp_path, f"[estimand]\n{line}\n", study(6))


def test_a_subject_with_fewer_nights_than_the_spec_wants_is_left_out(tmp_path):
    rows = study(6, nights=2)
    del rows[-1]  # the last subject keeps one treatment night
    comparison = compared(tmp_path, "[nights]\nminimum = 2\n", rows)
    assert comparison.contrasts[0].n_subjects == 5
    fates = {(f.fate, f.reason) for f in comparison.nights if f.subject == "S05"}
    assert fates == {("too few nights", "the subject has 1 valid treatment night, wanted 2")}
    flow = {step.step: step.nights for step in comparison.flow}
    assert (flow["listed"], flow["too few nights"], flow["analysed"]) == (23, 3, 20)


def test_a_study_in_which_nobody_has_enough_nights_is_refused(tmp_path):
    with pytest.raises(NightsNotComparable, match="too few nights"):
        compared(tmp_path, "[nights]\nminimum = 3\n", study(6, nights=2))


@pytest.mark.parametrize("minimum", ["0", "-1", "1.5", '"2"'])
def test_the_minimum_is_a_whole_number_of_nights(tmp_path, minimum):
    with pytest.raises(ComparisonSpecInvalid, match="whole number of nights"):
        compared(tmp_path, f"[nights]\nminimum = {minimum}\n", study(6))
