"""``psgpipe plan``: subjects and nights from given SDs or from a study."""

import json
import math

import pytest
from click.testing import CliRunner

from psgpipe.cli.plan import command
from psgpipe.comparison.compare import compare
from psgpipe.errors import UsageError
from tests.comparison.night_tables import nights_tsv, study


def plan(*arguments):
    run = CliRunner().invoke(command, [*map(str, arguments), "--json"], catch_exceptions=False)
    return json.loads(run.stdout)


def test_icc_and_sd_between_subjects_give_the_sd_between_nights():
    found = plan("--difference", 5, "--sd-subject", 4, "--icc", 0.64, "--subjects", 12)
    assert found["within_sd"] == pytest.approx(3.0)  # 16 / (16 + 9) = .64
    assert [p["change_sd"] for p in found["plans"]] == pytest.approx(
        [math.sqrt(18), 3.0, math.sqrt(6)]
    )
    assert {p["n_subjects"] for p in found["plans"]} == {12}


def test_a_study_gives_its_own_variance(tmp_path):
    table = nights_tsv(tmp_path / "nights.tsv", study(10, nights=3, effect=1.0))
    found = plan(table, "--difference", 1, "--endpoint", "rem_pct", "--nights", 3)
    row = compare(table).reliability[0]
    assert found["within_sd"] == row.within_sd
    explained = row.within_sd**2 * (1 / 3 + 1 / 3)
    assert found["response_sd"] == pytest.approx(math.sqrt(max(0.0, row.sd_change**2 - explained)))
    assert found["plans"][0]["power"] >= 0.8


@pytest.mark.parametrize(
    "options",
    [
        ["--difference", "0", "--sd-within", "1"],
        ["--difference", "1"],
        ["--difference", "1", "--sd-subject", "2"],
        ["--difference", "1", "--sd-within", "2", "--icc", "0.5"],
    ],
)
def test_what_does_not_say_how_nights_vary_is_refused(options):
    with pytest.raises(UsageError):
        plan(*options)


def test_an_endpoint_that_the_study_does_not_have(tmp_path):
    table = nights_tsv(tmp_path / "nights.tsv", study(6))
    with pytest.raises(UsageError, match="did you mean 'rem_pct'"):
        plan(table, "--difference", 1, "--endpoint", "rem_pc")


def test_two_arms_need_the_sd_between_subjects():
    found = plan("--arms", "--difference", 4, "--sd-subject", 3, "--sd-within", 4, "--nights", 1,
                 "--subjects", 12, "--simulations", 100)  # fmt: skip
    assert found["arms"] is True
    assert found["plans"][0]["change_sd"] == pytest.approx(math.sqrt(25 - 81 / 25))
    with pytest.raises(UsageError, match="two arms differ by the subjects in them"):
        plan("--arms", "--difference", 4, "--sd-within", 4)


@pytest.mark.parametrize(
    ("options", "words"),
    [([], "5, wanted 6 to 500"), (["--arms"], "300, wanted 4 to 250 in each arm")],
)
def test_the_number_of_subjects_has_limits(options, words):
    subjects = 300 if options else 5
    with pytest.raises(UsageError, match=words):
        plan(*options, "--difference", 4, "--sd-within", 4, "--sd-subject", 3,
             "--subjects", subjects)  # fmt: skip
