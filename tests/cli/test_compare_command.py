"""The command ``psgpipe compare``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from psgpipe.cli.compare import command
from psgpipe.cli.unblind import command as unblind
from psgpipe.comparison.comparison_json import CONTRAST_COLUMNS
from psgpipe.comparison.output_files import SUBJECT_COLUMNS
from psgpipe.errors import OutputConflict, UsageError
from psgpipe.model.summary import ENDPOINTS
from tests.comparison.night_tables import nights_tsv, study

CONTRASTS = (
    "endpoint role unit n_subjects n_baseline_nights n_treatment_nights baseline_mean "
    "treatment_mean difference ci_low ci_high t df p_t p_sign_flip p_adjusted adjustment "
    "hodges_lehmann hl_low hl_high hl_coverage dz g_av kr_difference kr_se kr_df kr_p verdict note "
    "trust"
)
SUBJECTS = (
    "subject endpoint baseline_mean treatment_mean difference n_baseline n_treatment within_sd "
    "rci_t mdc95 beyond_mdc note"
)


def run(*arguments: str | Path):
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=True)


def rows_of(path: Path) -> list[dict[str, str]]:
    head, *lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [dict(zip(head, line, strict=True)) for line in lines]


def test_the_columns_are_those_of_the_contract(tmp_path):
    table = nights_tsv(tmp_path / "n.tsv", study(6))
    assert run(table, "-q").exit_code == 0
    for name, columns in (("contrasts", CONTRASTS), ("subjects", SUBJECTS)):
        text = (tmp_path / "comparison" / f"{name}.tsv").read_text(encoding="utf-8")
        assert text.splitlines()[0] == columns.replace(" ", "\t")
    assert list(CONTRAST_COLUMNS) == CONTRASTS.split()
    assert list(SUBJECT_COLUMNS) == SUBJECTS.split()


def test_the_comparison_of_another_table_is_not_overwritten(tmp_path):
    one = nights_tsv(tmp_path / "site1.tsv", study(6))
    two = nights_tsv(tmp_path / "site2.tsv", study(6, effect=5))
    assert run(one, "-q").exit_code == 0
    before = (tmp_path / "comparison" / "comparison.json").read_bytes()
    with pytest.raises(
        OutputConflict, match=r"of site1\.tsv, and this one is of site2\.tsv"
    ) as not_done:
        raise run(two, "-q").exception
    assert "-o DIR" in not_done.value.remedy
    assert (tmp_path / "comparison" / "comparison.json").read_bytes() == before
    assert run(two, "-q", "-o", tmp_path / "two").exit_code == 0
    assert run(one, "-q").exit_code == 0


def test_absent_is_empty_and_json_has_the_same_numbers(tmp_path):
    rows = [row for row in study(3) if row["night"] in ("n0", "n2")]
    result = run(nights_tsv(tmp_path / "n.tsv", rows), "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    (written,) = rows_of(tmp_path / "out" / "comparison" / "contrasts.tsv")
    assert written["kr_p"] == ""
    assert said["contrasts"][0]["kr_p"] is None
    assert float(written["difference"]) == pytest.approx(said["contrasts"][0]["difference"])
    stored = (tmp_path / "out" / "comparison" / "comparison.json").read_text(encoding="utf-8")
    assert json.loads(stored) == said
    assert {step["step"]: step["nights"] for step in said["flow"]}["listed"] == 6


def test_the_table_in_the_terminal(tmp_path):
    spec = tmp_path / "s.toml"
    spec.write_text('primary = "rem_pct"\n', encoding="utf-8")
    result = run(nights_tsv(tmp_path / "n.tsv", study(8, effect=-5)), "--spec", spec)
    assert result.stdout.startswith("REM sleep (rem_pct) was lower under treatment: mean change")
    assert "Preliminary, before-after" in result.stdout
    assert "before-after, not causal" in result.stdout
    assert "not for diagnosis" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 120


def test_five_subjects_show_no_p(tmp_path):
    result = run(nights_tsv(tmp_path / "n.tsv", study(5, effect=-9)))
    (line,) = [x for x in result.stdout.splitlines() if x.split()[:1] == ["rem_pct"]]
    assert line.partition("descriptive")[0].split()[-3:] == ["-", "-", "-"]
    assert "no exact sign-flip test at 0.05 is possible" in result.stdout


def test_lock_then_compare(tmp_path):
    spec = tmp_path / "s.toml"
    spec.write_text('primary = "rem_pct"\n', encoding="utf-8")
    assert "sha256" in run("--lock", spec).stdout
    table = nights_tsv(tmp_path / "n.tsv", study(6))
    assert run(table, "--spec", spec, "-q").exit_code == 0
    assert isinstance(run(table, "--lock", spec).exception, UsageError)
    spec.write_text('primary = "rem_pct"\nseed = 5\n', encoding="utf-8")
    assert run(table, "--spec", spec, "-q").exception.exit_code == 7
    assert run(table, "--spec", spec, "-q", "--exploratory").exit_code == 0


def test_a_folder_without_results_is_called_so(tmp_path):
    error = run(tmp_path).exception
    assert error.exit_code == 2
    assert "wanted a folder of results" in str(error)


def test_nothing_named_is_a_usage_error():
    assert run().exception.exit_code == 2


def test_unblind_says_whether_it_did_anything(tmp_path):
    (tmp_path / "study.json").write_text('{"blind": true}', encoding="utf-8")
    say = CliRunner().invoke(unblind, [str(tmp_path)]).stdout
    assert "the journal says so" in say
    assert "before" in CliRunner().invoke(unblind, [str(tmp_path)]).stdout


@pytest.mark.parametrize("study", [None, '{"nights": [{"subject": "S1", "night": "n"}]}'])
def test_a_study_that_is_not_blinded_is_not_unblinded(tmp_path, study):
    if study:
        (tmp_path / "study.json").write_text(study, encoding="utf-8")
    error = CliRunner().invoke(unblind, [str(tmp_path)]).exception
    assert error.exit_code == 2
    assert "is not blinded" in str(error)
    assert not (tmp_path / "journal.jsonl").exists()


def test_the_blind_of_a_spec_is_lifted_with_that_spec(tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text("blind = true\n", encoding="utf-8")
    said = CliRunner().invoke(unblind, [str(tmp_path), "--spec", str(spec)]).stdout
    assert "the journal says so" in said


PROBE = """
import resource, sys
from psgpipe.cli.compare import command
command.main([sys.argv[1], "-q"], standalone_mode=False)
heavy = {"mne", "yasa", "pandas", "matplotlib", "lightgbm", "numba", "scipy.stats"}
print(sorted(heavy & set(sys.modules)))
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="CPU time is measured by the Unix way")
def test_two_hundred_nights_cost_little_and_import_nothing_heavy(tmp_path):
    rows = study(50)
    for k, row in enumerate(rows):
        row |= {e: round(0.01 * ((k * 37 + i * 11) % 97), 2) for i, e in enumerate(ENDPOINTS)}
    table = nights_tsv(tmp_path / "n.tsv", rows)
    said = subprocess.run(
        [sys.executable, "-c", PROBE, str(table)], capture_output=True, text=True, check=True
    )
    heavy, seconds = said.stdout.splitlines()
    assert heavy == "[]"
    # Measured about 1.1 s; the bare interpreter takes some hundredths of it.
    assert float(seconds) < 2.0


def test_the_spec_is_given_like_any_other_pipeline(tmp_path):
    table = nights_tsv(tmp_path / "n.tsv", study(6))
    spec = tmp_path / "mine.toml"
    spec.write_text('name = "mine"\nprimary = "rem_pct"\n', encoding="utf-8")
    for option in ("-p", "--pipeline", "--spec"):
        said = json.loads(run(table, option, spec, "--json").stdout)
        assert said["declaration"]["file"] == "mine.toml"
        assert said["contrasts"][0]["role"] == "primary"


def test_equal_means_differ_by_nothing_though_their_sums_round(tmp_path):
    # 0.1 + 0.2 is not 0.3 in binary; the two means differ by 2e-17.
    rows = [
        {"subject": "A", "night": n, "condition": c, "rem_pct": v}
        for n, c, v in [("1", "baseline", 0.1), ("2", "baseline", 0.2), ("3", "baseline", 0.3),
                        ("4", "treatment", 0.3), ("5", "treatment", 0.2), ("6", "treatment", 0.1)]
    ]  # fmt: skip
    text = run(nights_tsv(tmp_path / "n.tsv", rows)).stdout
    (line,) = [line for line in text.splitlines() if line.split()[:1] == ["rem_pct"]]
    assert line.split()[4:6] == ["0.200", "0.00"]


def test_a_subject_called_like_a_formula_is_text_to_a_spreadsheet(tmp_path):
    rows = [{**row, "subject": row["subject"].replace("S00", "=S00")} for row in study(6)]
    assert run(nights_tsv(tmp_path / "n.tsv", rows), "-q").exit_code == 0
    subjects = {row["subject"] for row in rows_of(tmp_path / "comparison" / "subjects.tsv")}
    assert subjects == {"'=S00", "S01", "S02", "S03", "S04", "S05"}


def many_endpoints(n=8, *, effect=-5.0, words=("baseline", "treatment")):
    """A table with more endpoints than a screen should show."""
    rows = study(n, effect=effect)
    for k, row in enumerate(rows):
        row |= {"tst_min": 400 + 7 * k % 31, "n3_pct": 20 + k % 5, "se_pct": 80 + k % 3}
        row |= {f"score_{letter}": (k * 7 + i) % 11 for i, letter in enumerate("abcdefgh")}
        row["condition"] = dict(zip(("baseline", "treatment"), words, strict=True))[
            row["condition"]
        ]
    return rows


def test_the_terminal_shows_a_sentence_and_at_most_eight_rows(tmp_path):
    result = run(nights_tsv(tmp_path / "n.tsv", many_endpoints()), "--primary", "rem_pct")
    assert result.exit_code == 0, result.exception
    sentence, rows, *_ = result.stdout.split("\n\n")
    assert sentence.replace("\n", " ").startswith("REM sleep (rem_pct) was lower under treatment")
    shown = [line.split()[:2] for line in rows.splitlines()[1:]]
    assert shown[0] == ["primary", "rem_pct"]
    assert [line[0] for line in shown[1:4]] == ["tst_min", "se_pct", "n3_pct"]
    assert "8 further endpoints in comparison.md" in result.stdout
    text = (tmp_path / "comparison" / "comparison.md").read_text(encoding="utf-8")
    assert all(f"| score_{letter} |" in text for letter in "abcdefgh")


def test_conditions_and_the_primary_endpoint_may_be_named_without_a_spec(tmp_path):
    table = nights_tsv(tmp_path / "n.tsv", many_endpoints(words=("pre", "post")))
    options = ("--baseline", "pre", "--treatment", "post", "--primary", "rem_pct")
    by_options = run(table, *options)
    assert by_options.exit_code == 0, by_options.exception
    lines = 'primary = "rem_pct"\n[conditions]\nbaseline = ["pre"]\ntreatment = ["post"]\n'
    assert by_options.stdout.rstrip().endswith(lines.rstrip())
    assert "nothing shows that it was chosen before" in by_options.stdout.replace("\n    ", " ")
    said = json.loads(run(table, *options, "--json").stdout)
    spec = tmp_path / "s.toml"
    spec.write_text(lines, encoding="utf-8")
    assert json.loads(run(table, "-p", spec, "--json").stdout)["contrasts"] == said["contrasts"]


def test_a_spec_and_options_that_declare_the_same_are_refused(tmp_path):
    table = nights_tsv(tmp_path / "n.tsv", study(6))
    result = run(table, "-p", "treatment-comparison", "--primary", "rem_pct")
    assert isinstance(result.exception, UsageError)


def test_conditions_that_nobody_named_are_asked_for(tmp_path):
    table = nights_tsv(tmp_path / "n.tsv", many_endpoints(words=("pre", "post")))
    refused = run(table).exception
    assert "found pre (16 nights), post (16 nights)" in refused.problem
    assert "--baseline pre" in refused.remedy


def test_treatment_nights_that_are_missing_are_said_to_be_missing(tmp_path):
    rows = [row for row in study(6) if row["condition"] == "baseline"]
    refused = run(nights_tsv(tmp_path / "n.tsv", rows)).exception
    assert "the treatment nights are missing" in refused.problem
    assert refused.exit_code == 7


def test_treatment_nights_that_all_failed_are_said_to_have_failed(tmp_path):
    rows = study(6)
    for row in rows:
        row["state"] = "failed" if row["condition"] == "treatment" else "done"
    refused = run(nights_tsv(tmp_path / "n.tsv", rows)).exception
    assert "no treatment night can be analysed (12 failed)" in refused.problem


@pytest.mark.parametrize(
    ("n", "effect", "words"),
    [(8, 0.0, "There is no evidence that REM sleep (rem_pct) changed"),
     (4, -5.0, "Too few subjects for an exact sign-flip test of REM sleep (rem_pct)")],
)  # fmt: skip
def test_the_sentence_on_the_primary_endpoint(tmp_path, n, effect, words):
    table = nights_tsv(tmp_path / "n.tsv", study(n, effect=effect))
    assert run(table, "--primary", "rem_pct").stdout.startswith(words)


def test_a_table_cell_cannot_break_the_report(tmp_path):
    rows = [{**row, "a|b": k % 7} for k, row in enumerate(study(6))]
    assert run(nights_tsv(tmp_path / "n.tsv", rows), "-q").exit_code == 0
    text = (tmp_path / "comparison" / "comparison.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("| a\\")]
    assert line.startswith("| a\\|b |")


def test_a_second_comparison_has_the_files_of_the_first_and_no_other(tmp_path):
    table = nights_tsv(tmp_path / "n.tsv", study(6))
    names = []
    for _ in range(2):
        assert run(table, "-q").exit_code == 0
        names.append(sorted(file.name for file in (tmp_path / "comparison").iterdir()))
    assert names[0] == names[1]
